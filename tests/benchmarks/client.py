"""The model client alone, against the same simulated endpoint: processor time per call over a bare aiohttp loop."""

import argparse
import asyncio
import time
from typing import Any

import aiohttp
import orjson
from teacher import Teacher, teacher

from chimera_shared.endpoints.client import ChatClient
from chimera_shared.endpoints.config import Endpoint

CALLS = 2000
IN_FLIGHT = 64


async def run(_: argparse.Namespace) -> list[dict[str, Any]]:
    async with teacher() as engine:
        await engine.dials(latency_mean_seconds=0.02, latency_sigma=0.0)
        bare = await _timed(_bare(engine))
        ours = await _timed(_ours(engine))
    return [
        {"figure": "client.processor_ms_per_call", "value": round(ours, 3), "bare_aiohttp": round(bare, 3),
         "ratio": round(ours / bare, 2), "calls": CALLS, "in_flight": IN_FLIGHT}
    ]  # fmt: skip


async def _timed(work: Any) -> float:
    before = time.process_time()
    await work
    return (time.process_time() - before) * 1000 / CALLS


def _body(seed: int) -> dict[str, Any]:
    message = {"role": "user", "content": "Compute 2 + 2."}
    return {"model": "procedural-teacher", "messages": [message], "seed": seed, "max_completion_tokens": 256}


async def _bare(engine: Teacher) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(seed: int) -> None:
            url = f"{engine.base_url}/chat/completions"
            async with session.post(
                url, data=orjson.dumps(_body(seed)), headers={"Content-Type": "application/json"}
            ) as r:
                orjson.loads(await r.read())

        await _spread(one)


async def _ours(engine: Teacher) -> None:
    endpoint = Endpoint(base_url=engine.base_url, model="procedural-teacher")
    async with ChatClient() as client:

        async def one(seed: int) -> None:
            await client.complete(endpoint, _body(seed))

        await _spread(one)


async def _spread(one: Any) -> None:
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def limited(seed: int) -> None:
        async with slots:
            await one(seed)

    await asyncio.gather(*(limited(seed) for seed in range(CALLS)))
