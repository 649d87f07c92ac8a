"""Problems seen before that are like those of the build: every match, kept or refused."""

import heapq
import json
from collections import Counter
from collections.abc import Callable

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import MatchCount, Matched, Release
from chimera_client.words import outcome_words, reason_name

LISTED = 200
EXCERPT_CHARS = 240
MAX_GROUPS = 2_000
OTHERS = "others"

RELATIONS = {
    sample_pb2.RELATION_DUPLICATE: "duplicate",
    sample_pb2.RELATION_VARIANT: "variant",
    sample_pb2.RELATION_LEAK: "leak",
    sample_pb2.RELATION_DIFFERENT: "different",
}
UNDECIDED = "undecided"
"""How problems relate if it could not be decided."""


class ReleaseCounter:
    """Counts matches and hands each to `write` as a line of JSON; the most important ones it keeps."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._counts: Counter[tuple[str, str, str, bool]] = Counter()
        self._listed: list[tuple[tuple[int, float, str, str], int, Matched]] = []
        self._total = self._inside = self._leaks = 0

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count the matches of one settled sample."""
        matches = sample.validation.matches
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            self._inside += any(match.relation != sample_pb2.RELATION_DIFFERENT for match in matches)
            self._leaks += any(match.relation == sample_pb2.RELATION_LEAK for match in matches)
        for match in matches:
            self._add(sample, match)

    def result(self, build: build_pb2.Build) -> Release:
        """What was found, and what was compared with."""
        compared = build.spec.similarity
        groups: dict[tuple[str, str, str], list[int]] = {}
        for (corpus, relation, method, refused), count in self._counts.items():
            groups.setdefault((corpus, relation, method), [0, 0])[refused] += count
        return Release(
            benchmarks=list(compared.benchmarks),
            datasets=list(compared.datasets),
            total=self._total,
            inside=self._inside,
            leaks=self._leaks,
            counts=[
                MatchCount(corpus=corpus, relation=relation, method=method, kept=kept, refused=refused)
                for (corpus, relation, method), (kept, refused) in sorted(groups.items())
            ],
            listed=[matched for _, _, matched in sorted(self._listed, reverse=True)],
        )

    def _add(self, sample: sample_pb2.Sample, match: sample_pb2.Match) -> None:
        self._total += 1
        matched = Matched(
            sample_id=sample.ref.sample_id,
            outcome=outcome_words(sample.outcome),
            reason=reason_name(sample.reason),
            relation=RELATIONS.get(match.relation, UNDECIDED),
            corpus=match.corpus,
            own=match.corpus == sample.ref.build_id,
            item=match.item,
            method=match.method,
            score=round(match.score, 4),
            refused=match.refused,
            excerpt=match.excerpt[:EXCERPT_CHARS],
            statement=sample.problem.statement[:EXCERPT_CHARS],
        )
        self._write(json.dumps(matched.model_dump()) + "\n")
        group = (match.corpus, matched.relation, match.method)
        if (*group, match.refused) not in self._counts and len(self._counts) >= MAX_GROUPS:
            group = (OTHERS, matched.relation, OTHERS)
        self._counts[(*group, match.refused)] += 1
        entry = (_weight(matched), -self._total, matched)
        if len(self._listed) < LISTED:
            heapq.heappush(self._listed, entry)
        elif entry[:2] > self._listed[0][:2]:
            heapq.heapreplace(self._listed, entry)


def _weight(matched: Matched) -> tuple[int, float, str, str]:
    """What to see first: leaks, then what is of other corpora, then what is in the dataset."""
    inside = matched.outcome == "accepted"
    leak = matched.relation == "leak"
    return (4 * leak + 2 * (not matched.own) + inside, matched.score, matched.sample_id, matched.item)
