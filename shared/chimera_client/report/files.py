"""The files of a report: the page, the Markdown with its pictures, and what both are drawn from."""

import json
from collections.abc import Iterator

from chimera_client.report import html, pages, svg
from chimera_client.report.model import Report
from chimera_client.report.sections import document

FILE_NAME = "report.json"


def texts(report: Report) -> Iterator[tuple[str, str]]:
    """Every file's path in the folder and its text. The same report gives the same bytes: no time is in them."""
    drawn = document(report)
    yield FILE_NAME, json.dumps(report.model_dump(), indent=2, ensure_ascii=False) + "\n"
    yield html.FILE_NAME, html.page(drawn)
    yield pages.FILE_NAME, pages.page(drawn)
    for chart in drawn.charts:
        yield pages.picture_path(chart), svg.picture(chart)
