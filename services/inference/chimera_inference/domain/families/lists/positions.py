"""Where a digit stands in a list."""

from dataclasses import dataclass
from random import Random

from ...answers import number
from ...family import Family, Working, require
from ...notation import Int, Ints

_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Place:
    """Different digits in a row, and one of them."""

    digits: Ints
    sought: Int


class Positions(Family[Place]):
    """Count up to the digit that is sought."""

    instance = Place
    terse = True
    wordings = (
        "The list {digits} holds the digit {sought} once. At which position, counted from 1, does it stand?",
        "Count along {digits} from the left, beginning with 1. Find the number that falls on the digit {sought}.",
        "Seven cards lie in a row: {digits}. How far along, counting from 1, is the card with {sought}?",
    )

    def draw(self, rng: Random) -> Place:
        """Seven of the ten digits."""
        digits = tuple(rng.sample(range(10), _LENGTH))
        return Place(digits, rng.choice(digits))

    def work(self, instance: Place) -> Working:
        """Position after position."""
        digits, sought = instance.digits, instance.sought
        require(digits.count(sought) == 1 and len(digits) <= _LENGTH, "up to seven digits, one of which is sought")
        position = digits.index(sought) + 1
        steps = (f"{n}: {digit}" for n, digit in enumerate(digits[:position], start=1))
        return Working(number(position), "", tuple(steps), ())

    def misread(self, instance: Place, rng: Random) -> Place:
        """Two neighbours exchanged, or another digit sought."""
        digits = list(instance.digits)
        at = rng.randrange(len(digits) - 1)
        if rng.random() < 1 / 2:
            return Place(instance.digits, digits[at])
        digits[at], digits[at + 1] = digits[at + 1], digits[at]
        return Place(tuple(digits), instance.sought)
