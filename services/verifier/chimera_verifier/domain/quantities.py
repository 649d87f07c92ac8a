"""Numbers as people and models write them, read exactly and without evaluating anything large."""

import re
from dataclasses import dataclass
from fractions import Fraction

from chimera_verifier.domain.latex import assignment, inner_text, tidy, unwrap
from chimera_verifier.domain.numbers import leading_value
from chimera_verifier.domain.remembered import remembered
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.tokens import FUNCTIONS, GREEK
from chimera_verifier.domain.units import Unit, parse_unit

MAX_DIGITS = 300  # Of a literal, and of a power of ten: every float fits, and arithmetic stays in microseconds.
MIN_ROUNDED_DIGITS = 3  # A reference with fewer digits may be an exact value, so what only rounds to it is not proof.
MIN_ROUNDING_DIGITS = 4  # A candidate with so many right digits is taken for the exact value that it rounds.
MIN_SHORTENED_DIGITS = 6  # A candidate with so many is right where a decimal reference has still more.
_CUT_DIGITS, _BINARY_DIGITS = 8, 15
_MAX_POWER = 64
_MAX_POWER_BASE = 10**6

_GROUPED = (
    r"[1-9][0-9]{0,2}(?:[,'_][0-9]{2,3})*[,'_][0-9]{3}|[1-9][0-9]{0,2}(?: [0-9]{3})+"
    r"|[1-9][0-9]{0,3}(?:,[0-9]{4})+(?![0-9])"
)
_DECIMAL = rf"(?:(?:{_GROUPED})(?:\.[0-9]+)?|[0-9]+\.?[0-9]*|\.[0-9]+)"
_EXPONENT = (
    r"(?: ?\* ?10 ?\^ ?(?:\{ ?([+-]?[0-9]{1,4}) ?\}|\(([+-]?[0-9]{1,4})\)|([+-]?[0-9]{1,4}))|[eE]([+-]?[0-9]{1,4}))?"
)
_SIGN = r"([+-]?) ?"
_LITERAL = re.compile(rf"{_SIGN}({_DECIMAL}){_EXPONENT}")
_POWER_OF_TEN = re.compile(r"([+-]?) ?10 ?\^ ?(?:\{ ?([+-]?[0-9]{1,4}) ?\}|\(([+-]?[0-9]{1,4})\)|([+-]?[0-9]{1,4}))")
_SMALL_POWER = re.compile(rf"{_SIGN}([0-9]{{1,7}}) ?\^ ?(?:\{{ ?([0-9]{{1,2}}) ?\}}|\(([0-9]{{1,2}})\)|([0-9]{{1,2}}))")
_RATIO = re.compile(
    rf"{_SIGN}(?:\\frac ?\{{ ?([+-]?{_DECIMAL}) ?\}} ?\{{ ?([+-]?{_DECIMAL}) ?\}}|({_DECIMAL}) ?/ ?({_DECIMAL}))"
)
_DIGITS = r"([0-9]{1,300})"
_MIXED = re.compile(rf"{_SIGN}{_DIGITS}(?: ?\\frac ?\{{ ?{_DIGITS} ?\}} ?\{{ ?{_DIGITS} ?\}}| {_DIGITS} ?/ ?{_DIGITS})")
_TRAILING_UNIT = re.compile(r"\\(?:text|mathrm|mbox|rm)\*? ?\{([^{}]*)\}(\^ ?\{?[+-]?[0-9]\}?)?$")
_UNIT_START = re.compile(r"[A-Za-zΩμÅ°%$€£\\(]")
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "¥", "₹": "₹"}
_UNIT_WORD = re.compile(r"[A-Za-zÅ°%$€£/^0-9-]{1,20}")
_RATIO_SIGN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?: ?([0-9]{1,15}(?:\.[0-9]{1,15})?)")
_CONTINENTAL = re.compile(r"([+-]?)([0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]{1,15}),([0-9]{1,15})")
_REPEATING = re.compile(r"([+-]?)([0-9]{0,20})\.([0-9]{0,20})\\(?:overline|bar|dot) ?\{ ?([0-9]{1,20}) ?\}")
_DOTTED = re.compile(r"([+-]?)([1-9][0-9]{0,2}(?:\.[0-9]{3}){2,10})")
_BASED = re.compile(r"([0-9A-Za-z]{1,60}) ?_ ?\{? ?(?:\\text ?\{)?([0-9]{1,2})\}? ?\}?")
_PREFIXED = re.compile(r"0([xXbBoO])([0-9A-Fa-f]{1,60})")
_BASES = {"x": 16, "b": 2, "o": 8}
_OF_A = re.compile(r"(\\text ?\{)? ?\bof (?:an?|one) (?=[a-z]{3})")
_ABOUT = re.compile(
    r"^(?:about|approximately|approx\.?|roughly|around|circa|ca\.|nearly|≈|~|∼|\\sim|约|大约|etwa|environ)\s{0,3}",
    re.IGNORECASE,
)
_MODULUS = re.compile(r"\s*(?:\\pmod\s?\{?\s?[0-9]{1,9}\s?\}?|\(\s?\\?mod\s?\{?\s?[0-9]{1,9}\s?\}?\s?\))$")
_SCALE = re.compile(r"([^A-Za-z]{1,40}) (hundred|thousand|million|billion|trillion|dozen)s?\b(.*)", re.IGNORECASE)
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_NO_UNIT = re.compile(
    r"[0-9.+-]+|and|or|und|oder|et|ou|y|o|but|not|if|when|to|by|is|are|was|isn't|wrong|incorrect|false|no|never|because|since|so"
    r"|than|maybe|perhaps|instead|except|without|unless|then|squared|cubed|factorial|halves|half|thirds?|quarters?|times|over|plus"
    r"|minus|divided|dozen|hundred|thousand|million|billion|trillion|more|less|fewer|at|as|of",
    re.IGNORECASE,
)
_FORMS = (_MIXED, _RATIO, _SMALL_POWER, _POWER_OF_TEN, _LITERAL)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact value. `half_ulp` is what rounding to the digits given may have cost; None if the form is exact."""

    value: Fraction
    digits: int = 0
    half_ulp: Fraction | None = None
    base: int = 10

    @property
    def error(self) -> Fraction:
        """What the digits given may be off: half of the last one, or all of it in a long one that was cut off.

        The last digits of a long one may be those of binary arithmetic.
        """
        half = self.half_ulp or Fraction(0)
        return half * (1 if self.digits < _CUT_DIGITS else 2 if self.digits < _BINARY_DIGITS else 20)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A magnitude, as a number where it is one and as text always, and the unit that stood beside it."""

    number: Number | None
    magnitude: str
    unit: Unit | None = None


