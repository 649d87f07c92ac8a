"""Numbers against numbers, by exact arithmetic."""

import re
from fractions import Fraction

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.latex import math_form, split_top, tidy
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
from chimera_verifier.domain.quantities import MIN_ROUNDED_DIGITS, Number, Quantity, read_number, read_quantity

INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


def compare_number(reference: sample_pb2.Answer, candidate: str) -> Comparison:
    """Compares one number, with its unit and tolerance."""
    left = read_quantity(reference.value, reference.unit)
    right = read_quantity(candidate)
    if right.number is None and (several := _several_numbers(candidate)) is not None:
        return several
    if left.number is None or right.number is None:
        return _compare_unread(left, right, reference.tolerance)
    return _compare_quantities(left, right, left.number, right.number, reference.tolerance)


def _compare_quantities(left: Quantity, right: Quantity, ours: Number, theirs: Number, tolerance: float) -> Comparison:
    if left.unit is None and right.unit is not None and right.unit.name == "%":
        if agree(ours, _scaled(theirs, Fraction(1, 100)), tolerance):
            return Comparison(CORRECT, NUMERIC, "The percentage has the reference's value.")
        return undecided("Only the candidate is a percentage.")
    if left.unit is not None and right.unit is None:
        if left.unit.name == "%" and agree(_scaled(ours, Fraction(1, 100)), theirs, tolerance):
            return Comparison(CORRECT, NUMERIC, "The value is that of the reference's percentage.")
        return judged(agree(ours, theirs, tolerance), "the candidate names no unit")
    if left.unit is None and right.unit is not None:
        if right.unit.dimensions != ():
            differs = agree(ours, theirs, tolerance) is False
            return (
                judged(False, "")
                if differs and right.unit.dimensions is None
                else undecided("Only the candidate has a unit.")
            )
        return judged(agree(ours, theirs, tolerance), "the unit is dimensionless")
    if left.unit is None or right.unit is None:
        return judged(agree(ours, theirs, tolerance), "neither has a unit")
    ratio = right.unit.ratio(left.unit)
    if ratio is not None:
        return judged(agree(ours, _scaled(theirs, ratio), tolerance), "units count")
    if left.unit.contradicts(right.unit):
        return Comparison(INCORRECT, NUMERIC, "The units measure different things.")
    return undecided("The units cannot be converted into each other.")


def agree(reference: Number, candidate: Number, tolerance: float) -> bool | None:
    """None where the candidate is a coarser or finer rounding, which proves nothing."""
    difference = abs(reference.value - candidate.value)
    if difference == 0:
        return True
    if tolerance > 0:
        return difference <= abs(reference.value) * Fraction(tolerance)
    if reference.half_ulp is not None and difference <= reference.half_ulp:
        finer = candidate.half_ulp is None or candidate.half_ulp < reference.half_ulp
        return True if finer and reference.digits >= MIN_ROUNDED_DIGITS else None
    rounded = candidate.half_ulp is not None and difference <= candidate.half_ulp
    return None if rounded and reference.value.denominator != 1 and candidate.digits > 1 else False


def _compare_unread(left: Quantity, right: Quantity, tolerance: float) -> Comparison:
    """At least one magnitude is no plain number: equal as text, or a symbolic question."""
    if left.unit is not None and right.unit is not None and left.unit.name != right.unit.name:
        return undecided("The units differ and the magnitudes are not plain numbers.")
    if left.unit is None and right.unit is not None:
        return undecided("Only the candidate has a unit.")
    if math_form(left.magnitude) == math_form(right.magnitude):
        return Comparison(CORRECT, NORMAL_FORM, "The normal forms are equal.")
    absolute = 0.0
    if not tolerance and left.number and left.number.half_ulp and left.number.digits >= MIN_ROUNDED_DIGITS:
        absolute = float(left.number.half_ulp)
    return ask(Pair(left.magnitude, right.magnitude, tolerance, absolute))


def _several_numbers(candidate: str) -> Comparison | None:
    bare = tidy(candidate)
    items = split_top(bare)
    if len(items) > 1 and all(read_number(item) for item in items) and not _DECIMAL_COMMA.fullmatch(bare):
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
