"""Landau classes, such as `O(n \\log n)`, by how fast what they hold grows."""

import math
import re
from fractions import Fraction
from itertools import product

from chimera_verifier.domain.latex import tidy
from chimera_verifier.domain.syntax import parse
from chimera_verifier.domain.trees import Tree, names

_CLASS = re.compile(
    r"(?:\\(?:mathcal|mathrm|text|operatorname) ?\{ ?([OΘΩo])~? ?\}|(\\(?:Theta|Omega|omega)|[OΘΩoω])) ?\((.{1,200})\)"
)
_SYMBOLS = {r"\Theta": "Θ", r"\Omega": "Ω", r"\omega": "ω"}
_LOGARITHMS = ("ln", "log", "lg")
_MAX_TERMS = 12

_Rate = tuple[float, float, Fraction, Fraction]  # Powers of n!, e^n, n and log n, the faster first.
_Term = frozenset[tuple[str, _Rate]]  # The rate of each variable.
_NONE: _Rate = (0.0, 0.0, Fraction(0), Fraction(0))


class _Unclear(Exception):
    """The growth is none that this knows."""


def same_class(reference: str, candidate: str) -> tuple[bool | None, bool]:
    """Whether two classes are the same, None if that is unclear; and whether both texts are classes at all."""
    ours, theirs = (_CLASS.fullmatch(tidy(text).strip(" .")) for text in (reference, candidate))
    if ours is None or theirs is None:
        return None, False
    symbols = [_SYMBOLS.get(match[1] or match[2], match[1] or match[2]) for match in (ours, theirs)]
    readings = parse(ours[3]), parse(theirs[3])
    if symbols[0] != symbols[1] or readings[0] is None or readings[1] is None:
        return None, True
    left, right = readings[0].tree, readings[1].tree
    if left == right:
        return True, True
    if readings[0].other or readings[1].other or not names(left) or names(left) != names(right):
        # A constant is a class, and perhaps the orthogonal group.
        return (False if len(names(left) | names(right)) == 1 else None), True
    try:
        return _near(_leading(_growth(left)), _leading(_growth(right))), True
    except _Unclear:
        return None, True


def _growth(tree: Tree) -> set[_Term]:
    """The terms of a sum, each as what its variables contribute."""
    head = tree[0]
    if not names(tree):
        return {frozenset()}
    if head == "name":
        return {frozenset({(tree[1], (0.0, 0.0, Fraction(1), Fraction(0)))})}
    if head == "sum":
        left, right = _growth(tree[1]), tree[2]
        if right[0] != "negative":
            return _leading(left | _growth(right))
        if left & (taken := _growth(right[1])) or _leading(left | taken) != _leading(left):
            raise _Unclear
        return left
    if head in ("product", "quotient"):
        sign = 1 if head == "product" else -1
        return _leading({_times(a, b, sign) for a, b in product(_growth(tree[1]), _single(tree[2], sign))})
    if head == "power":
        return _power(tree[1], tree[2])
    if head == "call":
        return _call(tree[1], tree[2])
    raise _Unclear


def _single(tree: Tree, sign: int) -> set[_Term]:
    terms = _growth(tree)
    if sign < 0 and len(terms) > 1:
        raise _Unclear
    return terms


def _power(base: Tree, exponent: Tree) -> set[_Term]:
    if not names(exponent):
        power = _constant(exponent)
        return {_scaled(term, power) for term in _single(base, -1)}
    (variable,) = names(exponent) if len(names(exponent)) == 1 else ("",)
    if names(base) or not variable:
        raise _Unclear
    slope = _slope(exponent, variable)
    rate = float(slope) * (1.0 if base == ("constant", "e") else math.log(_constant(base, positive=True)))
    return {frozenset({(variable, (0.0, rate, Fraction(0), Fraction(0)))}) if rate else frozenset()}


