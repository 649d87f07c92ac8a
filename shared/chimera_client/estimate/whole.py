"""The estimate of a build: every figure with its interval, and what the budget pays for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.estimate import measures as m
from chimera_client.estimate.measures import Measures, Slot
from chimera_client.estimate.method import LEVEL, Forecast, Range
from chimera_client.text import counted
from chimera_shared.apportion import targets
from chimera_shared.endpoints.config import Endpoint

_FEW_SLOTS = 10
_QUICK_SECONDS = 0.2
"""Where models answer faster, the services' own work takes a share of the time that is not in the estimate."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an endpoint takes calls: so many at a time, and so many calls and tokens a minute; 0 is no limit."""

    in_flight: int
    requests_per_minute: int = 0
    tokens_per_minute: int = 0

    def seconds(self, sums: Measures, endpoint: str) -> float:
        """How long the endpoint is at work on these calls if it is never idle."""
        calls, tokens = sums.get(f"calls:{endpoint}", 0.0), sums.get(f"tokens:{endpoint}", 0.0)
        return max(
            sums.get(f"busy:{endpoint}", 0.0) / max(1, self.in_flight),
            60 * calls / self.requests_per_minute if self.requests_per_minute else 0.0,
            60 * tokens / self.tokens_per_minute if self.tokens_per_minute else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Lasting:
    """The limit of the budget that is reached first, and for how many samples it lasts."""

    name: str
    limit: float
    samples: Range


@dataclass(frozen=True, slots=True)
class Estimate:
    """A build's figures. Money is in thousand-millionths of a dollar; `seconds` is None if no limit is known."""

    pilot: build_pb2.Build
    samples: int
    subjects: int
    accepted: int
    settled: int
    cost: Range
    input_tokens: Range
    output_tokens: Range
    calls: Range
    acceptance: Range
    seconds: Range | None
    slowest: str
    paid: sample_pb2.Usage
    to_pay: Range
    lasting: Lasting | None
    notes: Sequence[str] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        """For other programs: money in US dollars."""
        figures: dict[str, Range | None] = {
            "cost_usd": scaled(self.cost, 1e-9),
            "cost_to_pay_usd": scaled(self.to_pay, 1e-9),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "calls": self.calls,
            "seconds": self.seconds,
            "acceptance": self.acceptance,
        }
        lasting = self.lasting
        return {
            "type": "estimate",
            "samples": self.samples,
            "level": LEVEL,
            **{name: None if r is None else _plain(r) for name, r in figures.items()},
            "slowest_endpoint": self.slowest or None,
            "pilot": {
                "build_id": self.pilot.build_id,
                "accepted": self.accepted,
                "settled": self.settled,
                "cost_usd": self.paid.cost_nanousd / 1e9,
            },
            "budget_lasts": None if lasting is None else {"limit": lasting.name, "samples": _plain(lasting.samples)},
            "notes": list(self.notes),
        }


def estimate(
    spec: build_pb2.BuildSpec, pilot: build_pb2.Build, slots: Sequence[Slot], paces: Mapping[str, Pace]
) -> Estimate:
    """What `spec` will consume, told by its pilot; `paces` are those of the endpoints that are known.

    Time is that of the endpoint which needs longest, never idle, and of one sample more, since the last one is not
    worked on by all. Latency is taken from the pilot: an endpoint that slows down under load takes longer.
    """
    shares = targets(spec.samples, [subject.weight or 1.0 for subject in spec.subjects])
    wanted = {subject.name: share for subject, share in zip(spec.subjects, shares, strict=True) if share}
    forecast = Forecast(slots, wanted, _once(pilot, slots))
    known = {name: paces[name] for name in m.endpoints_in(forecast.about) if name in paces}

    def seconds(sums: Measures) -> float:
        busy = max(pace.seconds(sums, name) for name, pace in known.items())
        return busy + sums.get(m.CHAIN, 0.0) / max(1, spec.samples)

    def of(name: str) -> Range:
        return forecast.range_of(lambda sums: sums.get(name, 0.0))

    attempts = of(m.ATTEMPTS)
    return Estimate(
        pilot=pilot,
        samples=spec.samples,
        subjects=len(wanted),
        accepted=int(sum(slot.measures[m.ACCEPTED] for slot in slots)),
        settled=int(sum(slot.measures[m.ATTEMPTS] for slot in slots)),
        cost=of(m.COST),
        input_tokens=of(m.INPUT),
        output_tokens=of(m.OUTPUT),
        calls=of(m.CALLS),
        acceptance=Range(*(min(1.0, spec.samples / a) for a in (attempts.about, attempts.high, attempts.low))),
        seconds=forecast.range_of(seconds) if known else None,
        slowest=max(known, key=lambda name: known[name].seconds(forecast.about, name), default=""),
        paid=pilot.progress.usage,
        to_pay=_less(of(m.COST), forecast.known.get(m.COST, 0.0)),
        lasting=_lasting(spec, forecast, seconds if known else None),
        notes=_notes(forecast, slots, wanted, pilot),
    )


def paces_of(build: build_pb2.Build, endpoints: Mapping[str, Endpoint] | None) -> dict[str, Pace]:
    """How fast the endpoints take calls: as they are configured, or as a gateway tells of its own.

    One that refused some of the pilot's calls takes no more at a time than it did then.
    """
    told = {status.endpoint: status for status in build.progress.endpoints if status.limit}
    if endpoints is None:
        return {name: Pace(status.limit) for name, status in told.items()}
    learned = {name: status.limit for name, status in told.items() if status.failures}
    return {
        name: Pace(
            min(e.max_in_flight, learned.get(name, e.max_in_flight)),
            e.requests_per_minute or 0,
            e.tokens_per_minute or 0,
        )
        for name, e in endpoints.items()
    }


def _less(found: Range, known: float) -> Range:
    return Range(*(max(0.0, value - known) for value in (found.about, found.low, found.high)))


def scaled(found: Range, factor: float) -> Range:
    """The same in another unit."""
    return Range(found.about * factor, found.low * factor, found.high * factor)


def _once(pilot: build_pb2.Build, slots: Sequence[Slot]) -> Measures:
    """What the pilot paid besides its samples: the making of the topics."""
    sums, paid = m.total(slots), pilot.progress.usage
    reused = pilot.progress.reused
    parts = ((m.COST, "cost_nanousd"), (m.INPUT, "input_tokens"), (m.OUTPUT, "output_tokens"), (m.CALLS, "calls"))
    return {name: max(0.0, getattr(paid, of) + getattr(reused, of) - sums.get(name, 0.0)) for name, of in parts}


def _lasting(
    spec: build_pb2.BuildSpec, forecast: Forecast, seconds: Callable[[Measures], float] | None
) -> Lasting | None:
    """For how many samples the budget lasts; the pilot's are there already and cost the build nothing."""
    budget = spec.budget
    limits: list[tuple[str, float, Callable[[Measures], float]]] = [
        ("money", budget.cost_nanousd, _sum_of(m.COST)),
        ("tokens", budget.tokens, _sum_of(m.INPUT, m.OUTPUT)),
        ("calls", budget.calls, _sum_of(m.CALLS)),
    ]
    if seconds is not None:
        limits.append(("time", budget.time.seconds, seconds))
    found = [
        Lasting(name, limit, _samples(spec.samples, forecast, limit, value)) for name, limit, value in limits if limit
    ]
    return min(found, key=lambda lasting: lasting.samples.about, default=None)


def _samples(samples: int, forecast: Forecast, limit: float, value: Callable[[Measures], float]) -> Range:
    known, whole = value(forecast.known), forecast.range_of(value)

    def lasts(consumed: float) -> float:
        share = min(1.0, limit / (consumed - known)) if consumed > known else 1.0
        return float(samples - forecast.left + int(forecast.left * share))

    return Range(lasts(whole.about), lasts(whole.high), lasts(whole.low))


def _sum_of(*parts: str) -> Callable[[Measures], float]:
    return lambda sums: sum(sums.get(part, 0.0) for part in parts)


def _notes(
    forecast: Forecast, slots: Sequence[Slot], wanted: Mapping[str, int], pilot: build_pb2.Build
) -> tuple[str, ...]:
    sums = m.total(slots)
    notes = []
    if not forecast.left:
        notes.append("the pilot is the whole build: nothing is estimated")
        return tuple(notes)
    if not sums[m.COST]:
        notes.append("no endpoint has a price: set `price` under `endpoints` to see what it costs")
    if len(slots) < _FEW_SLOTS:
        notes.append(f"{counted(len(slots), 'sample')} are few to go by: a larger pilot (--samples) tells more")
    if forecast.without_loss:
        share = 1 - 1 / forecast.worst_loss
        notes.append(f"nothing was rejected; the upper ends allow for {share:.0%} that will be")
    if absent := [subject for subject in wanted if subject not in {slot.subject for slot in slots}]:
        notes.append(f"{counted(len(absent), 'subject')} not in the pilot: taken as the average of the others")
    if pilot.progress.reused.calls:
        notes.append(
            f"{counted(pilot.progress.reused.calls, 'answer')} of the pilot came from earlier builds; whatever else"
            " fits costs the build nothing, so it may cost less"
        )
    if sums[m.CALLS] and _mean_latency(sums) < _QUICK_SECONDS:
        notes.append("the models answer so fast that the services' own work, which is not in the time, counts")
    return tuple(notes)


def _mean_latency(sums: Measures) -> float:
    return sum(v for name, v in sums.items() if name.startswith("busy:")) / sums[m.CALLS]


def _plain(found: Range) -> dict[str, float]:
    return {"about": found.about, "low": found.low, "high": found.high}
