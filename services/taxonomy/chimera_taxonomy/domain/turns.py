"""Whose turn it is, by weights: known of each turn by itself, and the same however many follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Fork:
    """Two groups that share turns; `share` is the first one's part. A group is a fork, or the position of an item."""

    first: "_Fork | int"
    second: "_Fork | int"
    share: Fraction


class Turns(Generic[T]):
    """Gives turns to items by their weights; without weights, or with equal ones, one after the other.

    However many turns there were, each item has had its share of them, give or take less than two, and exactly its
    share where all shares are whole numbers. The items are the leaves of a Huffman tree, and at every fork the first
    group has had its part to the nearest whole: so a turn is found without the turns before it.
    """

    def __init__(self, items: Sequence[T], weights: Sequence[float] = ()) -> None:
        self._items = items
        self._root = _tree(weights) if len(set(weights)) > 1 else None

    @property
    def even(self) -> bool:
        """Whether all items get alike many turns."""
        return self._root is None

    def at(self, turn: int) -> T:
        """The item of a turn, from 0."""
        if self._root is None:
            return self._items[turn % len(self._items)]
        at = self._root
        while isinstance(at, _Fork):
            before = _nearest(turn * at.share)
            if _nearest((turn + 1) * at.share) > before:
                at, turn = at.first, before
            else:
                at, turn = at.second, turn - before
        return self._items[at]


def _tree(weights: Sequence[float]) -> _Fork | int:
    """A Huffman tree, whose heavier group is the first of each fork. Weights are as they are written: 0.1 is a tenth.

    The middle of an entry orders equal weights, so that none is compared by its group.
    """
    heap: list[tuple[Fraction, int, _Fork | int]] = [(Fraction(str(weight)), -i, i) for i, weight in enumerate(weights)]
    heapify(heap)
    for made in range(len(weights) - 1):
        (less, _, light), (more, _, heavy) = heappop(heap), heappop(heap)
        heappush(heap, (less + more, -len(weights) - made, _Fork(heavy, light, more / (less + more))))
    return heap[0][2]


def _nearest(value: Fraction) -> int:
    """The nearest whole number; halves go up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
