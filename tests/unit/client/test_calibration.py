"""Rates with intervals, agreement, and what is counted as an error of the verifier."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.calibration import Ending, Rate, agreement_of, calibration_of, ending_of
from chimera_client.calibration.agreement import Coincidences, cohens_kappa
from chimera_client.calibration.errors import difficulty_band

CORRECT, INCORRECT, UNKNOWN = (
    sample_pb2.VERDICT_CORRECT,
    sample_pb2.VERDICT_INCORRECT,
    sample_pb2.VERDICT_UNKNOWN,
)
ACCEPTED, REJECTED, OPEN = sample_pb2.OUTCOME_ACCEPTED, sample_pb2.OUTCOME_REJECTED, sample_pb2.OUTCOME_UNKNOWN


def votes_of(*verdicts):
    return [
        sample_pb2.Vote(member=member, grade=sample_pb2.Grade(verdict=verdict))
        for member, verdict in enumerate(verdicts)
    ]


def voted(*verdicts):
    return sample_pb2.Sample(validation=sample_pb2.Validation(votes=votes_of(*verdicts)))


def control(kind, outcome, reason=sample_pb2.REASON_UNSPECIFIED, subject="Physics", weak=()):
    return control_pb2.Control(
        kind=kind,
        sample=sample_pb2.Sample(
            ref=sample_pb2.SampleRef(subject=subject),
            problem=sample_pb2.Problem(reference=sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="4")),
            outcome=outcome,
            reason=reason,
            usage=sample_pb2.Usage(calls=2, output_tokens=30),
        ),
        difficulty=sample_pb2.Difficulty(weak=votes_of(*weak)),
    )


# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_literature(hits, of, low, high):
    rate = Rate(hits, of)
    assert (rate.low, rate.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_what_was_not_counted_may_be_anything():
    assert (Rate(0, 0).value, Rate(0, 0).low, Rate(0, 0).high) == (None, 0.0, 1.0)


@given(st.integers(0, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_rate_within_zero_and_one(drawn):
    rate = Rate(*drawn)
    assert 0 <= rate.low <= (rate.value if rate.of else rate.low) <= rate.high <= 1
    mirrored = Rate(rate.of - rate.hits, rate.of)
    assert rate.of == 0 or rate.low == pytest.approx(1 - mirrored.high)


# The three categories of Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969) 323-327: unweighted kappa 0.492.
def test_kappa_of_the_literature():
    counts = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    table = {(row, column): n for row, line in enumerate(counts) for column, n in enumerate(line)}
    assert cohens_kappa(table) == pytest.approx(0.492, abs=5e-4)


def test_kappa_needs_two_ratings_to_tell_agreement_from_chance():
    assert cohens_kappa({}) is None
    assert cohens_kappa({(1, 1): 30}) is None
    assert cohens_kappa({(1, 1): 9, (2, 2): 3}) == 1
    assert cohens_kappa({(1, 2): 5, (2, 1): 5}) == -1


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), examples A and C: 0.095 and 0.743.
def test_alpha_of_the_literature():
    binary = ["0100000010", "1110010000"]
    with_gaps = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    for observers, alpha in ((binary, 0.095), (with_gaps, 0.743)):
        found = Coincidences()
        for unit in zip(*observers, strict=True):
            found.add([int(rating) for rating in unit if rating != "."])
        assert found.alpha == pytest.approx(alpha, abs=5e-4)


def test_members_that_do_not_decide_are_missing():
    samples = [voted(CORRECT, CORRECT), voted(CORRECT, INCORRECT), voted(INCORRECT, INCORRECT), voted(UNKNOWN, CORRECT)]
    agreement = agreement_of(samples)
    assert agreement.samples == 3
    assert agreement.observed[0, 1] == Rate(2, 3)
    assert agreement.kappas[0, 1] == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))


@given(st.lists(st.tuples(*[st.sampled_from([CORRECT, INCORRECT, UNKNOWN])] * 3), max_size=30), st.randoms())
def test_agreement_asks_neither_for_order_nor_for_names(units, random):
    shuffled = list(units)
    random.shuffle(shuffled)
    turned = [unit[::-1] for unit in shuffled]
    one, other = agreement_of(voted(*unit) for unit in units), agreement_of(voted(*unit) for unit in turned)
    assert (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None:
        assert one.alpha == pytest.approx(other.alpha)
        assert one.alpha <= 1
    assert one.kappas.get((0, 2)) == other.kappas.get((0, 2))


def test_perfect_agreement_is_one():
    assert agreement_of([voted(CORRECT, CORRECT, CORRECT), voted(INCORRECT, INCORRECT, INCORRECT)]).alpha == 1


def test_judges_differ_only_where_both_decided():
    def judged(*verdicts):
        said = [sample_pb2.Judgement(verdict=verdict) for verdict in verdicts]
        return sample_pb2.Sample(grade=sample_pb2.Grade(judgements=said))

    samples = [judged(CORRECT, CORRECT), judged(CORRECT, INCORRECT), judged(CORRECT, UNKNOWN), judged(CORRECT)]
    assert agreement_of(samples).judges_differ == Rate(1, 2)


def test_errors_are_counted_over_what_was_decided():
    wrong, good = control_pb2.CONTROL_KIND_WRONG_ANSWER, control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER
    found = calibration_of(
        [
            control(wrong, ACCEPTED),
            control(
                wrong, REJECTED, sample_pb2.REASON_PANEL_DISAGREES, weak=[CORRECT, INCORRECT, INCORRECT, INCORRECT]
            ),
            control(wrong, REJECTED, sample_pb2.REASON_DUPLICATE, subject="Logic"),
            control(wrong, OPEN, sample_pb2.REASON_PANEL_UNDECIDED),
            control(good, ACCEPTED),
            control(good, REJECTED, sample_pb2.REASON_PANEL_DISAGREES),
            control(good, REJECTED, sample_pb2.REASON_TOO_HARD),
        ]
    )
    assert found.all.false_accepts == Rate(1, 3)
    assert found.all.caught_for_cause == Rate(1, 2)
    assert found.all.false_rejects == Rate(1, 2)
    assert found.all.undecided == Rate(2, 7)
    assert found.kinds[good].false_accepts.of == 0
    assert found.subjects["Logic"].mistakes.otherwise == 1
    assert found.difficulties["hard"].mistakes.for_cause == 1
    assert found.usage.calls == 14
    plain = json.loads(json.dumps(found.plain()))
    assert plain["kinds"]["wrong answer"]["mistakes"]["undecided"] == 1


@pytest.mark.parametrize("kind", control_pb2.ControlKind.values()[1:])
def test_every_kind_has_an_expectation(kind):
    ending = ending_of(control(kind, REJECTED, sample_pb2.REASON_UNTYPED_ANSWER))
    assert ending is Ending.OTHERWISE
    reasons = [reason for reason in sample_pb2.Reason.values() if reason]
    causes = [r for r in reasons if ending_of(control(kind, REJECTED, r)) is Ending.FOR_CAUSE]
    passes = kind in (control_pb2.CONTROL_KIND_GOOD, control_pb2.CONTROL_KIND_EQUIVALENT_ANSWER)
    assert bool(causes) != passes


@pytest.mark.parametrize(
    ("weak", "band"),
    [
        ([], "not measured"),
        ([UNKNOWN], "not measured"),
        ([CORRECT] * 3 + [INCORRECT], "easy"),
        ([CORRECT, CORRECT, INCORRECT], "medium"),
        ([CORRECT, INCORRECT, INCORRECT, INCORRECT], "hard"),
    ],
)
def test_difficulty_is_told_by_the_weak_models_pass_rate(weak, band):
    assert difficulty_band(sample_pb2.Difficulty(weak=votes_of(*weak))) == band
