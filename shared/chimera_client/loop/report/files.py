"""The files of a loop's report."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

from chimera_client.loop.outcome import Outcome
from chimera_client.loop.report.document import document
from chimera_client.loop.report.plain import plain
from chimera_client.report import html, pages, svg

FILE_NAME = "report.json"


def write(outcome: Outcome, directory: Path) -> Path:
    """Write report.json, report.html and report.md with its pictures into the folder; return the page's path.

    What else is in the folder stays, and reports of the dataset and the evaluation that are there are named.
    """
    for name, text in texts(outcome, directory):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
        try:
            fresh.write_text(text, "utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    return directory / html.FILE_NAME


def texts(outcome: Outcome, directory: Path) -> Iterator[tuple[str, str]]:
    """Every file's path in the folder and its text, what is drawn from others last."""
    drawn = document(outcome, directory)
    for chart in drawn.charts:
        yield pages.picture_path(chart), svg.picture(chart)
    yield FILE_NAME, json.dumps(plain(outcome), indent=2, ensure_ascii=False) + "\n"
    yield pages.FILE_NAME, pages.page(drawn)
    yield html.FILE_NAME, html.page(drawn)
