"""The end of a loop on a terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from chimera_client.loop.outcome import Outcome
from chimera_client.loop.report.gains import Gain, by_weakness, last_gains, surety, verdict
from chimera_client.loop.report.head import warnings
from chimera_client.report.numbers import percent
from chimera_client.text import line
from chimera_client.views.tables import add_row, titled_table

MAX_CHARS = 300
WEAKEST = 5


def render_loop(outcome: Outcome, directory: Path) -> RenderableType:
    """What was gained, where the model is still weak, and where to read the rest."""
    return Group(*_lines(outcome, directory))


def _lines(outcome: Outcome, directory: Path) -> Iterator[RenderableType]:
    by_benchmark = last_gains(outcome)
    for benchmark, found in by_benchmark.items():
        yield Text(f"{line(benchmark, 80)}: {line(surety(found), MAX_CHARS)}", style=f"bold {_style(found)}".strip())
        for gain in found:
            yield Text(f"  {line(gain.trained.candidate, 80)}  {gain.words()}", style=_style([gain]))
    if not by_benchmark:
        yield Text(verdict(outcome))
    for warning in warnings(outcome):
        yield Text(f"! {line(warning, MAX_CHARS)}", style="yellow")
    topics = by_weakness(outcome.rounds[-1].topics)[:WEAKEST] if outcome.rounds else []
    if topics:
        table = titled_table("Weakest topics", "Subject", "Base", "Tuned", "Weight")
        for topic in topics:
            cells = (percent(topic.base), percent(topic.tuned), f"{topic.weight:.2f}")
            add_row(table, topic.topic, topic.subject, *cells, limit=60)
        yield table
    yield Text(f"The whole report: {directory / 'report.html'}")


def _style(found: list[Gain]) -> str:
    if all(gain.is_better for gain in found):
        return "green"
    return "red" if any(gain.is_worse for gain in found) else ""
