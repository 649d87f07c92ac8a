import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.decision import panel_refusal, settled, solution_refusal

YES, NO, UNKNOWN = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN
UNANIMOUS, MAJORITY = build_pb2.PANEL_RULE_UNANIMOUS, build_pb2.PANEL_RULE_MAJORITY
DISAGREES, UNDECIDED = sample_pb2.REASON_PANEL_DISAGREES, sample_pb2.REASON_PANEL_UNDECIDED


def votes(*verdicts):
    return [
        sample_pb2.Vote(member=i, grade=sample_pb2.Grade(verdict=v, reason=f"member {i} says so"))
        for i, v in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("rule", "verdicts", "reason"),
    [
        (UNANIMOUS, [YES, YES], None),
        (UNANIMOUS, [YES, NO], DISAGREES),
        (UNANIMOUS, [YES, UNKNOWN], UNDECIDED),
        (UNANIMOUS, [UNKNOWN, UNKNOWN], UNDECIDED),
        (UNANIMOUS, [NO, UNKNOWN], DISAGREES),
        (build_pb2.PANEL_RULE_UNSPECIFIED, [YES, YES, NO], DISAGREES),
        (MAJORITY, [YES, YES, NO], None),
        (MAJORITY, [YES, NO], DISAGREES),
        (MAJORITY, [YES, YES, NO, NO], DISAGREES),
        (MAJORITY, [YES, UNKNOWN, NO], UNDECIDED),
        (MAJORITY, [YES, UNKNOWN], UNDECIDED),
        (MAJORITY, [YES, NO, NO], DISAGREES),
        (MAJORITY, [YES, YES, UNKNOWN, UNKNOWN], UNDECIDED),
        (MAJORITY, [YES, YES, YES, UNKNOWN, NO], None),
    ],
)
def test_rules_of_the_panel(rule, verdicts, reason):
    refusal = panel_refusal(votes(*verdicts), rule)

    assert (refusal and refusal[0]) == reason


@given(st.lists(st.sampled_from([YES, NO, UNKNOWN]), min_size=2, max_size=7), st.sampled_from([UNANIMOUS, MAJORITY]))
def test_whoever_abstains_can_tip_nothing_that_is_decided(verdicts, rule):
    """Undecided means exactly that the members who abstain could still have made it pass."""

    def reason(of):
        refusal = panel_refusal(votes(*of), rule)
        return refusal and refusal[0]

    if_all_agreed = reason([YES if v == UNKNOWN else v for v in verdicts])
    if_none_agreed = reason([NO if v == UNKNOWN else v for v in verdicts])

    if reason(verdicts) is None:
        assert if_none_agreed is None
    elif reason(verdicts) == DISAGREES:
        assert if_all_agreed == DISAGREES
    else:
        assert (if_all_agreed, if_none_agreed) == (None, DISAGREES)


def test_the_refusal_counts_votes_and_says_why_one_is_missing():
    reason, detail = panel_refusal(votes(YES, UNKNOWN, YES), UNANIMOUS)

    assert reason == UNDECIDED
    assert detail == "2 of 3 members agree with the reference, 0 differ; undecided: member 1 says so"


@pytest.mark.parametrize(
    ("verdict", "refusal"),
    [
        (YES, None),
        (NO, (sample_pb2.REASON_SOLUTION_INCORRECT, "because")),
        (UNKNOWN, (sample_pb2.REASON_SOLUTION_UNDECIDED, "because")),
        (sample_pb2.VERDICT_UNSPECIFIED, (sample_pb2.REASON_SOLUTION_UNDECIDED, "because")),
    ],
)
def test_only_a_correct_solution_is_accepted(verdict, refusal):
    assert solution_refusal(sample_pb2.Grade(verdict=verdict, reason="because")) == refusal


WANTING = {
    sample_pb2.REASON_UNTYPED_ANSWER,
    sample_pb2.REASON_PROOF,
    sample_pb2.REASON_MULTI_PART,
    sample_pb2.REASON_NOT_SELF_CONTAINED,
    sample_pb2.REASON_DUPLICATE,
    sample_pb2.REASON_PANEL_DISAGREES,
    sample_pb2.REASON_SOLUTION_INCORRECT,
    sample_pb2.REASON_LEAK,
    sample_pb2.REASON_VARIANT,
    sample_pb2.REASON_OFF_SUBJECT,
    sample_pb2.REASON_ILL_POSED,
    sample_pb2.REASON_TOO_EASY,
    sample_pb2.REASON_TOO_HARD,
    sample_pb2.REASON_RECALLED,
}


@pytest.mark.parametrize("reason", [v for v in sample_pb2.Reason.values() if v])
def test_a_sample_is_rejected_only_if_it_was_found_wanting(reason):
    sample = settled(sample_pb2.Sample(), (reason, "because")).sample

    expected = sample_pb2.OUTCOME_REJECTED if reason in WANTING else sample_pb2.OUTCOME_UNKNOWN
    assert (sample.outcome, sample.reason, sample.detail) == (expected, reason, "because")


def test_an_accepted_sample_has_no_reason_and_all_its_calls():
    def calls(n):
        return [sample_pb2.ModelCall(usage=sample_pb2.Usage(calls=1, output_tokens=10**n))]

    sample = sample_pb2.Sample(
        ref=sample_pb2.SampleRef(sample_id="a" * 32),
        problem=sample_pb2.Problem(calls=calls(0)),
        validation=sample_pb2.Validation(
            votes=[sample_pb2.Vote(calls=calls(1), grade=sample_pb2.Grade(calls=calls(2)))]
        ),
        solution=sample_pb2.Solution(calls=calls(3)),
        grade=sample_pb2.Grade(calls=calls(4)),
    )

    found = settled(sample, None, calls(5)).sample

    assert (found.outcome, found.reason, found.detail) == (sample_pb2.OUTCOME_ACCEPTED, 0, "")
    assert (found.usage.calls, found.usage.output_tokens) == (6, 111_111)
    assert found.trace_id == "a" * 32
