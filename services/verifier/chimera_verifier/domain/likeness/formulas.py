"""The formulas of a statement, and whether two sets of them differ in numbers, in names or in what they say."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

_PART = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\w\s]|_")
_SIGNS = frozenset("=+-*/^<>≤≥≠√∑∏∫!|≡∈_→")
_INSIDE = _SIGNS | frozenset("(),'[]{}")
FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "mod", "arcsin", "arccos", "arctan", "det", "lim"}
)
_DIFFERENTIAL = re.compile(r"d[rstuvwxyzθφ]")
_LONE = re.compile(r"\( ([A-Za-zα-ω]|[\d.#]+(?: [A-Za-zα-ω])?) \)")
_BRACKETS = re.compile("[() ]+")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_NAME = re.compile(r"(?<![A-Za-z])[A-Za-zα-ω](?![A-Za-z])")
_ASSIGNMENT = re.compile(r"[a-zα-ω] = (?:- )?[\d.]+")
"""Is a given number like any other."""
_LEAST_CONTAINED_CHARS = 7


def formulas_of(text: str, articles: frozenset[str]) -> Counter[str]:
    """Runs of numbers, signs and single letters that hold both a letter and a sign, without their brackets."""
    found = filter(_says_something, map(_trimmed, _runs(text, articles)))
    return Counter(_BRACKETS.sub(" ", formula).strip() for formula in found)


def difference(left: Counter[str], right: Counter[str]) -> str:
    """`numbers`, `names` or `other`; empty if the formulas are the same, or if one side only leaves some out."""
    if left == right:
        return ""
    ours, theirs = left - right, right - left
    for one in list(ours):
        for other in list(theirs):
            short, long = sorted((one, other), key=len)
            if len(short) >= _LEAST_CONTAINED_CHARS and short in long:
                del ours[one], theirs[other]
                break
    if not ours or not theirs:
        return ""
    if _cleared(ours, theirs, _renumbered):
        return "numbers"
    if _cleared(ours, theirs, _renamed):
        return "names"
    return "names" if _cleared(ours, theirs, lambda f: _renamed(_renumbered(f))) else "other"


def _cleared(left: Counter[str], right: Counter[str], masked: Callable[[str], str]) -> bool:
    """Whether nothing stands against something else once all is masked."""
    ours, theirs = Counter(map(masked, left)), Counter(map(masked, right))
    return not (ours - theirs) or not (theirs - ours)


def _renumbered(formula: str) -> str:
    masked = _DIGITS.sub("#", formula).replace("-", "+")
    return _LONE.sub(r"\1", re.sub(r"(?<!# )# (?=[A-Za-zα-ω(√])", "", masked)).lstrip("+ ")


def _renamed(formula: str) -> str:
    known: dict[str, str] = {}
    return _NAME.sub(lambda m: known.setdefault(m[0], f"v{len(known)}"), formula)


def _runs(text: str, articles: frozenset[str]) -> Iterator[list[str]]:
    run: list[str] = []
    end = -1
    for match in _PART.finditer(text):
        part = match[0]
        glued = match.start() == end or text[match.end() : match.end() + 1] in _SIGNS
        if _fits(part, glued, articles):
            run.append(part)
        elif run:
            yield run
            run = []
        end = match.end()
    if run:
        yield run


def _fits(part: str, glued: bool, articles: frozenset[str]) -> bool:
    if part[0].isdecimal() or part in _INSIDE or part.casefold() in FUNCTIONS or _DIFFERENTIAL.fullmatch(part):
        return True
    if len(part) == 1 and part.isalpha() and ord(part) < 0x400:
        return glued or part.casefold() not in articles
    return len(part) == 2 and glued and part.isascii() and part.casefold() not in articles


def _trimmed(run: list[str]) -> str:
    text = " ".join(f"d {part[1]}" if _DIFFERENTIAL.fullmatch(part) else part for part in run if part != "*").casefold()
    for _ in range(3):
        text = _LONE.sub(r"\1", text).strip("+=,-/<>'| ")
        for opening, closing in ("()", "[]", "{}"):
            if text.count(opening) > text.count(closing):
                text = text.removeprefix(opening).removesuffix(opening).strip()
            elif text.count(opening) < text.count(closing):
                text = text.removesuffix(closing).removeprefix(closing).strip()
    return text


def _says_something(formula: str) -> bool:
    if _ASSIGNMENT.fullmatch(formula):
        return False
    letters = _NAME.search(formula) or any(name in formula for name in FUNCTIONS)
    return bool(letters) and any(c in _SIGNS and c != "|" for c in formula[1:])
