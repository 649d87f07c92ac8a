"""Numbers written as words, for answers that are one number."""

import re

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9}
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
    # Chinese and Japanese
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    "十": 10, "百": 100,
}  # fmt: skip
_ROMAN = re.compile(r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MAX_WORDS = 12


def number_in_words(text: str) -> int | None:
    """The value of `twenty-five`, `one hundred and two`, `drei`, `五`; None if the text is no number in words."""
    words = text.casefold().replace("-", " ").split()
    if len(words) == 1 and words[0] in _OTHERS:
        return _OTHERS[words[0]]
    words = [word for word in words if word != "and"]
    if not words or len(words) > _MAX_WORDS:
        return None
    total, current = 0, None
    for word in words:
        if word in _UNITS:
            value = _UNITS[word]
            if current is not None and (current % 10 or (current % 100 and value > 9)) and current < 100:
                return None
            current = (current or 0) + value
        elif word in _SCALES and (current or word == words[0]):
            scaled = (current or 1) * _SCALES[word]
            total, current = (total, scaled) if word == "hundred" else (total + scaled, 0)
        else:
            return None
    return total + (current or 0)


def roman(text: str) -> int | None:
    """The value of a Roman numeral in capitals below 400; None if the text is none."""
    if not text or not _ROMAN.fullmatch(text):
        return None
    values = [_ROMAN_VALUES[char] for char in text]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
