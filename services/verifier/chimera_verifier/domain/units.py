"""Units of measurement, as far as two spellings or two sizes of one quantity must be told apart."""

import re
from dataclasses import dataclass
from fractions import Fraction

from chimera_verifier.domain.latex import tidy, unwrap

# Base dimensions: m, kg, s, A, K, mol, cd, USD. Units with an offset or an irrational factor (°C, °) are left opaque:
# they agree only with themselves.
_KILO, _MILLI = Fraction(1000), Fraction(1, 1000)
_CUP = Fraction(2_365_882_365, 10**13)  # Of the United States, as are its multiples.
_UNITS: dict[str, tuple[Fraction, dict[str, int]]] = {
    "m": (Fraction(1), {"m": 1}),
    "g": (_MILLI, {"kg": 1}),
    "s": (Fraction(1), {"s": 1}),
    "A": (Fraction(1), {"A": 1}),
    "K": (Fraction(1), {"K": 1}),
    "mol": (Fraction(1), {"mol": 1}),
    "cd": (Fraction(1), {"cd": 1}),
    "rad": (Fraction(1), {}),
    "N": (Fraction(1), {"kg": 1, "m": 1, "s": -2}),
    "J": (Fraction(1), {"kg": 1, "m": 2, "s": -2}),
    "W": (Fraction(1), {"kg": 1, "m": 2, "s": -3}),
    "Pa": (Fraction(1), {"kg": 1, "m": -1, "s": -2}),
    "V": (Fraction(1), {"kg": 1, "m": 2, "s": -3, "A": -1}),
    "Ω": (Fraction(1), {"kg": 1, "m": 2, "s": -3, "A": -2}),
    "C": (Fraction(1), {"A": 1, "s": 1}),
    "F": (Fraction(1), {"kg": -1, "m": -2, "s": 4, "A": 2}),
    "T": (Fraction(1), {"kg": 1, "s": -2, "A": -1}),
    "Hz": (Fraction(1), {"s": -1}),
    "L": (_MILLI, {"m": 3}),
    "eV": (Fraction(1602176634, 10**28), {"kg": 1, "m": 2, "s": -2}),
    "cal": (Fraction(4184, 1000), {"kg": 1, "m": 2, "s": -2}),
    "bar": (Fraction(100_000), {"kg": 1, "m": -1, "s": -2}),
    "atm": (Fraction(101_325), {"kg": 1, "m": -1, "s": -2}),
    "M": (_KILO, {"mol": 1, "m": -3}),
    "min": (Fraction(60), {"s": 1}),
    "h": (Fraction(3600), {"s": 1}),
    "day": (Fraction(86_400), {"s": 1}),
    "t": (_KILO, {"kg": 1}),
    "in": (Fraction(254, 10_000), {"m": 1}),
    "ft": (Fraction(3048, 10_000), {"m": 1}),
    "yd": (Fraction(9144, 10_000), {"m": 1}),
    "mi": (Fraction(1_609_344, 1_000), {"m": 1}),
    "lb": (Fraction(45_359_237, 10**8), {"kg": 1}),
    "oz": (Fraction(28_349_523_125, 10**12), {"kg": 1}),
    "mph": (Fraction(44_704, 10**5), {"m": 1, "s": -1}),
    "kph": (Fraction(1000, 3600), {"m": 1, "s": -1}),
    "Å": (Fraction(1, 10**10), {"m": 1}),
    "ha": (Fraction(10_000), {"m": 2}),
    "week": (Fraction(604_800), {"s": 1}),
    "dyn": (Fraction(1, 10**5), {"kg": 1, "m": 1, "s": -2}),
    "erg": (Fraction(1, 10**7), {"kg": 1, "m": 2, "s": -2}),
    "Wh": (Fraction(3600), {"kg": 1, "m": 2, "s": -2}),
    "Wb": (Fraction(1), {"kg": 1, "m": 2, "s": -2, "A": -1}),
    "H": (Fraction(1), {"kg": 1, "m": 2, "s": -2, "A": -2}),
    "S": (Fraction(1), {"kg": -1, "m": -2, "s": 3, "A": 2}),
    "Bq": (Fraction(1), {"s": -1}),
    "torr": (Fraction(101_325, 760), {"kg": 1, "m": -1, "s": -2}),
    "gal": (16 * _CUP, {"m": 3}),
    "qt": (4 * _CUP, {"m": 3}),
    "pt": (2 * _CUP, {"m": 3}),
    "cup": (_CUP, {"m": 3}),
    "tbsp": (_CUP / 16, {"m": 3}),
    "tsp": (_CUP / 48, {"m": 3}),
    "acre": (Fraction(40_468_564_224, 10**7), {"m": 2}),
    "knot": (Fraction(1852, 3600), {"m": 1, "s": -1}),
    "psi": (Fraction(44_482_216_152_605, 10**13) / Fraction(254, 10_000) ** 2, {"kg": 1, "m": -1, "s": -2}),
    "USD": (Fraction(1), {"USD": 1}),
}
_PREFIXES = {"f": Fraction(1, 10**15), "p": Fraction(1, 10**12),
             "n": Fraction(1, 10**9), "μ": Fraction(1, 10**6), "m": _MILLI, "c": Fraction(1, 100), "d": Fraction(1, 10),
             "k": _KILO, "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12)}  # fmt: skip
_PREFIXABLE = frozenset(
    (
        "m",
        "g",
        "s",
        "A",
        "K",
        "mol",
        "N",
        "J",
        "W",
        "Pa",
        "V",
        "Ω",
        "C",
        "F",
        "T",
        "Hz",
        "L",
        "eV",
        "cal",
        "bar",
        "M",
        "t",
        "Wh",
        "Wb",
        "H",
        "S",
        "Bq",
    )
)
_NAMES = {
    "meter": "m", "metre": "m", "gram": "g", "second": "s", "sec": "s", "ampere": "A", "amp": "A", "kelvin": "K",
    "mole": "mol", "newton": "N", "joule": "J", "watt": "W", "pascal": "Pa", "volt": "V", "ohm": "Ω", "coulomb": "C",
    "farad": "F", "tesla": "T", "hertz": "Hz", "liter": "L", "litre": "L", "l": "L", "radian": "rad", "minute": "min",
    "hour": "h", "hr": "h", "calorie": "cal", "electronvolt": "eV", "dollar": "USD", "$": "USD", "usd": "USD",
    "tonne": "t", "d": "day", "degree": "°", "deg": "°", "percent": "%", "pct": "%", "percentage": "%",
    "inch": "in", "inche": "in", "foot": "ft", "feet": "ft", "yard": "yd", "mile": "mi", "pound": "lb", "lbs": "lb",
    "ounce": "oz", "angstrom": "Å", "hectare": "ha", "henry": "H", "siemen": "S", "weber": "Wb", "wk": "week",
    "euro": "EUR", "€": "EUR", "eur": "EUR",
    "gallon": "gal", "quart": "qt", "pint": "pt", "tablespoon": "tbsp", "teaspoon": "tsp",
    "米": "m", "厘米": "cm", "千米": "km", "公里": "km", "秒": "s", "分钟": "min", "小时": "h", "克": "g", "千克": "kg",
    "公斤": "kg", "度": "°", "元": "¥", "cents": "cent", "meters": "m", "stunden": "h", "sekunden": "s",
    "minuten": "min",
}  # fmt: skip
_PREFIX_NAMES = {"kilo": "k", "milli": "m", "centi": "c", "micro": "μ", "nano": "n", "mega": "M", "giga": "G",
                 "pico": "p", "femto": "f", "deci": "d", "tera": "T"}  # fmt: skip
_FACTOR = re.compile(r"([^\W\d_]+|[°%$€£¥₹])\^?\(?\{?([+-]?[0-9]{1,2}|)\}?\)?")
_FRACTION = re.compile(r"\\frac\{([^{}]+)\}\{([^{}]+)\}")
_BRACED_POWER = re.compile(r"\^\{([+-]?[0-9]{1,2})\}")
_POWERED = re.compile(r"\b(square|sq\.?|cubic|cu\.?) ([A-Za-z]{1,20})\b", re.IGNORECASE)
_PER = re.compile(r"\bper\b")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a factor over base units, or opaque: its `name` alone then tells it apart."""

    name: str
    factor: Fraction = Fraction(1)
    dimensions: tuple[tuple[str, int], ...] | None = None

    def ratio(self, other: "Unit") -> Fraction | None:
        """How many of `other` make one of this unit; None if the table cannot tell."""
        if self.name == other.name:
            return Fraction(1)
        if self.dimensions is None or self.dimensions != other.dimensions:
            return None
        return self.factor / other.factor

    def contradicts(self, other: "Unit") -> bool:
        """Whether both are known and measure different things."""
        return None not in (self.dimensions, other.dimensions) and self.dimensions != other.dimensions


def parse_unit(text: str) -> Unit:
    """Reads `m/s^2`, `kg·m·s⁻²` or `\\text{kilometers per hour}`; what the table lacks is opaque, never an error."""
    name = (
        unwrap(_BRACED_POWER.sub(r"^\1", tidy(text))).replace(r"\Omega", "Ω").replace(r"\mu ", "μ").replace(r"\mu", "μ")
    )
    name = _POWERED.sub(lambda m: f"{m[2]}^{2 if m[1][0] in 'sS' else 3}", name)
    name = _FRACTION.sub(r"\1/(\2)", name).strip(" .*")
    factor, dimensions = Fraction(1), dict[str, int]()
    for position, group in enumerate(_PER.sub("/", name).split("/")):
        for word in group.strip(" ()").replace("*", " ").split():
            match = _FACTOR.fullmatch(word)
            known = _lookup(match[1]) if match else None
            if word == "1":
                continue
            if match is None or known is None:
                return Unit(_opaque(name))
            power = int(match[2] or 1) * (-1 if position else 1)
            factor *= known[0] ** power
            for base, exponent in known[1].items():
                dimensions[base] = dimensions.get(base, 0) + exponent * power
    kept = tuple(sorted((base, exponent) for base, exponent in dimensions.items() if exponent))
    return Unit(_opaque(name), factor, kept)


def _opaque(name: str) -> str:
    words = [_singular(word) for word in name.split()]
    return " ".join(words).replace(" ^", "^").replace(" /", "/").replace("/ ", "/")


def _singular(word: str) -> str:
    lowered = word.casefold()
    for candidate in (word, lowered, lowered.removesuffix("s")):
        if candidate in _NAMES:
            return _NAMES[candidate]
    return word if len(word) < 4 else lowered.removesuffix("s")


def _lookup(word: str) -> tuple[Fraction, dict[str, int]] | None:
    symbol = _singular(word)
    if symbol in _UNITS:
        return _UNITS[symbol]
    lowered = word.casefold()
    for name, prefix in _PREFIX_NAMES.items():
        if lowered.startswith(name) and _singular(lowered.removeprefix(name)) in _PREFIXABLE:
            symbol = prefix + _singular(lowered.removeprefix(name))
    prefix, rest = symbol[:1], _NAMES.get(symbol[1:], symbol[1:])
    if prefix in _PREFIXES and rest in _PREFIXABLE:
        factor, dimensions = _UNITS[rest]
        return _PREFIXES[prefix] * factor, dimensions
    return None
