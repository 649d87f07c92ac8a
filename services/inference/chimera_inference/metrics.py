"""The server's figures as Prometheus reads them, by the names that vLLM gives them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reading:
    """One model's figures. `usage` is the share of its places that is taken, 0 where there is no limit."""

    running: int
    waiting: int
    usage: float
    prompt_tokens: int
    generation_tokens: int
    answered: int


_METRICS: tuple[tuple[str, str, str, Callable[[Reading], float]], ...] = (
    ("vllm:num_requests_running", "gauge", "Requests that are being worked on.", lambda r: r.running),
    ("vllm:num_requests_waiting", "gauge", "Requests that wait for a place.", lambda r: r.waiting),
    ("vllm:kv_cache_usage_perc", "gauge", "Share of the places taken; 1 is all of them.", lambda r: r.usage),
    ("vllm:prompt_tokens_total", "counter", "Tokens of prompts that were answered.", lambda r: r.prompt_tokens),
    ("vllm:generation_tokens_total", "counter", "Tokens of answers.", lambda r: r.generation_tokens),
    ("vllm:request_success_total", "counter", "Requests answered in full.", lambda r: r.answered),
)


def exposition(readings: Mapping[str, Reading]) -> str:
    """The text of GET /metrics; `readings` is by model."""
    return "".join(_lines(readings))


def _lines(readings: Mapping[str, Reading]) -> Iterator[str]:
    for name, kind, says, value in _METRICS:
        yield f"# HELP {name} {says}\n# TYPE {name} {kind}\n"
        for model, reading in readings.items():
            label = model.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
            yield f'{name}{{engine="0",model_name="{label}"}} {value(reading)}\n'
