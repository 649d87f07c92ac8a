"""Numbers written as words, for answers that are one number."""

import re
from fractions import Fraction

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12, "fifteenth": 15, "sixteenth": 16, "twentieth": 20, "hundredth": 100,
    "thousandth": 1000,
}  # fmt: skip
_SIGNS = ("minus", "negative")
_VOCABULARY = frozenset(
    (*_ONES, *_TEENS, *_TENS, *_SCALES, *_SIGNS, "zero", "hundred", "dozen", "half", "a", "an", "point")
)
_OTHERS = {
    # German
    "null": 0, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10,
    "elf": 11, "zwölf": 12, "zwanzig": 20, "hundert": 100,
    # French
    "zéro": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "vingt": 20, "cent": 100,
    # Spanish, Portuguese, Italian
    "cero": 0, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
    "nueve": 9, "diez": 10,
    "um": 1, "dois": 2, "três": 3, "quatro": 4, "sete": 7, "oito": 8, "nove": 9, "dez": 10, "due": 2, "tre": 3,
    "quattro": 4,
    "cinque": 5, "sei": 6, "sette": 7, "otto": 8, "dieci": 10,
    # Russian
    "ноль": 0, "один": 1, "два": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6, "семь": 7, "восемь": 8, "девять": 9,
    "десять": 10,
}  # fmt: skip
_CHINESE = dict(zip("零〇一二两兩三四五六七八九", (0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1_000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_ROMAN = re.compile(r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MAX_WORDS = 12
_WORD = re.compile(r"[^\W\d_]+|[0-9]{1,9}")
_JOIN = re.compile(r"[ \-\u2010\u2011\u2013]{1,2}")
_COMMA = re.compile(r"\b(thousand|million|billion|trillion), ")


def number_in_words(text: str) -> int | None:
    """The value of `twenty-five`, `one hundred and two`, `drei`, `五`; None if the text is no whole number in words."""
    words = text.casefold().replace("-", " ").split()
    if len(words) == 1 and words[0] in _OTHERS:
        return _OTHERS[words[0]]
    if len(words) == 1 and {*words[0]} <= {*_CHINESE, *_CHINESE_SCALES}:
        return _chinese(words[0])
    return _cardinal(words) if len(words) <= _MAX_WORDS else None


def leading_value(text: str) -> tuple[Fraction, str] | None:
    """The number in English words with which the text begins, as long as it goes, and what follows it.

    Signed and broken ones too: `minus three`, `two thirds`, `two and a half`, `one point five`.
    Digits count as a word only in `2 and a half`. What is followed by more words of a number is none: `twenty ten`.
    """
    text = _COMMA.sub(r"\1 ", text.strip())
    words, ends, position = list[str](), list[int](), 0
    while len(words) < _MAX_WORDS and (match := _WORD.match(text, position)):
        if not words and not (match[0].casefold() in _VOCABULARY or match[0].isdecimal()):
            return None
        words.append(match[0].casefold())
        ends.append(match.end())
        join = _JOIN.match(text, match.end())
        if join is None:
            break
        position = join.end()
    for count in range(len(words), 0, -1):
        if not words[0].isdecimal() or count > 1:
            value = _value(words[:count])
            if value is not None:
                unread = words[count] if count < len(words) else ""
                return None if unread in _VOCABULARY else (value, text[ends[count - 1] :].strip(" -"))
    return None


def _chinese(text: str) -> int | None:
    """`三百二十五`, as Chinese and Japanese write it; digits without scales are read as digits."""
    if len(text) > _MAX_WORDS:
        return None
    if not {*text} & {*_CHINESE_SCALES}:
        return int("".join(str(_CHINESE[sign]) for sign in text))
    total, below, digit = 0, 0, None
    for sign in text:
        if sign in _CHINESE:
            digit = _CHINESE[sign]
        elif _CHINESE_SCALES[sign] < 10**4:
            below, digit = below + _CHINESE_SCALES[sign] * (1 if digit is None else digit), None
        else:
            total, below, digit = total + (below + (digit or 0)) * _CHINESE_SCALES[sign], 0, None
    return total + below + (digit or 0)


def _value(words: list[str]) -> Fraction | None:
    if words[0] in _SIGNS:
        value = _value(words[1:]) if len(words) > 1 and words[1] not in _SIGNS else None
        return None if value is None else -value
    if "point" in words:
        return _decimal(words[: words.index("point")], words[words.index("point") + 1 :])
    if words[-1] == "dozen":
        dozens = 1 if words[:-1] in ([], ["a"]) else _cardinal(words[:-1])
        return None if dozens is None else Fraction(12 * dozens)
    if (part := _part(words)) is not None:
        return part
    if "and" in words:
        place = len(words) - 1 - words[::-1].index("and")
        count = words[:place]
        whole = int(count[0]) if len(count) == 1 and count[0].isdecimal() else _cardinal(count)
        rest = _part(words[place + 1 :])
        if whole is not None and rest is not None and rest < 1:
            return whole + rest
    whole = None if words[0].isdecimal() else _cardinal(words)
    return None if whole is None else Fraction(whole)


def _decimal(before: list[str], after: list[str]) -> Fraction | None:
    digits = [0 if word in ("zero", "oh") else _ONES.get(word) for word in after]
    whole = _cardinal(before) if before else 0
    if whole is None or not digits or None in digits:
        return None
    return Fraction(f"{whole}." + "".join(str(digit) for digit in digits))


def _part(words: list[str]) -> Fraction | None:
    """`half`, `one third`, `two thirds`; `twenty third` counts and is no part."""
    if words in (["half"], ["a", "half"], ["one", "half"], ["1", "half"]):
        return Fraction(1, 2)
    if len(words) < 2:
        return None
    count, name = (1 if words[:-1] in (["a"], ["an"]) else _cardinal(words[:-1])), words[-1]
    if count is None or (count == 1) == name.endswith("s"):
        return None
    share = 2 if name == "halves" else _PARTS.get(name.removesuffix("s"))
    return Fraction(count, share) if share else None


def _cardinal(words: list[str]) -> int | None:
    """A whole number, its scales in falling order, with `and` before what is below a hundred."""
    if words[:1] in (["a"], ["hundred"], ["thousand"], ["million"], ["billion"]):
        words = ["one", *(words[1:] if words[0] == "a" else words)]
        if len(words) == 1 or words[1] not in (*_SCALES, "hundred"):
            return None
    if words == ["zero"]:
        return 0
    total, before = 0, 10**15
    while words:
        below, words = _below_thousand(words)
        scale = _SCALES.get(words[0], 1) if words else 1
        if below is None or scale >= before:
            return None
        total, before = total + below * scale, scale
        words = words[1:] if scale > 1 else words
        if (scale == 1 and words) or words == ["and"]:
            return None
        if words[:1] == ["and"]:
            last, rest = _below_hundred(words[1:])
            return total + last if last is not None and not rest else None
    return total if before < 10**15 else None


def _below_thousand(words: list[str]) -> tuple[int | None, list[str]]:
    value, rest = _below_hundred(words)
    if value is None or rest[:1] != ["hundred"]:
        return value, rest
    last, after = _below_hundred(rest[2:] if rest[1:2] == ["and"] else rest[1:])
    return (value * 100, rest[1:]) if last is None else (value * 100 + last, after)


def _below_hundred(words: list[str]) -> tuple[int | None, list[str]]:
    first = words[0] if words else ""
    if first in _TENS and len(words) > 1 and words[1] in _ONES:
        return _TENS[first] + _ONES[words[1]], words[2:]
    value = _ONES.get(first, _TEENS.get(first, _TENS.get(first)))
    return value, words[1:]


def roman(text: str) -> int | None:
    """The value of a Roman numeral in capitals below 400; None if the text is none."""
    if not text or not _ROMAN.fullmatch(text):
        return None
    values = [_ROMAN_VALUES[char] for char in text]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
