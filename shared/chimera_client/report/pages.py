"""The report as Markdown, with its plots as pictures beside it."""

import re

from chimera_client.markdown import inline, table
from chimera_client.report.document import Chart, Document, Section, Table

FILE_NAME = "report.md"
PICTURES = "report"
MAX_SENTENCE_CHARS = 400
UNSAFE = re.compile(r"[^a-z0-9]+")


def picture_path(chart: Chart) -> str:
    """Where the picture of a chart is, in the folder of the report."""
    # A report that was read from a folder may name its charts as it likes.
    name = UNSAFE.sub("-", chart.key.lower())[:80]
    return f"{PICTURES}/{name}.svg"


def page(document: Document) -> str:
    """The text of `report.md`."""
    tiles = table(["", "", ""], [[inline(t.label), f"**{inline(t.value)}**", inline(t.detail)] for t in document.tiles])
    parts = [f"# {inline(document.title)}", _sentence(document.verdict)]
    parts += [f"> {_sentence(warning)}" for warning in document.warnings]
    parts += [tiles, *(_section(section) for section in document.sections)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {inline(section.title)}", *(_sentence(sentence) for sentence in section.says)]
    parts += [f"[{inline(link.label)}]({link.path})" for link in section.links]
    for part in section.parts:
        if isinstance(part, Table):
            parts += [f"**{inline(part.title)}**"] if part.title else []
            parts.append(_table(part))
        else:
            parts += [f"**{inline(part.title)}**", f"![{inline(part.title)}]({picture_path(part)})", _table(part.table)]
    return "\n\n".join(parts)


def _table(of: Table) -> str:
    return table(
        [inline(header) if header else "" for header in of.headers], [[_cell(c) for c in row] for row in of.rows]
    )


def _cell(text: str) -> str:
    return inline(text) if text.strip() else ""


def _sentence(text: str) -> str:
    return inline(text, MAX_SENTENCE_CHARS)
