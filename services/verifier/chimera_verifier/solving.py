"""Whether two equations or inequalities say the same. Runs in the symbolic checker's process alone."""

import random
from collections.abc import Iterator
from typing import Any

import mpmath

from chimera_verifier.domain.relations import Comparable
from chimera_verifier.domain.trees import Tree, names
from chimera_verifier.evaluation import points, value

_STARTS = 24  # Searches for a point that solves one equation, to be tried in the other.
_STEPS = 25
_MIN_SOLUTIONS = 6
_DIGITS = 30
_ZERO = 1e-15  # Of a residual, against its size elsewhere.


def same_relation(left: Comparable, right: Comparable) -> bool | None:
    """Equal up to a factor; for equations also if the solutions of each solve the other. None if it cannot be told."""
    if (left.sign in "=≠") != (right.sign in "=≠"):
        return None
    if any(side.other for side in (left.left, left.right, right.left, right.right)):
        return None
    ours, theirs = _difference(left), _difference(right)
    symbols = sorted(names(ours) | names(theirs))
    if not symbols:
        return None
    ratios = list(_ratios(ours, theirs, symbols))
    if len(ratios) < _MIN_SOLUTIONS:
        return None
    constant = all(abs(ratio - ratios[0]) <= abs(ratios[0]) * _ZERO for ratio in ratios) and ratios[0] != 0
    if left.sign in "=≠":
        if constant:
            return left.sign == right.sign
        return _same_solutions(ours, theirs, symbols) if left.sign == right.sign == "=" else None
    if constant and mpmath.im(ratios[0]) == 0:
        return bool(mpmath.re(ratios[0]) > 0) and left.sign == right.sign
    return _same_truth(ours, theirs, symbols)


def _difference(relation: Comparable) -> Tree:
    return ("sum", relation.left.tree, ("negative", relation.right.tree))


def _ratios(ours: Tree, theirs: Tree, symbols: list[str]) -> Iterator[Any]:
    for kind in points(symbols):
        for point in kind:
            left, right = value(ours, point), value(theirs, point)
            if left is not None and right is not None and right != 0 and left != 0:
                yield left / right


def _same_truth(ours: Tree, theirs: Tree, symbols: list[str]) -> bool | None:
    """Inequalities that hold at different points differ; that others are the same is not claimed."""
    for kind in points(symbols):
        for point in kind:
            left, right = value(ours, point), value(theirs, point)
            if left is None or right is None or mpmath.im(left) != 0 or mpmath.im(right) != 0:
                continue
            if (left < 0) != (right < 0):
                return False
    return None


def _same_solutions(ours: Tree, theirs: Tree, symbols: list[str]) -> bool | None:
    if names(ours) != names(theirs):
        return None
    found = 0
    for solved, tried in ((ours, theirs), (theirs, ours)):
        for point in _solutions(solved, symbols):
            size, residual = _size(tried, symbols), value(tried, point)
            if residual is None or size is None:
                continue
            if abs(residual) > size * 1e-6:
                return False
            found += abs(residual) <= size * _ZERO
    # One variable leaves a few points, of which a search may miss some.
    return True if found >= 2 * _MIN_SOLUTIONS and len(symbols) > 1 else None


def _size(tree: Tree, symbols: list[str]) -> Any:
    sizes = [abs(found) for point in points(symbols)[0] if (found := value(tree, point)) is not None]
    return max(sizes) if sizes and max(sizes) > 0 else None


def _solutions(tree: Tree, symbols: list[str]) -> Iterator[dict[str, Any]]:
    """Points where the tree is zero, by the secant method from random starts."""
    draw = random.Random(1)  # noqa: S311 - starts of a search, the same in every run
    for start in range(_STARTS):
        free = symbols[start % len(symbols)]
        point = {symbol: mpmath.mpf(draw.randint(-3000, 3000)) / 1009 for symbol in symbols}

        def residual(at: Any, free: str = free, point: dict[str, Any] = point) -> Any:
            return value(tree, {**point, free: at}, _DIGITS)

        before, at = point[free], point[free] + mpmath.mpf(1) / 7
        low, high = residual(before), residual(at)
        for _ in range(_STEPS):
            if low is None or high is None or low == high:
                break
            before, at, low = at, at - high * (at - before) / (high - low), high
            high = residual(at)
            if high is not None and abs(at - before) <= abs(at) * 1e-25:
                if mpmath.im(at) == 0:
                    yield {**point, free: at}
                break
