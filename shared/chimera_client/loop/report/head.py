"""The first that a reader sees: what was gained, and what to know before believing it."""

from statistics import fmean

from chimera.build.v1 import build_pb2
from chimera_client.evaluationreport import sections as evaluated
from chimera_client.evaluationreport.words import interval_words
from chimera_client.loop.outcome import Outcome, Round
from chimera_client.loop.report.gains import Gain, last_gains, mean_gain, points
from chimera_client.report.document import Tile
from chimera_client.report.numbers import counted, percent
from chimera_client.text import duration
from chimera_client.words import ended_early


def title(outcome: Outcome) -> str:
    """The heading."""
    return f"Loop: {outcome.name}"


def warnings(outcome: Outcome) -> list[str]:
    """What makes the numbers weaker than they look."""
    found = []
    if outcome.exam is not None and outcome.exam.state != build_pb2.BUILD_STATE_SUCCEEDED:
        found.append(_partial("The exam", outcome.exam, outcome.exam.progress.accepted))
    for each in outcome.rounds:
        of = f"Round {each.number}: " if len(outcome.rounds) > 1 else ""
        if each.dataset.partial:
            found.append(of + _partial("The training data", each.build, each.dataset.samples))
        found += [of + warning for warning in _unchecked(each)]
        found += [of + warning for warning in evaluated.warnings(each.evaluation)]
    return found


def tiles(outcome: Outcome) -> list[Tile]:
    """The numbers that matter most, of the first benchmark."""
    found = []
    if by_benchmark := last_gains(outcome):
        benchmark, of = next(iter(by_benchmark.items()))
        found += _gain_tiles(outcome, benchmark, of)
    samples = [each.dataset.samples for each in outcome.rounds]
    if samples:
        said = "accepted by the verifier" if len(samples) == 1 else f"in the last of {len(samples)} datasets"
        if outcome.rounds[-1].dataset.partial:
            said += f"; {outcome.rounds[-1].build.spec.samples:,} were asked for"
        found.append(Tile("Trained on", counted(samples[-1], "sample"), said))
    if outcome.seconds:
        took = duration(sum(outcome.seconds.values()))
        found.append(Tile("Took", took, f"{counted(len(outcome.seconds), 'step')} in this run"))
    return found


def _gain_tiles(outcome: Outcome, benchmark: str, of: list[Gain]) -> list[Tile]:
    seeds = f"mean of {len(of)} seeds"
    tuned = percent(fmean(gain.tuned.value for gain in of))
    lowest, highest = (100 * end(gain.of.difference for gain in of) for end in (min, max))
    one = of[0].of
    spread = f"{lowest:+.1f} to {highest:+.1f} over {len(of)} seeds"
    interval = f"interval {100 * one.low:.1f} to {100 * one.high:.1f}"
    clear = sum(gain.is_better for gain in of)
    return [
        Tile(f"{outcome.base} on {benchmark}", percent(of[0].base.value), interval_words(of[0].base)),
        Tile("After training", tuned, seeds if len(of) > 1 else interval_words(of[0].tuned)),
        Tile("Difference", points(mean_gain(of)), spread if len(of) > 1 else interval),
        Tile("Clearly better", f"{clear} of {counted(len(of), 'seed')}", "the whole interval is above 0"),
    ]


def _partial(what: str, build: build_pb2.Build, samples: int) -> str:
    return (
        f"{what} is partial: {build.spec.samples:,} samples were asked for and {samples:,} are there, because"
        f" {ended_early(build)}. The mix of subjects is not the one that was ordered."
    )


def _unchecked(each: Round) -> list[str]:
    """Benchmarks that the training data was not kept clean of."""
    compared = set(each.build.spec.similarity.benchmarks)
    return [
        f"The training data was not compared with {benchmark.corpus}: some of its problems may have been trained on."
        f" Name it under `similarity.benchmarks` of the build."
        for benchmark in each.evaluation.spec.benchmarks
        if benchmark.corpus not in compared
    ]
