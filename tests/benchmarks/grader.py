"""The grader: what a comparison takes and how many a second, through gRPC, against Math-Verify called directly.

Math-Verify grades the same answers in as many processes as there are cores, by its own parser and under its own time
limits, in the same run; what it and the grader get right is told too.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from answers import Case, cases

from chimera.sample.v1 import sample_pb2
from chimera.verifier.v1 import verifier_service_pb2, verifier_service_pb2_grpc
from chimera_shared.cores import usable_cores
from chimera_shared.rpc.channel import connect
from chimera_verifier.grader import Grader
from chimera_verifier.symbolic import SymbolicLimits, SymbolicPool

IN_FLIGHT = 64
_LIMIT_SECONDS = 5  # Math-Verify's own default


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    figures = []
    for kind, some in cases(options.comparisons).items():
        direct = await asyncio.to_thread(_math_verify, some)
        alone = await _alone(some)
        served, processor = await _served(some)
        figures.append(
            {
                "figure": f"grader.{kind}",
                "ms_median": alone["ms_median"],
                "ms_p99": alone["ms_p99"],
                "right": alone["right"],
                "per_second_grpc": served,
                "processor_ms_grpc": processor,
                "math_verify": direct,
                "ratio_per_second": round(served / direct["per_second"], 1),
                "ratio_processor": round(direct["processor_ms"] / processor, 1),
                "ratio_ms_median": round(direct["ms_median"] / alone["ms_median"], 1),
                "comparisons": len(some),
                "processes": usable_cores(),
            }
        )
    return figures


async def _alone(some: Sequence[Case]) -> dict[str, float]:
    """One comparison after another, in this process with one symbolic worker."""
    async with SymbolicPool(SymbolicLimits(workers=1)) as pool:
        grader = Grader(pool)
        references = [case.reference for case in some]
        await pool.equal("x+1", "1+x")  # loads the worker
        taken, right = [], 0
        for reference, case in zip(references, some, strict=True):
            start = time.perf_counter()
            grade = await grader.grade(reference, case.response)
            taken.append(time.perf_counter() - start)
            right += (grade.verdict == sample_pb2.VERDICT_CORRECT) == case.right
    return {**_times(taken), "right": round(right / len(some), 3)}


async def _served(some: Sequence[Case]) -> tuple[float, float]:
    """Comparisons a second through VerifierService.Grade, and for each the processor milliseconds of the server.

    The server is a process of its own, its workers counted in; the client shares the cores with it.
    """
    async with _server() as (process, target), connect(target) as channel:
        grade = verifier_service_pb2_grpc.VerifierServiceStub(channel).Grade
        requests = [
            verifier_service_pb2.GradeRequest(reference=case.reference, response=case.response) for case in some
        ]
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one(request: verifier_service_pb2.GradeRequest) -> None:
            async with slots:
                await grade(request, timeout=60)

        await asyncio.gather(*(one(request) for request in requests[:IN_FLIGHT]))
        await asyncio.sleep(5)  # the symbolic workers that those asked for have loaded by then
        start, used = time.perf_counter(), _processor_seconds(process)
        await asyncio.gather(*(one(request) for request in requests))
        seconds, used = time.perf_counter() - start, _processor_seconds(process) - used
        return round(len(requests) / seconds, 1), round(1000 * used / len(requests), 3)


def _processor_seconds(process: psutil.Process) -> float:
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[psutil.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("grading_server.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield psutil.Process(process.pid), (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


def _math_verify(some: Sequence[Case]) -> dict[str, float]:
    """The same by Math-Verify in as many processes as there are cores."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(usable_cores()) as pool:
        pool.map(_verified, list(some[:16]), chunksize=1)  # loads SymPy
        start = time.perf_counter()
        answers = pool.map(_verified, some, chunksize=8)
        seconds = time.perf_counter() - start
    right = sum(found == case.right for (_, _, found), case in zip(answers, some, strict=True))
    return {
        **_times([taken for taken, _, _ in answers]),
        "processor_ms": round(1000 * statistics.mean(used for _, used, _ in answers), 3),
        "per_second": round(len(some) / seconds, 1),
        "right": round(right / len(some), 3),
    }


def _verified(case: Case) -> tuple[float, float, bool]:
    from math_verify import parse, verify

    start, used = time.perf_counter(), time.process_time()
    found = verify(
        parse(f"\\boxed{{{case.gold}}}", parsing_timeout=_LIMIT_SECONDS),
        parse(case.response, parsing_timeout=_LIMIT_SECONDS),
        timeout_seconds=_LIMIT_SECONDS,
    )
    return time.perf_counter() - start, time.process_time() - used, bool(found)


def _times(taken: Sequence[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {
        "ms_median": round(1000 * statistics.median(ordered), 3),
        "ms_p99": round(1000 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 3),
    }
