"""Every family: what it states it reads back, what it reads it works out, and its planted mistakes are mistakes."""

import re
from random import Random
from typing import Any

import pytest

from chimera_inference.domain import teacher
from chimera_inference.domain.answers import Answer, significant
from chimera_inference.domain.families import all_families
from chimera_inference.domain.families.history.calendars import date_of, day_number
from chimera_inference.domain.family import Family
from chimera_inference.domain.polynomials import read_polynomial, show_polynomial

SEEDS = range(200)
FAMILIES = list(all_families().values())
TERSE = [family for family in FAMILIES if family.terse]
every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
every_terse_family = pytest.mark.parametrize("family", TERSE, ids=lambda family: family.name)


def drawn(family: Family[Any], seed: int) -> tuple[Any, str]:
    rng = Random(seed)
    instance = family.draw(rng)
    return instance, family.state(instance, rng)


def test_all_answer_types_and_subjects_occur() -> None:
    types = {family.work(drawn(family, 0)[0]).answer.type for family in FAMILIES}
    assert types == {"number", "expression", "set", "interval", "tuple", "matrix", "choice", "text"}
    assert len({type(family).__module__.split(".")[-2] for family in FAMILIES}) == 11
    assert len(FAMILIES) >= 20
    assert len(TERSE) == 6


@every_family
def test_a_statement_is_read_back_and_solved_from_its_bare_text(family: Family[Any]) -> None:
    for seed in SEEDS:
        instance, statement = drawn(family, seed)
        assert family.recognise(" ".join(statement.split())) == instance
        others = [f.name for f in FAMILIES if f.recognise(" ".join(statement.split())) is not None]
        assert others == [family.name]
        attempt = teacher.solve(statement, Random(0), wrong=False)
        assert attempt is not None
        assert attempt.answer == family.work(instance).answer
        assert attempt.text.endswith(f"**Answer:** ${attempt.answer.boxed()}$")


@every_family
def test_every_wording_is_used_and_ends_in_one_question(family: Family[Any]) -> None:
    assert len(family.wordings) >= 3
    for wording in family.wordings:
        assert wording.count("?") <= 1
    statements = [drawn(family, seed)[1] for seed in SEEDS]
    matched = {next(i for i, p in enumerate(family._patterns) if p.fullmatch(" ".join(s.split()))) for s in statements}
    assert len(matched) == len(family.wordings)


@every_family
def test_statements_hardly_ever_repeat(family: Family[Any]) -> None:
    assert len({drawn(family, seed)[1] for seed in SEEDS}) >= len(SEEDS) - 2


@every_family
def test_wrong_answers_are_of_the_same_type_and_differ(family: Family[Any]) -> None:
    for seed in SEEDS:
        instance, statement = drawn(family, seed)
        right = family.work(instance).answer
        attempt = teacher.solve(statement, Random(seed), wrong=True)
        assert attempt is not None
        assert attempt.answer is not None
        assert attempt.answer.type == right.type
        assert attempt.answer.unit == right.unit
        assert right.differs(attempt.answer), statement
        assert attempt.text.endswith(f"${attempt.answer.boxed()}$")
        assert "**Check.** \n" not in attempt.text


@pytest.mark.parametrize("family", [f for f in FAMILIES if not f.terse], ids=lambda family: family.name)
def test_reasoning_is_long_and_specific(family: Family[Any]) -> None:
    texts = []
    for seed in range(20):
        attempt = teacher.solve(drawn(family, seed)[1], Random(seed), wrong=False)
        assert attempt is not None
        assert attempt.answer is not None
        assert len(attempt.reasoning.split()) >= 200
        assert attempt.answer.value in attempt.reasoning
        texts.append(attempt.reasoning)
    assert len(set(texts)) == 20


@every_terse_family
def test_a_terse_solution_is_steps_and_an_answer(family: Family[Any]) -> None:
    for seed in range(20):
        instance, statement = drawn(family, seed)
        working = family.work(instance)
        attempt = teacher.solve(statement, Random(seed), wrong=False)
        assert attempt is not None
        assert not attempt.reasoning
        *steps, blank, answer = attempt.text.split("\n")
        assert tuple(steps) == working.steps
        assert not blank
        assert answer == f"**Answer:** ${working.answer.boxed()}$"
        assert all(len(step) <= 12 for step in steps)


@every_terse_family
def test_a_terse_family_has_more_instances_than_are_ever_learned(family: Family[Any]) -> None:
    drawn_at_once = 5_000
    different = len({repr(family.draw(Random(seed))) for seed in range(drawn_at_once)})
    # Of n equally likely ones so many draws hit about draws² / 2n twice.
    assert different >= drawn_at_once - 1.5 * drawn_at_once**2 / (2 * 100_000)


@every_family
def test_hostile_numbers_are_refused_quickly(family: Family[Any]) -> None:
    for seed in range(10):
        statement = re.sub(r"\d+", lambda m: m.group() + "99999999", drawn(family, seed)[1])
        teacher.solve(statement, Random(0), wrong=True)
        teacher.solve(re.sub(r"\d+", "0", statement), Random(0), wrong=False)


@every_family
def test_a_first_sentence_without_bearing_changes_nothing(family: Family[Any]) -> None:
    instance, statement = drawn(family, 1)
    attempt = teacher.solve(f"The bakery sells its bread for 3 coins a loaf. {statement}", Random(0), wrong=False)
    assert attempt is not None
    assert attempt.answer == family.work(instance).answer


