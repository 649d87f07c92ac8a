"""Rows of letters moved along the alphabet."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Int
from .rows import ALPHABET, Letters, drawn, misspelled

_LENGTH = 4
_PLACES = 3


@dataclass(frozen=True, slots=True)
class Shift:
    """Letters in a row, and how many places each moves."""

    letters: Letters
    places: Int


class Shifts(Family[Shift]):
    """Caesar's cipher, in which a follows z."""

    instance = Shift
    terse = True
    wordings = (
        'Move each letter of "{letters}" forward by {places} in the alphabet, where a follows z. '
        "Give the spaced letters.",
        'Encode "{letters}" by Caesar\'s cipher with the shift {places}. Which row of spaced letters comes out?',
        'On a ring of the 26 letters each letter of "{letters}" is replaced by the one {places} further on. '
        "Find the new row, spaced.",
    )

    def draw(self, rng: Random) -> Shift:
        """Four letters, by one to three places."""
        return Shift(drawn(rng, _LENGTH), rng.randint(1, _PLACES))

    def work(self, instance: Shift) -> Working:
        """Letter by letter."""
        letters, places = instance.letters, instance.places
        require(len(letters) <= _LENGTH and 0 < places <= _PLACES, "up to four letters, and one to three places")
        moved = [ALPHABET[(ALPHABET.index(letter) + places) % len(ALPHABET)] for letter in letters]
        steps = tuple(f"{old}→{new}" for old, new in zip(letters, moved, strict=True))
        return Working(Answer("text", " ".join(moved)), "", steps, ())

    def misread(self, instance: Shift, rng: Random) -> Shift:
        """Another number of places, or one letter mistaken for another."""
        if rng.random() < 1 / 2:
            return Shift(instance.letters, rng.randint(1, _PLACES))
        return Shift(misspelled(instance.letters, rng), instance.places)
