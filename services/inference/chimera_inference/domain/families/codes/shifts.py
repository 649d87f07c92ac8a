"""Codes whose digits move round a ring of ten."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Int, Ints
from .reversals import misspelled

_LENGTH = 5
_PLACES = 9


@dataclass(frozen=True, slots=True)
class Shift:
    """Digits in a row, and how many places each moves."""

    digits: Ints
    places: Int


class Shifts(Family[Shift]):
    """Caesar's cipher on digits, in which 0 follows 9."""

    instance = Shift
    terse = True
    wordings = (
        "Move each digit of {digits} forward by {places}, where 0 follows 9. Give the new digits as a tuple.",
        "Encode the digits {digits} by Caesar's cipher with the key {places}, modulo 10. Which tuple of digits comes "
        "out?",
        "On a ring of the digits 0 to 9 each of {digits} is replaced by the one {places} further on. Find the new "
        "tuple.",
    )

    def draw(self, rng: Random) -> Shift:
        """Five digits, by one to nine places."""
        return Shift(tuple(rng.randrange(10) for _ in range(_LENGTH)), rng.randint(1, _PLACES))

    def work(self, instance: Shift) -> Working:
        """Digit by digit."""
        digits, places = instance.digits, instance.places
        require(1 < len(digits) <= _LENGTH and all(0 <= digit <= 9 for digit in digits), "up to five digits")
        require(0 < places <= _PLACES, "one to nine places")
        moved = [(digit + places) % 10 for digit in digits]
        steps = tuple(f"{old}+{places}={old + places}→{new}" for old, new in zip(digits, moved, strict=True))
        return Working(Answer("tuple", f"({', '.join(map(str, moved))})"), "", steps, ())

    def misread(self, instance: Shift, rng: Random) -> Shift:
        """Another number of places, or one digit mistaken for another."""
        if rng.random() < 1 / 2:
            return Shift(instance.digits, rng.randint(1, _PLACES))
        return Shift(misspelled(instance.digits, rng), instance.places)
