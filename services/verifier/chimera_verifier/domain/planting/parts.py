"""Where an answer can be changed: its numbers, its terms, its elements."""

import re
from collections.abc import Iterator

from chimera_verifier.domain.latex import CLOSING, OPENING, split_top

MAX_PLACES = 12
"""Looked at in one answer; they are more than are ever planted."""
_DIGITS = re.compile(r"[0-9]{1,18}")
_SIGN = re.compile(r"(?<=[0-9A-Za-z)}\]])\s*([+-])\s*(?=[0-9A-Za-z(\\])")


def stepped(text: str) -> Iterator[tuple[str, str, str]]:
    """The text with one of its whole numbers, or digits after a point, one off; with that number and the new one."""
    for match in list(_DIGITS.finditer(text))[:MAX_PLACES]:
        for step in (1, -1):
            if (number := int(match[0]) + step) >= 0:
                new = f"{number:0{len(match[0])}d}"
                yield text[: match.start()] + new + text[match.end() :], match[0], new


def turned(text: str) -> Iterator[str]:
    """The text with the sign of one of its terms turned."""
    bare = text.strip()
    if bare.startswith("-"):
        yield bare[1:].lstrip()
    elif bare and (bare[0].isalnum() or bare[0] in "\\("):
        yield f"-{bare}"
    for match in list(_SIGN.finditer(bare))[:MAX_PLACES]:
        other = "-" if match[1] == "+" else "+"
        yield bare[: match.start(1)] + other + bare[match.end(1) :]


def terms(text: str) -> list[str]:
    """The signed terms of a sum; what stands inside brackets or scripts is not taken apart."""
    pieces, depth, start = list[str](), 0, 0
    for position, char in enumerate(text):
        depth += (char in OPENING) - (char in CLOSING)
        before = text[:position].rstrip()
        if depth == 0 and char in "+-" and before and before[-1] not in "+-*/^_=<>,(" and position > start:
            pieces.append(text[start:position].strip())
            start = position
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def summed(pieces: list[str]) -> str:
    """Signed terms as one sum again."""
    first, *rest = (piece if piece[0] in "+-" else f"+{piece}" for piece in pieces)
    joined = " ".join([first.removeprefix("+").strip(), *(f"{piece[0]} {piece[1:].strip()}" for piece in rest)])
    return joined.strip()


def bracketed(text: str) -> tuple[str, list[str], str] | None:
    """The outermost brackets of a collection and its elements; None if the text is not written as one."""
    match = _BRACKETS.fullmatch(text.strip())
    return (match[1], split_top(match[2]), match[3]) if match else None


_BRACKETS = re.compile(r"((?:\\left\s*)?(?:\\\{|[(\[{⟨]))(.+?)((?:\\right\s*)?(?:\\\}|[)\]}⟩]))", re.DOTALL)
