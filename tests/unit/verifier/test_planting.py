"""Controls are what they claim to be: right where they must pass, wrong where they must not, the same every time."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_shared.testing.samples import make_build, make_sample
from chimera_verifier.domain.comparison import compare
from chimera_verifier.domain.extraction import extract
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.domain.planting import solutions, statements
from chimera_verifier.domain.planting.equivalents import equivalents, number_spellings
from chimera_verifier.domain.planting.near_misses import near_misses
from chimera_verifier.domain.planting.parts import summed, terms
from chimera_verifier.domain.quantities import read_number
from chimera_verifier.domain.shape import check
from chimera_verifier.grader import Grader
from chimera_verifier.planter import Planter
from chimera_verifier.symbolic import SymbolicLimits, SymbolicPool

Kind = control_pb2.ControlKind
STATEMENT = "A train of 12 wagons passes a post in 30 s. How long is the train, if each wagon is 15 m long?"
ANSWERS = {
    "NUMBER": ("180", "m"),
    "EXPRESSION": ("x^2 + 2x - 3", ""),
    "SET": (r"\{1, 4, 9\}", ""),
    "INTERVAL": ("(2, 5]", ""),
    "TUPLE": ("(3, 4)", ""),
    "MATRIX": ("[[1, 2], [3, 4]]", ""),
    "CHOICE": ("B", ""),
    "TEXT": ("north", ""),
}
numbers = st.integers(-10_000, 10_000).map(str) | st.tuples(st.integers(1, 500), st.integers(2, 60)).map(
    lambda pair: f"{pair[0]}/{pair[1]}"
)


class NeverTells:
    """A symbolic checker that finds nothing out."""

    async def equal(self, reference, candidate, *, relative=0.0, absolute=0.0):
        return None


def answer_of(kind, value, unit="", choices=()):
    return sample_pb2.Answer(type=f"ANSWER_TYPE_{kind}", value=value, unit=unit, choices=choices)


def source_of(answer, statement=STATEMENT):
    return sample_pb2.Sample(
        ref=sample_pb2.SampleRef(subject="Physics", topic="Motion", seed=5, sample_id="a" * 32, build_id="b"),
        problem=sample_pb2.Problem(
            statement=statement, reference=answer, calls=[sample_pb2.ModelCall(call_id="proposer's")]
        ),
        validation=sample_pb2.Validation(fingerprint="f"),
        solution=sample_pb2.Solution(text=f"It follows that\n\n\\boxed{{{answer.value}}}"),
    )


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_wrong_answer_is_wrong_and_an_equivalent_one_is_not(kind):
    answer = answer_of(kind, *ANSWERS[kind], choices=["10 m", "180 m", "30 m"] if kind == "CHOICE" else ())
    async with SymbolicPool(SymbolicLimits(question_seconds=60)) as pool:  # however busy the machine is
        grader = Grader(pool)
        for seed in range(4):
            wrong = await Planter(grader).plant(source_of(answer), [Kind.CONTROL_KIND_WRONG_ANSWER], seed)
            value = wrong.sample.problem.reference
            assert check(STATEMENT, value) is None
            verdict = (await grader.compare(answer, f"{value.value} {value.unit}".strip())).verdict
            expected = sample_pb2.VERDICT_UNKNOWN if kind == "TEXT" else sample_pb2.VERDICT_INCORRECT
            assert verdict == expected, wrong.change
            other = await Planter(grader).plant(source_of(answer), [Kind.CONTROL_KIND_EQUIVALENT_ANSWER], seed)
            equal = other.sample.problem.reference
            assert equal.value != answer.value
            assert (await grader.compare(equal, f"{answer.value} {answer.unit}".strip())).verdict == (
                sample_pb2.VERDICT_CORRECT
            ), other.change


@given(numbers)
def test_numbers_are_written_otherwise_and_stay_the_same(text):
    value = read_number(text).value
    for spelling, _ in number_spellings(text):
        assert read_number(spelling.replace(",", "")).value == value
        assert compare(answer_of("NUMBER", spelling), text).verdict == sample_pb2.VERDICT_CORRECT


@given(numbers, st.randoms(use_true_random=False))
def test_near_misses_of_numbers_that_grade_as_wrong_are_other_numbers(text, random):
    answer = answer_of("NUMBER", text)
    wrong = [
        each.answer.value
        for each in near_misses(answer, random)
        if compare(answer, each.answer.value).verdict == sample_pb2.VERDICT_INCORRECT
    ]
    assert wrong
    assert all(read_number(value).value != read_number(text).value for value in wrong)


@given(st.lists(st.integers(-99, 99), min_size=2, max_size=5, unique=True), st.randoms(use_true_random=False))
def test_collections_are_changed_for_good_and_rewritten_in_vain(items, random):
    for kind, brackets in (("TUPLE", "()"), ("SET", "{}")):
        answer = answer_of(kind, f"{brackets[0]}{', '.join(map(str, items))}{brackets[1]}")
        for each in equivalents(answer, random):
            assert compare(each.answer, answer.value).verdict == sample_pb2.VERDICT_CORRECT, each
        assert any(
            compare(answer, each.answer.value).verdict == sample_pb2.VERDICT_INCORRECT
            for each in near_misses(answer, random)
        )


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from("xyz"), st.booleans()), min_size=2, max_size=5))
def test_the_terms_of_a_sum_survive_another_order(drawn):
    text = summed([f"{'-' if minus else '+'}{factor}{name}" for factor, name, minus in drawn])
    point = {"x": Fraction(3, 7), "y": Fraction(-11), "z": Fraction(13, 2)}

    def value(pieces):
        return sum(Fraction(piece.replace(" ", "")[:-1]) * point[piece[-1]] for piece in pieces)

    assert summed(terms(text)) == text
    assert value(terms(summed(terms(text)[::-1]))) == value(terms(text))


def test_a_rounded_decimal_is_not_rewritten_as_if_it_were_exact():
    assert list(number_spellings("3.14")) == []


@given(
    st.sampled_from(["proof", "multi_part", "ill_posed", "not_self_contained", "reformatted", "reworded"]),
    st.integers(),
)
def test_a_changed_statement_is_another_one_and_keeps_its_choices(name, seed):
    choices = "\nA) 10 m\nB) 180 m\nC) 30 m"
    stated = getattr(statements, name)(STATEMENT + choices, Random(seed))
    again = getattr(statements, name)(STATEMENT + choices, Random(seed))
    assert stated == again
    assert stated.statement != STATEMENT + choices
    assert all(choice in stated.statement.replace("  ", " ") for choice in ("A) 10 m", "B) 180 m", "C) 30 m"))
    assert stated.change.endswith(".")


def test_what_is_ill_posed_lacks_a_number_that_it_had():
    seen = {statements.ill_posed(STATEMENT, Random(seed)).statement for seed in range(40)}
    assert {n for n in ("12", "30", "15") if any(n not in statement for statement in seen)} == {"12", "30", "15"}


def test_numbers_that_belong_to_formulas_and_labels_are_let_be():
    text = "1. Let $x^2 + a_3 = 4$ hold.\n2. What is x, to 0.5 %?"
    assert {statements.ill_posed(text, Random(seed)).change.split()[2] for seed in range(40)} == {"4", "0.5"}


def test_plain_duplicates_have_one_fingerprint_and_reworded_ones_have_not():
    spaced = {statements.reformatted(STATEMENT, Random(seed)).statement for seed in range(40)}
    assert any(fingerprint(statement) == fingerprint(STATEMENT) for statement in spaced)
    assert all(
        fingerprint(statements.reworded(STATEMENT, Random(seed)).statement) != fingerprint(STATEMENT)
        for seed in range(20)
    )


@pytest.mark.parametrize(
    "text",
    ["So it is\n\n\\boxed{180\\,\\mathrm{m}}", "First \\boxed{\\frac{1}{2}}, then \\boxed{180}.", "No box at all"],
)
def test_a_wrong_solution_ends_in_the_wrong_answer(text):
    found = extract(solutions.with_answer(text, answer_of("NUMBER", "195", "m")), sample_pb2.ANSWER_TYPE_NUMBER)
    assert compare(answer_of("NUMBER", "195", "m"), found).verdict == sample_pb2.VERDICT_CORRECT


async def test_the_first_kind_that_can_be_made_is_made():
    source = source_of(answer_of("TEXT", "paris"), "Name the capital of France as it is today.")
    kinds = [Kind.CONTROL_KIND_WRONG_ANSWER, Kind.CONTROL_KIND_WRONG_SOLUTION, Kind.CONTROL_KIND_PROOF]
    planted = await Planter(Grader(NeverTells())).plant(source, kinds, 3)
    assert planted.kind == Kind.CONTROL_KIND_PROOF
    assert await Planter(Grader(NeverTells())).plant(source, kinds[:2], 3) is None


@pytest.mark.parametrize("kind", Kind.values()[1:])
async def test_a_control_has_no_evidence_and_is_the_same_every_time(kind):
    planter = Planter(Grader(NeverTells()))
    source = make_sample(make_build(), "Mathematics", 0)
    planted = await planter.plant(source, [kind], 11)
    assert planted == await planter.plant(source, [kind], 11)
    assert planted.kind == kind
    sample = planted.sample
    kept = sample_pb2.Sample(
        ref=sample_pb2.SampleRef(subject=sample.ref.subject, field=source.ref.field, topic=source.ref.topic),
        problem=sample_pb2.Problem(statement=sample.problem.statement, reference=sample.problem.reference),
    )
    if sample.problem.statement == source.problem.statement:
        kept.solution.text = sample.solution.text
    assert sample == kept
    changed = [
        sample.problem.statement != source.problem.statement,
        sample.problem.reference != source.problem.reference,
        sample.HasField("solution") and sample.solution.text != source.solution.text,
        sample.ref.subject != source.ref.subject,
    ]
    assert sum(changed) == (kind != Kind.CONTROL_KIND_GOOD)


async def test_a_kind_is_not_planted_where_it_would_be_no_mistake():
    planter = Planter(Grader(NeverTells()))
    several = source_of(answer_of("TUPLE", "(3, 4)"))
    choice = source_of(answer_of("CHOICE", "B", choices=["1", "2"]))
    assert await planter.plant(several, [Kind.CONTROL_KIND_MULTI_PART], 1) is None
    assert await planter.plant(choice, [Kind.CONTROL_KIND_ILL_POSED], 1) is None
