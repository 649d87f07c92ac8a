"""Numbers against numbers, by exact arithmetic."""

import math
import re
from fractions import Fraction

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.latex import assignment, enclosed, math_form, split_top, tidy, unwrap
from chimera_verifier.domain.numbers import leading_value, number_in_words
from chimera_verifier.domain.outcomes import (
    CORRECT,
    INCORRECT,
    NORMAL_FORM,
    NUMERIC,
    Comparison,
    Pair,
    ask,
    judged,
    undecided,
)
from chimera_verifier.domain.quantities import (
    MIN_ROUNDED_DIGITS,
    MIN_ROUNDING_DIGITS,
    MIN_SHORTENED_DIGITS,
    Number,
    Quantity,
    is_operation,
    read_continental,
    read_number,
    read_quantity,
)
from chimera_verifier.domain.structures import both_signs
from chimera_verifier.domain.units import parse_unit
from chimera_verifier.domain.words import text_form as text_words

INTEGER = re.compile(r"[+-]?[0-9]+")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-5][0-9]")
_ISO_DATE = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")
_MERIDIEM = re.compile(r"[0-9] ?[ap]\.?m\.?", re.IGNORECASE)
_COMMA_GROUP = re.compile(r"(?<![0-9])[1-9][0-9]{0,2},[0-9]{3}(?![0-9])")
_ANGLE = re.compile(r"π|\\?(?:arc|a)(?:sin|cos|tan|cot)|(?:sin|cos|tan|cot) ?\^ ?\{? ?-1")
_PLAIN_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{4,}")


