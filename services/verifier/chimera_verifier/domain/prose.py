"""The one formula or number that a sentence says, such as the `34` of `The largest n is $34$`."""

import re
from fractions import Fraction

from chimera_verifier.domain.latex import balanced, tidy
from chimera_verifier.domain.quantities import read_quantity
from chimera_verifier.domain.relations import read_relation
from chimera_verifier.domain.structures import read_intervals, read_matrix, read_set, read_tuple
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.units import parse_unit

_MAX_CHARS = 600
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_WORD = re.compile(r"(?<![\\A-Za-z])[^\W\d_]{2,}")
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|becomes|be|gives|yields|get|have|obtain|ist|sind|beträgt|est|sont|vaut|es|son|é|è|är|er"
    r"|to|равно|равен|равна)\b|是|为|等于|は|が|(?<!\d)[:：]|[:：](?!\d)|→)\s*(?=\S)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|no|neither|nor|cannot|can't|isn't|aren't|n't|unless|wrong|incorrect|false|impossible|nicht|kein|ne|pas|não|non|не|нет)\b|不|没|無|ない|아니",
    re.IGNORECASE,
)
_BOUND = re.compile(  # What speaks of a limit gives no value.
    r"\b(?:(?:more|less|fewer|greater|larger|smaller|other|rather) than|at (?:least|most)|up to|between|over"
    r"|under|below|above|mehr als|weniger als|mindestens|höchstens|plus de|moins de|au (?:moins|plus)|más de|menos de"
    r"|al menos|più di|meno di|больше|меньше|не менее|не более)\b|至少|至多|大于|小于|以上|以下|\?\s*$",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\W{0,6}(?:(?:therefore|thus|hence|so|consequently|finally|and so|then)\b[,:]?\s*|we (?:get|have|obtain"
    r"|find)(?: that)?\s*"
    r"|it follows that\s*|因此[,，]?|所以[,，]?|故)+",
    re.IGNORECASE,
)
_EXPLANATION = re.compile(
    r"[\s,;(]{1,4}(?:since|because|where|which|i\.e\.|as required|as desired|—|–)(?=[\s,]).{0,400}$"
)
_NOT_THE_OTHER = re.compile(r"[\s,;(]{1,4}(?:and |but )?(?:not|rather than|instead of) [^,;.()]{1,40}\)?$")
_SEVERAL = re.compile(r"\b(?:or|and|oder|und|ou|et|y|o|или|и)\b|[,;]")
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_SENTENCE = re.compile(r"[\w\s.,;:’'\-–—%$€£¥°²³/\"“”+]*")
_MAX_WORDS = 40
_ARITHMETIC = (
    r"(?!['’′]|[\s-]{0,2}(?:squared|cubed|factorial|halves|half|thirds?|quarters?|times|over|plus|minus|divided|dozen|hundred"
    r"|thousand|million|billion|trillion|mod)\b)"
)
_NUMBER = re.compile(
    r"(?<![\w.,])[$€£]?[-−]?\d[\d,.]*(?:\s?(?:/|:)\s?\d+)?(?![\w.,]*\d)"
    + _ARITHMETIC
    + r"(?:\s?(%|\\%|°|[A-Za-zµμ°Ω/²³^]{1,20})(?![A-Za-z0-9]))?"
)
_LABEL = re.compile(
    r"\s*(?:[A-Za-z]|\\[A-Za-z]+|[A-Za-z]_\{?\w{1,5}\}?|[A-Za-z]\([A-Za-z]\)|\([A-Za-z](?:,\s*[A-Za-z])+\))\s*"
)


def is_formula(text: str) -> bool:
    """Whether the text as a whole is something that can be compared as mathematics."""
    bare = tidy(text)
    if read_intervals(text) is not None:
        return True
    if not bare or not balanced(bare):
        return False
    exact, sign, _ = bare.partition("≈")
    if sign and exact.strip():
        return is_formula(exact)
    if read_quantity(text).number is not None or parse(bare) is not None or read_matrix(text) is not None:
        return True
    relation = read_relation(bare)
    if relation is not None and all(parse(side) or _is_list(side) for side in relation.sides):
        return True
    return _is_list(bare)


def _is_list(text: str) -> bool:
    for items in (read_tuple(text).items, read_set(text).items):
        if len(items) > 1 and all(item and parse(item) for item in items):
            return True
    return False


def _with_unit(match: re.Match[str]) -> str:
    known = match[1] and (
        match[1].casefold() in ("%", "\\%", "°", "am", "pm") or parse_unit(match[1]).dimensions is not None
    )
    return match[0] if known or not match[1] else match[0].removesuffix(match[1]).strip()


def without_aside(text: str) -> str:
    """The text without the reason that follows, as in `D because …`, or what it is not, as in `42, not 43`."""
    told = _EXPLANATION.sub("", text[:_MAX_CHARS])
    told = _NOT_THE_OTHER.sub("", told)
    return text if len(text) > _MAX_CHARS or denies(told) else told


def denies(text: str) -> bool:
    """Whether the text says of something that it is not so."""
    return _DENIED.search(text) is not None


def restated(text: str) -> str:
    """Without the other way to write the same number, as in `3/4, or 75%`."""
    first, joint, second = text.partition(" or ")
    first = first.rstrip(" ,")
    values = [_value(said(part)) for part in (first, second)] if joint and len(text) <= _MAX_CHARS else []
    return first if values and values[0] is not None and values[0] == values[1] else text


def _value(text: str) -> Fraction | None:
    quantity = read_quantity(text)
    share = quantity.unit is not None and quantity.unit.name == "%"
    return None if quantity.number is None else quantity.number.value / (100 if share else 1)


def said(sentence: str) -> str:
    """What the sentence says, if it says one thing for certain; the sentence itself otherwise."""
    text = sentence.strip()
    emphasised = [match[1].strip() for match in _BOLD.finditer(text)]
    text = text.replace("**", "")
    if len(text) > _MAX_CHARS or is_formula(text) or _DENIED.search(text) or _BOUND.search(text):
        return sentence
    text = _OPENING.sub("", text)
    if is_formula(text) or is_formula(_EXPLANATION.sub("", text)):
        return text if is_formula(text) else _EXPLANATION.sub("", text)
    if len(emphasised) == 1 and is_formula(emphasised[0]):
        return emphasised[0]
    tails = [text[match.end() :].strip(" .*_") for match in _COPULA.finditer(text)]
    for tail in reversed(tails):
        if is_formula(tail):
            return tail
    formulas = [next(group for group in match.groups() if group is not None) for match in _FORMULA.finditer(text)]
    rest = _FORMULA.sub(" ", text)
    numbers = [_with_unit(match) for match in _NUMBER.finditer(rest)]
    telling = [formula.strip() for formula in formulas if not _LABEL.fullmatch(formula)]
    if len(telling) == 1 and not numbers and is_formula(telling[0]):
        return telling[0]
    if not telling and "=" in rest and not _SEVERAL.search(rest):  # `So she earns 9 * 2 = 18 dollars.`
        rest = rest.rpartition("=")[2]
        numbers = [_with_unit(match) for match in _NUMBER.finditer(rest)]
    if len(numbers) == 1 and not telling and _SENTENCE.fullmatch(rest) and len(_WORD.findall(rest)) < _MAX_WORDS:
        return numbers[0]
    return sentence
