"""Finds statements among millions by their sketches, by looking at all of them."""

import numpy as np
from numpy.typing import NDArray

from chimera_verifier.domain.likeness.sketch import HASHES, NUMBERS, SIGNS, WORDS

_BLOCK = 32_768
"""Rows that are looked at together: their words and counts stay in the processor's cache."""
_FAR_SIGNS = 200
"""Statements whose embeddings differ in more of 512 signs, a cosine of a third, are not looked at."""
_FAR_HASHES = 40
"""Nor are those who share less than a third of their shingles: they differ in more of 128 bits."""
_SCREENED = 4_096
_NUMBERS_WEIGHT = 2


class SketchIndex:
    """Sketches in the order in which they were added. 104 bytes each, and up to half as much again to grow into."""

    def __init__(self) -> None:
        self._size = 0
        self._words = np.empty((WORDS, 64), dtype=np.uint64)
        self._forms = np.empty(64, dtype=np.uint64)
        self._items = np.empty(64, dtype=np.uint64)

    def __len__(self) -> int:
        return self._size

    @property
    def bytes(self) -> int:
        """What it holds in memory."""
        return self._words.nbytes + self._forms.nbytes + self._items.nbytes

    def add(self, sketch: NDArray[np.uint64], form: int, item: int) -> None:
        """Add a statement by its sketch, and the keys of its normal form and of what it is called."""
        if self._size == len(self._forms):
            self._grow()
        self._words[:, self._size] = sketch
        self._forms[self._size] = form
        self._items[self._size] = item
        self._size += 1

    def first_of_item(self, item: int) -> int | None:
        """The first row that is called so."""
        return _first(self._items[: self._size], item)

    def candidates(self, sketch: NDArray[np.uint64], form: int, below: int, most: int) -> list[int]:
        """At most so many rows below a number that may be like a statement, most likely first.

        Rows may be added meanwhile by another thread.
        """
        words, forms = self._words[:, :below], self._forms[:below]
        signs = _distances(words[SIGNS], sketch[SIGNS])
        near = np.flatnonzero(signs <= _FAR_SIGNS)
        if len(near) > _SCREENED:
            near = near[signs[near] <= np.partition(signs[near], _SCREENED)[_SCREENED]]
        apart = np.bitwise_count(words[NUMBERS][0, near] ^ sketch[NUMBERS]).astype(np.int32)
        near = near[np.argsort(signs[near] + _NUMBERS_WEIGHT * apart, kind="stable")[:most]]
        hashes = _distances(words[HASHES], sketch[HASHES])
        worded = np.flatnonzero(hashes <= _FAR_HASHES)
        worded = worded[np.argsort(hashes[worded], kind="stable")[: most // 4]]
        same = _first(forms, form)
        found = [*([] if same is None else [same]), *worded.tolist(), *near.tolist()]
        return list(dict.fromkeys(found))[:most]

    def _grow(self) -> None:
        room = self._size + self._size // 2 + 64
        words = np.empty((WORDS, room), dtype=np.uint64)
        words[:, : self._size] = self._words[:, : self._size]
        self._words = words
        self._forms = np.concatenate([self._forms, np.empty(room - self._size, dtype=np.uint64)])
        self._items = np.concatenate([self._items, np.empty(room - self._size, dtype=np.uint64)])


def _first(column: NDArray[np.uint64], key: int) -> int | None:
    found = np.flatnonzero(column == np.uint64(key))
    return int(found[0]) if len(found) else None


def _distances(columns: NDArray[np.uint64], words: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """How many bits of each row differ."""
    counts = np.zeros(columns.shape[1], dtype=np.uint16)
    bits, ones = np.empty(_BLOCK, dtype=np.uint64), np.empty(_BLOCK, dtype=np.uint8)
    for start in range(0, len(counts), _BLOCK):
        block = counts[start : start + _BLOCK]
        for column, word in zip(columns, words, strict=True):
            np.bitwise_xor(column[start : start + len(block)], word, out=bits[: len(block)])
            np.bitwise_count(bits[: len(block)], out=ones[: len(block)])
            np.add(block, ones[: len(block)], out=block)
    return counts
