"""A loop's outcome as JSON for other programs: the headline first, then everything that it rests on."""

import math
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from chimera_client.loop.outcome import Outcome, Round, Trained
from chimera_client.loop.report.gains import Gain, gains, last_gains, mean_gain, verdict
from chimera_client.loop.report.head import warnings
from chimera_client.loop.report.limits import limits
from chimera_client.plain import to_plain

FORMAT = "chimera.loop/1"


def plain(outcome: Outcome) -> dict[str, Any]:
    """JSON-able values; numbers that are not finite are null."""
    last = last_gains(outcome)
    found: dict[str, Any] = _finite(
        {
            "format": FORMAT,
            "headline": {
                "verdict": verdict(outcome),
                "benchmarks": [
                    {
                        "benchmark": benchmark,
                        "seeds": len(of),
                        "clearly_better": sum(gain.is_better for gain in of),
                        "clearly_worse": sum(gain.is_worse for gain in of),
                        "base": of[0].base.value,
                        "tuned": sum(gain.tuned.value for gain in of) / len(of),
                        "difference": mean_gain(of),
                    }
                    for benchmark, of in last.items()
                ],
            },
            "gains": [_gain(gain) for gain in gains(outcome)],
            "loop_id": outcome.loop_id,
            "trace_id": outcome.trace_id,
            "name": outcome.name,
            "base": outcome.base,
            "code_version": version("chimera"),
            "seconds": dict(outcome.seconds),
            "warnings": warnings(outcome),
            "limits": limits(outcome),
            "exam": to_plain(outcome.exam) if outcome.exam is not None else None,
            "rounds": [_round(each) for each in outcome.rounds],
        }
    )
    return found


def _gain(gain: Gain) -> dict[str, Any]:
    return {
        "round": gain.round,
        "step": gain.trained.step,
        "seed": gain.trained.seed,
        "candidate": gain.trained.candidate,
        "model": gain.trained.training.model,
        "last": gain.last,
        "benchmark": gain.of.benchmark,
        "problems": gain.of.problems,
        "base": _interval(gain.base.value, gain.base.low, gain.base.high),
        "tuned": _interval(gain.tuned.value, gain.tuned.low, gain.tuned.high),
        "difference": _interval(gain.of.difference, gain.of.low, gain.of.high),
        "p_value": gain.of.p_value,
        "clear": "better" if gain.is_better else "worse" if gain.is_worse else "no",
    }


def _interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def _round(each: Round) -> dict[str, Any]:
    return {
        "number": each.number,
        "build": to_plain(each.build),
        "dataset": to_plain(each.dataset),
        "trained": [_trained(one) for one in each.trained],
        "evaluation": to_plain(each.evaluation),
        "topics": [asdict(topic) for topic in each.topics],
    }


def _trained(one: Trained) -> dict[str, Any]:
    return {
        "step": one.step,
        "seed": one.seed,
        "candidate": one.candidate,
        "model": to_plain(one.model) if one.model is not None else None,
        "training": to_plain(one.training),
        "points": [to_plain(point) for point in one.points],
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
