"""How two problem statements relate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.likeness import evidence
from chimera_verifier.domain.likeness.reading import Reading, read

Method = Literal["exact", "minhash", "embedding"]
_NEAR = 0.5
"""From this share of common shingles on, it is the words that show that two statements are alike."""
_ALIKE = 0.5
"""Below this likeness statements are different whatever else they have in common."""
_ALIKE_VARIANT = 0.68
"""And below this, if their numbers differ too."""
_MARGIN = 0.08
"""So near to a bound it is doubtful on which side two statements are."""

_SAME_WORDING, _SAMER, _VERY_SAME = 0.6, 0.7, 0.85
"""From these shares of common words on, what differs between two wordings is what makes two problems of them."""

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
    common = _jaccard(left.shingles, right.shingles)
    method: Method = "minhash" if common >= _NEAR else "embedding"
    score = round(min(max(common if method == "minhash" else cosine, 0.0), 1.0), 4)
    relation, doubtful = _relation(left, right, cosine)
    return Likeness(relation, method, score, doubtful)


def _relation(left: Reading, right: Reading, cosine: float) -> tuple["sample_pb2.Relation", bool]:
    """How they relate, and whether that is doubtful."""
    numbers = evidence.numbers(left, right)
    alike = cosine + 0.2 * (evidence.concept_overlap(left, right) - 0.4) + 0.03 * min(numbers.shared, 3)
    if alike < _ALIKE:
        return DIFFERENT, alike >= _ALIKE - _MARGIN and not numbers.changed
    formulas = evidence.formula_difference(left, right)
    if formulas == "other" or evidence.roles_swapped(left, right):
        return DIFFERENT, False
    if evidence.asked_otherwise(left, right) or evidence.meant_otherwise(left, right):
        return DIFFERENT, alike >= _ALIKE_VARIANT and numbers.shared > 0 and not (numbers.changed or numbers.dropped)
    if evidence.given_otherwise(left, right):
        return _variant(alike)
    if left.language == right.language and (found := evidence.edit(left, right)).sameness >= _SAME_WORDING:
        return _of_wording(left, right, found, numbers, formulas), False
    if numbers.changed or formulas:
        if (
            evidence.counts_differ(left, right)
            or evidence.asked_in_part(left, right)
            or evidence.things_swapped(left, right)
        ):
            return DIFFERENT, False
        return _variant(alike)
    if numbers.dropped:
        return DIFFERENT, alike >= _ALIKE + _MARGIN
    doubtful = alike < _ALIKE + _MARGIN or evidence.critical_difference(left, right)
    return (VARIANT if evidence.named_otherwise(left, right) else DUPLICATE), doubtful


def _variant(alike: float) -> tuple["sample_pb2.Relation", bool]:
    """A variant, if all the rest is alike enough: other numbers in another wording make many a problem of a field."""
    return (VARIANT if alike >= _ALIKE_VARIANT else DIFFERENT), abs(alike - _ALIKE_VARIANT) < _MARGIN


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
    fewer, more = sorted((found.ours, found.theirs))
    if evidence.critical_difference(left, right) or evidence.counted_otherwise(left, right):
        return DIFFERENT
    if (found.sameness >= _VERY_SAME and fewer >= 2) or (found.sameness >= _SAMER and more >= 3 and not fewer):
        return DIFFERENT
    if numbers.changed or formulas:
        return DIFFERENT if evidence.counts_differ(left, right) else VARIANT
    return DIFFERENT if numbers.dropped else DUPLICATE


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / max(len(left | right), 1)
