"""Exact arithmetic written as text: whole numbers, decimals and names, with bounds on all of it.

Expressions come in files from anywhere. Python's parser reads them into a tree, of which only what is named here is
understood; nothing of them is ever run as code.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

MAX_CHARS = 500
MAX_PARTS = 200
MAX_EXPONENT = 64
MAX_SIZE = 10**30
"""Of numerators and denominators, also of those on the way."""

Values = Mapping[str, Fraction]
_Number = Callable[[Values], Fraction]
_Truth = Callable[[Values], bool]
_DECIMAL = re.compile(r"[0-9_]*\.[0-9_]*")
_CHARACTERS = re.compile(r"[A-Za-z0-9_+\-*/%()<>=!,. ]*")


@dataclass(frozen=True, slots=True)
class Expression:
    """A number that depends on named numbers. Calling it raises ArithmeticError where it has no value of any use."""

    names: frozenset[str]
    parts: int
    value: _Number

    def __call__(self, values: Values) -> Fraction:
        """The value, exactly."""
        return self.value(values)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that named numbers may satisfy. Calling it raises ArithmeticError where that cannot be said."""

    names: frozenset[str]
    parts: int
    holds: _Truth

    def __call__(self, values: Values) -> bool:
        """Whether it holds."""
        return self.holds(values)


def expression(text: str) -> Expression:
    """Reads `a * (b + 1)`; ValueError says what is not understood."""
    reader = _Reader(text)
    value = reader.number(_parsed(text))
    return Expression(frozenset(reader.names), reader.parts, value)


def condition(text: str) -> Condition:
    """Reads `a % b == 0 and a > b`; ValueError says what is not understood."""
    reader = _Reader(text)
    holds = reader.truth(_parsed(text))
    return Condition(frozenset(reader.names), reader.parts, holds)


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_CHARS:
        raise ValueError(f"has {len(text)} characters; at most {MAX_CHARS} are read")
    if not _CHARACTERS.fullmatch(text):
        raise ValueError(f"{text[:60]!r} has characters that arithmetic does not need")
    try:
        return ast.parse(f"({text})", mode="eval").body  # in brackets a leading space is none of an indented line
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{text[:60]!r} is no arithmetic, such as a * (b + 1)") from None


class _Reader:
    """Turns a tree into functions, and notes the names in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.names: set[str] = set()
        self.parts = 0

    def number(self, node: ast.expr) -> _Number:
        self._count()
        match node:
            case ast.Constant(value=int() | float() as given) if not isinstance(given, bool):
                if isinstance(given, float) and not _DECIMAL.fullmatch(
                    self._of(node)
                ):  # 1e9999999 would fill the memory
                    raise ValueError(f"{self._of(node)[:60]!r} is no plain decimal, such as 0.5")
                constant = Fraction(given if isinstance(given, int) else self._of(node))  # 0.1 is a tenth
                if max(abs(constant.numerator), constant.denominator) > MAX_SIZE:
                    raise ValueError(f"{self._of(node)[:60]!r} is too large a number")
                return lambda values: constant
            case ast.Name(id=name):
                self.names.add(name)
                return lambda values: values[name]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
                value, factor = self.number(inner), -1 if isinstance(sign, ast.USub) else 1
                return lambda values: factor * value(values)
            case ast.BinOp(left=left, op=op, right=right) if (apply := _OPERATORS.get(type(op))) is not None:
                first, second = self.number(left), self.number(right)
                return lambda values: _bounded(apply(first(values), second(values)))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                function, least, most = _FUNCTIONS[name]
                if not least <= len(args) <= most:
                    raise ValueError(f"{name} does not take {len(args)} numbers")
                numbers = [self.number(arg) for arg in args]
                return lambda values: function(*(number(values) for number in numbers))
        known = f"known are + - * / // % ** and {', '.join(_FUNCTIONS)}"
        raise ValueError(f"{self._of(node)[:60]!r} is no number; {known}")

    def truth(self, node: ast.expr) -> _Truth:
        self._count()
        match node:
            case ast.Compare(left=first, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
                numbers = [self.number(each) for each in (first, *others)]
                comparisons = [_COMPARISONS[type(op)] for op in ops]
                return lambda values: _in_order([number(values) for number in numbers], comparisons)
            case ast.BoolOp(op=op, values=nodes):
                truths, together = [self.truth(each) for each in nodes], all if isinstance(op, ast.And) else any
                return lambda values: together(truth(values) for truth in truths)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                truth = self.truth(inner)
                return lambda values: not truth(values)
        raise ValueError(f"{self._of(node)[:60]!r} is no condition, such as a % b == 0")

    def _of(self, node: ast.expr) -> str:
        """What stands for a part in the text, which begins one character later than what was parsed."""
        return self._text[node.col_offset - 1 : (node.end_col_offset or 0) - 1]

    def _count(self) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise ValueError(f"has more than {MAX_PARTS} parts")


def _in_order(numbers: list[Fraction], comparisons: list[Callable[[Fraction, Fraction], bool]]) -> bool:
    return all(compare(a, b) for compare, (a, b) in zip(comparisons, pairwise(numbers), strict=True))


def _bounded(value: Fraction) -> Fraction:
    if abs(value.numerator) > MAX_SIZE or value.denominator > MAX_SIZE:
        raise OverflowError("a number on the way is too large")
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
        raise OverflowError("an exponent is too large or not whole")
    return Fraction(base ** int(exponent))


def _gcd(*numbers: Fraction) -> Fraction:
    if any(number.denominator != 1 for number in numbers):
        raise ArithmeticError("gcd is of whole numbers")
    return Fraction(math.gcd(*(number.numerator for number in numbers)))


def _floor_divided(left: Fraction, right: Fraction) -> Fraction:
    return Fraction(left // right)


_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: _floor_divided,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: Mapping[str, tuple[Callable[..., Fraction], int, int]] = {
    "gcd": (_gcd, 2, MAX_PARTS),
    "min": (min, 2, MAX_PARTS),
    "max": (max, 2, MAX_PARTS),
    "abs": (abs, 1, 1),
}
"""By name: what it does, and how many numbers it takes."""
