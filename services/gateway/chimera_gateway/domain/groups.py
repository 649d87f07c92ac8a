"""Slots are counted in small groups; a group of which all is told is folded into the build's base and forgotten."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

SLOTS_PER_GROUP = 16
"""A group's document holds a name for each event of its slots and is rewritten for each few of them: 2 ms for 16 slots
at the embedded store, 5 ms for 64. Fewer would have a long window read as thousands of documents."""

Ranges = list[list[int]]
"""Numbers as pairs of a first and the one after the last, ascending and apart, as a document has them."""


def group_of(slot: int) -> int:
    """The group that counts a slot of a subject."""
    return slot // SLOTS_PER_GROUP


def size_of(group: int, target: int) -> int:
    """How many slots a group of a subject has; the last one may have fewer."""
    return min(SLOTS_PER_GROUP, target - group * SLOTS_PER_GROUP)


def holds(ranges: Sequence[Sequence[int]], number: int) -> bool:
    """Whether a number lies in one of the ranges."""
    at = bisect_right(ranges, number, key=lambda pair: pair[0]) - 1
    return at >= 0 and number < ranges[at][1]


def joined(ranges: Sequence[Sequence[int]], numbers: Sequence[int]) -> Ranges:
    """The ranges with more numbers; as few ranges as possible."""
    found: Ranges = []
    for first, end in sorted([*((first, end) for first, end in ranges), *((n, n + 1) for n in numbers)]):
        if found and first <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([first, end])
    return found


def count(ranges: Sequence[Sequence[int]]) -> int:
    """How many numbers lie in the ranges."""
    return sum(end - first for first, end in ranges)


def gaps(ranges: Sequence[Sequence[int]], target: int) -> Iterator[tuple[int, int]]:
    """The slots of a subject whose groups are in none of the ranges, as a first and the one after the last."""
    at = 0
    for first, end in ranges:
        if first > at:
            yield at * SLOTS_PER_GROUP, first * SLOTS_PER_GROUP
        at = end
    if at * SLOTS_PER_GROUP < target:
        yield at * SLOTS_PER_GROUP, target


Folded = Mapping[str, Ranges]
"""The groups in a build's base, by their subject's place in the spec."""
