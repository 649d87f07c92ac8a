"""What the verifier must make of a control, and what it made of it."""

from collections.abc import Mapping
from enum import Enum

from chimera.sample.v1 import control_pb2, sample_pb2

_CAUSES: Mapping[int, frozenset[int]] = {
    control_pb2.CONTROL_KIND_GOOD: frozenset(),
    control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER: frozenset(),
    control_pb2.CONTROL_KIND_WRONG_ANSWER: frozenset({sample_pb2.REASON_PANEL_DISAGREES}),
    control_pb2.CONTROL_KIND_WRONG_SOLUTION: frozenset({sample_pb2.REASON_SOLUTION_INCORRECT}),
    control_pb2.CONTROL_KIND_DUPLICATE: frozenset({sample_pb2.REASON_DUPLICATE}),
    control_pb2.CONTROL_KIND_LEAK: frozenset({sample_pb2.REASON_LEAK}),
    control_pb2.CONTROL_KIND_PROOF: frozenset({sample_pb2.REASON_PROOF}),
    control_pb2.CONTROL_KIND_MULTI_PART: frozenset({sample_pb2.REASON_MULTI_PART}),
    # What is missing makes a problem both.
    control_pb2.CONTROL_KIND_ILL_POSED: frozenset({sample_pb2.REASON_ILL_POSED, sample_pb2.REASON_NOT_SELF_CONTAINED}),
    control_pb2.CONTROL_KIND_NOT_SELF_CONTAINED: frozenset({sample_pb2.REASON_NOT_SELF_CONTAINED}),
    control_pb2.CONTROL_KIND_OFF_SUBJECT: frozenset({sample_pb2.REASON_OFF_SUBJECT}),
}
"""The reasons that name what was planted; nothing was planted in the kinds that have none, and they must pass."""

_BY_DIFFICULTY = frozenset({sample_pb2.REASON_TOO_EASY, sample_pb2.REASON_TOO_HARD})


class Ending(Enum):
    """How a control ended."""

    ACCEPTED = "accepted"
    FOR_CAUSE = "refused for what was planted"
    OTHERWISE = "refused for another reason"
    UNDECIDED = "undecided"


def must_pass(kind: int) -> bool:
    """Whether the verifier must accept such a control; it must refuse all others."""
    return kind in _CAUSES and not _CAUSES[kind]


def ending_of(control: control_pb2.Control) -> Ending:
    """How a control ended.

    Undecided: the verifier says *unknown*, or a rule about difficulty turned a right problem away, which is no error.
    """
    sample, causes = control.sample, _CAUSES.get(control.kind, frozenset())
    if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
        return Ending.ACCEPTED
    if sample.outcome != sample_pb2.OUTCOME_REJECTED or (not causes and sample.reason in _BY_DIFFICULTY):
        return Ending.UNDECIDED
    return Ending.FOR_CAUSE if sample.reason in causes else Ending.OTHERWISE
