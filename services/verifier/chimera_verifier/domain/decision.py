"""How votes become a decision about a problem, and how a sample is settled."""

from collections.abc import Sequence

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import usage
from chimera_shared.votes import decided, pass_rate

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
        sample_pb2.REASON_DIFFICULTY_UNDECIDED,
    }
)
"""Reasons that say nothing about the sample; with all others it was found wanting."""


_SCREENED = {
    sample_pb2.SCREEN_KIND_SUBJECT: (sample_pb2.REASON_OFF_SUBJECT, "it does not belong to its subject"),
    sample_pb2.SCREEN_KIND_SELF_CONTAINED: (sample_pb2.REASON_NOT_SELF_CONTAINED, "it is not self-contained"),
    sample_pb2.SCREEN_KIND_SINGLE_ANSWER: (sample_pb2.REASON_ILL_POSED, "it does not have exactly one answer"),
}
_DECIDED = (sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT)
_JUDGED = {
    sample_pb2.VERDICT_CORRECT: "equivalent",
    sample_pb2.VERDICT_INCORRECT: "different",
    sample_pb2.VERDICT_UNKNOWN: "undecided",
}
_ROUNDING = 1e-9
"""Weights such as 0.1 and 0.2 add up to a little more or less than written."""


def screen_refusal(screenings: Sequence[sample_pb2.Screening]) -> Refusal | None:
    """Why the screeners do not pass a problem; None if they do, or if nobody was asked.

    On each question more must say that the problem passes than that it does not. One that is found wanting is so
    whatever the other questions come to.
    """
    undecided = ""
    for kind, (reason, found) in _SCREENED.items():
        votes = [screening for screening in screenings if screening.kind == kind]
        verdicts = [vote.verdict for vote in votes]
        passing, failing = (verdicts.count(v) for v in _DECIDED)
        if not votes or passing > failing:
            continue
        said = f"{failing} of {len(votes)} screeners say that {found} and {passing} that this is not so"
        if failing > passing:
            why = next(vote.reason for vote in votes if vote.verdict == sample_pb2.VERDICT_INCORRECT)
            return reason, f"{said}: {why}"
        undecided = undecided or f"{said}: {votes[0].reason}"
    return (sample_pb2.REASON_SCREEN_UNDECIDED, undecided) if undecided else None


def panel_refusal(votes: Sequence[sample_pb2.Vote], rule: "build_pb2.PanelRule", threshold: float) -> Refusal | None:
    """Why the panel does not pass a problem; None if it does. Only weighted votes have a threshold.

    It disagrees if it could not pass the problem any more whatever those said that are undecided, who until then count
    for nothing.
    """
    weighted = rule == build_pb2.PANEL_RULE_WEIGHTED
    weights = [(vote.weight or 1.0) if weighted else 1.0 for vote in votes]
    verdicts = [vote.grade.verdict for vote in votes]

    def held_by(verdict: "sample_pb2.Verdict") -> float:
        return sum(weight for weight, said in zip(weights, verdicts, strict=True) if said == verdict)

    def passes(agreeing: float) -> bool:
        if weighted:
            return agreeing >= (threshold - _ROUNDING) * sum(weights)
        return agreeing > len(votes) / 2 if rule == build_pb2.PANEL_RULE_MAJORITY else agreeing == len(votes)

    agree, differ = held_by(sample_pb2.VERDICT_CORRECT), held_by(sample_pb2.VERDICT_INCORRECT)
    if passes(agree):
        return None
    counted = f"{agree:g} of {len(votes)} members agree with the reference, {differ:g} differ"
    if weighted:
        share, other = agree / sum(weights), differ / sum(weights)
        counted = (
            f"members with {share:.1%} of all weights agree with the reference and {other:.1%} differ,"
            f" where {threshold:.1%} must agree"
        )
    if not passes(sum(weights) - differ):
        return sample_pb2.REASON_PANEL_DISAGREES, counted
    why = next(v.grade.reason for v in votes if v.grade.verdict not in _DECIDED)
    return sample_pb2.REASON_PANEL_UNDECIDED, f"{counted}; undecided: {why}"


def difficulty_refusal(found: sample_pb2.Difficulty, gates: build_pb2.DifficultySpec) -> Refusal | None:
    """Why a problem is too easy or too hard; None if it is neither, or if nobody asked for a limit."""
    limits = (
        ("weak", found.weak, gates.HasField("max_weak_pass_rate"), 0.0, gates.max_weak_pass_rate),
        ("strong", found.strong, gates.HasField("min_strong_pass_rate"), gates.min_strong_pass_rate, 1.0),
    )
    for name, votes, is_set, least, most in limits:
        if not votes or not is_set:
            continue
        rate = pass_rate(votes)
        if rate is None:
            why = f"none of {len(votes)} attempts of the {name} model could be graded: {votes[0].grade.reason}"
            return sample_pb2.REASON_DIFFICULTY_UNDECIDED, why
        solved = f"the {name} model solves it in {rate:.0%} of {decided(votes)} attempts"
        if rate > most + _ROUNDING:
            return sample_pb2.REASON_TOO_EASY, f"{solved}, more than {most:.0%}"
        if rate < least - _ROUNDING:
            return sample_pb2.REASON_TOO_HARD, f"{solved}, less than {least:.0%}"
    return None


def judged(judgements: Sequence[sample_pb2.Judgement]) -> tuple["sample_pb2.Verdict", str]:
    """What judges say together, of which there is one at least: their verdict if all agree, else none; and why."""
    first, *others = judgements
    for number, other in enumerate(others, start=2):
        if other.verdict == sample_pb2.VERDICT_UNKNOWN:
            return sample_pb2.VERDICT_UNKNOWN, f"judge {number} could not decide: {other.reason}"
        if other.verdict != first.verdict:
            said = " and ".join(_JUDGED[j.verdict] for j in (first, other))
            return sample_pb2.VERDICT_UNKNOWN, f"the judges say {said}: {first.reason}; {other.reason}"
    return first.verdict, first.reason


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
