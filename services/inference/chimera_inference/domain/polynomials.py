"""Polynomials in x with integer or fractional coefficients, lowest degree first."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

Coefficients = tuple[int, ...]

_TERM = re.compile(r"(\d*)(x?)(?:\^(\d{1,2}))?")


def show_polynomial(coefficients: Sequence[int | Fraction]) -> str:
    """The usual writing, highest degree first: `3x^2 - x + 7`; a fractional coefficient stands in brackets."""
    return "".join(_signed_terms(coefficients)) or "0"


def read_polynomial(text: str) -> Coefficients:
    """The inverse of `show_polynomial` for integer coefficients; ValueError for anything else."""
    found: dict[int, int] = {}
    for part in text.replace(" - ", " + -").split(" + "):
        sign, body = (-1, part[1:]) if part.startswith("-") else (1, part)
        match = _TERM.fullmatch(body)
        if match is None or not body:
            raise ValueError(f"{part!r} is not a term of a polynomial in x.")
        digits, x, power = match.groups()
        degree = int(power or 1) if x else 0
        found[degree] = found.get(degree, 0) + sign * int(digits or 1)
    return tuple(found.get(degree, 0) for degree in range(max(found) + 1))


def value_at(coefficients: Sequence[int | Fraction], x: int | Fraction) -> int | Fraction:
    """The polynomial's value by Horner's rule."""
    total: int | Fraction = 0
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def product(left: Coefficients, right: Coefficients) -> Coefficients:
    """The coefficients of the product."""
    out = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            out[i + j] += a * b
    return tuple(out)


def derivative(coefficients: Coefficients) -> Coefficients:
    """The coefficients of the derivative."""
    return tuple(k * c for k, c in enumerate(coefficients))[1:] or (0,)


def _signed_terms(coefficients: Sequence[int | Fraction]) -> Iterator[str]:
    first = True
    for degree in range(len(coefficients) - 1, -1, -1):
        coefficient: int | Fraction = coefficients[degree]
        if not coefficient:
            continue
        sign = ("-" if coefficient < 0 else "") if first else (" - " if coefficient < 0 else " + ")
        yield sign + _term(coefficient if coefficient > 0 else -coefficient, degree)
        first = False


def _term(size: int | Fraction, degree: int) -> str:
    number = f"({size})" if isinstance(size, Fraction) and size.denominator > 1 else str(size)
    power = {0: "", 1: "x"}.get(degree, f"x^{degree}")
    return power if power and size == 1 else number + power
