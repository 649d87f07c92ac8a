"""Whether two trees have the same value everywhere: exactly where they are rational, else at random points.

Runs in the symbolic checker's process alone. What would take long or much memory is `Unbounded` before it is computed.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath

from chimera_verifier.domain.syntax import Reading
from chimera_verifier.domain.trees import Tree, heads, names

_DIGITS = 60
_MAX_DIGITS = 3_000  # Of a number whose last digits matter.
_SAME = 40  # Digits that two equal values share at least, of `_DIGITS`.
_DIFFERENT = 1e-9  # Relative; between this and `_SAME` nothing is claimed.
_ROUNDED = 5e-3  # A decimal this near an exact value may be its rounding, which is not for arithmetic to accept.
_COARSE = 10  # Times the error that the digits allow: more is no slip of rounding.
_TINY = Fraction(1, 10**20)
_MAX_BITS = 20_000  # Of an exact number.
_MAX_EXPONENT = 10**7
_MAX_FACTORIAL = 10**6
_SAMPLES = 4  # Of each kind.
_MIN_SAMPLES = 5
_ARBITRARY = ("C", "K", "C_1", "C_0", "c", "k", "c_1")
_Point = Mapping[str, Any]


class Unbounded(Exception):
    """The value is too large to compute, or there is none."""


def same_value(left: Reading, right: Reading, relative: float = 0.0, absolute: float = 0.0) -> bool | None:
    """Whether both have one value; None if it cannot be told, or only under one of several readings."""
    verdicts = {_same(ours, theirs, relative, absolute) for ours in _readings(left) for theirs in _readings(right)}
    return verdicts.pop() if len(verdicts) == 1 else None


def _readings(reading: Reading) -> Iterator[Tree]:
    yield reading.tree
    if reading.other is not None:
        yield reading.other


def _same(left: Tree, right: Tree, relative: float, absolute: float) -> bool | None:
    if left == right:
        return True
    families = _without_constant(left), _without_constant(right)
    if families[0] is not None and families[1] is not None:
        return _same_family(families[0], families[1])
    symbols = sorted(names(left) | names(right))
    if not symbols:
        return _same_constant(left, right, relative, absolute)
    if _has_tiny(left) or _has_tiny(right):
        return None  # It would vanish among the digits.
    doubt = _doubt(left, right)
    kinds = [[_agree(left, right, point, relative, doubt) for point in kind] for kind in points(symbols)]
    if any(False in kind for kind in kinds):
        # Variables may be meant to be positive, or whole, and another letter may be another name for the same thing:
        # a difference counts only where none of that explains it.
        return False if all(False in kind for kind in kinds) and names(left) == names(right) else None
    return True if sum(kind.count(True) for kind in kinds) >= _MIN_SAMPLES and True in kinds[0] else None


def _without_constant(tree: Tree) -> Tree | None:
    """`F(x)` of `F(x) + C`, a family of functions with a constant of integration; None if it is none."""
    if tree[0] != "sum":
        return None
    left, right = tree[1], tree[2]
    for rest, last in ((left, right), (right, left)):
        if last[0] == "name" and last[1] in _ARBITRARY and len(names(rest)) == 1 and last[1] not in names(rest):
            return rest  # type: ignore[no-any-return]
    inner = _without_constant(left)
    return ("sum", inner, right) if inner is not None and names(right) <= names(inner) else None


def _same_family(left: Tree, right: Tree) -> bool | None:
    """Whether the functions differ by a constant, wherever both are real."""
    if names(left) != names(right):
        return None
    apart: list[Any] = []
    for point in (point for kind in points(sorted(names(left))) for point in kind):
        ours, theirs = value(left, point), value(right, point)
        if ours is None or theirs is None or mpmath.isinf(ours) or mpmath.isinf(theirs):
            continue
        if mpmath.im(ours) == 0 and mpmath.im(theirs) == 0:
            apart.append((ours - theirs, abs(ours) + abs(theirs) + 1))
    if len(apart) < _MIN_SAMPLES:
        return None
    return all(abs(difference - apart[0][0]) <= size * mpmath.mpf(10) ** -_SAME for difference, size in apart) or None


def _has_tiny(tree: Tree) -> bool:
    """Whether a constant in the tree is too small beside the numbers that are tried."""
    constant = None if names(tree) else _exact(tree)
    if constant is not None:
        return constant != 0 and abs(constant) < _TINY
    return any(isinstance(part, tuple) and _has_tiny(part) for part in tree[1:])


def points(symbols: list[str]) -> list[list[_Point]]:
    """Random points whose coordinates have either sign, are positive, and are whole; the same in every run."""
    draw = random.Random(0)  # noqa: S311 - points of a numerical test

    def either() -> Any:
        return mpmath.mpf(draw.choice((-1, 1)) * draw.randint(1, 3000)) / 1009

    return [
        [{symbol: either() for symbol in symbols} for _ in range(_SAMPLES)],
        [{symbol: abs(either()) for symbol in symbols} for _ in range(_SAMPLES)],
        [{symbol: mpmath.mpf(draw.randint(2, 9)) for symbol in symbols} for _ in range(_SAMPLES)],
    ]


def _same_constant(left: Tree, right: Tree, relative: float, absolute: float) -> bool | None:
    exact = _exact(left), _exact(right)
    if exact[0] is not None and exact[1] is not None:
        difference, scale = abs(exact[0] - exact[1]), abs(exact[0])
        if difference <= max(Fraction(absolute), Fraction(relative) * scale):
            return True
        rounded = "decimal" in heads(left) | heads(right) and difference <= Fraction(_ROUNDED) * scale
        return None if rounded and not relative else False
    ours, theirs = value(left), value(right)
    if ours is None or theirs is None:
        return None
    if mpmath.isinf(ours) or mpmath.isinf(theirs):
        return bool(ours == theirs)
    digits = _DIGITS
    if abs(ours - theirs) > _DIFFERENT * abs(ours) and "decimal" not in heads(left) | heads(right) and not relative:
        return bool(abs(ours - theirs) <= absolute)
    if (size := max(abs(ours), abs(theirs))) > 1e15:  # The last digits count, however many there are.
        digits = int(mpmath.log10(size)) + _DIGITS
        if digits > _MAX_DIGITS:
            return None
        ours, theirs = value(left, digits=digits), value(right, digits=digits)
    with mpmath.workdps(digits):
        difference, scale = abs(ours - theirs), abs(ours)
        if difference <= max(absolute, relative * scale, scale * mpmath.mpf(10) ** (_DIGITS - _SAME - digits)):
            return True
        if scale == 0 and difference < mpmath.mpf(10) ** -_SAME:
            return True
        near = difference <= _doubt(left, right) * scale and not 0 < _COARSE * absolute < difference
        return None if near and not relative else False


def _doubt(left: Tree, right: Tree) -> float:
    return _ROUNDED if "decimal" in heads(left) | heads(right) else _DIFFERENT


def _agree(left: Tree, right: Tree, point: _Point, relative: float, doubt: float) -> bool | None:
    ours, theirs = value(left, point), value(right, point)
    if ours is None or theirs is None or mpmath.isinf(ours) or mpmath.isinf(theirs):
        return None
    with mpmath.workdps(_DIGITS):
        difference, scale = abs(ours - theirs), max(abs(ours), abs(theirs))
        if difference <= max(mpmath.mpf(10) ** -_SAME, relative) * scale or difference < mpmath.mpf(10) ** -(
            _SAME + 10
        ):
            return True
        return False if difference > max(doubt, relative) * scale else None


def value(tree: Tree, point: _Point | None = None, digits: int = _DIGITS) -> Any:
    """The value at a point, infinite ones included; None if there is none or it is too large to compute."""
    with mpmath.workdps(digits):
        try:
            found = _evaluate(tree, point or {})
        except (Unbounded, ArithmeticError, ValueError, TypeError, OverflowError, mpmath.libmp.NoConvergence):
            return None
    return None if mpmath.isnan(found) else found


def _evaluate(tree: Tree, point: _Point) -> Any:
    head = tree[0]
    if head in ("number", "decimal"):
        return mpmath.mpf(tree[1].numerator) / tree[1].denominator
    if head == "name":
        return point[tree[1]]
    if head == "constant":
        return {"pi": +mpmath.pi, "e": +mpmath.e, "i": mpmath.mpc(0, 1), "oo": mpmath.inf}[tree[1]]
    if head == "apply":
        return _unknown_function(tree[1], [_evaluate(part, point) for part in tree[2:]])
    if head == "power":
        return _power(tree, point)
    if head == "call":
        arguments = [_evaluate(part, point) for part in tree[2:]]
        return _CALLS[tree[1]](*arguments)
    if head == "negative":
        return -_evaluate(tree[1], point)
    left, right = _evaluate(tree[1], point), _evaluate(tree[2], point)
    if head == "sum":
        return left + right
    if head == "product":
        return left * right
    return left / right


def _power(tree: Tree, point: _Point) -> Any:
    base, exponent = _evaluate(tree[1], point), _evaluate(tree[2], point)
    if abs(exponent) > _MAX_EXPONENT:
        raise Unbounded
    if base != 0 and abs(mpmath.mag(base) * exponent) > _MAX_EXPONENT:
        raise Unbounded
    ratio = _exact(tree[2])
    if ratio is not None and mpmath.im(base) == 0 and mpmath.re(base) < 0 and ratio.denominator % 2 == 1:
        # Odd roots of negative numbers are real in what people write.
        root = mpmath.power(-mpmath.re(base), exponent)
        return -root if ratio.numerator % 2 else root
    return mpmath.power(base, exponent)


def _root(base: Any, index: Any) -> Any:
    if mpmath.im(base) == 0 and mpmath.re(base) < 0 and index % 2 == 1:
        return -mpmath.power(-mpmath.re(base), 1 / index)
    return mpmath.power(base, 1 / index)


def _factorial(argument: Any) -> Any:
    if abs(argument) > _MAX_FACTORIAL:
        raise Unbounded
    return mpmath.factorial(argument)


def _gamma(argument: Any) -> Any:
    if abs(argument) > _MAX_FACTORIAL:
        raise Unbounded
    return mpmath.gamma(argument)


def _binomial(upper: Any, lower: Any) -> Any:
    if max(abs(upper), abs(lower)) > _MAX_FACTORIAL:
        raise Unbounded
    return mpmath.binomial(upper, lower)


def _whole(combine: Callable[[int, int], int]) -> Callable[..., Any]:
    def of(*arguments: Any) -> Any:
        whole = [int(argument) for argument in arguments if argument == int(argument)]
        if len(whole) != len(arguments):
            raise Unbounded
        result = whole[0]
        for other in whole[1:]:
            result = combine(result, other)
        return mpmath.mpf(result)

    return of


def _real(function: Callable[..., Any]) -> Callable[..., Any]:
    def of(*arguments: Any) -> Any:
        if any(mpmath.im(argument) != 0 for argument in arguments):
            raise Unbounded
        return function(*(mpmath.re(argument) for argument in arguments))

    return of


def _bounded(function: Callable[..., Any], limit: float) -> Callable[..., Any]:
    def of(argument: Any) -> Any:
        if abs(argument) > limit:
            raise Unbounded
        return function(argument)

    return of


def _unknown_function(name: str, arguments: list[Any]) -> Any:
    """A stand-in for a function that is not known: smooth, and without a law that makes different terms equal."""
    draw = random.Random(name)  # noqa: S311 - a fixed number for each name
    total = mpmath.mpf(draw.randint(1, 1000)) / 997
    for argument in arguments:
        total += mpmath.sin(argument * draw.randint(1, 1000) / 991 + draw.randint(1, 1000) / mpmath.mpf(983)) * 2
        total += argument * argument * draw.randint(1, 1000) / mpmath.mpf(977)
    return total


_CALLS: dict[str, Callable[..., Any]] = {
    "sin": _bounded(mpmath.sin, 1e9), "cos": _bounded(mpmath.cos, 1e9), "tan": _bounded(mpmath.tan, 1e9),
    "cot": _bounded(mpmath.cot, 1e9), "sec": _bounded(mpmath.sec, 1e9), "csc": _bounded(mpmath.csc, 1e9),
    "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan, "arccot": mpmath.acot, "arcsec": mpmath.asec,
    "arccsc": mpmath.acsc, "sinh": _bounded(mpmath.sinh, 1e6), "cosh": _bounded(mpmath.cosh, 1e6),
    "tanh": _bounded(mpmath.tanh, 1e6), "coth": _bounded(mpmath.coth, 1e6), "sech": _bounded(mpmath.sech, 1e6),
    "csch": _bounded(mpmath.csch, 1e6), "arcsinh": mpmath.asinh, "arccosh": mpmath.acosh, "arctanh": mpmath.atanh,
    "exp": _bounded(mpmath.exp, 1e7), "ln": mpmath.ln, "log": mpmath.ln, "lg": mpmath.log10, "sqrt": mpmath.sqrt,
    "cbrt": lambda argument: _root(argument, mpmath.mpf(3)), "root": _root, "abs": abs, "factorial": _factorial,
    "gamma": _gamma, "binomial": _binomial, "zeta": _bounded(mpmath.zeta, 1e3), "erf": _bounded(mpmath.erf, 1e3),
    "erfc": _bounded(mpmath.erfc, 1e3), "floor": _real(mpmath.floor), "ceil": _real(mpmath.ceil),
    "sgn": _real(mpmath.sign), "re": mpmath.re, "im": mpmath.im, "max": _real(max), "min": _real(min),
    "gcd": _whole(math.gcd), "lcm": _whole(math.lcm),
}  # fmt: skip


@cache
def _exact(tree: Tree) -> Fraction | None:
    """The value of a rational constant, as long as it stays small."""
    try:
        return _rational(tree)
    except (Unbounded, ArithmeticError):
        return None


def _rational(tree: Tree) -> Fraction:
    head = tree[0]
    if head in ("number", "decimal"):
        result: Fraction = tree[1]
    elif head == "negative":
        result = -_rational(tree[1])
    elif head == "sum":
        result = _rational(tree[1]) + _rational(tree[2])
    elif head == "product":
        result = _rational(tree[1]) * _rational(tree[2])
    elif head == "quotient":
        result = _rational(tree[1]) / _rational(tree[2])
    elif head == "power":
        base, exponent = _rational(tree[1]), _rational(tree[2])
        bits = max(abs(base.numerator), base.denominator).bit_length()
        if exponent.denominator != 1 or abs(exponent) * bits > _MAX_BITS:
            raise Unbounded
        result = base ** int(exponent)
    elif head == "call" and tree[1] in ("factorial", "binomial"):
        result = _counted(tree[1], [_rational(part) for part in tree[2:]])
    else:
        raise Unbounded
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > _MAX_BITS:
        raise Unbounded
    return result


def _counted(name: str, arguments: list[Fraction]) -> Fraction:
    if any(argument.denominator != 1 or not 0 <= argument <= 1000 for argument in arguments):
        raise Unbounded
    whole = [int(argument) for argument in arguments]
    return Fraction(math.factorial(whole[0]) if name == "factorial" else math.comb(*whole))