def read_quantity(text: str, unit: str = "") -> Quantity:
    """Reads `3{,}000\\text{ km}`, `-1\\frac{2}{3}`, `$5`, `50\\%` or `x = 2`; `unit` stands in for a missing one."""
    _, bare = assignment(inner_text(tidy(text)))
    bare = _OF_A.sub(r" \1", _MODULUS.sub("", _ABOUT.sub("", bare))).strip()
    bare = bare[:-1] if bare.endswith(".") and not bare.endswith("..") else bare
    if scaled := _SCALE.fullmatch(unwrap(bare)):
        return _scaled(scaled, unit)
    if (worded := _in_words(unwrap(bare), unit)) is not None:
        return worded
    if bare[:1] in ("-", "+") and bare[1:2] in _CURRENCIES and bare[1:2]:
        bare = bare[1] + bare[0] + bare[2:]
    currency = ""
    if bare[:1] in _CURRENCIES and bare[1:]:
        currency, bare = _CURRENCIES[bare[0]], bare[1:].strip()
    if (number := read_number(bare) or _read_based(bare)) is not None:
        found = currency or unit
        return Quantity(number, bare, parse_unit(found) if found else None)
    return _with_unit(bare, unit)


def _in_words(text: str, unit: str) -> Quantity | None:
    """`ten percent`, `two and a half`, `minus three`; with words behind it that are no unit it may be a name."""
    worded = leading_value(text)
    if worded is None:
        return None
    value, rest = worded
    found = parse_unit(rest or unit) if rest or unit else None
    known = found is None or not rest or found.dimensions is not None or found.name in ("%", "°")
    return Quantity(Number(value, len(str(value))), str(value), found) if known else None


def _read_based(text: str) -> Number | None:
    """`204_5` or `0xFF`, a numeral in another base than ten; the base stays with it, for 204 is another number."""
    if prefixed := _PREFIXED.fullmatch(text):
        text = f"{prefixed[2]}_{_BASES[prefixed[1].lower()]}"
    match = _BASED.fullmatch(text)
    if match is None or not 2 <= int(match[2]) <= 36 or match[2] == "10":
        return None
    try:
        return Number(Fraction(int(match[1], int(match[2]))), base=int(match[2]))
    except ValueError:
        return None


def read_continental(text: str) -> Number | None:
    """`1.234,56` and `2,74`, with a comma before the decimals; what may be a group of thousands is read so as well."""
    bare = assignment(inner_text(tidy(text)))[1]
    match = _CONTINENTAL.match(bare)
    if match is None or (bare[match.end() : match.end() + 1] or " ") in ",.0123456789":
        return None
    return _literal(match[1], f"{re.sub('[. ]', '', match[2])}.{match[3]}")


def _scaled(match: re.Match[str], unit: str) -> Quantity:
    """`2.5 million dollars`."""
    number = read_quantity(match[1]).number
    rest = match[3].strip()
    if number is None or (rest and any(map(is_operation, rest.split()))):
        return Quantity(None, match[0])
    scale = _SCALES[match[2].lower()]
    half_ulp = None if number.half_ulp is None else number.half_ulp * scale
    found = rest or unit
    return Quantity(
        Number(number.value * scale, number.digits, half_ulp), match[0], parse_unit(found) if found else None
    )


def is_operation(word: str) -> bool:
    """Whether a word behind a number says what to do with it, and is no unit."""
    return _NO_UNIT.fullmatch(word) is not None or word in FUNCTIONS or word in GREEK.values() or word in ("pi", "Pi")


