"""How full the whole pipeline keeps its endpoints under heavy-tailed latencies, and what a model call costs us.

Fill is the time-weighted share of the allowed requests that are in flight; the ideal is 1. It is given over the first
90 % of the calls, which has the ramp in it (topics first, then problems, and only then everything at once), and in
steady state, from the moment at which 95 % of the limit are in flight. Beside it stands what was possible: once one
endpoint is full, the calls of the others follow its pace.
"""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
from teacher import Teacher, teacher

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.rpc.channel import connect
from chimera_standalone.app import Standalone

SUBJECTS = ("Mathematics", "Computer Science", "Chemistry", "Physics", "Biology")
FIRST_PART = 0.9
FULL = 0.95


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    async with teacher() as engine:
        accurate = {name: {"accuracy": 1.0} for name in ("procedural-strong", "procedural-medium")}
        await engine.dials(
            latency_mean_seconds=options.mean, latency_sigma=options.sigma, latency_cap_seconds=60.0, models=accurate
        )
        with tempfile.TemporaryDirectory() as folder:
            endpoints = _endpoints(engine.base_url, options.limit)
            async with Standalone(Path(folder), endpoints) as running:
                return await _measure(engine, running.gateway_target, endpoints, options)


def _endpoints(base_url: str, limit: int) -> dict[str, Endpoint]:
    """As the calls are: a sample takes 1.11 problems, as one in ten is a duplicate, one solve of each panel member, and
    one solution. With limits in any other proportion one endpoint would bound the others, and they could not be full.
    """
    panel = round(limit * 0.243)
    shares = {"procedural-teacher": limit - 2 * panel, "procedural-strong": panel, "procedural-medium": panel}
    return {
        name: Endpoint(base_url=base_url, model=name, max_in_flight=share, timeout_seconds=300)
        for name, share in shares.items()
    }


async def _measure(
    engine: Teacher, target: str, endpoints: dict[str, Endpoint], options: argparse.Namespace
) -> list[dict[str, Any]]:
    ours, children = psutil.Process(), psutil.Process().children(recursive=True)
    await engine.reset()
    before, started = _seconds(ours), time.perf_counter()
    watcher = asyncio.create_task(_observe(engine))
    async with connect(target) as channel:
        build = await ordered(channel, options.samples, "procedural-teacher")
    elapsed, spent = time.perf_counter() - started, _seconds(ours) - before
    watcher.cancel()
    stats = await engine.stats()
    series = [*_series, stats]
    end = next(s for s in series if s["answered"] >= FIRST_PART * stats["answered"])
    full = next((s for s in series if s["in_flight"] >= FULL * options.limit), None)
    common = {"limit": options.limit, "mean_s": options.mean, "sigma": options.sigma, "samples": options.samples}
    assert build.progress.accepted == options.samples, build
    return [
        {"figure": "pipeline.fill_first_90_percent", "value": _fill(None, end, options.limit), "ideal": 1.0, **common},
        {
            "figure": "pipeline.fill_steady",
            "value": full and _fill(full, end, options.limit),
            "possible": full and _possible(full, end, endpoints),
            "endpoints": full and {name: _of(full, end, name, e.max_in_flight) for name, e in endpoints.items()},
            "ideal": 1.0,
            **common,
        },
        {
            "figure": "pipeline.processor_ms_per_call",
            "value": round(spent * 1000 / stats["answered"], 3),
            "calls": stats["answered"],
            "paid_twice": stats["repeats"],
            "wall_s": round(elapsed, 1),
            **common,
        },
        {
            "figure": "pipeline.peak_memory_mb",
            "services": round(ours.memory_info().rss / 2**20),
            "children": {_name(c): round(c.memory_info().rss / 2**20) for c in children if c.is_running()},
            "children_processor_s": {_name(c): round(_seconds(c), 1) for c in children if c.is_running()},
            **common,
        },
    ]


def _fill(start: dict[str, Any] | None, end: dict[str, Any], limit: int) -> float:
    """Mean requests in flight over the limit between two readings; from the first request without a `start`."""
    area = end["in_flight_seconds"] - (start["in_flight_seconds"] if start else 0.0)
    seconds = end["elapsed_seconds"] - start["elapsed_seconds"] if start else end["first_to_last_seconds"]
    return round(area / max(seconds, 1e-9) / limit, 4)


def _of(start: dict[str, Any], end: dict[str, Any], model: str, limit: int) -> float:
    """One endpoint's fill."""
    area = end["models"][model]["in_flight_seconds"] - start["models"][model]["in_flight_seconds"]
    return round(area / (end["elapsed_seconds"] - start["elapsed_seconds"]) / limit, 4)


def _possible(start: dict[str, Any], end: dict[str, Any], endpoints: dict[str, Endpoint]) -> float:
    """The fill of all when the endpoint with the most calls for its limit is full, and all latencies are alike."""
    calls = {name: end["models"][name]["answered"] - start["models"][name]["answered"] for name in endpoints}
    limits = {name: endpoint.max_in_flight for name, endpoint in endpoints.items()}
    pace = max(calls[name] / limits[name] for name in endpoints)
    return round(sum(calls.values()) / sum(limits.values()) / pace, 4)


_series: list[dict[str, Any]] = []


async def _observe(engine: Teacher) -> None:
    while True:
        _series.append(await engine.stats())
        await asyncio.sleep(0.5)


async def ordered(channel: Any, samples: int, *teachers: str) -> build_pb2.Build:
    """Order a build whose problems and solutions come from the first teacher that takes calls, and await its end."""
    stub = build_service_pb2_grpc.BuildServiceStub(channel)
    spec = build_pb2.BuildSpec(
        name="bench",
        samples=samples,
        seed=1,
        subjects=[build_pb2.SubjectSpec(name=name) for name in SUBJECTS],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=teachers),
            panel=[build_pb2.RoleSpec(endpoints=[n]) for n in ("procedural-strong", "procedural-medium")],
            solver=build_pb2.RoleSpec(endpoints=teachers),
        ),
        controls=build_pb2.ControlSpec(share=0.0),
    )
    request = build_service_pb2.SubmitBuildRequest(request_id=uuid.uuid4().hex, spec=spec)
    build = await stub.SubmitBuild(request)
    watched: AsyncIterator[build_pb2.Build] = stub.WatchBuild(
        build_service_pb2.WatchBuildRequest(build_id=build.build_id)
    )
    async for news in watched:
        build = news
    return build


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _name(process: psutil.Process) -> str:
    return " ".join(process.cmdline())[-60:]
