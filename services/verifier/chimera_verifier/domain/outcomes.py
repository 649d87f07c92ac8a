"""What a comparison concludes, and how symbolic answers complete it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

from chimera.sample.v1 import sample_pb2

NORMAL_FORM, NUMERIC, SYMBOLIC, UNDECIDED = "normal_form", "numeric", "symbolic", "undecided"
CORRECT, INCORRECT = sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT


@dataclass(frozen=True, slots=True)
class Pair:
    """A symbolic question: does `candidate` equal `reference`, within the relative or absolute error allowed?

    `row` and `column` place it: a verdict needs one equal pair in every row and column.
    """

    reference: str
    candidate: str
    relative: float = 0.0
    absolute: float = 0.0
    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict, or None while undecided, with the method that reached it and why in one sentence."""

    verdict: "sample_pb2.Verdict | None"
    method: str
    reason: str
    pairs: tuple[Pair, ...] = ()


def settle(comparison: Comparison, answers: Mapping[Pair, bool | None]) -> Comparison:
    """The verdict once the pairs were asked: None for a pair means that its check could not tell."""
    size = 1 + max(pair.row for pair in comparison.pairs)
    grid = {(pair.row, pair.column): answers.get(pair) for pair in comparison.pairs}
    diagonal = [tuple(range(size))]
    orders = diagonal if len(grid) == size else list(permutations(range(size)))
    cells = [[grid.get((row, column), False) for row, column in enumerate(order)] for order in orders]
    if any(all(row) for row in cells):
        return Comparison(CORRECT, SYMBOLIC, "The answers are symbolically equal.")
    if all(False in row for row in cells):
        return Comparison(INCORRECT, SYMBOLIC, "The answers differ symbolically.")
    return undecided("The symbolic check reached no decision.")


def judged(same: bool | None, remark: str) -> Comparison:
    """The verdict of an exact comparison; None means that one number may be a rounding of the other."""
    if same is None:
        return undecided("One number is a rounding of the other.")
    suffix = f" ({remark})" if remark else ""
    return Comparison(CORRECT if same else INCORRECT, NUMERIC, f"The values {'agree' if same else 'differ'}{suffix}.")


def ask(pair: Pair) -> Comparison:
    """Undecided until one symbolic question is answered."""
    return Comparison(None, UNDECIDED, "The answers need a symbolic check.", (pair,))


def undecided(reason: str) -> Comparison:
    """Nothing that rules or the symbolic checker could still find out."""
    return Comparison(None, UNDECIDED, reason)


def placed(pair: Pair, row: int, column: int) -> Pair:
    """The same question in another place."""
    return Pair(pair.reference, pair.candidate, pair.relative, pair.absolute, row, column)
