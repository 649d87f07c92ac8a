"""What events add to a build's progress. Every event is counted once, by its mark."""

from collections import Counter
from dataclasses import dataclass, field

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.groups import group_of
from chimera_shared import usage

_PANEL = frozenset({sample_pb2.REASON_PANEL_DISAGREES, sample_pb2.REASON_PANEL_UNDECIDED})
_OUTCOMES = {
    sample_pb2.OUTCOME_ACCEPTED: "accepted",
    sample_pb2.OUTCOME_REJECTED: "rejected",
    sample_pb2.OUTCOME_UNKNOWN: "unknown",
}
_USAGE = ("calls", "input_tokens", "output_tokens", "cost_nanousd")

Counts = dict[str, int]
"""Counts by dotted path, as they stand in a build's document: `validated`, `reasons.REASON_PROOF`, `usage.calls`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One event's contribution: the group of slots that it belongs to, its name there, and its counts."""

    build_id: str
    subject: str
    group: int
    name: str
    counts: Counts = field(default_factory=dict)

    @property
    def tally(self) -> str:
        """Where it is counted."""
        return f"{self.build_id}/{self.subject}/{self.group}" if self.subject else f"{self.build_id}/"


def mark_of(event: Message) -> Mark:
    """The contribution of an event on the way of a sample, or of an expansion."""
    if isinstance(event, events_pb2.TopicsExpanded):
        counts = {"topics": event.topics} | _spent(event.usage)
        return Mark(event.build_id, "", 0, event.subject, counts)
    if isinstance(event, events_pb2.ProblemRequested):
        return _mark(event.ref, "requested", {"requested": 1})
    if isinstance(event, events_pb2.ProblemProposed):
        calls = event.failure.calls if event.HasField("failure") else event.problem.calls
        proposed = int(not event.HasField("failure"))
        return _mark(event.ref, "proposed", {"proposed": proposed} | _spent(usage.of_calls(calls)))
    if isinstance(event, events_pb2.ProblemValidated):
        return _mark(event.ref, "validated", {"validated": 1} | _spent(usage.of_validation(event.validation)))
    assert isinstance(event, events_pb2.SolutionSynthesised), f"{event.DESCRIPTOR.name} is not counted"
    calls = event.failure.calls if event.HasField("failure") else event.solution.calls
    solved = int(not event.HasField("failure"))
    return _mark(event.ref, "solved", {"solved": solved} | _spent(usage.of_calls(calls)))


def mark_of_end(sample: sample_pb2.Sample, position: int) -> Mark:
    """The contribution of a settled sample; `position` is its subject's place in the spec."""
    return _named(sample.ref, "settled", settled_counts(sample, position))


def settled_counts(sample: sample_pb2.Sample, position: int) -> Counts:
    """The contribution of a settled sample; `position` is its subject's place in the spec."""
    counts = {_OUTCOMES[sample.outcome]: 1, f"subjects.{position}.settled": 1, "awaited": _events_before(sample)}
    if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
        counts |= {f"subjects.{position}.accepted": 1, "expected": sample.ref.attempt + 1}
    else:
        counts[f"reasons.{sample_pb2.Reason.Name(sample.reason)}"] = 1
    told = told_before(sample)
    spent = {name: getattr(sample.usage, name) - getattr(told, name) for name in _USAGE}
    return counts | {f"usage.{name}": value for name, value in spent.items() if value}


def told_before(sample: sample_pb2.Sample) -> sample_pb2.Usage:
    """What earlier events of the sample have said that it consumed."""
    if not sample.HasField("problem"):
        return sample.usage
    proposed = usage.of_calls(sample.problem.calls)
    if not sample.HasField("validation") or sample.reason in _PANEL:
        return proposed
    if not sample.HasField("solution"):
        return sample.usage
    return usage.total([proposed, usage.of_validation(sample.validation), usage.of_calls(sample.solution.calls)])


def _events_before(sample: sample_pb2.Sample) -> int:
    """How many events told of the sample before its end: requested and proposed, or also validated and synthesised."""
    return 4 if sample.HasField("validation") and sample.reason not in _PANEL else 2


def added(into: Counts, counts: Counts) -> None:
    """Add counts to counts."""
    for name, value in counts.items():
        into[name] = into.get(name, 0) + value


def progress(counts: Counts, spec: build_pb2.BuildSpec, targets: list[int]) -> build_pb2.Progress:
    """Counts as the build's progress."""
    found = Counter(counts)
    settled = found["accepted"] + found["rejected"] + found["unknown"]
    names = ("topics", "requested", "proposed", "validated", "solved", "accepted", "rejected", "unknown")
    return build_pb2.Progress(
        **{name: found[name] for name in names},
        in_flight=max(0, found["requested"] - settled),
        reasons={name.removeprefix("reasons."): n for name, n in sorted(found.items()) if name.startswith("reasons.")},
        subjects=[
            build_pb2.SubjectProgress(
                subject=subject.name,
                target=targets[i],
                accepted=found[f"subjects.{i}.accepted"],
                settled=found[f"subjects.{i}.settled"],
            )
            for i, subject in enumerate(spec.subjects)
        ],
        usage=sample_pb2.Usage(**{name: found[f"usage.{name}"] for name in _USAGE}),
    )


def complete(counts: Counts, samples: int) -> bool:
    """Whether exactly the samples asked for are here, with every attempt before each, and all that was told of them.

    What is counted after the end is lost, and events of several topics come in any order.
    """
    found = Counter(counts)
    settled = found["accepted"] + found["rejected"] + found["unknown"]
    return found["accepted"] == samples and settled == found["expected"] and found["told"] == found["awaited"]


def _mark(ref: sample_pb2.SampleRef, stage: str, counts: Counts) -> Mark:
    return _named(ref, stage, {"told": 1} | {name: n for name, n in counts.items() if n})


def _named(ref: sample_pb2.SampleRef, stage: str, counts: Counts) -> Mark:
    return Mark(ref.build_id, ref.subject, group_of(ref.slot), f"{ref.slot}/{ref.attempt}/{stage}", counts)


def _spent(spent: sample_pb2.Usage) -> Counts:
    return {f"usage.{name}": getattr(spent, name) for name in _USAGE if getattr(spent, name)}