def _slope(exponent: Tree, variable: str) -> Fraction:
    """The factor of the variable in a linear exponent."""
    if exponent == ("name", variable):
        return Fraction(1)
    if exponent[0] == "sum":
        return sum((_slope(part, variable) for part in exponent[1:]), Fraction(0))
    if exponent[0] == "negative":
        return -_slope(exponent[1], variable)
    if exponent[0] == "product" and not names(exponent[1]):
        return _constant(exponent[1]) * _slope(exponent[2], variable)
    if exponent[0] == "quotient" and not names(exponent[2]):
        return _slope(exponent[1], variable) / _constant(exponent[2], positive=True)
    if not names(exponent):
        return Fraction(0)
    raise _Unclear


def _call(name: str, argument: Tree) -> set[_Term]:
    terms = _single(argument, -1)
    (term,) = terms
    if name in ("sqrt", "cbrt"):
        return {_scaled(term, Fraction(1, 2 if name == "sqrt" else 3))}
    if name == "exp":
        return _power(("constant", "e"), argument)
    if name == "factorial" and argument[0] == "name":
        return {frozenset({(argument[1], (1.0, 0.0, Fraction(0), Fraction(0)))})}
    if name in _LOGARITHMS and len(term) == 1:
        ((variable, rate),) = term
        if rate[0] == rate[1] == 0 and rate[2] > 0:
            return {frozenset({(variable, (0.0, 0.0, Fraction(0), Fraction(1)))})}
        if rate[0] == 0 and rate[1] > 0:
            return {frozenset({(variable, (0.0, 0.0, Fraction(1), Fraction(0)))})}
    raise _Unclear


def _constant(tree: Tree, positive: bool = False) -> Fraction:
    """A constant written as a number, a quotient of two, or negative."""
    if tree[0] in ("number", "decimal"):
        value: Fraction = tree[1]
    elif tree[0] == "quotient":
        value = _constant(tree[1]) / _constant(tree[2], positive=True)
    elif tree[0] == "negative":
        value = -_constant(tree[1])
    else:
        raise _Unclear
    if (positive and value <= 0) or abs(value) > 10**6:
        raise _Unclear
    return value


def _times(left: _Term, right: _Term, sign: int) -> _Term:
    rates = dict(left)
    for variable, rate in right:
        rates[variable] = _added(rates.get(variable, _NONE), rate, sign)
    return frozenset((variable, rate) for variable, rate in rates.items() if rate != _NONE)


def _added(left: _Rate, right: _Rate, sign: int) -> _Rate:
    return (
        left[0] + sign * right[0],
        left[1] + sign * right[1],
        left[2] + sign * right[2],
        left[3] + sign * right[3],
    )


def _scaled(term: _Term, power: Fraction) -> _Term:
    return frozenset(
        (variable, (rate[0] * float(power), rate[1] * float(power), rate[2] * power, rate[3] * power))
        for variable, rate in term
        if power
    )


def _leading(terms: set[_Term]) -> set[_Term]:
    """Without the terms that another one outgrows in every variable."""
    if len(terms) > _MAX_TERMS:
        raise _Unclear
    return {term for term in terms if not any(term != other and _outgrown(term, other) for other in terms)}


def _outgrown(term: _Term, other: _Term) -> bool:
    ours, theirs = dict(term), dict(other)
    return all(ours.get(name, _NONE) <= theirs.get(name, _NONE) for name in {*ours, *theirs})


def _near(left: set[_Term], right: set[_Term]) -> bool | None:
    """Whether the leading terms are the same; different rates of one variable are told apart, others are not."""
    if _rounded(left) == _rounded(right):
        return True
    variables = {variable for term in left | right for variable, _ in term}
    return False if len(variables) == 1 else None


def _rounded(terms: set[_Term]) -> set[frozenset[tuple[object, ...]]]:
    return {
        frozenset((name, round(rate[0], 9), round(rate[1], 9), rate[2], rate[3]) for name, rate in term)
        for term in terms
    }
