"""How rows of letters are written: one by one, so that a model of few letters a token sees each."""

import string
from random import Random
from typing import Annotated

from ...notation import Notation

ALPHABET = string.ascii_lowercase

Letters = Annotated[str, Notation(r"[a-z](?: [a-z]){0,40}", " ".join, lambda text: text.replace(" ", ""))]


def drawn(rng: Random, length: int) -> str:
    """Any letters."""
    return "".join(rng.choices(ALPHABET, k=length))


def misspelled(letters: str, rng: Random) -> str:
    """One letter mistaken for another."""
    at = rng.randrange(len(letters))
    return letters[:at] + rng.choice(ALPHABET) + letters[at + 1 :]
