"""How the base and every trained model did: in all, in more than one try, asked otherwise, and by topic."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.evaluationreport import sections as evaluated
from chimera_client.evaluationreport.words import p_words, pass_words, points_words, whole_scores
from chimera_client.loop.outcome import Outcome, Round
from chimera_client.loop.report.gains import Gain, by_weakness, gains, last_gains, mean_gain, points, surety
from chimera_client.loop.report.places import links
from chimera_client.report.document import Bar, Bars, Chart, Section, Table
from chimera_client.report.numbers import counted, percent, whole

MAX_SENTENCES = 12
MAX_DRAWN_TOPICS = 40
MAX_TOPICS = 500

Part = Chart | Table


def scores(outcome: Outcome, directory: Path) -> Section:
    """The gain of each training, with intervals."""
    many = len(outcome.rounds) > 1
    by_benchmark = last_gains(outcome)
    says = [f"{benchmark}: {surety(found)}" for benchmark, found in by_benchmark.items()]
    says = says or ["No trained model was compared with the base."]
    found = gains(outcome)
    says += _by_step(found)
    latest = sorted((gain for gain in found if gain.last), key=lambda gain: -gain.round)
    for gain in latest[:MAX_SENTENCES]:
        where = f"{f'Round {gain.round}, ' if many else ''}{gain.trained.candidate} (seed {gain.trained.seed})"
        says.append(f"{where} on {gain.of.benchmark}: {gain.words()}.")
    level = f"{100 * (outcome.rounds[-1].evaluation.spec.confidence or 0.95):g} %" if outcome.rounds else ""
    says.append(
        f"Shares of right answers with {level} intervals over problems. Base and trained models answered the same"
        " problems with the same seeds; p is a paired permutation test's, not corrected for the number of comparisons."
    )
    benchmarks = list(dict.fromkeys(b.corpus for each in outcome.rounds for b in each.evaluation.spec.benchmarks))
    parts: list[Part] = [_chart(outcome, benchmark, f"scores-{n}") for n, benchmark in enumerate(benchmarks)]
    if found:
        parts.append(_differences(found))
    pages = links(outcome, directory, "evaluation", "The whole evaluation")
    return Section("scores", "Did training help", says, parts, pages)


def passes(outcome: Outcome) -> Section | None:
    """pass@k for k above 1."""
    return _over_rounds(outcome, evaluated.passes)


def robustness(outcome: Outcome) -> Section | None:
    """The same problems asked otherwise."""
    return _over_rounds(outcome, evaluated.robustness)


def topics(outcome: Outcome) -> Section | None:
    """Where models are weak, and what the next build would make more of."""
    shown = [each for each in outcome.rounds if each.topics]
    if not shown:
        return None
    worst = by_weakness(shown[-1].topics)[0]
    says = [
        f"The weakest topic of {len(shown[-1].topics):,} is {worst.topic} ({worst.subject}): {percent(worst.tuned)}"
        f" right after training, {percent(worst.base)} before.",
        "The weight is the topic's share of a next round's build, relative to other topics: where the model"
        " is weak, more is made.",
        "A topic has few problems, so its numbers are rough, and the worst of many is worst by chance too.",
    ]
    many = len(outcome.rounds) > 1
    return Section("topics", "By topic", says, [_topics(each, many=many) for each in shown])


def _chart(outcome: Outcome, benchmark: str, key: str) -> Bars:
    bars: list[Bar] = []
    rows: list[list[str]] = []
    for each in outcome.rounds:
        for score in whole_scores(each.evaluation):
            if score.benchmark != benchmark or not score.pass_at:
                continue
            is_base = score.candidate == _baseline(each.evaluation)
            label = f"{outcome.base} (base)" if is_base else score.candidate
            bar = evaluated.score_bar(label, score.pass_at[0])
            if bar in bars:  # the base is measured again in every round, on the same problems
                continue
            bars.append(bar)
            rows.append([label, pass_words(score.pass_at[0]), whole(score.problems)])
    table = Table(["Model", "pass@1", "Problems"], rows)
    return Bars(key, f"Right answers on {benchmark}, with intervals", ["pass@1"], bars, table)


def _differences(found: Sequence[Gain]) -> Table:
    rows = [
        [
            gain.trained.candidate,
            str(gain.trained.seed),
            gain.of.benchmark,
            whole(gain.of.problems),
            percent(gain.base.value),
            percent(gain.tuned.value),
            points_words(gain.of),
            p_words(gain.of),
        ]
        for gain in found
    ]
    headers = ["Model", "Seed", "Benchmark", "Problems", "Base", "Tuned", "Difference", "p"]
    return Table(headers, rows, "Differences from the base, each with its interval")


def _by_step(found: Sequence[Gain]) -> list[str]:
    """What each step of the last round's chain came to; nothing if it has one step."""
    said = []
    last = [gain for gain in found if gain.round == found[-1].round]
    for benchmark in dict.fromkeys(gain.of.benchmark for gain in last):
        steps: dict[str, list[Gain]] = {}
        for gain in last:
            if gain.of.benchmark == benchmark:
                steps.setdefault(gain.trained.step, []).append(gain)
        if len(steps) > 1:
            means = ", ".join(f"after {step} {points(mean_gain(of))}" for step, of in steps.items())
            said.append(f"Mean difference from the base on {benchmark}: {means}.")
    return said


def _baseline(evaluation: evaluation_pb2.Evaluation) -> str:
    spec = evaluation.spec
    return spec.baseline or (spec.candidates[0].name if spec.candidates else "")


def _over_rounds(outcome: Outcome, section: Callable[[evaluation_pb2.Evaluation], Section | None]) -> Section | None:
    """A section of evaluations with the tables of every round."""
    found = [(each, made) for each in outcome.rounds if (made := section(each.evaluation)) is not None]
    if not found:
        return None
    many = len(outcome.rounds) > 1
    parts = [
        replace(part, title=f"Round {each.number}") if many else part for each, made in found for part in made.parts
    ]
    return replace(found[0][1], parts=parts)


def _topics(each: Round, *, many: bool) -> Bars:
    ranked = by_weakness(each.topics)
    rows = [
        [
            topic.topic,
            topic.subject,
            whole(topic.problems),
            percent(topic.base),
            percent(topic.tuned),
            f"{topic.weight:.2f}",
        ]
        for topic in ranked[:MAX_TOPICS]
    ]
    bars = [Bar(topic.topic, [topic.tuned], percent(topic.tuned), topic.base) for topic in ranked[:MAX_DRAWN_TOPICS]]
    of = f"Round {each.number}: right" if many else "Right"
    rest = len(ranked) - MAX_DRAWN_TOPICS
    title = f"{of} answers by topic, worst first" + (f"; {counted(rest, 'topic')} more" if rest > 0 else "")
    headers = ["Topic", "Subject", "Problems", "Base", "Tuned", "Weight"]
    return Bars(f"topics-{each.number}", title, ["after training"], bars, Table(headers, rows), mark="base")
