"""How two problem statements relate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.likeness.reading import Reading, read, shingles

Method = Literal["exact", "minhash", "embedding"]
_NEAR = 0.5
"""From this share of common shingles on, it is the words that show that two statements are alike."""
_ALIKE = 0.6
"""Below this likeness statements are different whatever else they have in common."""


class Embedder(Protocol):
    """Says where texts lie in a space of meanings."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length one for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two statements relate."""

    relation: "sample_pb2.Relation"
    """DIFFERENT, DUPLICATE or VARIANT."""
    method: Method
    """What found it."""
    score: float
    """How alike they are by that method, from 0 to 1."""


def relate(a: str, b: str, embedder: Embedder) -> Likeness:
    """How two statements relate, in either order."""
    left, right = read(a), read(b)
    if left.form == right.form:
        return Likeness(sample_pb2.RELATION_DUPLICATE, "exact", 1.0)
    first, second = embedder.embed([left.masked, right.masked])
    return compare(left, right, float(first @ second))


def compare(left: Reading, right: Reading, cosine: float) -> Likeness:
    """How two read statements relate, given the cosine of the embeddings of their masked texts."""
    if left.form == right.form:
        return Likeness(sample_pb2.RELATION_DUPLICATE, "exact", 1.0)
    common = _jaccard(shingles(left), shingles(right))
    method: Method = "minhash" if common >= _NEAR else "embedding"
    score = min(max(common if method == "minhash" else cosine, 0.0), 1.0)
    if score < _ALIKE or left.focus != right.focus:
        return Likeness(sample_pb2.RELATION_DIFFERENT, method, score)
    if Counter(left.numbers) != Counter(right.numbers):
        return Likeness(sample_pb2.RELATION_VARIANT, method, score)
    return Likeness(sample_pb2.RELATION_DUPLICATE, method, score)


def _jaccard(left: set[str], right: set[str]) -> float:
    return len(left & right) / max(len(left | right), 1)
