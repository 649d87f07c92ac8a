"""What a model's engine says about its own load: vLLM's `/metrics`, SGLang's, or the port of Ray's metrics."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import aiohttp

log = logging.getLogger(__name__)

_POLL_SECONDS = 2.0
_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 8 * 1024 * 1024
"""A Ray node's page holds the metrics of every process on it; beyond this it is something else."""
_SAMPLE = re.compile(r'^([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)')
_MODEL = re.compile(r'model_name="((?:[^"\\]|\\.)*)"')

# Names as vLLM, SGLang and Ray publish them, without Ray's prefix and with _ for the colon, which Ray replaces.
_RUNNING = ("vllm_num_requests_running", "sglang_num_running_reqs", "serve_num_ongoing_requests_at_replicas",
            "serve_replica_processing_queries", "serve_num_ongoing_http_requests")  # fmt: skip
"""The first that is there: the others count the same requests at another place."""
_ENGINE_WAITING = ("vllm_num_requests_waiting", "sglang_num_queue_reqs")
_ROUTER_WAITING = ("serve_deployment_queued_queries",)
_CACHE = ("vllm_kv_cache_usage_perc", "vllm_gpu_cache_usage_perc", "sglang_token_usage")


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """Requests at work and waiting in the engine, from all its clients, and the share of its cache in use."""

    running: float
    waiting: float
    cache: float


def parse(text: str, model: str) -> EngineLoad | None:
    """The load from a page in Prometheus' text format; None if it names no known gauge.

    Samples of other models are left out where some are of this one. Lines that are no samples are skipped.
    """
    samples: dict[str, list[tuple[str | None, float]]] = {}
    for line in text.splitlines():
        if not line.startswith(("vllm", "sglang", "ray_")) or not (match := _SAMPLE.match(line)):
            continue
        name = match[1].replace(":", "_").removeprefix("ray_")
        if (value := _number(match[3])) is not None:
            label = _MODEL.search(match[2] or "")
            samples.setdefault(name, []).append((label[1] if label else None, value))

    def of(*names: str) -> list[float]:
        found = next((samples[name] for name in names if name in samples), [])
        return [value for label, value in found if label == model] or [value for _, value in found]

    running, waiting, routed, cache = of(*_RUNNING), of(*_ENGINE_WAITING), of(*_ROUTER_WAITING), of(*_CACHE)
    if not (running or waiting or routed or cache):
        return None
    return EngineLoad(sum(running), sum(waiting) + sum(routed), max(cache, default=0.0))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if isfinite(value) else None


async def watch(
    url: str, model: str, busy: Callable[[], bool], tell: Callable[[EngineLoad | None], None], name: str
) -> None:
    """Read the engine's load every two seconds while it is busy, until cancelled; a page that fails is told of once."""
    failing = False
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            if busy():
                try:
                    tell(parse(await _page(session, url), model) or _nothing(url))
                    failing = False
                except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                    tell(None)
                    if not failing:
                        log.warning(
                            "the metrics of endpoint %s cannot be read: %s", name, error or type(error).__name__
                        )
                    failing = True
            await asyncio.sleep(_POLL_SECONDS)


async def _page(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError(f"{url} answered {response.status}")
        raw = b""
        while len(raw) <= _MAX_BYTES and (chunk := await response.content.read(1 << 20)):
            raw += chunk
        if len(raw) > _MAX_BYTES:
            raise ValueError(f"{url} is longer than {_MAX_BYTES} bytes")
        return raw.decode("utf-8", "replace")


def _nothing(url: str) -> EngineLoad:
    raise ValueError(f"{url} has no gauge of vLLM, SGLang or Ray Serve")
