"""How the trainings went: their curves, what they consumed, and with which settings."""

import math
from collections.abc import Sequence
from statistics import fmean, median

from chimera.training.v1 import training_pb2
from chimera_client.loop.outcome import Outcome, Trained
from chimera_client.report.document import Curve, Curves, Section, Table
from chimera_client.report.numbers import counted, whole
from chimera_client.text import duration
from chimera_client.words import method_words

BY_LOSS = {"loss": "Loss", "held_out_loss": "Loss on samples held out of the training"}
BY_REWARD = {"reward": "Reward", "completion_length": "Tokens of an answer"}
"""The loss of a training by reward says nothing about how well it goes."""


def section(outcome: Outcome) -> Section:
    """Curves for each step of the chain, one a seed."""
    many = len(outcome.rounds) > 1
    groups: dict[tuple[int, str], list[Trained]] = {}
    for each in outcome.rounds:
        for trained in each.trained:
            groups.setdefault((each.number, trained.step), []).append(trained)
    curves: list[Curves] = []
    for (number, step), group in groups.items():
        of = f"{step}, round {number}" if many else step
        curves += _charts(of, group, len(curves))
    everything = [one for each in outcome.rounds for one in each.trained]
    tokens = sum(one.training.tokens for one in everything)
    says = [f"{counted(len(everything), 'training')}, {tokens:,} tokens learned from in all."]
    if curves:
        says.append("Means over the first and the last tenth of what was measured stand beside each plot.")
    tables = [_runs(everything), _settings(groups, many=many)] if everything else []
    return Section("trainings", "How the trainings went", says, [*curves, *tables])


def _charts(of: str, group: Sequence[Trained], before: int) -> list[Curves]:
    by_reward = any("reward" in point.values for trained in group for point in trained.points)
    charts: list[Curves] = []
    for name, title in (BY_REWARD if by_reward else BY_LOSS).items():
        curves = [Curve(f"seed {trained.seed}", _measured(trained.points, name)) for trained in group]
        curves = [curve for curve in curves if curve.points]
        if curves:
            rows = [[curve.name, *_ends(curve)] for curve in curves]
            table = Table(["Training", "First tenth", "Last tenth"], rows)
            charts.append(Curves(f"curves-{before + len(charts)}", f"{title}: {of}", "step", curves, table))
    return charts


def _measured(points: Sequence[training_pb2.Point], name: str) -> list[tuple[float, float]]:
    return [
        (float(point.step), point.values[name])
        for point in points
        if name in point.values and math.isfinite(point.values[name])
    ]


def _ends(curve: Curve) -> list[str]:
    values = [value for _, value in curve.points]
    tenth = max(1, len(values) // 10)
    return [f"{fmean(part):.4g}" for part in (values[:tenth], values[-tenth:])]


def _runs(everything: Sequence[Trained]) -> Table:
    rows = []
    for one in everything:
        of = one.training
        rates = [rate for _, rate in _measured(one.points, "tokens_per_second")]
        times = of.create_time, of.end_time
        took = duration(times[1].seconds - times[0].seconds) if of.HasField("end_time") else "–"
        numbers = [whole(of.tokens), whole(median(rates)) if rates else "–", took]
        rows.append([one.candidate, whole(of.step), *numbers, whole(of.left_out), whole(of.restarts)])
    headers = ["Training", "Steps", "Tokens", "Tokens a second", "Time", "Left out", "Restarts"]
    return Table(headers, rows, "What they consumed; time is from the order to the end, waiting included")


def _settings(groups: dict[tuple[int, str], list[Trained]], *, many: bool) -> Table:
    rows = []
    for (number, step), group in groups.items():
        spec = group[0].training.spec
        optimiser = spec.optimiser
        length = counted(optimiser.steps, "step") if optimiser.steps else f"{optimiser.epochs:g} passes"
        adapters = f"adapters of rank {spec.lora.rank}" if spec.HasField("lora") else "all weights"
        answers = whole(spec.reinforcement.group_size) if spec.HasField("reinforcement") else "–"
        rows.append(
            [
                f"{step}, round {number}" if many else step,
                method_words(spec.method),
                ", ".join(str(trained.seed) for trained in group),
                adapters,
                length,
                whole(optimiser.batch_size),
                f"{optimiser.learning_rate:g}",
                answers,
            ]
        )
    headers = ["Step", "Method", "Seeds", "Trained", "Length", "Batch", "Learning rate", "Answers a problem"]
    return Table(headers, rows, "Settings")
