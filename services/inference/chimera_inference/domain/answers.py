"""Typed answers: how they are written plainly, in a box, and when two of them differ."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

AnswerType = Literal["number", "expression", "set", "interval", "tuple", "matrix", "choice", "text"]

# A misread instance must land this many tolerances away to count as another answer.
CLEARLY_OUTSIDE_TOLERANCES = 5
LETTERS = "ABCDEFGH"

_FRACTION = re.compile(r"(-?)(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One final answer; `value` is plain text, `choices` are the texts of a choice problem in the order A, B, ..."""

    type: AnswerType
    value: str
    unit: str = ""
    tolerance: float = 0.0
    choices: tuple[str, ...] = ()

    def boxed(self) -> str:
        """The answer as a solution ends in it: LaTeX inside `\\boxed{}`."""
        return rf"\boxed{{{_latex(self)}}}"

    def differs(self, other: "Answer") -> bool:
        """Whether a fair grader would call `other` another answer; numbers must be well outside the tolerance."""
        if self.type != "number" or not self.tolerance:
            return self.value != other.value
        mine, theirs = float(Fraction(self.value)), float(Fraction(other.value))
        return abs(mine - theirs) > CLEARLY_OUTSIDE_TOLERANCES * self.tolerance * max(abs(mine), abs(theirs))


def number(value: int | Fraction) -> Answer:
    """An exact number: an integer or a reduced fraction such as `7/12`."""
    return Answer("number", str(value))


def measured(value: float, unit: str, digits: int = 3, tolerance: float = 0.01) -> Answer:
    """A number with a unit, right within a relative tolerance."""
    return Answer("number", significant(value, digits), unit=unit, tolerance=tolerance)


def significant(value: float, digits: int = 4) -> str:
    """`value` rounded to significant digits, without exponent."""
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = int(f"{rounded:e}".split("e")[1])
    return f"{rounded:.{max(digits - 1 - exponent, 0)}f}"


def _latex(answer: Answer) -> str:
    value = answer.value
    if answer.type == "text":
        return rf"\text{{{value}}}"
    if answer.type == "set":
        return "\\{" + value.strip("{}") + "\\}"
    if answer.type == "matrix":
        rows = [row.strip("[] ") for row in value.strip("[]").split("],")]
        body = r" \\ ".join(row.replace(",", " &") for row in rows)
        return rf"\begin{{pmatrix}}{body}\end{{pmatrix}}"
    if answer.type in ("number", "interval", "tuple"):
        value = _FRACTION.sub(r"\1\\frac{\2}{\3}", value)
    return value + (rf"\ \text{{{answer.unit}}}" if answer.unit else "")
