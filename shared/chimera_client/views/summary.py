"""How a build ended, in words that a newcomer understands."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera_client.calibration import Calibration
from chimera_client.text import count, counted, duration, line, money
from chimera_client.views.calibration import errors_line
from chimera_client.views.pace import usage_of, worked_seconds
from chimera_client.views.progress import ranked_reasons
from chimera_client.words import agreement_words, reason_words, state_words, stop_advice, stop_words


def render_result(
    build: build_pb2.Build,
    directory: Path,
    rerun: str,
    fork: str,
    example_id: str,
    errors: Calibration,
    *,
    procedural: bool,
) -> RenderableType:
    """The final panel of a build that succeeded and was exported to `directory`.

    `rerun` builds all of it anew, empty if nothing does; `fork` builds it with a change. `errors` are the verifier's.
    """
    progress = build.progress
    head = Text.assemble((counted(progress.accepted, "verified sample"), "bold green"))
    head.append(f" over {counted(len(progress.subjects), 'subject')} are in ").append(
        line(str(directory)), style="bold"
    )
    lines: list[RenderableType] = [
        head,
        Text(
            "Every problem was solved by independent models that did not see its answer, and"
            f" {agreement_words(build.spec)} agreed with it; every solution ends in that answer."
        ),
    ]
    if errors.all.checked:
        lines.append(Text(errors_line(errors)))
    if procedural:
        lines.append(
            Text("No language model took part: the models are programs over fixed problem families.", style="yellow")
        )
    lines += [Text(), _account(build), *_losses(progress), Text(), _next_steps(directory, rerun, fork, example_id)]
    return Panel(Group(*lines), title=_title(build), title_align="left", border_style="green", box=box.ROUNDED)


@dataclass(frozen=True, slots=True)
class Ways:
    """The commands that make use of a build that did not succeed: run it again, fork it, export what it has."""

    again: str
    fork: str
    export: str


def render_failure(build: build_pb2.Build, ways: Ways) -> RenderableType:
    """The final panel of a build that failed or was cancelled."""
    progress = build.progress
    why = stop_words(build.stop_reason) or state_words(build.state)
    head = f"The build ended with {progress.accepted:,} of {build.spec.samples:,} samples: {why}."
    lines: list[RenderableType] = [Text.assemble((head, "bold red"))]
    if build.detail:
        lines.append(Text(f"Cause: {line(build.detail, 600)}"))
    if build.dataset_id:
        lines.append(Text("What was accepted is kept, and can be had as a partial dataset that is marked as such."))
    else:
        lines.append(Text("No dataset was written. What was accepted stays readable in the build."))
    lines += [Text(), _ways(build, ways), Text(), _account(build), *_losses(progress)]
    return Panel(Group(*lines), title=_title(build), title_align="left", border_style="red", box=box.ROUNDED)


def _ways(build: build_pb2.Build, ways: Ways) -> Table:
    """How to go on; nothing that was paid for is paid for again, whichever way is taken."""
    advice = stop_advice(build.stop_reason)
    steps = [("To go on", f"{advice + '; then ' if advice else ''}{ways.again}")]
    if usage_of(build.progress).calls:
        steps.append(("Or fork it", f"{ways.fork}"))
    if build.dataset_id:
        steps.append(("Export it", ways.export))
    return _steps(steps)


def _title(build: build_pb2.Build) -> Text:
    return Text(f" {line(build.spec.name, 40)} {state_words(build.state)}  {line(build.build_id, 40)} ")


def _account(build: build_pb2.Build) -> Text:
    usage, progress = usage_of(build.progress), build.progress
    took = f" in {duration(worked_seconds(build, 0))}" if build.HasField("end_time") else ""
    unpriced = " (no prices are configured, or models are free)" if usage.calls and not usage.cost_nanousd else ""
    price = f"{money(usage.cost_nanousd)}{unpriced}"
    if budget := build.spec.budget.cost_nanousd:
        price += f" of a budget of {money(budget)}"
    told = (
        f"{counted(progress.proposed, 'problem')} proposed{took}, with {counted(usage.calls, 'model call')}"
        f" ({count(usage.input_tokens)} tokens in, {count(usage.output_tokens)} tokens out). Cost: {price}."
    )
    if (lost := progress.spending.unaccounted).calls:
        told += f" {counted(lost.calls, 'call')} broke off untold, for at most {money(lost.cost_nanousd)} more."
    if reused := progress.reused.calls:
        worth = f", worth {money(progress.reused.cost_nanousd)}" if progress.reused.cost_nanousd else ""
        told += f" {counted(reused, 'answer')} of earlier builds used again{worth}."
    return Text(told)


def _losses(progress: build_pb2.Progress) -> list[RenderableType]:
    if not progress.reasons:
        return [Text("Nothing had to be thrown away.")] if progress.accepted else []
    replaced = "; others took their place" if progress.accepted else ""
    head = Text(
        f"{counted(progress.rejected, 'sample')} rejected and {progress.unknown:,} that could not be judged{replaced}:"
    )
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, min_width=6)
    table.add_column()
    for name, number in ranked_reasons(progress):
        table.add_row(Text(count(number)), Text(reason_words(name)))
    return [head, table]


def _next_steps(directory: Path, rerun: str, fork: str, example_id: str) -> Table:
    steps = [
        ("Read about it", f"{directory / 'README.md'}"),
        ("Judge it", f"{directory / 'report.html'}"),
        ("Load it", f'datasets.load_dataset("{directory}", split="train")'),
        ("Check its files", f"chimera datasets verify {directory}"),
        *([("Build it again", rerun)] if rerun else []),
        ("Change it", f"{fork} (pays only for what the change touches)"),
    ]
    if example_id:
        steps.insert(3, ("Look at a sample", f"chimera samples show {line(example_id, 40)} (while `chimera up` runs)"))
    return _steps(steps)


def _steps(steps: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, command in steps:
        table.add_row(Text(label, style="dim"), Text(command))
    return table
