"""Recalls: what one would do, how far it is, what came of it."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.budget import has_limit
from chimera_client.replacements import told_apart
from chimera_client.text import count, counted, duration, line, money
from chimera_client.views.spending import consumed_words, held_back
from chimera_client.views.tables import add_row, time_words, titled_table
from chimera_client.words import recall_state_words
from chimera_shared.filters import in_words

_STYLES = {
    recall_pb2.RECALL_STATE_SUCCEEDED: "green",
    recall_pb2.RECALL_STATE_CANCELLED: "yellow",
    recall_pb2.RECALL_STATE_FAILED: "red",
}


def render_preview(recall: recall_pb2.Recall, dataset: dataset_pb2.Dataset, build: build_pb2.Build) -> RenderableType:
    """What is about to be done, before it is."""
    version = dataset.version or 1
    head = Text.assemble(
        (f"{recall.selected:,} of {dataset.samples:,} samples", "bold"),
        f" of {line(dataset.name, 64)}, version {version}, rest on {_evidence(recall)}.",
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for role, spec, is_new in told_apart(build.spec.roles, recall.replacements):
        names = line(", or ".join(spec.endpoints), 100)
        table.add_row(Text(f"  {role}", style="dim"), Text(f"{names} (new)", style="green") if is_new else Text(names))
    rest = Text(
        f"What does not pass again is withdrawn from version {version + 1}; version {version} stays as it is."
        f" {_paid(recall)}"
    )
    return Group(head, Text("They are verified again, problem and solution, by:"), table, rest)


def recall_line(recall: recall_pb2.Recall, seconds: float) -> str:
    """How far a recall is, on one line."""
    usage, done = _usage(recall), recall.kept + recall.withdrawn
    said = (
        f"{duration(seconds)} {recall.recall_id} {recall_state_words(recall.state)}: {done:,} of"
        f" {counted(recall.selected, 'sample')} verified again, {recall.kept:,} kept, {recall.withdrawn:,} withdrawn ·"
        f" {counted(usage.calls, 'model call')}, {count(usage.input_tokens + usage.output_tokens)} tokens,"
        f" {money(usage.cost_nanousd)}"
    )
    more = []
    if has_limit(recall.budget):
        more.append(f"of its budget {_consumed(recall)}")
    if recall.unverified:
        more.append(f"{recall.unverified:,} could not be verified: {line(recall.detail, 160)}")
    return "; ".join([said, *more, *held_back(recall.endpoints)])


def render_recall(recall: recall_pb2.Recall) -> RenderableType:
    """One recall with all that is known of it."""
    usage = _usage(recall)
    samples = f"{recall.selected:,}: {recall.kept:,} kept, {recall.withdrawn:,} withdrawn"
    style = _STYLES.get(recall.state, "cyan")
    rows = [
        ("Recall", Text.assemble(f"{recall.recall_id}  ", (recall_state_words(recall.state), style))),
        ("Evidence", Text(_evidence(recall))),
        ("Reason", Text(line(recall.reason, 500))),
        ("Dataset", Text(f"{line(recall.dataset_id, 40)} of build {line(recall.build_id, 40)}")),
        ("Replaced", Text(_replaced(recall))),
        ("Samples", Text(f"{samples}, {recall.unverified:,} not verified" if recall.unverified else samples)),
        ("Detail", Text(line(recall.detail, 500))),
        ("Consumed", Text(f"{counted(usage.calls, 'model call')}, {money(usage.cost_nanousd)}")),
        ("Budget", Text(_consumed(recall) if has_limit(recall.budget) else "")),
        ("Continues", Text(line(recall.continues, 40))),
        ("Ordered", Text(f"{time_words(recall.create_time)} UTC")),
        ("Ended", Text(f"{time_words(recall.end_time)} UTC" if recall.HasField("end_time") else "")),
        ("Held back", Text("; ".join(held_back(recall.endpoints)))),
        ("New version", Text(line(recall.new_dataset_id, 40))),
    ]
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value.plain:
            table.add_row(Text(label, style="dim"), value)
    return table


def render_end(recall: recall_pb2.Recall, steps: Iterable[tuple[str, str]]) -> RenderableType:
    """What came of a recall, and what to do next: labels with commands."""
    if recall.state == recall_pb2.RECALL_STATE_FAILED:
        return Group(
            Text.assemble(("The recall failed: ", "bold red"), line(recall.detail, 700), "."),
            Text(
                "The dataset is as before, and nothing found is lost: the same command again goes on, and pays for no"
                " answer twice."
            ),
        )
    if recall.state != recall_pb2.RECALL_STATE_SUCCEEDED:
        return Text("The recall was cancelled; the dataset is as before.", style="yellow")
    head = Text.assemble(
        (f"{recall.kept:,} of {counted(recall.selected, 'sample')} passed again", "bold green"),
        f", {recall.withdrawn:,} did not and {'is' if recall.withdrawn == 1 else 'are'} withdrawn."
        f" The new version is {line(recall.new_dataset_id, 40)}.",
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, command in steps:
        table.add_row(Text(label, style="dim"), Text(command))
    return Group(head, Text(), table)


def recalls_table(recalls: Iterable[recall_pb2.Recall]) -> Table:
    """One line a recall."""
    table = titled_table("Recall", "State", "Dataset", "Evidence", "Samples", "Kept", "Withdrawn", "Ordered (UTC)")
    for recall in recalls:
        add_row(
            table,
            recall.recall_id,
            recall_state_words(recall.state),
            recall.dataset_id,
            _evidence(recall),
            f"{recall.selected:,}",
            f"{recall.kept:,}",
            f"{recall.withdrawn:,}",
            time_words(recall.create_time),
        )
    return table


def history_table(versions: Iterable[dataset_pb2.Dataset]) -> Table:
    """One line a version of a dataset, with what changed in it."""
    table = titled_table("Version", "Dataset", "Samples", "Published (UTC)", "Recall", "Change")
    for dataset in versions:
        change = dataset.change or "as built"
        add_row(
            table,
            f"{dataset.version or 1}",
            dataset.dataset_id,
            f"{dataset.samples:,}{' (partial)' if dataset.partial else ''}",
            time_words(dataset.create_time),
            dataset.recall_id,
            line(change, 700),
            limit=700,
        )
    return table


def _paid(recall: recall_pb2.Recall) -> str:
    """Who pays for the calls, and up to where."""
    said = "The calls are paid for anew."
    if recall.continues:
        said = f"It goes on where recall {line(recall.continues, 40)} ended, whose answers are not paid for again."
    budget, most = recall.budget, []
    if budget.cost_nanousd:
        most.append(money(budget.cost_nanousd))
    if budget.tokens:
        most.append(f"{count(budget.tokens)} tokens")
    if budget.calls:
        most.append(counted(budget.calls, "model call"))
    if most:
        said += f" It ends before it exceeds {' or '.join(most)}; if that does not suffice, nothing is published."
    return said


def _usage(recall: recall_pb2.Recall) -> sample_pb2.Usage:
    """To the call where that is told, else as far as its samples tell."""
    return max(recall.spending.spent, recall.usage, key=lambda usage: usage.calls)


def _consumed(recall: recall_pb2.Recall) -> str:
    return ", ".join(consumed_words(recall.budget, recall.usage, recall.spending))


def _evidence(recall: recall_pb2.Recall) -> str:
    return line(in_words(recall.evidence), 200)


def _replaced(recall: recall_pb2.Recall) -> str:
    new = told_apart(build_pb2.Roles(), recall.replacements)
    return line("; ".join(f"{role} by {', or '.join(spec.endpoints)}" for role, spec, _ in new), 300)
