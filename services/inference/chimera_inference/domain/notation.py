"""How the parameters of a problem are written in a statement and read back from it.

A family's instance is a frozen dataclass whose fields are annotated with these types. Patterns are bounded, so that
a hostile statement costs no more than a failed match.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from .answers import LETTERS
from .polynomials import Coefficients, read_polynomial, show_polynomial


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to write a value: a regular expression without groups, and both directions."""

    pattern: str
    show: Callable[[Any], str]
    read: Callable[[str], Any]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(", "))


def _show_numbers(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


def _read_matrix(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(_numbers(row) for row in text[2:-2].split("], ["))


def show_matrix(rows: tuple[tuple[int, ...], ...]) -> str:
    """A matrix row by row: `[[1, 2], [3, 4]]`."""
    return "[" + ", ".join(f"[{_show_numbers(row)}]" for row in rows) + "]"


def _show_choices(choices: tuple[str, ...]) -> str:
    return "\n" + "\n".join(f"{LETTERS[i]}) {text}" for i, text in enumerate(choices))


def _read_choices(text: str) -> tuple[str, ...]:
    found, rest = [], " " + text.strip()
    for letter in LETTERS:
        head, mark, rest = rest.partition(f" {letter}) ")
        found.append(head)
        if not mark:
            break
    return tuple(item.strip() for item in found[1:])


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


Edge = tuple[str, str, int]


def _read_edges(text: str) -> tuple[Edge, ...]:
    edges = []
    for part in text.split(", "):
        ends, weight = part.split(" (")
        tail, head = ends.split("-")
        edges.append((tail, head, int(weight[:-1])))
    return tuple(edges)


def _show_edges(edges: tuple[Edge, ...]) -> str:
    return ", ".join(f"{tail}-{head} ({weight})" for tail, head, weight in edges)


def _same(text: str) -> str:
    return text


_INT = r"-?\d{1,15}"
_WORD = r"[^\W\d_]{1,24}"

Int = Annotated[int, Notation(_INT, str, int)]
Ints = Annotated[tuple[int, ...], Notation(rf"{_INT}(?:, {_INT}){{0,40}}", _show_numbers, _numbers)]
Number = Annotated[Decimal, Notation(r"-?\d{1,12}(?:\.\d{1,8})?", str, Decimal)]
Word = Annotated[str, Notation(_WORD, _same, _same)]
Words = Annotated[tuple[str, ...], Notation(rf"{_WORD}(?:, {_WORD}){{0,40}}", ", ".join, _words)]
Phrase = Annotated[str, Notation(r"[^\W\d_][\w' -]{0,60}", _same, _same)]
Bases = Annotated[str, Notation(r"[ACGTU]{3,200}", _same, _same)]
Marks = Annotated[str, Notation(r"[x/](?: [x/]){1,60}", _same, _same)]
Formula = Annotated[str, Notation(r"(?:[A-Z][a-z]?\d{0,3}){1,8}", _same, _same)]
Matrix = Annotated[
    tuple[tuple[int, ...], ...],
    Notation(
        rf"\[\[{_INT}(?:, {_INT}){{0,5}}\](?:, \[{_INT}(?:, {_INT}){{0,5}}\]){{0,5}}\]", show_matrix, _read_matrix
    ),
]
Polynomial = Annotated[
    Coefficients,
    Notation(r"-?[\dx](?:[\dx^]| [+-] ){0,80}", show_polynomial, read_polynomial),
]
Edges = Annotated[
    tuple[Edge, ...],
    Notation(rf"{_WORD}-{_WORD} \(\d{{1,6}}\)(?:, {_WORD}-{_WORD} \(\d{{1,6}}\)){{0,40}}", _show_edges, _read_edges),
]
Choices = Annotated[tuple[str, ...], Notation(r" ?A\) .{1,600}", _show_choices, _read_choices)]


def one_of(texts: tuple[str, ...]) -> Notation:
    """A parameter that is one of a few fixed texts."""
    return Notation("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)), _same, _same)
