"""The head of a health report on a terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chimera_client.report.document import Document
from chimera_client.text import line

MAX_CHARS = 300


def render_report(document: Document, page: Path) -> RenderableType:
    """What decides whether to read on, and where to read it."""
    return Group(*_lines(document, page))


def _lines(document: Document, page: Path) -> Iterator[RenderableType]:
    yield Text(line(document.title, MAX_CHARS), style="bold")
    yield Text(line(document.verdict, MAX_CHARS))
    for warning in document.warnings:
        yield Text(f"! {line(warning, MAX_CHARS)}", style="yellow")
    table = Table.grid(padding=(0, 2))
    for tile in document.tiles:
        table.add_row(Text(tile.label, style="dim"), Text(tile.value), Text(tile.detail, style="dim"))
    yield Text()
    yield table
    yield Text()
    for section in document.sections:
        yield Text.assemble((f"{section.title}: ", "bold"), line(section.says[0], MAX_CHARS))
    yield Text()
    yield Text(f"The whole report: {page}")
