"""Labelled pairs of problems, and how well they are told apart."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import yaml

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.likeness.reading import read
from chimera_verifier.domain.likeness.relation import compare

DUPLICATE, VARIANT, DIFFERENT = (
    sample_pb2.RELATION_DUPLICATE,
    sample_pb2.RELATION_VARIANT,
    sample_pb2.RELATION_DIFFERENT,
)
_LABELS = {"same": DUPLICATE, "variant": VARIANT, "other": DIFFERENT}
_FILE = Path(__file__).parent / "unit" / "verifier" / "alike.yaml"


@dataclass(frozen=True)
class Measured:
    """Counts of pairs by what they are and what they were found to be."""

    pairs: Counter
    unrelated: Counter

    def share(self, true, found):
        """Of the pairs that are this, the share that was found to be that."""
        return self.pairs[true, found] / sum(n for (kind, _), n in self.pairs.items() if kind == true)

    @property
    def precision(self):
        """Of the pairs found to be duplicates, the share that are."""
        return self.pairs[DUPLICATE, DUPLICATE] / sum(n for (_, found), n in self.pairs.items() if found == DUPLICATE)

    @property
    def recall(self):
        """Of the duplicates, the share that was found."""
        return self.share(DUPLICATE, DUPLICATE)

    @property
    def told_apart(self):
        """Of the variants, the share that was not taken for duplicates."""
        return 1 - self.share(VARIANT, DUPLICATE)


def groups(split):
    """The problems of a split, with what is like them."""
    return [group for group in yaml.safe_load(_FILE.read_text("utf-8")) if group["split"] == split]


def measure(split, embedder):
    """Relate every labelled pair of a split, and all pairs of problems that have nothing to do with each other."""
    found, texts = groups(split), []
    for group in found:
        texts += [(group["id"], group["text"]), *((group["id"], t) for kind in _LABELS for t in group[kind].values())]
    readings = {text: read(text) for _, text in texts}
    vectors = dict(zip(readings, embedder.embed([reading.masked for reading in readings.values()]), strict=True))

    def relation(one, other):
        return compare(readings[one], readings[other], float(vectors[one] @ vectors[other])).relation

    pairs = Counter(
        (label, relation(group["text"], text))
        for group in found
        for kind, label in _LABELS.items()
        for text in group[kind].values()
    )
    apart = ((one, other) for (a, one), (b, other) in combinations(texts, 2) if a != b)
    return Measured(pairs, Counter(relation(one, other) for one, other in apart))
