"""Digits in ascending order."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Ints

_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Row:
    """Different digits in any order."""

    digits: Ints


class Orders(Family[Row]):
    """The least digit that is left, again and again."""

    instance = Row
    terse = True
    wordings = (
        "Sort the digits {digits} in ascending order. Give them as a tuple.",
        "Write the list {digits} again with its smallest digit first and its largest last, as a tuple.",
        "Six runners wear the digits {digits}. Line them up by rising digit; which tuple of digits is that?",
    )

    def draw(self, rng: Random) -> Row:
        """Six of the ten digits."""
        return Row(tuple(rng.sample(range(10), _LENGTH)))

    def work(self, instance: Row) -> Working:
        """All digits in one chain of inequalities."""
        digits = instance.digits
        require(1 < len(set(digits)) == len(digits) <= _LENGTH, "up to six different digits")
        ordered = [str(digit) for digit in sorted(digits)]
        return Working(Answer("tuple", f"({', '.join(ordered)})"), "", ("<".join(ordered),), ())

    def misread(self, instance: Row, rng: Random) -> Row:
        """One digit mistaken for another."""
        at = rng.randrange(len(instance.digits))
        other = rng.choice([digit for digit in range(10) if digit not in instance.digits])
        return Row((*instance.digits[:at], other, *instance.digits[at + 1 :]))
