"""What became of every sample that was tried."""

from collections import Counter

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import Funnel, Loss, Step
from chimera_client.report.stages import STAGES, WORDS, lost_at, stage_of_reason
from chimera_client.words import outcome_words, reason_name

_NAMES = frozenset(sample_pb2.Reason.keys())

PASSED = {
    "propose": "Proposed",
    "screen": "Screened",
    "panel": "Validated",
    "difficulty": "Hard enough",
    "solve": "Solved",
    "grade": "Graded",
    "recall": "Not recalled",
}
SHOWN = ("propose", "screen", "panel", "solve")
"""Stages that are a step of every funnel; the others are one if they lost a sample."""


class FunnelCounter:
    """Counts where samples ended and why."""

    def __init__(self) -> None:
        self._accepted = 0
        self._losses: Counter[tuple[str, str, str]] = Counter()

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one settled sample."""
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            self._accepted += 1
        else:
            reason = reason_name(sample.reason) or "REASON_UNSPECIFIED"
            self._losses[lost_at(sample), reason, outcome_words(sample.outcome)] += 1

    def result(self) -> Funnel:
        """The funnel of all samples that were added."""
        lost = Counter[str]()
        for (stage, _, _), count in self._losses.items():
            lost[stage] += count
        left = self._accepted + lost.total()
        steps = [Step(name="Tried", samples=left)]
        for stage in STAGES:
            left -= lost[stage]
            if stage in SHOWN or (lost[stage] and stage != "grade"):
                steps.append(Step(name=PASSED[stage], samples=left))
        steps.append(Step(name="Accepted", samples=self._accepted))
        losses = [
            Loss(stage=WORDS[stage], reason=reason, outcome=outcome, samples=count)
            for (stage, reason, outcome), count in self._losses.items()
        ]
        return Funnel(counted=True, steps=steps, losses=_ranked(losses))


def of_progress(progress: build_pb2.Progress) -> Funnel:
    """The funnel by the build's own counts, which say neither the stage nor the outcome of technical failures."""
    names = (("Tried", "requested"), ("Proposed", "proposed"), ("Validated", "validated"), ("Solved", "solved"))
    steps = [Step(name=name, samples=getattr(progress, field)) for name, field in names]
    losses = []
    for reason, count in progress.reasons.items():
        known = reason in _NAMES
        stage = stage_of_reason(sample_pb2.Reason.Value(reason)) if known else None
        losses.append(Loss(stage=WORDS[stage] if stage else "Any", reason=reason, outcome="", samples=count))
    steps.append(Step(name="Accepted", samples=progress.accepted))
    return Funnel(counted=False, steps=steps, losses=_ranked(losses))


def _ranked(losses: list[Loss]) -> list[Loss]:
    return sorted(losses, key=lambda loss: (-loss.samples, loss.stage, loss.reason, loss.outcome))
