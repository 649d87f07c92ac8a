"""How often two reference models solve the problems, where that was measured."""

from collections import Counter

from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import Count, PassRates

BANDS = ("never", "up to 1/4", "up to 1/2", "up to 3/4", "over 3/4", "always")


class DifficultyCounter:
    """Counts pass rates of accepted samples."""

    def __init__(self) -> None:
        self._bands: dict[str, Counter[str]] = {"weak": Counter(), "strong": Counter()}
        self._undecided: Counter[str] = Counter()
        self._rates: Counter[str] = Counter()
        self._solves: Counter[str] = Counter()

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one accepted sample."""
        difficulty = sample.validation.difficulty
        for model, votes in (("weak", difficulty.weak), ("strong", difficulty.strong)):
            if not votes:
                continue
            verdicts = [vote.grade.verdict for vote in votes]
            right = verdicts.count(sample_pb2.VERDICT_CORRECT)
            decided = right + verdicts.count(sample_pb2.VERDICT_INCORRECT)
            if decided:
                self._bands[model][band(right, decided)] += 1
                self._rates[model] += right
                self._solves[model] += decided
            else:
                self._undecided[model] += 1

    def result(self) -> list[PassRates]:
        """Pass rates of the models that were asked."""
        return [
            PassRates(
                model=model,
                measured=bands.total(),
                undecided=self._undecided[model],
                solved=self._rates[model],
                solves=self._solves[model],
                bands=[Count(name=name, count=bands[name]) for name in BANDS],
            )
            for model, bands in self._bands.items()
            if bands or self._undecided[model]
        ]


def band(right: int, decided: int) -> str:
    """The band of a pass rate."""
    if right in (0, decided):
        return BANDS[-1] if right else BANDS[0]
    return BANDS[1 + min(3, -(-4 * right // decided) - 1)]
