"""The gate of an endpoint against a teacher that refuses: at random, and what is above its capacity."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from teacher import Teacher, teacher

from chimera_shared.endpoints.client import Overloaded
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.limiter import Slot, TurnedAway
from chimera_shared.endpoints.pool import EndpointPool

LIMIT = 128
CAPACITY = 40
MEAN_SECONDS = 0.5
RETRY_AFTER_SECONDS = 1.0

Ask = Callable[[int], Awaitable[bool]]


@dataclass
class Tally:
    """What a loop did."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    answer_seconds: float = 0.0
    refusals: int = 0
    answers: int = 0

    def fill(self, places: int) -> float:
        """The share of the places that had an answer in the making."""
        return self.answer_seconds / (self.seconds * places)


async def run(_: argparse.Namespace) -> list[dict[str, Any]]:
    async with teacher() as engine:
        await engine.dials(
            latency_mean_seconds=MEAN_SECONDS, latency_sigma=0.5, retry_after_seconds=RETRY_AFTER_SECONDS
        )
        plain = [await loop(engine, 6000) for loop in (_bare, _ours)]
        await engine.dials(rate_429=0.05)
        refusing = [await loop(engine, 6000) for loop in (_bare, _ours)]
        await engine.dials(rate_429=0.0, max_in_flight=CAPACITY)
        full = [await loop(engine, 2400) for loop in (_bare, _ours)]
    return [
        _figure("limits.no_refusals", plain, LIMIT),
        _figure("limits.random_refusals", refusing, LIMIT),
        _figure("limits.capacity", full, CAPACITY),
    ]


def _figure(name: str, tallies: list[Tally], places: int) -> dict[str, Any]:
    bare, ours = tallies
    ideal = ours.answers * MEAN_SECONDS / places
    return {
        "figure": f"{name}.time_ratio",
        "value": round(ours.seconds / ideal, 3),
        "bare_aiohttp": round(bare.seconds / ideal, 3),
        "fill": round(ours.fill(places), 3),
        "fill_bare": round(bare.fill(places), 3),
        "refused_share": round(ours.refusals / (ours.refusals + ours.answers), 3),
        "refused_share_bare": round(bare.refusals / (bare.refusals + bare.answers), 3),
        "processor_ms_per_call": round(1000 * ours.processor_seconds / ours.answers, 3),
        "processor_ms_per_call_bare": round(1000 * bare.processor_seconds / bare.answers, 3),
        "calls": ours.answers,
        "places": places,
    }


def _body(seed: int) -> dict[str, Any]:
    message = {"role": "user", "content": "Compute 2 + 2."}
    return {"model": "procedural-teacher", "messages": [message], "seed": seed, "max_completion_tokens": 256}


async def _bare(engine: Teacher, calls: int) -> Tally:
    tally, places = Tally(), asyncio.Semaphore(LIMIT)
    url, headers = f"{engine.base_url}/chat/completions", {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(seed: int) -> bool:
            async with places:
                started = time.perf_counter()
                async with session.post(url, data=orjson.dumps(_body(seed)), headers=headers) as response:
                    orjson.loads(await response.read())
                    if response.status != 200:
                        return False
                tally.answer_seconds += time.perf_counter() - started
                return True

        await _all(ask, calls, tally)
    return tally


async def _ours(engine: Teacher, calls: int) -> Tally:
    tally = Tally()
    endpoint = Endpoint(base_url=engine.base_url, model="procedural-teacher", max_in_flight=LIMIT)
    async with EndpointPool({"teacher": endpoint}) as pool:
        gate = pool.gate("teacher")

        async def ask(seed: int) -> bool:
            while True:
                try:
                    async with gate.slot(f"build {seed % 3}", 1.0, 300) as slot:
                        return await answered(slot, seed)
                except TurnedAway:
                    continue  # nothing was asked: queue again, as a buyer does who has no other endpoint

        async def answered(slot: Slot, seed: int) -> bool:
            try:
                completion = await pool.client.complete(endpoint, _body(seed))
            except Overloaded as error:
                slot.refused(error.retry_after, str(error))
                return False
            slot.answered(completion.output_tokens)
            tally.answer_seconds += completion.latency_seconds
            return True

        await _all(ask, calls, tally)
    return tally


async def _all(ask: Ask, calls: int, tally: Tally) -> None:
    async def insist(seed: int) -> None:
        while not await ask(seed):
            tally.refusals += 1
            await asyncio.sleep(RETRY_AFTER_SECONDS)
        tally.answers += 1

    before, started = time.process_time(), time.perf_counter()
    await asyncio.gather(*(insist(seed) for seed in range(calls)))
    tally.seconds, tally.processor_seconds = time.perf_counter() - started, time.process_time() - before
