"""A spell of 429 on one of two endpoints: nothing is lost, and the other is kept full meanwhile.

Problems and solutions come from `first`, or else from `second`, which are two servers; the panel has a third. From a
third of the run on, `first` refuses everything for `--spell` seconds. Fill is requests in flight over the limit.
"""

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pipeline import ordered
from teacher import Teacher, teacher

from chimera_shared.endpoints.config import Endpoint
from chimera_shared.rpc.channel import connect
from chimera_standalone.app import Standalone

_WARM_SECONDS = 45
_SWITCH_SECONDS = 20
"""To find out, to send work elsewhere and to raise that endpoint's limit step by step: told apart in the result."""


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        first, second, panel = [await stack.enter_async_context(teacher()) for _ in range(3)]
        for engine in (first, second, panel):
            await engine.dials(latency_mean_seconds=options.mean, latency_sigma=options.sigma, latency_cap_seconds=60.0)
        accurate = {name: {"accuracy": 1.0} for name in ("procedural-strong", "procedural-medium")}
        await panel.dials(models=accurate)
        half = options.limit // 2
        endpoints = {
            "first": _endpoint(first, "procedural-teacher", half),
            "second": _endpoint(second, "procedural-teacher", half),
            # A problem in ten is refused and has no solution: half of the other's limit would make the panel the bound.
            "procedural-strong": _endpoint(panel, "procedural-strong", half * 3 // 4),
            "procedural-medium": _endpoint(panel, "procedural-medium", half * 3 // 4),
        }
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        running = await stack.enter_async_context(Standalone(Path(folder), endpoints))
        channel = await stack.enter_async_context(connect(running.gateway_target))
        return await _measured(channel, first, second, panel, options)


def _endpoint(engine: Teacher, model: str, limit: int) -> Endpoint:
    return Endpoint(base_url=engine.base_url, model=model, max_in_flight=limit, timeout_seconds=300)


async def _measured(
    channel: Any, first: Teacher, second: Teacher, panel: Teacher, options: argparse.Namespace
) -> list[dict[str, Any]]:
    half = options.limit // 2
    build = asyncio.create_task(ordered(channel, options.samples, "first", "second"))
    await asyncio.sleep(_WARM_SECONDS)
    before = await first.stats()
    await first.dials(outage_seconds=options.spell, retry_after_seconds=5.0)
    begun = await second.stats()
    await asyncio.sleep(_SWITCH_SECONDS)
    switched, panel_switched = await second.stats(), await panel.stats()
    await asyncio.sleep(options.spell - _SWITCH_SECONDS)
    ended, panel_ended = await second.stats(), await panel.stats()
    refused = (await first.stats())["refused"]
    still_busy = not build.done()
    await asyncio.sleep(_SWITCH_SECONDS)
    after = await first.stats()
    done = await build
    assert still_busy, "the build ended within the spell: order more --samples"
    assert done.progress.accepted == options.samples, done
    lost = done.progress.requested - sum((done.progress.accepted, done.progress.rejected, done.progress.unknown))
    return [
        {
            "figure": "spell.other_endpoint_fill",
            "value": _fill(switched, ended, half),
            "from_the_first_second": _fill(begun, ended, half),
            "panel": _fill(panel_switched, panel_ended, half * 3 // 2),
            "ideal": 1.0,
            "spell_s": options.spell,
            "refused": refused,
            "lost": lost,
            "unknown": done.progress.unknown,
            "first_before": _fill({"in_flight_seconds": 0.0, "elapsed_seconds": 0.0}, before, half),
            "first_answered_after": after["answered"] - before["answered"],
            "limit": half,
            "mean_s": options.mean,
            "samples": options.samples,
        }
    ]


def _fill(start: dict[str, Any], end: dict[str, Any], limit: int) -> float:
    area = end["in_flight_seconds"] - start["in_flight_seconds"]
    return round(float(area / (end["elapsed_seconds"] - start["elapsed_seconds"]) / limit), 4)
