"""What a build's size and its past cost: time to the first call, peak memory of each process, time to start again.

Every service is a process of its own. For each size a fresh deployment settles the same number of samples, so that the
figures compare. At the largest size the services are then started again, once as they are and once after the store was
given a long past. Broker and store are stand-ins (the broker keeps its whole log in memory), so they stand apart.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from past import give_past

from chimera.build.v1 import build_pb2
from e2e.cluster import SERVICES, Cluster, cluster
from e2e.contract import look, order, submit

SUBJECTS = {"Mathematics": 1.0, "Physics": 1.0, "Chemistry": 1.0, "Biology": 1.0}
LATENCY_SECONDS = 0.1
WATCHED_SECONDS = 0.1
LONGER = 4
"""So many times the samples that each size settles are settled at the largest one."""
SETTINGS = {"CHIMERA_RECONCILE_SECONDS": "15", "CHIMERA_OVERDUE_SECONDS": "30"}
"""As they are by default; the deployment of the tests is more hasty."""


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            async with cluster(Path(folder), settings=SETTINGS) as deployed:
                await deployed.dials(latency_mean_seconds=LATENCY_SECONDS)
                build_id = await _grow(deployed, size, options.settled, figures)
                if size == max(options.sizes):
                    figures.append(await _go_on(deployed, build_id, size, LONGER * options.settled))
                    for past in (0, options.past):
                        figures.append(await _start_again(deployed, build_id, past, options.settled // 4))
    return figures


async def _grow(deployed: Cluster, size: int, settled: int, figures: list[dict[str, Any]]) -> str:
    """Submit a build and settle so many samples of it."""
    spec = order(size, SUBJECTS, seed=1, name="size")
    spec.controls.share = 0.0
    async with _peaks(deployed) as peaks:
        started = time.perf_counter()
        build_id = await submit(deployed, spec)
        while not (await deployed.stats())["requests"]:  # noqa: ASYNC110 the teacher is polled
            await asyncio.sleep(WATCHED_SECONDS / 10)
        first = time.perf_counter() - started
        spent = await _until_settled(deployed, build_id, settled)
    figures += [
        {"figure": "size.first_call_seconds", "slots": size, "value": round(first, 2)},
        {"figure": "size.peak_memory_mb", "slots": size, "settled": settled, "seconds": round(spent, 1), **peaks},
    ]
    return build_id


async def _go_on(deployed: Cluster, build_id: str, size: int, settled: int) -> dict[str, Any]:
    """Settle more samples of the same build: what grows with work that is done shows here."""
    async with _peaks(deployed) as peaks:
        spent = await _until_settled(deployed, build_id, settled)
    return {"figure": "size.peak_memory_mb", "slots": size, "settled": settled, "seconds": round(spent, 1), **peaks}


async def _start_again(deployed: Cluster, build_id: str, past: int, settled: int) -> dict[str, Any]:
    """Stop every service, give the build so many filled slots, start again, and settle some more."""
    await asyncio.gather(*(deployed.processes[name].end(signal.SIGTERM) for name in SERVICES))
    began = time.perf_counter()
    if past:
        await give_past(deployed.store.uri, build_id, past)
    seeded = time.perf_counter() - began
    ready = await asyncio.gather(*(_started(deployed, name) for name in SERVICES))
    began = time.perf_counter()
    done = _settled(await look(deployed, build_id))
    async with _peaks(deployed) as peaks:
        await _until_settled(deployed, build_id, done + 1)
        moving = time.perf_counter() - began
        await _until_settled(deployed, build_id, done + settled)
    return {
        "figure": "size.restart",
        "past_slots": past,
        "ready_seconds": dict(zip(SERVICES, ready, strict=True)),
        "next_settled_seconds": round(moving, 1),
        "settled": settled,
        "past_written_seconds": round(seeded, 1),
        **peaks,
    }


async def _started(deployed: Cluster, name: str) -> float:
    began = time.perf_counter()
    await deployed.processes[name].start()
    await deployed.ready(name)
    return round(time.perf_counter() - began, 1)


async def _until_settled(deployed: Cluster, build_id: str, settled: int) -> float:
    """Seconds until so many samples are settled in all."""
    began = time.perf_counter()
    while _settled(build := await look(deployed, build_id)) < settled:
        assert build.state == build_pb2.BUILD_STATE_RUNNING, build
        await asyncio.sleep(WATCHED_SECONDS)
    return time.perf_counter() - began


def _settled(build: build_pb2.Build) -> int:
    return int(build.progress.accepted + build.progress.rejected + build.progress.unknown)


@asynccontextmanager
async def _peaks(deployed: Cluster) -> AsyncIterator[dict[str, Any]]:
    """The most that each process held while the block ran, its children included, in MiB of resident memory."""
    peaks: dict[str, dict[str, int]] = {"services": {}, "stand_ins": {}}

    async def watch() -> None:
        while True:
            for kind, name, pid in _pids(deployed):
                peaks[kind][name] = max(peaks[kind].get(name, 0), _resident_mb(pid))
            await asyncio.sleep(WATCHED_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield peaks
    finally:
        watching.cancel()


def _pids(deployed: Cluster) -> Iterator[tuple[str, str, int | None]]:
    for name, process in deployed.processes.items():
        kind = "services" if name in SERVICES else "stand_ins"
        yield kind, name, process.running.pid if process.running is not None else None
    yield "stand_ins", "broker", deployed.broker.pid
    yield "stand_ins", "store", deployed.store.pid


def _resident_mb(pid: int | None) -> int:
    if pid is None:
        return 0
    try:
        process = psutil.Process(pid)
        return round(sum(p.memory_info().rss for p in (process, *process.children(recursive=True))) / 2**20)
    except psutil.NoSuchProcess:
        return 0
