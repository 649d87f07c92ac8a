"""Chemical formulas and equations: what they are made of, whatever the notation."""

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from chimera_verifier.domain.latex import tidy, unwrap

_SYMBOLS = frozenset(
    re.findall(
        r"\w+",
        "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb "
        "Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
        "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db "
        "Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og D T ",
    )
)
_MAX_CHARS = 400
_MAX_COUNT = 100_000
_ARROW = re.compile(
    r"→|⟶|⇌|↔|<?=+>|<?-+>|\\(?:xrightarrow|xrightleftharpoons)(?:\[[^\]]*\])?\{[^{}]*\}|(?<![<>])=(?!>)"
)
_STATE = re.compile(r"[({]\s*(?:s|l|g|aq|solid|liquid|gas|cr|am|sln)\s*[)}]|↑|↓")
_CHARGE = re.compile(r"\^\{?(\d{0,2})([+-])\}?|\^\{?([+-])(\d{0,2})\}?|\^\{?([+-]{2,4})\}?$")
_TRAILING_CHARGE = re.compile(r"(?<=[A-Za-z0-9)\]])([+-])$")
_ION = re.compile(r"(?!O2$)[A-Z][a-z]?\d$")
_UNIT = re.compile(r"([A-Z][a-z]?)(\d{0,5})|([(\[])|([)\]])(\d{0,5})")
_COEFFICIENT = re.compile(r"(\d{1,5}(?:/\d{1,3})?|\\frac\{\d{1,3}\}\{\d{1,3}\})\s*\*?\s*(?=[A-Z(\[e])")
_ISOTOPE = re.compile(r"^\^\{?\d{1,3}\}?(?:_\{?-?\d{1,3}\}?)?|^_\{?-?\d{1,3}\}?\^\{?\d{1,3}\}?")
_SUBSCRIPT = re.compile(r"_\{?(\d{1,5})\}?")
_ELECTRON = re.compile(r"e\^?\{?-\}?")


@dataclass(frozen=True, slots=True)
class Species:
    """One formula: its atoms in the order written, their counts, its charge."""

    written: str
    atoms: tuple[tuple[str, int], ...]
    charge: int = 0


@dataclass(frozen=True, slots=True)
class Reaction:
    """Both sides of an equation, as amounts of species."""

    left: tuple[tuple[Species, Fraction], ...]
    right: tuple[tuple[Species, Fraction], ...]


def read_formula(text: str) -> Species | None:
    """Reads `H2O`, `\\ce{SO4^2-}`, `[Fe(CN)6]4-` and `CuSO4·5H2O`; None if a symbol is unknown or a bracket open."""
    return _species(_plain(text)) if len(text) <= _MAX_CHARS else None


def read_reaction(text: str) -> Reaction | None:
    """Reads `2 H2 + O2 -> 2 H2O`; None if the text is no chemical equation."""
    if len(text) > _MAX_CHARS:
        return None
    sides = _ARROW.split(_plain(text))
    if len(sides) != 2:
        return None
    left, right = _side(sides[0]), _side(sides[1])
    return Reaction(left, right) if left and right else None


def same_formula(ours: Species, theirs: Species) -> bool | None:
    """None where the same atoms are written in another order, which may be another substance."""
    if (ours.atoms, ours.charge) != (theirs.atoms, theirs.charge):
        return False
    return True if ours.written == theirs.written else None


def same_reaction(ours: Reaction, theirs: Reaction) -> bool | None:
    """Whether both say the same up to the order of a side's species; a common factor leaves it open."""
    scaled: set[Fraction] = set()
    for left, right in ((ours.left, theirs.left), (ours.right, theirs.right)):
        mine, other = dict(left), dict(right)
        if mine.keys() != other.keys():
            atoms = {species.atoms for species in mine}, {species.atoms for species in other}
            return None if atoms[0] == atoms[1] else False
        scaled |= {other[species] / amount for species, amount in mine.items()}
    if scaled == {Fraction(1)}:
        return True
    return None if len(scaled) == 1 else False


