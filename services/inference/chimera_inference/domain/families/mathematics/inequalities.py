"""Quadratic inequalities with rational roots."""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from random import Random
from typing import Annotated

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Polynomial, one_of
from ...polynomials import show_polynomial, value_at


@dataclass(frozen=True, slots=True)
class Inequality:
    """left REL right."""

    left: Polynomial
    relation: Annotated[str, one_of(("<", ">", "≤", "≥"))]
    right: Polynomial


class Inequalities(Family[Inequality]):
    """Everything on one side, roots, sign of the leading coefficient."""

    instance = Inequality
    wordings = (
        "Solve the inequality {left} {relation} {right} over the real numbers and give the solution set in interval "
        "notation.",
        "For which real x does {left} {relation} {right} hold? Write the set of all solutions as an interval or a "
        "union "
        "of intervals.",
        "Determine, in interval notation, the set of real numbers x at which the inequality {left} {relation} "
        "{right} is "
        "satisfied.",
        "The curves y = {left} and y = {right} are drawn in one coordinate system. Express in interval notation the "
        "set "
        "of all real x with {left} {relation} {right}.",
    )

    def draw(self, rng: Random) -> Inequality:
        """Two different rational roots and a random polynomial added to both sides."""
        while True:
            d1, d2 = rng.randint(1, 3), rng.randint(1, 3)
            n1, n2 = rng.randint(-12, 12), rng.randint(-12, 12)
            if n1 * d2 != n2 * d1:
                break
        sign = rng.choice((1, -1))
        quadratic = (sign * n1 * n2, -sign * (n1 * d2 + n2 * d1), sign * d1 * d2)
        shift = (rng.choice([k for k in range(-15, 16) if k]), rng.choice([k for k in range(-9, 10) if k]))
        left = (quadratic[0] + shift[0], quadratic[1] + shift[1], quadratic[2])
        return Inequality(left, rng.choice("<>≤≥"), shift)

    def work(self, instance: Inequality) -> Working:
        """Finds the roots of left - right and decides inside or outside."""
        left, right = instance.left, instance.right
        require(len(left) <= 3 and len(right) <= 3, "degree at most two")
        c, b, a = (_at(left, k) - _at(right, k) for k in range(3))
        square = b * b - 4 * a * c
        require(a != 0 and square > 0 and isqrt(square) ** 2 == square, "two rational roots")
        low, high = sorted((Fraction(-b - isqrt(square), 2 * a), Fraction(-b + isqrt(square), 2 * a)))
        inside = (a > 0) == (instance.relation in "<≤")
        closed = instance.relation in "≤≥"
        between = f"[{low}, {high}]" if closed else f"({low}, {high})"
        ends = f"{low}]" if closed else f"{low})", f"[{high}" if closed else f"({high}"
        outside = f"(-\\infty, {ends[0]} \\cup {ends[1]}, \\infty)"
        difference = show_polynomial((c, b, a))
        probe = (low + high) / 2
        return Working(
            answer=Answer("interval", between if inside else outside),
            plan="I bring everything to one side, find the roots of the quadratic with the discriminant, and read the "
            "sign off the direction in which the parabola opens.",
            steps=(
                f"Subtracting the right side gives {difference} {instance.relation} 0.",
                f"The discriminant is ({b})² - 4·({a})·({c}) = {square} = {isqrt(square)}², so the roots are "
                f"(-({b}) ± {isqrt(square)})/({2 * a}), that is x = {low} and x = {high}.",
                f"The leading coefficient {a} is {'positive' if a > 0 else 'negative'}, so the parabola opens "
                f"{'upwards' if a > 0 else 'downwards'}: the expression is {'negative' if a > 0 else 'positive'} "
                f"between the roots and {'positive' if a > 0 else 'negative'} outside them.",
                f"The relation is {instance.relation}, so the solutions lie {'between' if inside else 'outside'} the "
                f"roots, "
                f"and the end points {'belong' if closed else 'do not belong'} to the set.",
            ),
            checks=(
                f"At x = {probe}, between the roots, {difference} has the value {value_at((c, b, a), probe)}, so "
                f"this x is "
                f"{'a' if inside else 'no'} solution.",
                f"At x = {high + 1}, to the right of both roots, its value is {value_at((c, b, a), high + 1)}, so "
                f"this x is "
                f"{'no' if inside else 'a'} solution; and at x = {low} it is {value_at((c, b, a), low)}.",
            ),
        )


def _at(coefficients: tuple[int, ...], degree: int) -> int:
    return coefficients[degree] if degree < len(coefficients) else 0
