"""What was trained on and, beside it, what was measured on: how many, how they were checked, what they cost."""

from collections.abc import Callable, Mapping
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera_client.loop.outcome import Outcome
from chimera_client.loop.report.places import links
from chimera_client.report.document import Section, Table
from chimera_client.report.numbers import counted, share, usd, whole
from chimera_client.words import reason_words

MAX_REASONS = 30


def section(outcome: Outcome, directory: Path) -> Section:
    """A column for each build."""
    many = len(outcome.rounds) > 1
    builds = {f"Round {each.number}" if many else "Training data": each.build for each in outcome.rounds}
    if outcome.exam is not None:
        builds["Exam"] = outcome.exam
    pages = links(outcome, directory, "dataset", "The whole report of the dataset")
    parts = [_facts(builds), *_refused(builds)] if builds else []
    return Section("data", "What it was trained on", _says(outcome), parts, pages)


def _says(outcome: Outcome) -> list[str]:
    samples = sum(each.dataset.samples for each in outcome.rounds)
    cost = sum(each.build.progress.usage.cost_nanousd for each in outcome.rounds)
    words = "at no price" if not cost else f"for {usd(cost)}"
    says = [f"{counted(samples, 'sample')} that passed every check of the verifier, {words}."]
    if outcome.exam is not None:
        says.append(
            f"The exam's {counted(outcome.exam.progress.accepted, 'problem')} come from a build of their own"
            f" (seed {outcome.exam.spec.seed}) and passed that build's checks."
        )
    clean = sorted({name for each in outcome.rounds for name in each.build.spec.similarity.benchmarks})
    if clean:
        leaks = sum(_lost(each.build, "LEAK") for each in outcome.rounds)
        says.append(
            f"The training data was kept clean of {', '.join(clean)}: {counted(leaks, 'problem')} that gave one of its"
            f" items away {'was' if leaks == 1 else 'were'} refused."
        )
    return says


def _facts(builds: dict[str, build_pb2.Build]) -> Table:
    rows = [[name, *(fact(build) for build in builds.values())] for name, fact in _FACTS.items()]
    return Table(["", *builds], rows)


def _refused(builds: dict[str, build_pb2.Build]) -> list[Table]:
    """Why samples were not accepted, most frequent first."""
    totals: dict[str, int] = {}
    for build in builds.values():
        for reason, count in build.progress.reasons.items():
            totals[reason] = totals.get(reason, 0) + count
    if not totals:
        return []
    ranked = sorted(totals, key=lambda reason: (-totals[reason], reason))[:MAX_REASONS]
    rows = [
        [reason_words(reason), *(whole(build.progress.reasons.get(reason, 0)) for build in builds.values())]
        for reason in ranked
    ]
    return [Table(["Not accepted because it", *builds], rows, "What was not accepted")]


def _tried(build: build_pb2.Build) -> int:
    counts = build.progress
    return counts.accepted + counts.rejected + counts.unknown


def _lost(build: build_pb2.Build, reason: str) -> int:
    return build.progress.reasons.get(f"REASON_{reason}", 0)


def _price(build: build_pb2.Build) -> str:
    counts = build.progress
    return usd(counts.usage.cost_nanousd / counts.accepted) if counts.accepted else "–"


_FACTS: Mapping[str, Callable[[build_pb2.Build], str]] = {
    "Samples asked for": lambda build: whole(build.spec.samples),
    "Accepted": lambda build: whole(build.progress.accepted),
    "Tried": lambda build: whole(_tried(build)),
    "Acceptance": lambda build: share(build.progress.accepted, _tried(build)),
    "Subjects": lambda build: whole(len(build.spec.subjects)),
    "Topics": lambda build: whole(build.progress.topics),
    "Refused as duplicates": lambda build: whole(_lost(build, "DUPLICATE")),
    "Refused as variants": lambda build: whole(_lost(build, "VARIANT")),
    "Refused as leaks": lambda build: whole(_lost(build, "LEAK")),
    "Planted control problems": lambda build: whole(build.progress.controls),
    "Calls": lambda build: whole(build.progress.usage.calls),
    "Tokens out": lambda build: whole(build.progress.usage.output_tokens),
    "Cost": lambda build: usd(build.progress.usage.cost_nanousd),
    "Cost of an accepted sample": _price,
    "Seed": lambda build: str(build.spec.seed),
}
