"""A build under way: a panel for a terminal, a line for a log."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera_client.text import count, duration, line
from chimera_client.views.pace import Pace, worked_seconds
from chimera_client.views.spending import (
    Limit,
    burn_words,
    held_back,
    limit_words,
    limits,
    shortfall_words,
    usage_words,
)
from chimera_client.words import reason_words, state_words, stop_words
from chimera_shared.builds import ENDED

MAX_SUBJECTS = 12
MAX_REASONS = 6
MAX_ENDPOINTS = 4
"""A panel taller than the terminal would be cut at the bottom, where the totals are."""

_STATE_STYLES = {
    build_pb2.BUILD_STATE_RUNNING: "cyan",
    build_pb2.BUILD_STATE_PAUSED: "yellow",
    build_pb2.BUILD_STATE_SUCCEEDED: "green",
    build_pb2.BUILD_STATE_FAILED: "red",
    build_pb2.BUILD_STATE_CANCELLED: "yellow",
}


def render_progress(build: build_pb2.Build, pace: Pace, now: float = 0.0) -> RenderableType:
    """The live panel: subjects, the way of the samples, why some were lost, what it cost, what holds it back.

    `now` is in seconds since 1970; without it no time is shown that passes.
    """
    progress = build.progress
    style = _STATE_STYLES.get(build.state, "white")
    title = Text.assemble(
        (f" {line(build.spec.name, 40)} ", "bold"), (state_words(build.state), style), f"  {line(build.build_id, 40)} "
    )
    parts: list[RenderableType] = [_subjects(build), Text(), _funnel(build)]
    if progress.reasons:
        parts += [Text(), _reasons(progress)]
    found = limits(build, pace, now)
    parts += [Text(), *_budget(found), Text(usage_words(progress)), _time(build, pace, now)]
    if short := shortfall_words(build, found):
        parts.append(Text(short, style="yellow"))
    parts += [Text(words, style="yellow") for words in _holds(build)]
    if build.detail:
        parts.append(Text(f"{stop_words(build.stop_reason)}: {line(build.detail, 300)}".lstrip(": "), style=style))
    return Panel(Group(*parts), title=title, title_align="left", border_style=style, box=box.ROUNDED)


def progress_line(build: build_pb2.Build, pace: Pace, now: float = 0.0) -> str:
    """The same on one line, for output that is not a terminal."""
    progress = build.progress
    parts = [
        f"{duration(worked_seconds(build, now))} {line(build.spec.name, 40)} {state_words(build.state)}:"
        f" {progress.accepted:,} of {build.spec.samples:,} accepted",
        f"{count(progress.topics)} topics",
        f"{count(progress.proposed)} proposed",
        f"{count(progress.validated)} validated",
        f"{count(progress.solved)} solved",
        f"{count(progress.rejected)} rejected",
        f"{count(progress.unknown)} unknown",
        f"{count(progress.in_flight)} {_unsettled(build)}",
        usage_words(progress),
    ]
    found = limits(build, pace, now)
    parts += [f"{limit.name} {limit_words(limit)}" for limit in found]
    parts += [words for words in (burn_words(build, pace), shortfall_words(build, found)) if words]
    if pace.left_seconds is not None and build.state == build_pb2.BUILD_STATE_RUNNING:
        parts.append(f"about {duration(pace.left_seconds)} left")
    return "; ".join([", ".join(parts), *_holds(build)])


def _holds(build: build_pb2.Build) -> list[str]:
    """Which endpoints are held back, while that matters."""
    if build.state != build_pb2.BUILD_STATE_RUNNING:
        return []
    held = list(held_back(build.progress.endpoints))
    rest = len(held) - MAX_ENDPOINTS
    return [*held[:MAX_ENDPOINTS], *([f"{rest} more endpoints are held back"] if rest > 0 else [])]


def _budget(found: Sequence[Limit]) -> list[RenderableType]:
    """A bar for each limit."""
    if not found:
        return []
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right")
    for limit in found:
        used = min(limit.used + limit.reserved, limit.limit)
        style = "red" if limit.falls_short else "yellow"
        bar = ProgressBar(total=limit.limit, completed=used, complete_style=style, finished_style="red")
        table.add_row(Text(f"budget: {limit.name}"), bar, Text(limit_words(limit)))
    return [table]


def _subjects(build: build_pb2.Build) -> Table:
    progress = build.progress
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(max_width=28, no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for subject in progress.subjects[:MAX_SUBJECTS]:
        _bar(table, line(subject.subject, 60), subject.accepted, subject.target)
    if (rest := len(progress.subjects) - MAX_SUBJECTS) > 0:
        others = progress.subjects[MAX_SUBJECTS:]
        _bar(table, f"{rest} more subjects", sum(s.accepted for s in others), sum(s.target for s in others))
    if len(progress.subjects) != 1:
        _bar(table, "all", progress.accepted, build.spec.samples, "bold")
    return table


def _bar(table: Table, label: str, accepted: int, target: int, style: str = "") -> None:
    numbers = f"{accepted:,} of {target:,}"
    bar = ProgressBar(total=max(target, 1), completed=min(accepted, target), finished_style="green")
    table.add_row(Text(label, style=style, overflow="ellipsis"), bar, Text(numbers, style=style))


def _unsettled(build: build_pb2.Build) -> str:
    """What samples are that were begun and are not settled."""
    return "unsettled" if build.state in ENDED else "in flight"


def _funnel(build: build_pb2.Build) -> Table:
    progress = build.progress
    steps: Sequence[tuple[str, int, str]] = (
        ("topics", progress.topics, ""),
        ("proposed", progress.proposed, ""),
        ("validated", progress.validated, ""),
        ("solved", progress.solved, ""),
        ("accepted", progress.accepted, "green"),
        ("rejected", progress.rejected, "red" if progress.rejected else ""),
        ("unknown", progress.unknown, "yellow" if progress.unknown else ""),
        (_unsettled(build), progress.in_flight, ""),
    )
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in steps:
        table.add_column(justify="right", no_wrap=True, ratio=1)
    table.add_row(*(Text(name, style="dim") for name, _, _ in steps))
    table.add_row(*(Text(count(number), style=style) for _, number, style in steps))
    return table


def _reasons(progress: build_pb2.Progress) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    ranked = ranked_reasons(progress)
    for name, number in ranked[:MAX_REASONS]:
        table.add_row(Text(count(number)), Text(reason_words(name)))
    if rest := sum(number for _, number in ranked[MAX_REASONS:]):
        table.add_row(Text(count(rest)), Text("for other reasons"))
    return table


def ranked_reasons(progress: build_pb2.Progress) -> list[tuple[str, int]]:
    """Why samples were not accepted, the most frequent first."""
    return sorted(progress.reasons.items(), key=lambda item: (-item[1], item[0]))


def _time(build: build_pb2.Build, pace: Pace, now: float) -> Text:
    parts = [f"{duration(worked_seconds(build, now))} elapsed"]
    if burn := burn_words(build, pace):
        parts.append(burn)
    if build.state == build_pb2.BUILD_STATE_RUNNING:
        if (rate := pace.per_minute) is not None:
            parts.append(f"{rate:,.0f} accepted a minute" if rate >= 10 else f"{rate:.1f} accepted a minute")
        parts.append(
            f"about {duration(pace.left_seconds)} left" if pace.left_seconds is not None else "time left not known yet"
        )
    return Text(", ".join(parts))
