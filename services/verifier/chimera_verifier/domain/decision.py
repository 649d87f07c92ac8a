"""How votes become a decision about a problem, and how a sample is settled."""

from collections.abc import Sequence

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import usage

Refusal = tuple["sample_pb2.Reason", str]
"""Why a sample is not accepted, and the same in one sentence."""

_UNKNOWN = frozenset(
    {
        sample_pb2.REASON_PANEL_UNDECIDED,
        sample_pb2.REASON_SOLUTION_UNDECIDED,
        sample_pb2.REASON_MALFORMED_ANSWER,
        sample_pb2.REASON_TRUNCATED_ANSWER,
        sample_pb2.REASON_ENDPOINT_FAILED,
        sample_pb2.REASON_TIME_LIMIT,
        sample_pb2.REASON_INTERNAL,
        sample_pb2.REASON_REFUSED_BY_MODEL,
        sample_pb2.REASON_SCREEN_UNDECIDED,
    }
)
"""Reasons that say nothing about the sample; with all others it was found wanting."""


def panel_refusal(votes: Sequence[sample_pb2.Vote], rule: "build_pb2.PanelRule") -> Refusal | None:
    """Why the panel does not pass a problem; None if it does."""
    verdicts = [vote.grade.verdict for vote in votes]
    agree = verdicts.count(sample_pb2.VERDICT_CORRECT)
    differ = verdicts.count(sample_pb2.VERDICT_INCORRECT)
    needed = len(votes) // 2 + 1 if rule == build_pb2.PANEL_RULE_MAJORITY else len(votes)
    if agree >= needed:
        return None
    counted = f"{agree} of {len(votes)} members agree with the reference, {differ} differ"
    if len(votes) - differ < needed:
        return sample_pb2.REASON_PANEL_DISAGREES, counted
    why = next(v.grade.reason for v in votes if v.grade.verdict == sample_pb2.VERDICT_UNKNOWN)
    return sample_pb2.REASON_PANEL_UNDECIDED, f"{counted}; undecided: {why}"


def solution_refusal(grade: sample_pb2.Grade) -> Refusal | None:
    """Why a graded solution is not accepted; None if it is."""
    if grade.verdict == sample_pb2.VERDICT_CORRECT:
        return None
    if grade.verdict == sample_pb2.VERDICT_INCORRECT:
        return sample_pb2.REASON_SOLUTION_INCORRECT, grade.reason
    return sample_pb2.REASON_SOLUTION_UNDECIDED, grade.reason


def settled(
    sample: sample_pb2.Sample, refusal: Refusal | None, extra_calls: Sequence[sample_pb2.ModelCall] = ()
) -> events_pb2.SampleSettled:
    """The sample's end. `extra_calls` were paid for and left no result. The time is set by whoever stores it."""
    if refusal is None:
        sample.outcome = sample_pb2.OUTCOME_ACCEPTED
    else:
        sample.reason, sample.detail = refusal
        sample.outcome = sample_pb2.OUTCOME_UNKNOWN if sample.reason in _UNKNOWN else sample_pb2.OUTCOME_REJECTED
    calls = [*sample.problem.calls, *sample.solution.calls, *sample.grade.calls, *extra_calls]
    sample.usage.CopyFrom(usage.total([usage.of_calls(calls), usage.of_validation(sample.validation)]))
    sample.trace_id = sample.ref.sample_id
    return events_pb2.SampleSettled(sample=sample)
