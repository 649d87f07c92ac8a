"""Counts everything that the report says while samples stream by, in memory that does not grow with their number."""

from collections import Counter
from collections.abc import Callable

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.report.agreement import AgreementCounter
from chimera_client.report.calibration import ControlCounter
from chimera_client.report.cost import CostCounter
from chimera_client.report.coverage import CoverageCounter
from chimera_client.report.difficulty import DifficultyCounter
from chimera_client.report.diversity import DiversityCounter
from chimera_client.report.draw import Draw
from chimera_client.report.funnel import FunnelCounter, of_progress
from chimera_client.report.language import languages
from chimera_client.report.model import Count, Head, Report
from chimera_client.report.release import ReleaseCounter
from chimera_client.report.roles import RoleCounter
from chimera_client.report.sizes import SizeCounter
from chimera_client.words import agreement_words, answer_type_words, ended_early


class Gatherer:
    """Takes a dataset's samples, then those of its build that were not accepted and its controls, if they can be had.

    `write_match` is given every problem that is like one seen before, as a line of JSON.
    """

    def __init__(self, write_match: Callable[[str], object]) -> None:
        self._funnel = FunnelCounter()
        self._coverage = CoverageCounter()
        self._cost = CostCounter()
        self._agreement = AgreementCounter()
        self._release = ReleaseCounter(write_match)
        self._controls = ControlCounter()
        self._draw = Draw()
        self._roles = RoleCounter()
        self._sizes = SizeCounter()
        self._difficulty = DifficultyCounter()
        self._diversity = DiversityCounter(self._draw)
        self._of_any_outcome = (self._funnel, self._coverage, self._cost, self._agreement, self._release)
        self._of_accepted = (self._draw, self._roles, self._sizes, self._difficulty, self._diversity)
        self._answer_types: Counter[str] = Counter()
        self._samples = 0

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one settled sample, whatever its outcome."""
        for counter in self._of_any_outcome:
            counter.add(sample)
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            self._samples += 1
            self._answer_types[answer_type_words(sample.problem.reference.type)] += 1
            for accepted in self._of_accepted:
                accepted.add(sample)

    def add_control(self, control: control_pb2.Control) -> None:
        """Count one problem that was planted to measure the verifier."""
        self._controls.add(control)

    def report(self, build: build_pb2.Build, dataset: dataset_pb2.Dataset, *, all_tried: bool) -> Report:
        """What was counted; `all_tried` says whether samples that were not accepted are among it."""
        progress = build.progress
        return Report(
            head=self._head(build, dataset),
            funnel=self._funnel.result() if all_tried else of_progress(progress),
            coverage=self._coverage.result(progress, all_tried=all_tried),
            answer_types=_counts(self._answer_types),
            languages=languages(self._draw.statements()),
            lengths=self._sizes.result(),
            difficulty=self._difficulty.result(),
            diversity=self._diversity.result(),
            agreement=self._agreement.result(),
            calibration=self._controls.result(),
            release=self._release.result(build),
            cost=self._cost.result(progress, all_tried=all_tried),
        )

    def _head(self, build: build_pb2.Build, dataset: dataset_pb2.Dataset) -> Head:
        return Head(
            name=build.spec.name or build.build_id,
            dataset_id=dataset.dataset_id,
            build_id=build.build_id,
            version=dataset.version or 1,
            parent_id=dataset.parent_id,
            recall_id=dataset.recall_id,
            change=dataset.change,
            published=dataset.create_time.ToJsonString() if dataset.HasField("create_time") else "",
            samples=self._samples,
            asked=build.spec.samples,
            partial=dataset.partial,
            why_partial=ended_early(build) if dataset.partial else "",
            agreement=f"{agreement_words(build.spec, 'the panel')} must agree with the reference answer",
            roles=self._roles.result(),
        )


def _counts(counter: Counter[str]) -> list[Count]:
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return [Count(name=name, count=count) for name, count in ranked]
