"""Mathematical expressions as trees, and what can be said of one without computing it.

A tree is a tuple whose first item names what it is: `("number", Fraction)`, `("name", "x_1")`, `("sum", a, b)`,
`("product", a, b)`, `("quotient", a, b)`, `("power", a, b)`, `("negative", a)`, `("call", "sin", a)`.
"""

from typing import Any

_MAX_MAGNITUDE = 1e7  # Decimal digits; the checker computes far fewer of them, yet not with larger exponents.
_MAX_DEPTH = 200

Tree = tuple[Any, ...]


class _Unbounded(Exception):
    """A number on the way to the value may have too many digits."""


def names(tree: Tree) -> frozenset[str]:
    """The variables, and the functions whose meaning is not known."""
    found: set[str] = set()
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if not isinstance(node, tuple):
            continue
        if node[0] == "name":
            found.add(node[1])
        elif node[0] == "apply":
            found.add(f"{node[1]}()")
        pending.extend(node[1:])
    return frozenset(found)


def is_deep(tree: Tree) -> bool:
    """Whether a walk down the tree may exhaust the stack, as in a sum of hundreds of terms."""
    level: list[Tree] = [tree]
    for _ in range(_MAX_DEPTH):
        level = [part for node in level for part in node[1:] if isinstance(part, tuple)]
        if not level:
            return False
    return True


def is_bounded(tree: Tree) -> bool:
    """Whether no number on the way to the value can grow beyond `_MAX_MAGNITUDE` digits; costs no arithmetic on it."""
    try:
        return _magnitude(tree) <= _MAX_MAGNITUDE
    except _Unbounded:
        return False


def _magnitude(tree: Tree) -> float:
    """A bound of the decimal digits of the absolute value, and of its reciprocal where that is larger."""
    head = tree[0]
    if head in ("number", "decimal"):
        digits = len(str(abs(tree[1].numerator))), len(str(tree[1].denominator))
        return float(max(digits))
    if head in ("name", "constant"):
        return 1.0
    parts = [_magnitude(part) for part in tree[1:] if isinstance(part, tuple)]
    if head == "power":
        result = parts[0] * 10 ** min(parts[1], 9.0)
    elif head in ("product", "quotient"):
        result = sum(parts)
    elif head == "call" and tree[1] in ("factorial", "gamma", "binomial"):
        largest = max(parts)
        result = 10 ** min(largest, 9.0) * largest
    elif head == "call" and tree[1] in ("exp", "sinh", "cosh"):
        result = 10 ** min(parts[0], 9.0)
    else:
        result = max(parts) + 1
    if result > _MAX_MAGNITUDE:
        raise _Unbounded
    return result


def is_polynomial(tree: Tree) -> bool:
    """Whether the tree is a polynomial of its variables as it is written, with constant coefficients."""
    if not names(tree):
        return True
    head = tree[0]
    if head == "name":
        return True
    if head in ("sum", "product", "negative"):
        return all(is_polynomial(part) for part in tree[1:])
    if head == "quotient":
        return is_polynomial(tree[1]) and not names(tree[2])
    whole = head == "power" and tree[2][0] == "number" and tree[2][1].denominator == 1
    return whole and is_polynomial(tree[1])


def heads(tree: Tree) -> frozenset[str]:
    """What the tree is built of: `sum`, `call:sin`, `decimal` and so on."""
    found: set[str] = set()
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            found.add(f"call:{node[1]}" if node[0] == "call" else node[0])
            pending.extend(node[1:])
    return frozenset(found)
