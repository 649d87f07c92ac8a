"""What events add to a build's progress. Every event is counted once, by its mark."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_gateway.domain.groups import group_of
from chimera_shared import usage

_AFTER_VALIDATION = frozenset(
    {
        sample_pb2.REASON_UNSPECIFIED,
        sample_pb2.REASON_SOLUTION_INCORRECT,
        sample_pb2.REASON_SOLUTION_UNDECIDED,
        sample_pb2.REASON_MALFORMED_ANSWER,
        sample_pb2.REASON_TRUNCATED_ANSWER,
        sample_pb2.REASON_ENDPOINT_FAILED,
        sample_pb2.REASON_TIME_LIMIT,
        sample_pb2.REASON_INTERNAL,
        sample_pb2.REASON_REFUSED_BY_MODEL,
    }
)
"""How samples end whose problems passed. With any other reason the evidence about a problem is why it was refused."""
_OUTCOMES = {
    sample_pb2.OUTCOME_ACCEPTED: "accepted",
    sample_pb2.OUTCOME_REJECTED: "rejected",
    sample_pb2.OUTCOME_UNKNOWN: "unknown",
}
_EVENTS_OF_A_SOLUTION = 4
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
        return _mark(event.ref, "proposed", {"proposed": proposed} | _consumed(calls))
    if isinstance(event, events_pb2.ProblemValidated):
        calls_of_panel = usage.calls_of_validation(event.validation)
        return _mark(event.ref, "validated", {"validated": 1} | _consumed(calls_of_panel))
    if isinstance(event, events_pb2.ControlChecked):
        return _mark(event.beside, "control", _control_counts(event.control))
    if isinstance(event, events_pb2.QuotaMissed):
        return Mark(event.build_id, "", 0, f"{event.subject}/missed", _spent(event.usage))
    assert isinstance(event, events_pb2.SolutionSynthesised), f"{event.DESCRIPTOR.name} is not counted"
    calls = event.failure.calls if event.HasField("failure") else event.solution.calls
    solved = int(not event.HasField("failure"))
    return _mark(event.ref, "solved", {"solved": solved} | _consumed(calls))


def mark_of_end(sample: sample_pb2.Sample, position: int, *, planted: bool = False) -> Mark:
    """The contribution of a settled sample; see `settled_counts`."""
    return _named(sample.ref, "settled", settled_counts(sample, position, planted=planted))


def settled_counts(sample: sample_pb2.Sample, position: int, *, planted: bool = False) -> Counts:
    """The contribution of a settled sample; `position` is its subject's place in the spec.

    `planted`: a control stands beside it, if its problem passed.
    """
    told = _events_before(sample)
    awaited = told + (planted and told == _EVENTS_OF_A_SOLUTION)
    counts = {_OUTCOMES[sample.outcome]: 1, f"subjects.{position}.settled": 1, "awaited": awaited}
    if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
        counts |= {f"subjects.{position}.accepted": 1, "expected": sample.ref.attempt + 1}
    else:
        counts[f"reasons.{sample_pb2.Reason.Name(sample.reason)}"] = 1
    if not sample.HasField("problem") or _ended_unsolved(sample):
        return counts  # all calls were told of before
    before = list(sample.problem.calls)
    since = [*usage.calls_of_validation(sample.validation), *sample.solution.calls]
    if sample.HasField("solution"):
        before, since = before + since, []
    spent, reused = usage.of_calls(before), usage.reused([*since, *sample.grade.calls])
    left = {f"usage.{name}": getattr(sample.usage, name) - getattr(spent, name) for name in _USAGE}
    return counts | {name: value for name, value in left.items() if value} | _spent(reused, "reused")


def _ended_unsolved(sample: sample_pb2.Sample) -> bool:
    """Whether the panel passed its problem, and the solver has failed."""
    return _has_passed(sample) and not sample.HasField("solution")


def _control_counts(control: control_pb2.Control) -> Counts:
    """One more control, unless none could be made; what it consumed is the build's either way."""
    sample = control.sample
    calls = [*usage.calls_of_validation(sample.validation), *sample.grade.calls]
    return {"controls": int(bool(control.kind))} | _spent(sample.usage) | _spent(usage.reused(calls), "reused")


def caught_up(counts: Counts, accepted: Sequence[int]) -> Counts:
    """Counts with so many samples accepted, by subject; those of the last moment may be stored and not counted yet."""
    found = dict(counts)
    for position, there in enumerate(accepted):
        names = ("accepted", f"subjects.{position}.accepted", f"subjects.{position}.settled")
        added(found, dict.fromkeys(names, there - counts.get(names[1], 0)))
    return found


def _events_before(sample: sample_pb2.Sample) -> int:
    """How many events told of the sample before its end: requested and proposed, or also validated and synthesised."""
    return _EVENTS_OF_A_SOLUTION if _has_passed(sample) else 2


def _has_passed(sample: sample_pb2.Sample) -> bool:
    return sample.HasField("validation") and sample.reason in _AFTER_VALIDATION


def added(into: Counts, counts: Counts) -> None:
    """Add counts to counts."""
    for name, value in counts.items():
        into[name] = into.get(name, 0) + value


def progress(counts: Counts, spec: build_pb2.BuildSpec, targets: list[int]) -> build_pb2.Progress:
    """Counts as the build's progress."""
    found = Counter(counts)
    settled = found["accepted"] + found["rejected"] + found["unknown"]
    shown = build_pb2.Progress(
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
        reused=sample_pb2.Usage(**{name: found[f"reused.{name}"] for name in _USAGE}),
    )
    for name in (
        "topics",
        "requested",
        "proposed",
        "validated",
        "solved",
        "accepted",
        "rejected",
        "unknown",
        "controls",
    ):
        setattr(shown, name, found[name])
    return shown


def complete(counts: Counts, samples: int) -> bool:
    """Whether exactly the samples asked for are here, with every attempt before each, and all that was told of them.

    What is counted after the end is lost, and events of several topics come in any order.
    """
    return filled(counts, samples) and counts.get("told", 0) == counts.get("awaited", 0)


def filled(counts: Counts, samples: int) -> bool:
    """Whether exactly the samples asked for are here, with every attempt before each; controls may still be missing."""
    found = Counter(counts)
    settled = found["accepted"] + found["rejected"] + found["unknown"]
    return found["accepted"] == samples and settled == found["expected"]


def _mark(ref: sample_pb2.SampleRef, stage: str, counts: Counts) -> Mark:
    return _named(ref, stage, {"told": 1} | {name: n for name, n in counts.items() if n})


def _named(ref: sample_pb2.SampleRef, stage: str, counts: Counts) -> Mark:
    return Mark(ref.build_id, ref.subject, group_of(ref.slot), f"{ref.slot}/{ref.attempt}/{stage}", counts)


def _consumed(calls: Sequence[sample_pb2.ModelCall]) -> Counts:
    return _spent(usage.of_calls(calls)) | _spent(usage.reused(calls), "reused")


def _spent(spent: sample_pb2.Usage, kind: str = "usage") -> Counts:
    return {f"{kind}.{name}": getattr(spent, name) for name in _USAGE if getattr(spent, name)}
