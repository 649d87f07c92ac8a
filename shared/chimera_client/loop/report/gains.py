"""What training gained, and whether that can be chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.evaluationreport.words import PLAIN, difference_words, whole_scores
from chimera_client.loop.outcome import Outcome, Round, TopicScore, Trained
from chimera_client.report.numbers import counted, percent


@dataclass(frozen=True, slots=True)
class Gain:
    """How one trained model differs from the base on one benchmark; `last` if nothing was trained on from it."""

    round: int
    trained: Trained
    last: bool
    of: evaluation_pb2.Comparison
    base: evaluation_pb2.PassAt
    tuned: evaluation_pb2.PassAt

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.of.low > 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.of.high < 0

    def words(self) -> str:
        """`base 12.3 % → tuned 71.0 %: +58.7 points (52.1 to 65.3), p < 0.001`."""
        return f"base {percent(self.base.value)} → tuned {percent(self.tuned.value)}: {difference_words(self.of)}"


def gains(outcome: Outcome) -> list[Gain]:
    """Every comparison of a trained model with the base on problems as they are, in the order of the trainings."""
    return [gain for each in outcome.rounds for gain in _of_round(each)]


def last_gains(outcome: Outcome) -> dict[str, list[Gain]]:
    """By benchmark, those of the models that the last round ended with: one a seed."""
    found: dict[str, list[Gain]] = {}
    for gain in _of_round(outcome.rounds[-1]) if outcome.rounds else ():
        if gain.last:
            found.setdefault(gain.of.benchmark, []).append(gain)
    return found


def verdict(outcome: Outcome) -> str:
    """What was gained on every benchmark, in words."""
    said = [f"{_gained(outcome, found)} {surety(found)}" for found in last_gains(outcome).values()]
    return " ".join(said) or "No trained model was compared with the base: nothing can be said about a gain."


def surety(found: Sequence[Gain]) -> str:
    """Whether the gain may be chance, over the seeds of one benchmark."""
    better = sum(gain.is_better for gain in found)
    worse = sum(gain.is_worse for gain in found)
    if len(found) == 1:
        if better or worse:
            return f"The {'gain' if better else 'loss'} is clear: 0 is outside of its interval."
        return "This may be chance: 0 is inside of its interval."
    seeds = f"{len(found)} seeds"
    if worse:
        kinds = [f"clearly worse in {worse}"] + ([f"clearly better in {better}"] if better else [])
        return f"Of {seeds}, the model is {' and '.join(kinds)}."
    if better == len(found):
        return f"The gain is clear in each of {seeds}."
    if not better:
        return f"No gain is clear in any of {seeds}: this may be chance."
    others = ", ".join(str(gain.trained.seed) for gain in found if not gain.is_better)
    return f"The gain is clear in {better} of {seeds}; with seed {others} it may be chance."


def mean_gain(found: Sequence[Gain]) -> float:
    """The mean difference over seeds, from -1 to 1."""
    return fmean(gain.of.difference for gain in found)


def points(difference: float) -> str:
    """`+58.7 points`."""
    return f"{100 * difference:+.1f} points"


def by_weakness(topics: Sequence[TopicScore]) -> list[TopicScore]:
    """The topics, worst first."""
    return sorted(topics, key=lambda topic: (topic.tuned, topic.base, topic.subject, topic.topic))


def last_trained(each: Round) -> list[Trained]:
    """The trainings of a round whose models it ended with: the last of each seed."""
    return list({trained.seed: trained for trained in each.trained}.values())


def _gained(outcome: Outcome, found: Sequence[Gain]) -> str:
    tuned = percent(fmean(gain.tuned.value for gain in found))
    over = f", on average over {len(found)} seeds," if len(found) > 1 else ""
    rounds = f" in {counted(len(outcome.rounds), 'round')}" if len(outcome.rounds) > 1 else ""
    return (
        f"{outcome.base} solves {percent(found[0].base.value)} of {found[0].of.benchmark} and{over} {tuned} after"
        f" training{rounds}: {points(mean_gain(found))}."
    )


def _of_round(each: Round) -> list[Gain]:
    scores = {(score.candidate, score.benchmark): score for score in whole_scores(each.evaluation) if score.pass_at}
    trained = {one.candidate: one for one in each.trained}
    last = {one.candidate for one in last_trained(each)}
    found = []
    for of in each.evaluation.comparisons:
        one, base = trained.get(of.candidate), scores.get((of.baseline, of.benchmark))
        tuned = scores.get((of.candidate, of.benchmark))
        if of.perturbation == PLAIN and one and base and tuned:
            found.append(Gain(each.number, one, one.candidate in last, of, base.pass_at[0], tuned.pass_at[0]))
    return found
