"""How two problem statements relate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.likeness import evidence
from chimera_verifier.domain.likeness.reading import Reading, read, shingles

Method = Literal["exact", "minhash", "embedding"]
_NEAR = 0.5
"""From this share of common shingles on, it is the words that show that two statements are alike."""
_ALIKE = 0.5
"""Below this likeness statements are different whatever else they have in common."""
_ALIKE_VARIANT = 0.62
_SAME_WORDING = 0.6

DIFFERENT, DUPLICATE, VARIANT = (
    sample_pb2.RELATION_DIFFERENT,
    sample_pb2.RELATION_DUPLICATE,
    sample_pb2.RELATION_VARIANT,
)


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
    doubtful: bool = False
    """Whether a little more or less would have made it another relation."""


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
    score = round(min(max(common if method == "minhash" else cosine, 0.0), 1.0), 4)
    return Likeness(_relation(left, right, cosine), method, score)


def _relation(left: Reading, right: Reading, cosine: float) -> "sample_pb2.Relation":
    numbers = evidence.numbers(left, right)
    alike = cosine + 0.2 * (evidence.concept_overlap(left, right) - 0.4) + 0.03 * min(numbers.shared, 3)
    if alike < _ALIKE:
        return DIFFERENT
    formulas = evidence.formula_difference(left, right)
    if formulas == "other" or evidence.asked_otherwise(left, right) or evidence.meant_otherwise(left, right):
        return DIFFERENT
    if evidence.roles_swapped(left, right):
        return DIFFERENT
    if evidence.given_otherwise(left, right):
        return VARIANT if alike >= _ALIKE_VARIANT else DIFFERENT
    if left.language == right.language and (found := evidence.edit(left, right)).sameness >= _SAME_WORDING:
        return _of_wording(left, right, found, numbers, formulas)
    if numbers.changed or formulas:
        return VARIANT if alike >= _ALIKE_VARIANT and not evidence.counts_differ(left, right) else DIFFERENT
    if numbers.dropped:
        return DIFFERENT
    if left.names and right.names and not left.names & right.names and left.language == right.language:
        return VARIANT
    return DUPLICATE


def _of_wording(
    left: Reading, right: Reading, found: evidence.Edit, numbers: evidence.Numbers, formulas: str
) -> "sample_pb2.Relation":
    """How statements relate that say nearly the same words."""
    if found.renamed is not None:
        kinds = [(evidence.critical(a, left), evidence.critical(b, right)) for a, b in found.renamed]
        if any(ours != theirs for ours, theirs in kinds):
            return DIFFERENT
        renumbered = left.numbers != right.numbers or left.spelled != right.spelled
        return VARIANT if found.renamed or renumbered or formulas else DUPLICATE
    if evidence.critical_difference(left, right):
        return DIFFERENT
    if min(found.ours, found.theirs) >= 2 or (max(found.ours, found.theirs) >= 3 and not min(found.ours, found.theirs)):
        return DIFFERENT
    if numbers.changed or formulas:
        return DIFFERENT if evidence.counts_differ(left, right) else VARIANT
    return DIFFERENT if numbers.dropped else DUPLICATE


def _jaccard(left: set[str], right: set[str]) -> float:
    return len(left & right) / max(len(left | right), 1)
