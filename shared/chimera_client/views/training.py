"""Trainings and models on a terminal."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_client.text import count, counted, line
from chimera_client.views.spending import consumed_words
from chimera_client.views.tables import titled_table
from chimera_client.words import method_words, source_words

_BARS = "▁▂▃▄▅▆▇█"
_CURVE_CHARS = 60
_CURVES = ("loss", "held_out_loss", "reward")
_SHOWN = ("loss", "held_out_loss", "reward", "kl", "tokens_per_second")


def state_words(state: "training_pb2.TrainingState") -> str:
    """A state as it is spoken of."""
    return training_pb2.TrainingState.Name(state).removeprefix("TRAINING_STATE_").lower()


def trainings_table(trainings: Iterable[training_pb2.Training]) -> Table:
    """One line a training."""
    table = titled_table("Training", "Name", "Method", "State", "Step", "Model", "Ordered (UTC)")
    for each in trainings:
        table.add_row(
            each.training_id,
            Text(line(each.spec.name, 40)),
            method_words(each.spec.method),
            state_words(each.state),
            f"{each.step:,} of {each.steps:,}" if each.steps else "",
            Text(each.model),
            each.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S"),
        )
    return table


def progress_words(training: training_pb2.Training) -> str:
    """How far it is, on one line."""
    words = f"{line(training.spec.name, 40)} {state_words(training.state)}"
    if training.steps:
        words += f": step {training.step:,} of {training.steps:,}"
    paid = consumed_words(training.spec.budget, sample_pb2.Usage(), training.spending)
    return ", ".join([words, *measured_words(training), *paid])


def measured_words(training: training_pb2.Training) -> list[str]:
    """The newest values of what is worth watching."""
    values = training.last.values
    return [f"{name.replace('_', ' ')} {_number(values[name])}" for name in _SHOWN if name in values]


def sparkline(values: Sequence[float], width: int = _CURVE_CHARS) -> str:
    """A curve in one line: the mean of as many values as fall on each character."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    groups = min(width, len(finite))
    cuts = [round(n * len(finite) / groups) for n in range(groups + 1)]
    means = [sum(finite[a:b]) / (b - a) for a, b in pairwise(cuts)]
    low, span = min(means), max(means) - min(means)
    return "".join(_BARS[round((mean - low) / span * (len(_BARS) - 1)) if span else 0] for mean in means)


def render_training(training: training_pb2.Training, points: Sequence[training_pb2.Point] = ()) -> RenderableType:
    """A training: what was ordered, how far it is, its curves, what came of it."""
    spec = training.spec
    parts: list[RenderableType] = [
        Text(f"{training.training_id}: {method_words(spec.method)} of {source_words(spec.base)} on {spec.dataset_id}"),
        Text(progress_words(training)),
    ]
    facts = [f"{count(training.tokens)} tokens learned from"] if training.tokens else []
    facts += [f"{training.left_out:,} samples too long and left out"] if training.left_out else []
    facts += [f"{counted(training.restarts, 'restart')} after a worker died"] if training.restarts else []
    if facts:
        parts.append(Text("; ".join(facts)))
    for name in _CURVES:
        values = [point.values[name] for point in points if name in point.values]
        if len(values) > 1:
            ends = f"{_number(values[0])} to {_number(values[-1])}"
            parts.append(Text(f"{name.replace('_', ' '):14} {sparkline(values)}  {ends}"))
    if training.model:
        parts.append(Text(f"the model is {training.model}", style="green"))
    if training.detail:
        parts.append(Text(line(training.detail, 500), style="red"))
    return Group(*parts)


def models_table(models: Iterable[model_pb2.Model]) -> Table:
    """One line a version."""
    table = titled_table("Model", "Made by", "From", "Dataset", "Size", "Made (UTC)")
    for each in models:
        table.add_row(
            Text(f"{each.name}@{each.version}"),
            Text(each.method),
            Text(source_words(each.base)),
            Text(each.dataset_id),
            f"{each.bytes / 1e6:,.1f} MB",
            each.create_time.ToDatetime().strftime("%Y-%m-%d %H:%M:%S"),
        )
    return table


def render_model(model: model_pb2.Model) -> RenderableType:
    """A version and what it came from."""
    rows = {
        "folder": model.path,
        "size": f"{model.bytes / 1e6:,.1f} MB",
        "manifest": f"sha256 {model.sha256}",
        "made by": f"{model.method}, training {model.training_id}, code {model.code_version}",
        "from": source_words(model.base),
        "dataset": f"{model.dataset_id}, version {model.dataset_version}",
    }
    return Text("\n".join([f"{model.name}@{model.version}", *(f"  {key:9} {line(rows[key], 300)}" for key in rows)]))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
