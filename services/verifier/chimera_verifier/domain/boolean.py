"""Formulas of propositional logic and of the algebra of sets, compared by their tables."""

import re
from collections.abc import Callable
from itertools import product

from chimera_verifier.domain.latex import tidy, unwrap

_MAX_CHARS = 100
_MAX_LETTERS = 6
_SPELLINGS = (
    (r"\neg", "¬"), (r"\lnot", "¬"), (r"\sim", "¬"), ("~", "¬"), ("!", "¬"), (r"\cap", "∩"), (r"\oplus", "⊕"),
    (r"\bigtriangleup", "△"), (r"\triangle", "△"), (r"\leftrightarrow", "↔"), (r"\Leftrightarrow", "↔"),
    (r"\iff", "↔"), (r"\implies", "→"), (r"\Rightarrow", "→"), ("⇒", "→"), ("⇔", "↔"), ("<->", "↔"), ("->", "→"),
    ("&", "∧"), ("AND", "∧"), ("OR", "∨"), ("NOT", "¬"), ("XOR", "⊕"), ("∆", "△"), ("Δ", "△"),
)  # fmt: skip
_COMPLEMENT = re.compile(r"\^\{? ?(?:\\complement|[cC])(?![A-Za-z]) ?\}?|(?<=[A-Za-z)])['′]")
_OVERLINE = re.compile(r"\\(?:overline|bar) ?\{")
_SIGN = re.compile(r"\s*([A-Za-z](?![A-Za-z])|[()¬∧∨→↔⊕∪∩∖△∁])")
_LOGIC, _SETS = frozenset("¬∧∨→↔⊕"), frozenset("∪∩∖△∁")
# From the loosest to the tightest; operators of one line are read from the left, and not mixed without brackets.
_LEVELS = ("↔", "→", "∨∪⊕△∖", "∧∩")
_MEANINGS: dict[str, Callable[[bool, bool], bool]] = {
    "↔": lambda a, b: a == b, "→": lambda a, b: not a or b, "∨": lambda a, b: a or b, "∪": lambda a, b: a or b,
    "⊕": lambda a, b: a != b, "△": lambda a, b: a != b, "∖": lambda a, b: a and not b, "∧": lambda a, b: a and b,
    "∩": lambda a, b: a and b,
}  # fmt: skip
_Value = Callable[[dict[str, bool]], bool]


class _NotBoolean(Exception):
    """The text is no such formula."""


def same_boolean(reference: str, candidate: str) -> bool | None:
    """Whether both are true of the same, or hold the same; None if one is no formula with at least one operator."""
    texts = [_signs(text) for text in (reference, candidate)]
    if not all(texts):
        return None
    if any(r"\wedge" in text for text in (reference, candidate)) and {"∧"} in [{*text} & _LOGIC for text in texts]:
        return None  # The wedge of vectors has an order.
    kinds = ["logic" if {*text} & _LOGIC else "sets" if {*text} & _SETS else "" for text in texts]
    if not kinds[0] or (kinds[1] and kinds[0] != kinds[1]):
        return None
    try:
        left, right = (_Parser(text) for text in texts)
        letters = sorted(left.letters | right.letters)
        if len(letters) > _MAX_LETTERS or left.letters ^ right.letters:
            return None
        rows = [dict(zip(letters, row, strict=True)) for row in product((False, True), repeat=len(letters))]
        return all(left.value(row) == right.value(row) for row in rows)
    except _NotBoolean:
        return None


def _signs(text: str) -> str:
    if len(text) > _MAX_CHARS:
        return ""
    bare = unwrap(tidy(_OVERLINE.sub("¬{", text)))
    for spelling, sign in _SPELLINGS:
        bare = bare.replace(spelling, sign)
    return _COMPLEMENT.sub("∁", bare).replace("{", "(").replace("}", ")")


class _Parser:
    """Recursive descent; the depth is bounded by the length."""

    def __init__(self, text: str) -> None:
        self._signs: list[str] = []
        self.letters: set[str] = set()
        position, text = 0, text.strip(" .")
        while position < len(text):
            match = _SIGN.match(text, position)
            if match is None:
                raise _NotBoolean
            self._signs.append(match[1])
            position = match.end()
        self.value = self._level(0)
        if self._signs:
            raise _NotBoolean

    def _level(self, level: int) -> _Value:
        if level == len(_LEVELS):
            return self._operand()
        value, first = self._level(level + 1), ""
        while self._signs and self._signs[0] in _LEVELS[level]:
            sign = self._signs.pop(0)
            if first and (sign != first or sign in "→∖"):
                raise _NotBoolean
            first = sign
            value = self._joined(_MEANINGS[sign], value, self._level(level + 1))
        return value

    @staticmethod
    def _joined(meaning: Callable[[bool, bool], bool], left: _Value, right: _Value) -> _Value:
        return lambda row: meaning(left(row), right(row))

    @staticmethod
    def _denied(value: _Value) -> _Value:
        return lambda row: not value(row)

    def _operand(self) -> _Value:
        sign = self._signs.pop(0) if self._signs else ""
        if sign == "¬":
            return self._denied(self._operand())
        if sign == "(":
            value = self._level(0)
            if not self._signs or self._signs.pop(0) != ")":
                raise _NotBoolean
        elif sign.isalpha():
            self.letters.add(sign)

            def value(row: dict[str, bool], letter: str = sign) -> bool:
                return row[letter]
        else:
            raise _NotBoolean
        while self._signs and self._signs[0] == "∁":
            self._signs.pop(0)
            value = self._denied(value)
        return value