def compare_number(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    """Compares one number, with its unit and tolerance."""
    left = read_quantity(reference.value, reference.unit)
    right = read_quantity(candidate)
    tolerance = reference.tolerance
    if (clock := _clock(reference.value, candidate)) is not None:
        return clock
    if (single := enclosed(assignment(tidy(candidate))[1].replace(r"\{", "{").replace(r"\}", "}"), "{", "}")) and len(
        split_top(single)
    ) == 1:
        candidate = single
        right = read_quantity(candidate)
    if _ISO_DATE.fullmatch(candidate.strip()):
        return undecided("The candidate is a date.")
    names = assignment(tidy(reference.value))[0], assignment(tidy(candidate))[0]
    if all(names) and math_form(names[0]) != math_form(names[1]):
        return undecided("The answers name different things.")
    if left.number is None and (number := read_continental(reference.value)):
        left = Quantity(number, left.magnitude, left.unit)
    if left.number is not None and (by_comma := _by_decimal_comma(left, right, candidate, tolerance)) is not None:
        return by_comma
    if right.number is None and (several := _several_numbers(candidate)) is not None:
        return several
    if right.number is None and (worded := _in_words(candidate)) is not None:
        right = worded
    if left.number is None and (worded := _in_words(reference.value)) is not None:
        left = worded
    if (angle := _angle(left, right, tolerance)) is not None:
        return angle
    if left.number is None or right.number is None:
        return _compare_unread(left, right, tolerance)
    if left.number.base != right.number.base:
        same = left.magnitude.partition("_")[0].strip() == right.magnitude.partition("_")[0].strip()
        return undecided("Only one answer names a base." if same else "The answers are written in different bases.")
    return _compare_quantities(left, right, left.number, right.number, tolerance)


def _angle(left: Quantity, right: Quantity, tolerance: float) -> Comparison | None:
    """Degrees against radians, which are named, a multiple of π or an inverse function; None if there is one kind."""
    degrees = [quantity.unit is not None and quantity.unit.name == "°" for quantity in (left, right)]
    if degrees[0] == degrees[1]:
        return None
    other = right if degrees[0] else left
    named = other.unit is not None and other.unit.name == "rad"
    if not named and (other.unit is not None or not _ANGLE.search(other.magnitude)):
        return None
    ours, theirs = (
        Quantity(_in_radians(quantity.number), f"({quantity.magnitude})°") if is_degrees else quantity
        for quantity, is_degrees in zip((left, right), degrees, strict=True)
    )
    return ask(Pair(ours.magnitude, theirs.magnitude, tolerance, rounding(ours.number, theirs.number, tolerance)))


def _in_radians(degrees: Number | None) -> Number | None:
    return None if degrees is None else _scaled(degrees, Fraction(math.pi) / 180)


def _compare_quantities(left: Quantity, right: Quantity, ours: Number, theirs: Number, tolerance: float) -> Comparison:
    if left.unit is None and right.unit is not None and right.unit.name == "%":
        return _compare_percentage(ours, theirs, tolerance)
    if left.unit is not None and right.unit is None:
        if left.unit.name == "%" and agree(_scaled(ours, Fraction(1, 100)), theirs, tolerance):
            return Comparison(CORRECT, NUMERIC, "The value is that of the reference's percentage.")
        return judged(agree(ours, theirs, tolerance), "the candidate names no unit")
    if left.unit is None and right.unit is not None:
        same = agree(ours, theirs, tolerance)
        if same is False and right.unit.dimensions not in (None, ()):
            return undecided("Only the candidate has a unit.")
        return judged(same, "the reference names no unit")
    if left.unit is None or right.unit is None:
        return judged(agree(ours, theirs, tolerance), "neither has a unit")
    ratio = right.unit.ratio(left.unit)
    if ratio is not None:
        return judged(agree(ours, _scaled(theirs, ratio), tolerance), "units count")
    if left.unit.contradicts(right.unit):
        return Comparison(INCORRECT, NUMERIC, "The units measure different things.")
    if agree(ours, theirs, tolerance) is False and left.unit.dimensions is None and right.unit.dimensions is None:
        return Comparison(INCORRECT, NUMERIC, "The values differ, and so do the units.")
    return undecided("The units cannot be converted into each other.")


def _compare_percentage(ours: Number, theirs: Number, tolerance: float) -> Comparison:
    """A reference without a sign may be the percentage itself, or the share that it is of one."""
    if agree(ours, _scaled(theirs, Fraction(1, 100)), tolerance):
        return Comparison(CORRECT, NUMERIC, "The percentage has the reference's value.")
    same = agree(ours, theirs, tolerance)
    if same and abs(ours.value) <= 1:
        return undecided("Only the candidate is a percentage.")
    return judged(same, "the reference leaves out the percent sign")


def agree(reference: Number, candidate: Number, tolerance: float) -> bool | None:
    """Whether the numbers are the same to the digits given; None where a coarse rounding proves nothing.

    A decimal in the reference is taken as rounded: what rounds to it is right. Whole numbers and fractions are exact; a
    decimal in the candidate is as good as they are only with many right digits.
    """
    difference = abs(reference.value - candidate.value)
    if difference == 0:
        return True
    if tolerance > 0:
        return difference <= abs(reference.value) * Fraction(tolerance)
    if reference.half_ulp is not None and difference <= reference.half_ulp:
        finer = candidate.half_ulp is None or candidate.half_ulp < reference.half_ulp
        return True if finer and reference.digits >= MIN_ROUNDED_DIGITS else None
    if candidate.half_ulp is None or reference.value.denominator == 1:
        return False
    if difference > candidate.error:
        shorter = 0 < candidate.value / reference.value < 1 if reference.value else False
        cut_off = shorter and candidate.digits > 1 and difference <= 2 * candidate.half_ulp
        return None if cut_off and reference.half_ulp is None else False
    if candidate.digits >= (MIN_ROUNDING_DIGITS if reference.half_ulp is None else MIN_SHORTENED_DIGITS):
        return True
    return None if candidate.digits > 1 else False


def _compare_unread(left: Quantity, right: Quantity, tolerance: float) -> Comparison:
    """At least one magnitude is no plain number: equal as text, or a symbolic question."""
    if left.unit is not None and right.unit is not None and left.unit.ratio(right.unit) != 1:
        return undecided("The units differ and the magnitudes are not plain numbers.")
    if math_form(left.magnitude) == math_form(right.magnitude):
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    variants = [both_signs(unwrap(quantity.magnitude)) for quantity in (left, right)]
    if len(variants[0]) != len(variants[1]):
        return Comparison(INCORRECT, NORMAL_FORM, "One answer stands for two numbers, the other for one.")
    if len(variants[0]) == 2:
        return undecided("Both answers stand for two numbers.")
    if right.number is None and _words_around(right.magnitude):
        return undecided("The candidate is no number.")
    return ask(Pair(left.magnitude, right.magnitude, tolerance, rounding(left.number, right.number, tolerance)))


def rounding(ours: Number | None, theirs: Number | None, tolerance: float) -> float:
    """The absolute error that the digits of the one decimal allow."""
    if not tolerance and ours and ours.half_ulp and ours.digits >= MIN_ROUNDED_DIGITS:
        return float(ours.half_ulp)
    if not tolerance and theirs and theirs.half_ulp and theirs.digits >= MIN_ROUNDING_DIGITS:
        return float(theirs.error)
    return 0.0


def _words_around(text: str) -> bool:
    return len(_PLAIN_WORD.findall(unwrap(text))) > 1


def _by_decimal_comma(left: Quantity, right: Quantity, candidate: str, tolerance: float) -> Comparison | None:
    """`3,4` for 3.4: the comma is a decimal one if that makes the answers agree, and no grouping of thousands."""
    if left.number is None or (number := read_continental(candidate)) is None:
        return None
    if right.number is not None and right.number.value == left.number.value:
        return None
    if not agree(left.number, number, tolerance):
        return None
    if right.number is not None and right.number.value != number.value and _COMMA_GROUP.search(tidy(candidate)):
        return undecided("The comma may group thousands or stand before decimals.")
    return Comparison(CORRECT, NUMERIC, "The values agree (the comma stands before decimals).")


def _clock(reference: str, candidate: str) -> Comparison | None:
    times = [tidy(text) for text in (reference, candidate)]
    if _CLOCK.fullmatch(times[0]) and _MERIDIEM.search(times[1]):
        return undecided("Only one answer names the half of the day.")
    if not all(_CLOCK.fullmatch(time) for time in times):
        return None
    same = [time.zfill(5) for time in times]
    if same[0] == same[1]:
        return Comparison(CORRECT, NORMAL_FORM, "The times, or ratios, are the same.")
    ratios = [Fraction(int(time[:2]) or 1, int(time[3:]) or 1) for time in same]
    return (
        undecided("They may be times or ratios.")
        if ratios[0] == ratios[1]
        else Comparison(INCORRECT, NORMAL_FORM, "Neither as times nor as ratios are they the same.")
    )


def _in_words(text: str) -> Quantity | None:
    """A number in words of any language, or one in English before a thing that is counted, as in `seven ways`."""
    if (number := number_in_words(text_words(text))) is not None:
        return Quantity(Number(Fraction(number), len(str(number))), str(number))
    worded = leading_value(unwrap(tidy(text)))
    if worded is None or " " in worded[1] or not worded[1].isalpha() or is_operation(worded[1]):
        return None
    return Quantity(Number(worded[0], len(str(worded[0]))), str(worded[0]), parse_unit(worded[1]))


def _several_numbers(candidate: str) -> Comparison | None:
    bare = tidy(candidate)
    items = split_top(bare)
    if len(items) > 1 and all(read_number(item) for item in items):
        return Comparison(INCORRECT, NORMAL_FORM, "The candidate gives several numbers where one is asked for.")
    return None


def compare_long(left: str, right: str) -> Comparison:
    """Beyond the length bound only sameness counts, and for whole numbers the digits."""
    if left == right:
        return Comparison(CORRECT, NORMAL_FORM, "The answers are the same text.")
    if INTEGER.fullmatch(left) and INTEGER.fullmatch(right):
        same = _digits(left) == _digits(right)
        return Comparison(
            CORRECT if same else INCORRECT, NORMAL_FORM, "The whole numbers were compared by their digits."
        )
    return undecided("An answer is too long to compare.")


def _digits(integer: str) -> str:
    digits = integer.lstrip("+-").lstrip("0")
    return ("-" if integer.startswith("-") and digits else "") + digits


def _scaled(number: Number, factor: Fraction) -> Number:
    return Number(number.value * factor, number.digits, None if number.half_ulp is None else number.half_ulp * factor)
