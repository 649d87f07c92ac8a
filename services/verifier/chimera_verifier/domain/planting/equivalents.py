"""Right answers written otherwise. What is said is equal by arithmetic and notation, not because a grader found it so:
else the grader's own mistakes would never show.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.latex import split_top, tidy, unwrap
from chimera_verifier.domain.planting import Answered, with_value
from chimera_verifier.domain.planting.calendar import read_date, spellings
from chimera_verifier.domain.planting.parts import bracketed, summed, terms
from chimera_verifier.domain.quantities import read_number
from chimera_verifier.domain.structures import read_intervals, read_matrix
from chimera_verifier.domain.units import parse_unit
from chimera_verifier.domain.words import choice_letter

_MAX_DECIMALS = 6
_UNITS = (
    "mm",
    "cm",
    "m",
    "km",
    "g",
    "kg",
    "ms",
    "s",
    "min",
    "h",
    "J",
    "kJ",
    "Pa",
    "kPa",
    "W",
    "kW",
    "V",
    "mV",
    "L",
    "mL",
)
_MAX_NUMBER_CHARS = 40
_BINDS_LOOSELY = re.compile(r"[|=<>≤≥±,;]|\\(?:int|sum|prod|lim|pm|mp|begin|[lr]floor|[lr]ceil)|mod|[0-9][eE][+-]|^$")
"""What may reach over the terms that follow it, and what is no sum."""
_PLAIN_WORDS = re.compile(r"[a-z]{4,}(?: [a-z]{2,})*")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9]*|[()])+")


def equivalents(answer: sample_pb2.Answer, random: Random) -> list[Answered]:
    """The same answer in other notations, in a drawn order; empty where none is certain."""
    found = [each for each in _BY_TYPE.get(answer.type, _nothing)(answer) if each.answer.value != answer.value]
    random.shuffle(found)
    return found


def number_spellings(text: str) -> Iterator[tuple[str, str]]:
    """Other ways to write an exact number, and what each is called; a decimal may have been rounded and has none."""
    number = read_number(tidy(text))
    if number is None or number.half_ulp is not None or len(text) > _MAX_NUMBER_CHARS:
        return
    value = number.value
    if value.denominator == 1:
        yield _fraction(2 * value.numerator, 2), "a fraction that is not reduced"
        if abs(value) >= 1_000:
            yield f"{value.numerator:,}", "digits in groups"
        return
    yield _fraction(3 * value.numerator, 3 * value.denominator), "a fraction that is not reduced"
    if (10**_MAX_DECIMALS * value).denominator == 1:
        yield f"{float(value):.{_MAX_DECIMALS}f}".rstrip("0"), "a decimal"


def _fraction(numerator: int, denominator: int) -> str:
    return rf"{'-' if numerator < 0 else ''}\frac{{{abs(numerator)}}}{{{denominator}}}"


def _number(answer: sample_pb2.Answer) -> Iterator[Answered]:
    for value, kind in number_spellings(answer.value):
        yield with_value(answer, value, f"The answer is written as {kind}.")
    number = read_number(tidy(answer.value))
    if number is None or not answer.unit or (number.half_ulp is not None and not answer.tolerance):
        return
    own = parse_unit(answer.unit)
    for unit in _UNITS:
        ratio = own.ratio(parse_unit(unit)) if own.dimensions else None
        if ratio is None or ratio == 1:
            continue
        value_there = number.value * ratio
        if (10**_MAX_DECIMALS * value_there).denominator == 1:
            text = f"{float(value_there):.{_MAX_DECIMALS}f}".rstrip("0").rstrip(".")
            yield with_value(answer, text, f"The answer is given in {unit} instead of {answer.unit}.", unit)


def _sum(answer: sample_pb2.Answer) -> Iterator[Answered]:
    bare = answer.value.strip()
    if _BINDS_LOOSELY.search(bare):
        return
    if len(pieces := terms(bare)) > 1:
        yield with_value(answer, summed(pieces[::-1]), "The terms of the answer stand in another order.")
    if answer.type == sample_pb2.ANSWER_TYPE_EXPRESSION:
        yield with_value(answer, rf"\frac{{2\left({bare}\right)}}{{2}}", "The answer is doubled and halved.")
    for value, kind in number_spellings(bare):
        yield with_value(answer, value, f"The answer is written as {kind}.")


def _set(answer: sample_pb2.Answer) -> Iterator[Answered]:
    if (taken := bracketed(answer.value)) is not None and len(taken[1]) > 1:
        opening, items, closing = taken
        yield with_value(answer, f"{opening}{', '.join(items[::-1])}{closing}", "The elements stand in another order.")
    yield from _respelled(answer)


def _respelled(answer: sample_pb2.Answer) -> Iterator[Answered]:
    """One element that is a number, written otherwise."""
    if (taken := bracketed(answer.value)) is None or len(taken[1]) < 2:
        return
    opening, items, closing = taken
    for position, item in enumerate(items):
        for value, kind in number_spellings(item):
            if "," not in value:
                others = [*items[:position], value, *items[position + 1 :]]
                change = f"An element of the answer is written as {kind}."
                yield with_value(answer, f"{opening}{', '.join(others)}{closing}", change)


def _matrix(answer: sample_pb2.Answer) -> Iterator[Answered]:
    if (rows := read_matrix(answer.value)) is None:
        return
    if "\\begin" in answer.value:
        value = "[" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "]"
        yield with_value(answer, value, "The matrix is written in brackets instead of LaTeX.")
    else:
        body = r" \\ ".join(" & ".join(row) for row in rows)
        value = rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"
        yield with_value(answer, value, "The matrix is written in LaTeX instead of brackets.")


def _interval(answer: sample_pb2.Answer) -> Iterator[Answered]:
    parts = read_intervals(answer.value)
    if not parts or len(parts) != 1 or parts[0].low == parts[0].high or not set(answer.value) & set("[(]"):
        return
    low = "" if parts[0].low == "-∞" else f"{parts[0].low} {'<' if parts[0].low_open else '≤'} "
    high = "" if parts[0].high == "∞" else f" {'<' if parts[0].high_open else '≤'} {parts[0].high}"
    if low and high:
        yield with_value(answer, f"{low}x{high}", "The interval is written as an inequality.")


def _choice(answer: sample_pb2.Answer) -> Iterator[Answered]:
    letter = choice_letter(answer.value, list(answer.choices))
    if letter is not None:
        yield with_value(answer, f"({letter})", "The letter of the choice stands in brackets.")
        yield with_value(answer, rf"\text{{{letter}}}", "The letter of the choice is set as text.")


def _text(answer: sample_pb2.Answer) -> Iterator[Answered]:
    bare = answer.value.strip()
    if _PLAIN_WORDS.fullmatch(bare):
        yield with_value(answer, bare.capitalize(), "The answer begins with a capital letter.")
        yield with_value(answer, bare.upper(), "The answer is in capital letters.")
        yield with_value(answer, rf"\text{{{bare}}}", "The answer is set as text.")


def _equation(answer: sample_pb2.Answer) -> Iterator[Answered]:
    sides = split_top(answer.value, "=")
    if len(sides) == 2 and all(sides) and not set(answer.value) & set("<>≤≥≠"):
        yield with_value(answer, f"{sides[1]} = {sides[0]}", "The sides of the equation are swapped.")


def _date(answer: sample_pb2.Answer) -> Iterator[Answered]:
    if (day := read_date(answer.value)) is not None:
        for value in spellings(day):
            yield with_value(answer, value, "The date is written otherwise.")


def _formula(answer: sample_pb2.Answer) -> Iterator[Answered]:
    bare = unwrap(answer.value.strip())
    if _FORMULA.fullmatch(bare):
        yield with_value(answer, rf"\ce{{{bare}}}", "The formula is written as chemists do in LaTeX.")
        yield with_value(answer, re.sub(r"([0-9]+)", r"_{\1}", bare), "The numbers of the formula are subscripts.")


def _nothing(_: sample_pb2.Answer) -> Iterator[Answered]:
    return iter(())


_BY_TYPE: Mapping[int, Callable[[sample_pb2.Answer], Iterator[Answered]]] = {
    sample_pb2.ANSWER_TYPE_NUMBER: _number,
    sample_pb2.ANSWER_TYPE_EXPRESSION: _sum,
    sample_pb2.ANSWER_TYPE_POLYNOMIAL: _sum,
    sample_pb2.ANSWER_TYPE_SET: _set,
    sample_pb2.ANSWER_TYPE_TUPLE: _respelled,
    sample_pb2.ANSWER_TYPE_MATRIX: _matrix,
    sample_pb2.ANSWER_TYPE_INTERVAL: _interval,
    sample_pb2.ANSWER_TYPE_CHOICE: _choice,
    sample_pb2.ANSWER_TYPE_TEXT: _text,
    sample_pb2.ANSWER_TYPE_EQUATION: _equation,
    sample_pb2.ANSWER_TYPE_DATE: _date,
    sample_pb2.ANSWER_TYPE_CHEMICAL_FORMULA: _formula,
}
