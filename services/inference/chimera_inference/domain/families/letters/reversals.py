"""Rows of letters read backwards."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from .rows import Letters, drawn, misspelled

_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Row:
    """Letters in a row."""

    letters: Letters


class Reversals(Family[Row]):
    """The last letter first."""

    instance = Row
    terse = True
    wordings = (
        'Write the letters "{letters}" in reverse order, with a space between letters.',
        'Read the row "{letters}" from right to left. Which row of spaced letters does that give?',
        'The train "{letters}" leaves with its last coach in front. Give its coaches in their new order, spaced.',
    )

    def draw(self, rng: Random) -> Row:
        """Six letters."""
        return Row(drawn(rng, _LENGTH))

    def work(self, instance: Row) -> Working:
        """Letter by letter from the end."""
        letters = instance.letters
        require(1 < len(letters) <= _LENGTH, "up to six letters")
        steps = tuple(f"{n}: {letter}" for n, letter in reversed(list(enumerate(letters, start=1))))
        return Working(Answer("text", " ".join(reversed(letters))), "", steps, ())

    def misread(self, instance: Row, rng: Random) -> Row:
        """One letter mistaken for another."""
        return Row(misspelled(instance.letters, rng))
