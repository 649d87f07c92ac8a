"""Counts everything that the report says while samples stream by, in memory that does not grow with their number."""

from collections import Counter

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.report.cost import CostCounter
from chimera_client.report.coverage import CoverageCounter
from chimera_client.report.funnel import FunnelCounter, of_progress
from chimera_client.report.model import Count, Head, Report
from chimera_client.report.roles import RoleCounter
from chimera_client.report.sizes import SizeCounter
from chimera_client.words import agreement_words, answer_type_words, ended_early


class Gatherer:
    """Takes a dataset's samples, then those of its build that were not accepted, if these can be had."""

    def __init__(self) -> None:
        self._funnel = FunnelCounter()
        self._coverage = CoverageCounter()
        self._sizes = SizeCounter()
        self._cost = CostCounter()
        self._roles = RoleCounter()
        self._answer_types: Counter[str] = Counter()
        self._samples = 0

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one settled sample, whatever its outcome."""
        self._funnel.add(sample)
        self._coverage.add(sample)
        self._cost.add(sample)
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            self._samples += 1
            self._sizes.add(sample)
            self._roles.add(sample)
            self._answer_types[answer_type_words(sample.problem.reference.type)] += 1

    def report(self, build: build_pb2.Build, dataset: dataset_pb2.Dataset, *, all_tried: bool) -> Report:
        """What was counted; `all_tried` says whether samples that were not accepted are among it."""
        progress = build.progress
        return Report(
            head=self._head(build, dataset),
            funnel=self._funnel.result() if all_tried else of_progress(progress),
            coverage=self._coverage.result(progress, all_tried=all_tried),
            answer_types=_counts(self._answer_types),
            lengths=self._sizes.result(),
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
