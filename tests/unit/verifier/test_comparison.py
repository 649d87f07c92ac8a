"""Comparison without a checker, over generated answers."""

import string
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.comparison import compare
from chimera_verifier.domain.extraction import Absence, extract, read
from chimera_verifier.domain.outcomes import Comparison, Pair, settle

CORRECT, INCORRECT = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT
TYPES = [value for value in sample_pb2.AnswerType.values() if value]
RATIONALS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=1000)
SIGNS = st.text(string.digits + string.ascii_letters + "\\{}()[]^_+-*/=<>,;:.%$ ∪∞±π≤", max_size=60)


def number(value: str, **fields: object) -> sample_pb2.Answer:
    return sample_pb2.Answer(type="ANSWER_TYPE_NUMBER", value=value, **fields)  # type: ignore[arg-type]


def spellings(value: Fraction) -> list[str]:
    top, bottom = value.numerator, value.denominator
    sign, whole, rest = "-" if top < 0 else "", *divmod(abs(top), bottom)
    mixed = f"{sign}{whole}\\frac{{{rest}}}{{{bottom}}}" if whole and rest else f"{top}/{bottom}"
    return [f"{top}/{bottom}", f"\\frac{{{top}}}{{{bottom}}}", f"${sign}\\dfrac{{{abs(top)}}}{{{bottom}}}$", mixed]


@given(RATIONALS, RATIONALS)
def test_numbers_agree_when_their_values_do(left: Fraction, right: Fraction) -> None:
    for ours in spellings(left):
        for theirs in spellings(right):
            assert compare(number(ours), theirs).verdict == (CORRECT if left == right else INCORRECT)
        assert all(compare(number(ours), same).verdict == CORRECT for same in spellings(left))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6), st.lists(st.integers(-50, 50), min_size=1, max_size=6))
def test_sets_and_tuples(left: list[int], right: list[int]) -> None:
    for kind, brackets, form in (("SET", "{}", set), ("TUPLE", "()", tuple)):
        ours, theirs = (brackets[0] + ", ".join(map(str, items)) + brackets[1] for items in (left, right))
        answer = sample_pb2.Answer(type=f"ANSWER_TYPE_{kind}", value=ours)  # type: ignore[arg-type]
        assert (compare(answer, theirs).verdict == CORRECT) == (form(left) == form(right))


@settings(max_examples=300)
@given(SIGNS, SIGNS, st.sampled_from(TYPES))
def test_any_text_is_survived(left: str, right: str, kind: "sample_pb2.AnswerType") -> None:
    answer = sample_pb2.Answer(type=kind, value=left, unit=right[:8], choices=["one", "two"])
    compare(answer, right)
    reading = read(right, kind)
    assert (reading.answer is None) != (reading.absence is None)
    assert extract(right, kind) == reading.answer


@pytest.mark.parametrize("tolerance", [float("nan"), float("inf"), -1.0, 2.0])
def test_a_senseless_tolerance_decides_nothing(tolerance: float) -> None:
    assert compare(number("5", tolerance=tolerance), "6").verdict is None


def test_digits_beyond_the_bound_still_count() -> None:
    assert compare(number("7" * 100_000), "7" * 100_000).verdict == CORRECT
    assert compare(number("7" * 100_000), "007" + "7" * 99_999).verdict == CORRECT
    assert compare(number("16"), "7" * 100_000).verdict == INCORRECT


def test_an_answer_too_long_to_read_is_not_called_absent() -> None:
    reading = read(r"\boxed{" + "9" * 100_000 + "}", sample_pb2.ANSWER_TYPE_NUMBER)
    assert reading.absence is Absence.TOO_LONG


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({(0, 0): True, (0, 1): False, (1, 0): False, (1, 1): True}, CORRECT),
        ({(0, 0): False, (0, 1): True, (1, 0): True, (1, 1): False}, CORRECT),
        ({(0, 0): True, (0, 1): True, (1, 0): False, (1, 1): False}, INCORRECT),
        ({(0, 0): True, (0, 1): False, (1, 0): False, (1, 1): None}, None),
        ({(0, 0): True, (1, 1): True}, CORRECT),
        ({(0, 0): True, (1, 1): False}, INCORRECT),
        ({(0, 0): None, (1, 1): False}, INCORRECT),
        ({(0, 0): None, (1, 1): True}, None),
    ],
)
def test_settle(answers: dict[tuple[int, int], bool | None], verdict: int | None) -> None:
    asked = {Pair("a", "b", row=row, column=column): answer for (row, column), answer in answers.items()}
    assert settle(Comparison(None, "undecided", "", tuple(asked)), asked).verdict == verdict


def test_a_sign_of_relation_with_nothing_behind_it_decides_nothing() -> None:
    for kind in ("EXPRESSION", "EQUATION", "SET", "TUPLE"):
        answer = sample_pb2.Answer(type=f"ANSWER_TYPE_{kind}", value="= of a x≡")  # type: ignore[arg-type]
        assert compare(answer, "= of a x≡1").verdict != CORRECT