def _with_unit(text: str, unit: str) -> Quantity:
    for form in _FORMS:
        match = form.match(text)
        if match is None or not (rest := text[match.end() :].strip()) or not _UNIT_START.match(rest):
            continue
        number, found = read_number(match[0]), parse_unit(rest)
        if number is not None and _is_unit(rest, found, unit, text[match.end()].isspace()):
            return Quantity(number, match[0], found)
    magnitude, _, word = text.rpartition(" ")
    if magnitude and _UNIT_WORD.fullmatch(word) and parse_unit(word).dimensions is not None and parse(magnitude):
        return Quantity(read_number(magnitude), magnitude, parse_unit(word))
    trailing = _TRAILING_UNIT.search(text)
    if trailing is not None and trailing[1].strip() and not any(map(is_operation, trailing[1].split())):
        found = parse_unit(trailing[1] + (trailing[2] or ""))
        return Quantity(read_number(text[: trailing.start()].strip()), text[: trailing.start()].strip(), found)
    return Quantity(None, text, parse_unit(unit) if unit else None)


def _is_unit(rest: str, found: Unit, expected: str, spaced: bool) -> bool:
    if found.dimensions is not None or (expected and parse_unit(expected).name == found.name):
        return True
    words = unwrap(rest).split()
    plausible = 0 < len(words) <= 3 and all(_UNIT_WORD.fullmatch(word) and not is_operation(word) for word in words)
    return plausible and (rest[0] in "\\%°$€£" or (spaced and len(words[0]) > 1))


@remembered
def read_number(text: str) -> Number | None:
    """The value of one literal, fraction, mixed fraction or small power; None for everything else."""
    text = text.strip()
    while (inner := _parenthesised(text)) is not None:
        text = inner
    if not text or len(text) > 3 * MAX_DIGITS:
        return None
    if match := _MIXED.fullmatch(text):
        return _mixed(match)
    if match := _RATIO_SIGN.fullmatch(text):
        return Number(Fraction(match[1]) / Fraction(match[2])) if Fraction(match[2]) else None
    if match := _REPEATING.fullmatch(text):
        return _repeating(match)
    if match := _DOTTED.fullmatch(text):
        return _literal(match[1], match[2].replace(".", ""))
    if (match := _CONTINENTAL.fullmatch(text)) and ("." in match[2] or (match[2] == "0" and len(match[3]) != 1)):
        return _literal(match[1], f"{re.sub('[. ]', '', match[2])}.{match[3]}")
    if match := _RATIO.fullmatch(text):
        return _ratio(match)
    if match := _POWER_OF_TEN.fullmatch(text):
        return _power(match[1], 10, int(match[2] or match[3] or match[4]), MAX_DIGITS)
    if match := _SMALL_POWER.fullmatch(text):
        return _power(match[1], int(match[2]), int(match[3] or match[4] or match[5]), _MAX_POWER)
    match = _LITERAL.fullmatch(text)
    return _literal(match[1], match[2], next((e for e in match.groups()[2:] if e), "0")) if match else None


def _parenthesised(text: str) -> str | None:
    inner = text[1:-1] if text[:1] + text[-1:] in ("()", "{}") else None
    return inner.strip() if inner and not set(inner) & set("(){}") else None


def _literal(sign: str, decimal: str, exponent: str = "0") -> Number | None:
    whole, _, fraction = re.sub("[,'_ ]", "", decimal).partition(".")
    scale = int(exponent) - len(fraction)
    if len(whole) + len(fraction) > MAX_DIGITS or abs(scale) > MAX_DIGITS:
        return None
    value = Fraction(int(f"{sign}{whole}{fraction}")) * Fraction(10) ** scale
    digits = len((whole + fraction).lstrip("0"))
    inexact = bool(fraction) or exponent != "0"
    return Number(value, digits, Fraction(10) ** scale / 2 if inexact else None)


def _ratio(match: re.Match[str]) -> Number | None:
    parts = [re.sub("[,'_ ]", "", part) for part in (match[2] or match[4], match[3] or match[5])]
    if max(map(len, parts)) > MAX_DIGITS or Fraction(parts[1]) == 0:
        return None
    value = Fraction(parts[0]) / Fraction(parts[1])
    return Number(-value if match[1] == "-" else value)


def _mixed(match: re.Match[str]) -> Number | None:
    numerator, denominator = int(match[3] or match[5]), int(match[4] or match[6])
    if denominator == 0:
        return None
    value = int(match[2]) + Fraction(numerator, denominator)
    return Number(-value if match[1] == "-" else value)


def _repeating(match: re.Match[str]) -> Number:
    """`0.1\\overline{6}`, a decimal of which the last digits come again without end."""
    start, period = match[3], match[4]
    whole = Fraction(int(match[2] or "0")) + Fraction(int(start or "0"), 10 ** len(start))
    value = whole + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(start))
    return Number(-value if match[1] == "-" else value)


def _power(sign: str, base: int, exponent: int, limit: int) -> Number | None:
    if base > _MAX_POWER_BASE or abs(exponent) > limit:
        return None
    value = Fraction(base) ** exponent
    return Number(-value if sign == "-" else value)
