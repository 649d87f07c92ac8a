"""Concepts of problems in many languages: the table in concepts.txt, and where a text speaks of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from chimera_verifier.domain.likeness.language import UNSPACED, bare

ASK, SOFT, MODE, FORM, BOUND, THING, NAME = "ask", "soft", "mode", "form", "bound", "thing", "name"
SIDES = {"atleast": "low", "greater": "low", "atmost": "high", "less": "high", "exactly": "at"}
"""On which side of a number a bound is."""
IMPLIED: Mapping[str, frozenset[str]] = {
    "gcd": frozenset({"maximum", "divisor"}),
    "lcm": frozenset({"minimum", "divisible"}),
    "hypotenuse": frozenset({"maximum"}),
    "surface": frozenset({"area"}),
    "period": frozenset({"time"}),
    "righttriangle": frozenset({"triangle"}),
    "equilateral": frozenset({"triangle"}),
    "isosceles": frozenset({"triangle"}),
    "semicircle": frozenset({"circle"}),
    "inscribed": frozenset({"circle"}),
}
"""What may be said instead of a concept."""
_KEY_CHARS = 2
"""Phrases are looked for by so much of their first word."""


@dataclass
class _Lexicon:
    """The words of one language: whole ones, beginnings of words, and phrases by their first word."""

    whole: dict[str, str] = field(default_factory=dict)
    beginnings: dict[str, str] = field(default_factory=dict)
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    pieces: dict[str, str] = field(default_factory=dict)
    longest: int = 0

    def of_word(self, word: str) -> str | None:
        if found := self.whole.get(word):
            return found
        for length in range(len(word), 1, -1):
            if found := self.beginnings.get(word[:length]):
                return found
        return None

    def of_phrase(self, words: Sequence[str], start: int) -> tuple[str, int] | None:
        for phrase, concept in self.phrases.get(words[start][:_KEY_CHARS], ()):
            if len(words) - start >= len(phrase) and all(map(_fits, words[start:], phrase)):
                return concept, len(phrase)
        return None

    def of_bound(self, words: Sequence[str], start: int) -> str | None:
        """A concept of which only the last word is its own: `least number` speaks of a least thing and of a count."""
        return self.bound.get(" ".join(words[start : start + 2]))


@cache
def class_of(concept: str) -> str:
    """What kind of concept it is."""
    return _classes()[concept]


def concepts_of(text: str, words: Sequence[str], language: str) -> list[tuple[int, str]]:
    """Each mention of a concept with where it is, in the order of the text: position in `words`, or character."""
    lexicon = _lexicons().get(language)
    if lexicon is None:
        return []
    return _in_characters(text, lexicon) if language in UNSPACED else _in_words(words, lexicon)


def _in_words(words: Sequence[str], lexicon: _Lexicon) -> list[tuple[int, str]]:
    found, position = [], 0
    while position < len(words):
        if bound := lexicon.of_bound(words, position):
            found.append((position + 1, bound))
        if phrase := lexicon.of_phrase(words, position):
            found.append((position, phrase[0]))
            position += phrase[1]
            continue
        if concept := lexicon.of_word(words[position]):
            found.append((position, concept))
        position += 1
    return found


def _in_characters(text: str, lexicon: _Lexicon) -> list[tuple[int, str]]:
    found, position = [], 0
    while position < len(text):
        for length in range(lexicon.longest, 0, -1):
            if concept := lexicon.pieces.get(text[position : position + length]):
                found.append((position, concept))
                position += length
                break
        else:
            position += 1
    return found


def _fits(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


@cache
def _table() -> list[list[str]]:
    text = resources.files("chimera_verifier.domain.likeness").joinpath("concepts.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


@cache
def _classes() -> dict[str, str]:
    return {row[0]: row[1] for row in _table()[1:]}


@cache
def _lexicons() -> dict[str, _Lexicon]:
    header, *rows = _table()
    lexicons = {language: _Lexicon() for language in header[2:]}
    for concept, _, *cells in rows:
        for language, cell in zip(header[2:], cells, strict=True):
            for entry in filter(None, (bare(part.strip()) for part in cell.split(","))):
                _add(lexicons[language], entry, concept, language in UNSPACED)
    for lexicon in lexicons.values():
        for phrases in lexicon.phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))
        lexicon.longest = max(map(len, lexicon.pieces), default=0)
    return lexicons


def _add(lexicon: _Lexicon, entry: str, concept: str, unspaced: bool) -> None:
    if unspaced:
        lexicon.pieces.setdefault(entry, concept)
        return
    if entry.startswith("+"):
        lexicon.bound[entry[1:]] = concept
        return
    parts = tuple(re.findall(r"[^\W_]+\*?|[%∫!€$]", entry))
    if len(parts) > 1:
        lexicon.phrases.setdefault(parts[0].rstrip("*")[:_KEY_CHARS], []).append((parts, concept))
    elif parts[0].endswith("*"):
        lexicon.beginnings.setdefault(parts[0][:-1], concept)
    else:
        lexicon.whole.setdefault(parts[0], concept)