def _plain(text: str) -> str:
    bare = unwrap(tidy(text)).replace("−", "-").replace("•", "·").replace(r"\cdot", "·").replace("−>", "->")
    bare = _SUBSCRIPT.sub(r"\1", _STATE.sub("", bare))
    return bare.replace("{", "{").strip(" .$")


def _side(text: str) -> tuple[tuple[Species, Fraction], ...] | None:
    amounts: Counter[Species] = Counter()
    for term in re.split(r"\s\+\s|\+(?=\s?\d*\s?[A-Z(\[])", text):
        term = term.strip()
        match = _COEFFICIENT.match(term)
        amount = _amount(match[1]) if match else Fraction(1)
        species = _species(term[match.end() :] if match else term)
        if species is None or amount is None:
            return None
        amounts[species] += amount  # type: ignore[assignment]
    return tuple((species, Fraction(amount)) for species, amount in amounts.items())


def _own_charge(text: str) -> re.Match[str] | None:
    """The number before a sign that is the charge's: in `[Fe(CN)6]4-`, `SO42-`, and `Fe3+`, which is one atom."""
    found = re.search(r"(?<=[\]\d])([1-7])$", text)
    return found or (re.search(r"([1-7])$", text) if _ION.match(text) else None)


def _amount(text: str) -> Fraction | None:
    digits = re.findall(r"\d+", text)
    if len(digits) == 1:
        return Fraction(int(digits[0]))
    return Fraction(int(digits[0]), int(digits[1])) if int(digits[1]) else None


def _species(text: str) -> Species | None:
    text = text.replace(" ", "").replace("{}", "")
    if _ELECTRON.fullmatch(text):
        return Species("e", (), -1)
    charge = 0
    isotope = ""
    if match := _ISOTOPE.match(text):
        isotope, text = re.sub(r"[{}]", "", match[0]), text[match.end() :]
    if match := _CHARGE.search(text):
        if match.end() != len(text):
            return None
        sign, digits = (
            (match[2], match[1])
            if match[2]
            else (match[3], match[4])
            if match[3]
            else (match[5][0], str(len(match[5])))
        )
        charge = int(digits or 1) * (1 if sign == "+" else -1)
        text = text[: match.start()]
    elif match := _TRAILING_CHARGE.search(text):
        text = text[: match.start()]
        digit = _own_charge(text)
        charge = int(digit[1]) if digit else 1
        charge *= 1 if match[1] == "+" else -1
        text = text[: digit.start()] if digit else text
    atoms: Counter[str] = Counter()
    written = isotope
    for place, part in enumerate(re.split("[·*]", text)):
        match = re.match(r"\d{1,3}", part) if place else None
        found = _count(part[match.end() :] if match else part)
        if not found:
            return None
        times = int(match[0]) if match else 1
        atoms.update({symbol: number * times for symbol, number in found.items()})
        written += f"·{times}" if place else ""
        written += part[match.end() :] if match else part
    if max(atoms.values()) > _MAX_COUNT:
        return None
    return Species(written, tuple(sorted(atoms.items())), charge)


def _count(text: str) -> Counter[str] | None:
    stack: list[Counter[str]] = [Counter()]
    position = 0
    while position < len(text):
        match = _UNIT.match(text, position)
        if match is None or len(stack) > 5:
            return None
        position = match.end()
        if match[1]:
            symbol = match[1] if match[1] in _SYMBOLS else match[1][0]
            if symbol not in _SYMBOLS:
                return None
            if symbol != match[1]:
                position = match.start() + 1
                stack[-1][symbol] += 1
                if text[position].islower():
                    return None
            else:
                stack[-1][symbol] += int(match[2] or 1)
        elif match[3]:
            stack.append(Counter())
        else:
            if len(stack) < 2:
                return None
            inner = stack.pop()
            for symbol, number in inner.items():
                stack[-1][symbol] += number * int(match[5] or 1)
    return stack[0] if len(stack) == 1 and stack[0] else None
