"""How far the members of a panel agree with one another, and judges with each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from chimera.sample.v1 import sample_pb2
from chimera_client.calibration.rate import Rate

Table = Mapping[tuple[int, int], int]
"""How often two raters gave these two ratings to one unit."""

_DECIDED = frozenset({sample_pb2.VERDICT_CORRECT, sample_pb2.VERDICT_INCORRECT})


def cohens_kappa(table: Table) -> float | None:
    """Agreement of two raters beyond chance (Cohen 1960): (observed - expected) / (1 - expected).

    None if nothing was rated, or if both gave everything one and the same rating, where chance explains all.
    """
    count = sum(table.values())
    rows, columns = Counter[int](), Counter[int]()
    for (row, column), times in table.items():
        rows[row] += times
        columns[column] += times
    expected = sum(times * columns[rating] for rating, times in rows.items())
    if expected == count**2:
        return None
    observed = sum(times for (row, column), times in table.items() if row == column)
    return (observed * count - expected) / (count**2 - expected)


@dataclass(slots=True)
class Coincidences:
    """Coincidence matrix of nominal ratings by any number of raters (Krippendorff 2011)."""

    _cells: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, ratings: Sequence[int]) -> None:
        """Count a unit's ratings; those that are missing are left out, and a single one tells nothing."""
        if len(ratings) < 2:
            return
        counts = Counter(ratings)
        for row, times in counts.items():
            for column, others in counts.items():
                pairs = times * (others - (row == column))
                self._cells[row, column] = self._cells.get((row, column), 0.0) + pairs / (len(ratings) - 1)

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha; None if no two ratings can be compared, or none ever differs from any other."""
        totals = defaultdict[int, float](float)
        for (row, _), value in self._cells.items():
            totals[row] += value
        if len(totals) < 2:
            return None
        whole = sum(totals.values())
        expected = whole**2 - sum(value**2 for value in totals.values())
        observed = sum(value for (row, column), value in self._cells.items() if row != column)
        return 1 - (whole - 1) * observed / expected


@dataclass(slots=True)
class Agreement:
    """Panel members rate a sample *correct* or *incorrect*: their answer against the reference.

    A vote that is unknown is missing. Kappa and alpha are agreement beyond chance, 1 at most; both are low where one
    rating is rare, however seldom raters differ, so `observed` stands beside them.
    """

    samples: int = 0
    tables: dict[tuple[int, int], Counter[tuple[int, int]]] = field(default_factory=dict)
    judged_twice: int = 0
    judged_differently: int = 0
    _coincidences: Coincidences = field(default_factory=Coincidences)

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count the votes and judgements of one sample."""
        ratings = {
            vote.member: int(vote.grade.verdict) for vote in sample.validation.votes if vote.grade.verdict in _DECIDED
        }
        self.samples += len(ratings) > 1
        self._coincidences.add(list(ratings.values()))
        for one, other in combinations(sorted(ratings), 2):
            self.tables.setdefault((one, other), Counter())[ratings[one], ratings[other]] += 1
        for grade in _grades(sample):
            decided = [judgement.verdict for judgement in grade.judgements if judgement.verdict in _DECIDED]
            self.judged_twice += len(decided) > 1
            self.judged_differently += len(set(decided)) > 1

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha over all members; None if no votes ever differ."""
        return self._coincidences.alpha

    @property
    def kappas(self) -> dict[tuple[int, int], float | None]:
        """Cohen's kappa of every two members, by their positions in the panel; None where no votes ever differ."""
        return {pair: cohens_kappa(self.tables[pair]) for pair in sorted(self.tables)}

    @property
    def observed(self) -> dict[tuple[int, int], Rate]:
        """How often two members agree, of the samples on which both decided."""
        return {
            pair: Rate(sum(n for (a, b), n in table.items() if a == b), sum(table.values()))
            for pair, table in sorted(self.tables.items())
        }

    @property
    def judges_differ(self) -> Rate:
        """How often two judges differ, of the answers that both decided about."""
        return Rate(self.judged_differently, self.judged_twice)

    def plain(self) -> dict[str, Any]:
        """Everything for JSON."""
        kappas, observed = self.kappas, self.observed
        return {
            "samples": self.samples,
            "alpha": self.alpha,
            "pairs": [
                {"members": list(pair), "kappa": kappas[pair], "agree": observed[pair].plain()} for pair in observed
            ],
            "judges_differ": self.judges_differ.plain(),
        }


def agreement_of(samples: Iterable[sample_pb2.Sample]) -> Agreement:
    """How far the models that checked these samples agree."""
    found = Agreement()
    for sample in samples:
        found.add(sample)
    return found


def _grades(sample: sample_pb2.Sample) -> Iterator[sample_pb2.Grade]:
    validation = sample.validation
    for vote in (*validation.votes, *validation.difficulty.weak, *validation.difficulty.strong):
        yield vote.grade
    yield sample.grade
