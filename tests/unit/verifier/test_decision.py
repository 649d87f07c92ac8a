import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.decision import panel_refusal, settled, solution_refusal

YES, NO, UNKNOWN = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT, sample_pb2.VERDICT_UNKNOWN
UNANIMOUS, MAJORITY = build_pb2.PANEL_RULE_UNANIMOUS, build_pb2.PANEL_RULE_MAJORITY
WEIGHTED = build_pb2.PANEL_RULE_WEIGHTED
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
    refusal = panel_refusal(votes(*verdicts), rule, 0)

    assert (refusal and refusal[0]) == reason


def weighed(*said):
    return [
        sample_pb2.Vote(member=i, weight=weight, grade=sample_pb2.Grade(verdict=v, reason=f"member {i} says so"))
        for i, (v, weight) in enumerate(said)
    ]


@pytest.mark.parametrize(
    ("threshold", "said", "reason"),
    [
        (2 / 3, [(YES, 1), (YES, 1), (NO, 1)], None),
        (2 / 3, [(YES, 0), (YES, 0), (NO, 0)], None),
        (0.7, [(YES, 1), (YES, 1), (NO, 1)], DISAGREES),
        (0.7, [(YES, 1), (YES, 1), (UNKNOWN, 1)], UNDECIDED),
        (0.5, [(YES, 3), (NO, 1), (NO, 1)], None),
        (0.5, [(YES, 1), (NO, 3), (UNKNOWN, 1)], DISAGREES),
        (0.5, [(UNKNOWN, 3), (NO, 1), (NO, 1)], UNDECIDED),
        (0.6, [(YES, 0.1), (YES, 0.2), (NO, 0.2)], None),
        (0.3, [(YES, 0.1), (YES, 0.2), (NO, 0.7)], None),
        (1.0, [(YES, 0.1), (YES, 0.2), (YES, 0.7)], None),
        (1.0, [(YES, 1000), (YES, 1000), (NO, 0.01)], DISAGREES),
        (0.8, [(YES, 0), (UNKNOWN, 2), (YES, 1)], UNDECIDED),
    ],
)
def test_under_the_weighted_rule_members_count_by_their_weights(threshold, said, reason):
    refusal = panel_refusal(weighed(*said), WEIGHTED, threshold)

    assert (refusal and refusal[0]) == reason


def test_weights_mean_nothing_under_the_other_rules():
    assert panel_refusal(weighed((YES, 9), (NO, 1), (NO, 1)), MAJORITY, 0)[0] == DISAGREES
    assert panel_refusal(weighed((YES, 9), (NO, 1)), UNANIMOUS, 0)[0] == DISAGREES


def test_a_weighted_refusal_says_which_weights_fell_short():
    reason, detail = panel_refusal(weighed((YES, 3), (UNKNOWN, 2), (NO, 1)), WEIGHTED, 0.75)

    assert reason == UNDECIDED
    assert detail == (
        "members with 50.0% of all weights agree with the reference and 16.7% differ, where 75.0% must agree;"
        " undecided: member 1 says so"
    )


PANELS = st.lists(
    st.tuples(st.sampled_from([YES, NO, UNKNOWN]), st.sampled_from([0, 0.1, 0.25, 1, 3, 1e6])), min_size=2, max_size=7
)
RULES = st.tuples(st.sampled_from([UNANIMOUS, MAJORITY, WEIGHTED]), st.sampled_from([0.3, 0.5, 2 / 3, 0.9, 1.0]))


@given(PANELS, RULES)
def test_whoever_abstains_can_tip_nothing_that_is_decided(said, rule):
    """Undecided means exactly that the members who abstain could still have made it pass."""

    def reason(of):
        refusal = panel_refusal(weighed(*of), *rule)
        return refusal and refusal[0]

    if_all_agreed = reason([(YES if v == UNKNOWN else v, w) for v, w in said])
    if_none_agreed = reason([(NO if v == UNKNOWN else v, w) for v, w in said])

    if reason(said) is None:
        assert if_none_agreed is None
    elif reason(said) == DISAGREES:
        assert if_all_agreed == DISAGREES
    else:
        assert (if_all_agreed, if_none_agreed) == (None, DISAGREES)


@given(PANELS, RULES, st.randoms())
def test_the_order_of_the_members_decides_nothing(said, rule, random):
    shuffled = list(said)
    random.shuffle(shuffled)

    first, second = (panel_refusal(weighed(*of), *rule) for of in (said, shuffled))

    assert (first and first[0]) == (second and second[0])


@given(PANELS, st.sampled_from([0.3, 0.5, 2 / 3, 0.9, 1.0]), st.sampled_from([0.5, 2, 1000]))
def test_only_the_proportions_of_weights_count(said, threshold, factor):
    scaled = [(v, (w or 1) * factor) for v, w in said]

    first, second = (panel_refusal(weighed(*of), WEIGHTED, threshold) for of in (said, scaled))

    assert (first and first[0]) == (second and second[0])


@given(PANELS, RULES)
def test_an_agreement_more_never_hurts(said, rule):
    ranks = {DISAGREES: 0, UNDECIDED: 1, None: 2}

    def rank(of):
        refusal = panel_refusal(weighed(*of), *rule)
        return ranks[refusal and refusal[0]]

    for i, (_, weight) in enumerate(said):
        assert rank([*said[:i], (YES, weight), *said[i + 1 :]]) >= rank(said)


def test_the_refusal_counts_votes_and_says_why_one_is_missing():
    reason, detail = panel_refusal(votes(YES, UNKNOWN, YES), UNANIMOUS, 0)

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
