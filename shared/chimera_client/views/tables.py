"""Lists of builds, samples and datasets."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table
from rich.text import Text

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.text import count, line, money
from chimera_client.views.pace import spent_of
from chimera_client.views.sample import answer_text
from chimera_client.words import outcome_words, reason_name, reason_words, state_words


def builds_table(builds: Iterable[build_pb2.Build]) -> Table:
    """One line a build."""
    table = titled_table("Build", "Name", "State", "Accepted", "Spent", "Submitted (UTC)", "Dataset")
    for build in builds:
        add_row(
            table,
            build.build_id,
            build.spec.name,
            state_words(build.state),
            f"{build.progress.accepted:,} of {build.spec.samples:,}",
            _spent(build),
            time_words(build.create_time),
            build.dataset_id,
        )
    return table


def samples_table(samples: Iterable[sample_pb2.Sample]) -> Table:
    """One line a sample."""
    table = titled_table("Sample", "Subject", "Outcome", "Answer", "Problem")
    for sample in samples:
        outcome = outcome_words(sample.outcome)
        if name := reason_name(sample.reason):
            outcome += f": {reason_words(name)}"
        add_row(
            table,
            sample.ref.sample_id,
            sample.ref.subject,
            outcome,
            answer_text(sample.problem.reference),
            line(sample.problem.statement, 100),
        )
    return table


def datasets_table(datasets: Iterable[dataset_pb2.Dataset]) -> Table:
    """One line a dataset."""
    table = titled_table("Dataset", "Name", "Version", "Samples", "Published (UTC)", "Build")
    for dataset in datasets:
        add_row(
            table,
            dataset.dataset_id,
            dataset.name,
            f"{dataset.version or 1}",
            f"{dataset.samples:,}{' (partial)' if dataset.partial else ''}",
            time_words(dataset.create_time),
            dataset.build_id,
        )
    return table


def _spent(build: build_pb2.Build) -> str:
    """Money, or tokens where nothing has a price; and what may be spent at most."""
    spent, budget = spent_of(build.progress), build.spec.budget
    if not spent.nanousd and not budget.cost_nanousd:
        return f"{count(round(spent.tokens))} tokens"
    return money(round(spent.nanousd)) + (f" of {money(budget.cost_nanousd)}" if budget.cost_nanousd else "")


def titled_table(first: str, *others: str) -> Table:
    """An empty table whose first column is never cut."""
    table = Table()
    table.add_column(first, no_wrap=True)  # an id that is cut cannot be copied
    for name in others:
        table.add_column(name, overflow="fold")
    return table


def add_row(table: Table, *cells: str, limit: int = 200) -> None:
    """A row of outside text, each cell on one line of at most so many characters."""
    table.add_row(*(Text(line(cell, limit)) for cell in cells))


def time_words(stamp: Timestamp) -> str:
    """A time to the second; empty if there is none."""
    return stamp.ToDatetime().strftime("%Y-%m-%d %H:%M:%S") if stamp.seconds else ""
