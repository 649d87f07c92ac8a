"""Equations and inequalities taken apart at their signs."""

import re
from dataclasses import dataclass

from chimera_verifier.domain.latex import CLOSING, OPENING, tidy
from chimera_verifier.domain.syntax import Reading, parse
from chimera_verifier.domain.trees import names

SIGNS = "=<>≤≥≠"
_FLIPPED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤", "=": "=", "≠": "≠"}
_MAX_SIDES = 6
_COMPARISON = re.compile(r":=|==|=<|[<>!]=|≔|≡(?!\s*[^=]*mod)")
_ALIASES = {"<=": "≤", ">=": "≥", "!=": "≠", ":=": "=", "==": "=", "=<": "≤", "≔": "=", "≡": "="}


@dataclass(frozen=True, slots=True)
class Relation:
    """Sides in their order, and the sign between each two neighbours."""

    sides: tuple[str, ...]
    signs: str

    def flipped(self) -> "Relation":
        """The same relation read from the other end."""
        return Relation(self.sides[::-1], "".join(_FLIPPED[sign] for sign in reversed(self.signs)))


def read_relation(text: str) -> Relation | None:
    """Cuts at the relation signs that stand outside all brackets; None if there is none, or a side is empty."""
    bare = _COMPARISON.sub(lambda match: _ALIASES[match[0]], tidy(text))
    sides, signs, depth, start = list[str](), "", 0, 0
    for place, char in enumerate(bare):
        depth += (char in OPENING) - (char in CLOSING)
        if depth == 0 and char in SIGNS:
            sides.append(bare[start:place].strip())
            signs += char
            start = place + 1
    sides.append(bare[start:].strip())
    if not signs or len(sides) > _MAX_SIDES or not all(sides):
        return None
    return Relation(tuple(sides), signs)


@dataclass(frozen=True, slots=True)
class Comparable:
    """A relation of two sides that are both understood, `>` turned into `<`."""

    left: Reading
    right: Reading
    sign: str


def comparable(text: str) -> Comparable | None:
    """The relation as trees; None if it has more than two sides or one is not understood."""
    relation = read_relation(text)
    if relation is None or len(relation.sides) != 2:
        return None
    if relation.signs in ">≥":
        relation = relation.flipped()
    left, right = (parse(side) for side in relation.sides)
    return Comparable(left, right, relation.signs) if left and right else None


def is_equation(text: str) -> bool:
    """Whether the text relates two understood sides of which at least one has a variable."""
    found = comparable(text)
    return found is not None and bool(names(found.left.tree) | names(found.right.tree))
