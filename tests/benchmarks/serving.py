"""What Ray Serve costs: requests a second and time to the first token, against the bare engine in one run."""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parent.parent))

import tinymodel
from ports import free_port

CONCURRENCY = (1, 16)
TOKENS = 32
Ask = Callable[[int], Awaitable[float]]


def body(number: int) -> dict[str, Any]:
    content = " ".join("abcdefgh"[number % 8] for _ in range(20))
    message = {"role": "user", "content": content}
    return {"model": "m", "messages": [message], "max_tokens": TOKENS, "seed": number, "stream": True}


async def measured(ask: Ask, requests: int, concurrency: int) -> dict[str, float]:
    """Requests a second, and the median of the times to the first token in milliseconds."""
    slots = asyncio.Semaphore(concurrency)

    async def one(number: int) -> float:
        async with slots:
            return await ask(number)

    await ask(0)
    started = time.perf_counter()
    firsts = await asyncio.gather(*(one(n) for n in range(requests)))
    elapsed = time.perf_counter() - started
    return {"requests_per_second": requests / elapsed, "first_token_ms": statistics.median(firsts) * 1000}


def bare(source: str) -> Ask:
    import torch

    from chimera_inference.rayserve.engines import TransformersEngine

    torch.set_num_threads(1)  # as Ray gives a replica of one core
    spec = {"source": source, "revision": "", "dtype": "auto", "gpus": 0, "max_model_len": 256, "max_batch": 16}
    engine = TransformersEngine("m", spec, source)

    async def ask(number: int) -> float:
        started, first = time.perf_counter(), 0.0
        async for piece in engine.stream(body(number)):
            if not isinstance(piece, int) and not first:
                first = time.perf_counter() - started
        return first

    return ask


def through(session: aiohttp.ClientSession, base_url: str) -> Ask:
    async def ask(number: int) -> float:
        started, first = time.perf_counter(), 0.0
        async with session.post(f"{base_url}/chat/completions", json=body(number)) as response:
            response.raise_for_status()
            async for line in response.content:
                if line.startswith(b"data:") and not first:
                    first = time.perf_counter() - started
        return first

    return ask


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    from chimera_inference.rayserve.plan import plan
    from chimera_inference.rayserve.running import served
    from chimera_shared.endpoints.config import parse

    figures = []
    with tempfile.TemporaryDirectory() as folder:
        # With 256 hidden units a step takes some milliseconds, as a small real model's does.
        tinymodel.write_words(Path(folder), seed=1, hidden=256, layers=6, heads=8, ends=False)
        ask = bare(folder)
        alone = {c: await measured(ask, options.requests, c) for c in CONCURRENCY}
        base_url = f"http://127.0.0.1:{free_port()}/v1"
        serve = {"engine": "transformers", "source": folder, "max_model_len": 256, "max_batch": 16}
        endpoints = parse({"m": {"base_url": base_url, "model": "m", "serve": serve}})
        async with served(plan(endpoints, folder)), aiohttp.ClientSession() as session:
            for concurrency, own in alone.items():
                found = await measured(through(session, base_url), options.requests, concurrency)
                figures.append(
                    {
                        "figure": f"serving.{concurrency}_at_once",
                        "value": round(found["requests_per_second"] / own["requests_per_second"], 3),
                        "first_token_ratio": round(found["first_token_ms"] / own["first_token_ms"], 2),
                        "tokens": TOKENS,
                        **{name: round(value, 2) for name, value in found.items()},
                        **{f"bare_{name}": round(value, 2) for name, value in own.items()},
                    }
                )
    return figures
