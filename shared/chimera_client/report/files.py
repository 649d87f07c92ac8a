"""The files of a report: the page, the Markdown with its pictures, and what both are drawn from."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from chimera_client.report import html, pages, svg
from chimera_client.report.model import Report
from chimera_client.report.sections import document
from chimera_shared.errors import InvalidInput

FILE_NAME = "report.json"
MAX_BYTES = 64 * 1024 * 1024
"""A report lists at most some thousand names and excerpts."""


def read(folder: Path) -> Report:
    """The report of an exported folder; InvalidInput if it holds none that can be read."""
    path = folder / FILE_NAME
    way_out = "make it anew by the dataset's id: chimera datasets report ID"
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput.of("DIR", f"{path} cannot be read ({error.strerror}); {way_out}") from None
    if len(text) > MAX_BYTES:
        raise InvalidInput.of("DIR", f"{path} is larger than a report can be; {way_out}")
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:100] or "it"
        raise InvalidInput.of("DIR", f"{path}: {where}: {first['msg'][:200]}; {way_out}") from None


def texts(report: Report) -> Iterator[tuple[str, str]]:
    """Every file's path in the folder and its text. The same report gives the same bytes: no time is in them."""
    drawn = document(report)
    yield FILE_NAME, json.dumps(report.model_dump(), indent=2, ensure_ascii=False) + "\n"
    yield html.FILE_NAME, html.page(drawn)
    yield pages.FILE_NAME, pages.page(drawn)
    for chart in drawn.charts:
        yield pages.picture_path(chart), svg.picture(chart)
