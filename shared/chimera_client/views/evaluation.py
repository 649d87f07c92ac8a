"""Evaluations on a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.evaluationreport.words import (
    PLAIN,
    difference_words,
    is_clear,
    pass_words,
    perturbation_words,
    state_words,
    whole_scores,
)
from chimera_client.text import count, line
from chimera_client.views.spending import consumed_words
from chimera_client.views.tables import titled_table


def evaluations_table(evaluations: Iterable[evaluation_pb2.Evaluation]) -> Table:
    """One line an evaluation."""
    table = titled_table("Evaluation", "Name", "State", "Graded", "Started (UTC)")
    for each in evaluations:
        table.add_row(
            each.evaluation_id,
            Text(line(each.spec.name, 40)),
            state_words(each.state),
            f"{each.graded:,} of {each.planned:,}",
            each.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S"),
        )
    return table


def progress_words(evaluation: evaluation_pb2.Evaluation) -> str:
    """How far it is, on one line."""
    used = evaluation.usage
    words = f"{line(evaluation.spec.name, 40)} {state_words(evaluation.state)}: {evaluation.graded:,} of"
    words += f" {evaluation.planned:,} answers graded, {count(used.output_tokens)} tokens out"
    return ", ".join([words, *consumed_words(evaluation.spec.budget, used, evaluation.spending)])


def render_evaluation(evaluation: evaluation_pb2.Evaluation) -> RenderableType:
    """Scores and differences, or how far it is."""
    if not evaluation.scores:
        detail = f"\n{line(evaluation.detail, 300)}" if evaluation.detail else ""
        return Text(progress_words(evaluation) + detail)
    scores = titled_table("Candidate", "Benchmark", "Asked", "Problems", "pass@1", "Right", "Wrong", "Open", "Cut off")
    ways = [PLAIN, *evaluation.spec.perturbations]
    for score in [score for how in ways for score in whole_scores(evaluation, how)]:
        counts = (score.correct, score.incorrect, score.unknown, score.truncated)
        scores.add_row(
            Text(score.candidate),
            Text(score.benchmark),
            perturbation_words(score.perturbation),
            f"{score.problems:,}",
            pass_words(score.pass_at[0]),
            *(f"{number:,}" for number in counts),
        )
    parts: list[RenderableType] = [scores]
    for of in evaluation.comparisons:
        style = "green" if of.low > 0 else "red" if of.high < 0 else ""
        unclear = "" if is_clear(of) else "; this may be chance"
        how = "" if of.perturbation == PLAIN else f", {perturbation_words(of.perturbation)}"
        words = f"{of.candidate} against {of.baseline} on {of.benchmark}{how}: {difference_words(of)}{unclear}"
        parts.append(Text(words, style=style))
    if evaluation.detail:
        parts.append(Text(line(evaluation.detail, 300), style="red"))
    return Group(*parts)
