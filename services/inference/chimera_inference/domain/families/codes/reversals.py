"""Codes read backwards."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Ints

_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Code:
    """Digits in a row."""

    digits: Ints


class Reversals(Family[Code]):
    """The last digit first."""

    instance = Code
    terse = True
    wordings = (
        "Write the digits {digits} in reverse order, as a tuple.",
        "Read the row {digits} from right to left. Which tuple of digits does that give?",
        "A train with the coaches {digits} leaves with its last coach in front. Give its coaches in their new order, "
        "as a tuple.",
    )

    def draw(self, rng: Random) -> Code:
        """Seven digits."""
        return Code(tuple(rng.randrange(10) for _ in range(_LENGTH)))

    def work(self, instance: Code) -> Working:
        """Digit by digit from the end."""
        digits = instance.digits
        require(1 < len(digits) <= _LENGTH and all(0 <= digit <= 9 for digit in digits), "up to seven digits")
        steps = tuple(f"{n}: {digit}" for n, digit in reversed(list(enumerate(digits, start=1))))
        return Working(Answer("tuple", f"({', '.join(map(str, reversed(digits)))})"), "", steps, ())

    def misread(self, instance: Code, rng: Random) -> Code:
        """One digit mistaken for another."""
        return Code(misspelled(instance.digits, rng))


def misspelled(digits: tuple[int, ...], rng: Random) -> tuple[int, ...]:
    """One digit mistaken for another."""
    at = rng.randrange(len(digits))
    return (*digits[:at], (digits[at] + rng.randint(1, 9)) % 10, *digits[at + 1 :])