def test_foreign_statements_are_not_answered() -> None:
    for text in ("", "What is 1 + 1?", "Prove Fermat's last theorem.", "x " * 50_000, "A) " * 2000):
        assert teacher.solve(text, Random(0), wrong=False) is None


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        (
            "Find the smallest non-negative integer x that satisfies x ≡ 2 (mod 5), x ≡ 3 (mod 7) and 2x ≡ 1 (mod 9).",
            "122",
        ),
        (
            "Evaluate the definite integral of f(x) = 3x^2 + 1 from x = 0 to x = 2. Give the exact value.",
            "10",
        ),
        (
            "Solve the inequality x^2 - 5x ≤ -6 over the real numbers and give the solution set in interval notation.",
            "[2, 3]",
        ),
        (
            'Work out "7+5*8-9" from left to right, reducing modulo 10 each time. What is left?',
            "7",
        ),
        (
            'Take "3-8*9+9-2*2+7" modulo 10, carrying out each operation in its turn. Find the last result.',
            "1",
        ),
        (
            "The list 4, 0, 9, 1, 7, 5, 8 holds the digit 1 once. At which position, counted from 1, does it stand?",
            "4",
        ),
        (
            "Sort the digits 5, 0, 9, 3, 1, 4 in ascending order. Give them as a tuple.",
            "(0, 1, 3, 4, 5, 9)",
        ),
        (
            "Write the digits 3, 1, 4, 1, 5, 9, 2 in reverse order, as a tuple.",
            "(2, 9, 5, 1, 4, 1, 3)",
        ),
        (
            "Move each digit of 8, 0, 9, 3, 4 forward by 2, where 0 follows 9. Give the new digits as a tuple.",
            "(0, 2, 1, 5, 6)",
        ),
        (
            "Find the set of all distinct eigenvalues of the matrix A = [[2, 1, 0], [0, 2, 5], [0, 0, -3]], whose "
            "rows are listed in order.",
            "{-3, 2}",
        ),
        (
            "A chronicle reports a battle on 14 October 1066 (Julian calendar). On which day of the week was it "
            "fought?\n"
            "A) Monday\nB) Sunday\nC) Saturday\nD) Friday\nE) Tuesday",
            "C",
        ),
    ],
)
def test_known_problems(statement: str, value: str) -> None:
    attempt = teacher.solve(statement, Random(0), wrong=False)
    assert attempt is not None
    assert attempt.answer is not None
    assert attempt.answer.value == value


def test_day_numbers_against_known_dates() -> None:
    assert day_number(2000, 1, 1, gregorian=True) == 2451545
    assert day_number(1582, 10, 4, gregorian=False) + 1 == day_number(1582, 10, 15, gregorian=True)
    for number in range(2_000_000, 2_460_000, 997):
        for gregorian in (True, False):
            assert day_number(*date_of(number, gregorian=gregorian), gregorian=gregorian) == number
    with pytest.raises(ValueError, match="not a date"):
        day_number(1900, 2, 29, gregorian=True)


def test_polynomials_round_trip() -> None:
    rng = Random(1)
    for _ in range(300):
        coefficients = (*(rng.randint(-3, 3) for _ in range(4)), rng.choice((-1, 1, 2)))
        assert read_polynomial(show_polynomial(coefficients)) == coefficients


def test_boxes() -> None:
    assert Answer("number", "-7/12").boxed() == r"\boxed{-\frac{7}{12}}"
    assert Answer("number", "3.20", unit="m").boxed() == r"\boxed{3.20\ \text{m}}"
    assert Answer("set", "{1, 2}").boxed() == r"\boxed{\{1, 2\}}"
    assert Answer("matrix", "[[1, -2], [3, 4]]").boxed() == r"\boxed{\begin{pmatrix}1 & -2 \\ 3 & 4\end{pmatrix}}"
    assert Answer("text", "CH2O").boxed() == r"\boxed{\text{CH2O}}"
    assert [significant(v) for v in (0.0012345, 99999.0, 12.0, 1234567.0)] == ["0.001234", "100000", "12.00", "1235000"]


def test_some_problems_are_harder_than_others_and_the_mean_is_the_accuracy() -> None:
    statements = [drawn(all_families()["congruences"], seed)[1] for seed in range(400)]
    for accuracy in (0.0, 0.6, 0.93, 1.0):
        chances = [teacher.chance(statement, accuracy) for statement in statements]
        assert sum(chances) / len(chances) == pytest.approx(accuracy, abs=0.03)
        assert all(0 <= chance <= 1 for chance in chances)
        assert max(chances) - min(chances) == pytest.approx(2 * min(accuracy, 1 - accuracy), abs=0.02)
    ranked = sorted(statements, key=lambda statement: teacher.chance(statement, 0.6))
    assert ranked == sorted(statements, key=lambda statement: teacher.chance(statement, 0.93))


def test_judge_decides_only_what_is_plain() -> None:
    assert teacher.judge("", "{1, 2}", r"\{1, 2\}")[0] == "equivalent"
    assert teacher.judge("", "1/2", "0.5")[0] == "equivalent"
    assert teacher.judge("", "3", "4")[0] == "different"
    assert teacher.judge("", "x + 1", "1 + x")[0] == "undecided"
    assert teacher.judge("Who wrote it?", "Goethe", "Schiller")[0] == "undecided"
    assert teacher.judge("", "1e999999999", "2e999999999")[0] == "undecided"
    question = drawn(all_families()["sestinas"], 3)[1]
    assert teacher.judge(question, "water", r"\text{Water}")[0] == "equivalent"
    assert teacher.judge(question, "water", r"\text{stone}")[0] == "different"
