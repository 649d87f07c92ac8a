"""What the pilot's slots consumed. A slot is one place in the dataset with every attempt made for it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.export.rows import all_calls

Measures = dict[str, float]
"""Sums by name. Of an endpoint there are `busy:NAME` (seconds of all its calls), `calls:NAME` and `tokens:NAME`."""

COST, INPUT, OUTPUT, CALLS, ATTEMPTS, ACCEPTED = "cost", "input", "output", "calls", "attempts", "accepted"
CHAIN = "chain"
"""Seconds that a slot takes if no call waits for another slot's."""


@dataclass(slots=True)
class Slot:
    """One slot of a subject and what was consumed for it."""

    subject: str
    measures: Measures = field(default_factory=lambda: defaultdict(float))


async def slots_of(
    samples: AsyncIterator[sample_pb2.Sample], controls: AsyncIterator[control_pb2.Control]
) -> list[Slot]:
    """The settled samples of a build, attempts of a slot together, with the controls that were planted beside them."""
    found: dict[tuple[str, int], Slot] = {}
    of_sample: dict[str, Slot] = {}
    async for sample in samples:
        slot = found.setdefault((sample.ref.subject, sample.ref.slot), Slot(sample.ref.subject))
        of_sample[sample.ref.sample_id] = slot
        add(slot.measures, measured(sample))
    async for control in controls:
        if (beside := of_sample.get(control.sample.trace_id)) is not None:
            add(beside.measures, consumed(control.sample))
    return list(found.values())


def add(into: Measures, more: Mapping[str, float]) -> None:
    """Add sums to sums."""
    for name, value in more.items():
        into[name] = into.get(name, 0.0) + value


def total(slots: Iterable[Slot]) -> Measures:
    """The sums over slots."""
    found: Measures = {}
    for slot in slots:
        add(found, slot.measures)
    return found


def measured(sample: sample_pb2.Sample) -> Measures:
    """What one attempt consumed, whoever paid for it, and how it ended."""
    ended = {ATTEMPTS: 1, ACCEPTED: sample.outcome == sample_pb2.OUTCOME_ACCEPTED, CHAIN: _chain(sample)}
    return {**ended, **consumed(sample)}


def consumed(sample: sample_pb2.Sample) -> Measures:
    """What the calls of an attempt or a control consumed, whoever paid for them."""
    calls = all_calls(sample)
    found: Measures = {}
    for name, of in ((COST, "cost_nanousd"), (INPUT, "input_tokens"), (OUTPUT, "output_tokens"), (CALLS, "calls")):
        # A sample that failed early keeps its sums, not its calls; one whose answers were paid before has only calls.
        found[name] = max(getattr(sample.usage, of), sum(getattr(call.usage, of) for call in calls))
    for call in calls:
        tokens = call.usage.input_tokens + call.usage.output_tokens
        own = {"busy": call.latency_seconds, "calls": 1, "tokens": tokens}
        add(found, {f"{name}:{call.endpoint}": value for name, value in own.items()})
    return found


def endpoints_in(measures: Iterable[str]) -> Iterator[str]:
    """The endpoints that were called."""
    return (name.removeprefix("busy:") for name in measures if name.startswith("busy:"))


def _chain(sample: sample_pb2.Sample) -> float:
    """Seconds of the calls that wait for one another; whoever looks at a problem in one role does so at one time."""
    validation = sample.validation
    in_turn = [*sample.problem.calls, *sample.solution.calls, *sample.grade.calls]
    in_turn += [call for match in validation.matches for call in match.calls]
    at_once = [[_seconds(screening.calls) for screening in validation.screenings]]
    for votes in (validation.votes, validation.difficulty.weak, validation.difficulty.strong):
        at_once.append([_seconds([*vote.calls, *vote.grade.calls]) for vote in votes])
    return _seconds(in_turn) + sum(max(seconds, default=0.0) for seconds in at_once)


def _seconds(calls: Iterable[sample_pb2.ModelCall]) -> float:
    return sum(call.latency_seconds for call in calls)
