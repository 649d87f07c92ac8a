"""The report as one page that needs nothing else: its style and pictures are inside, and it has no script.

The page is built as a tree and never as text, so no text of a model can become markup; a content security policy
forbids what is left.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from chimera_client.markdown import is_number, printable
from chimera_client.report import svg
from chimera_client.report.document import Chart, Document, Section, Table, Tile

FILE_NAME = "report.html"
MAX_CELL_CHARS = 400
ID = re.compile("[0-9a-f]{24,64}")
LONG_WORD_CHARS = 24


def page(document: Document) -> str:
    """The text of `report.html`."""
    style = files(__package__).joinpath("report.css").read_text("utf-8") + svg.colours()
    root = Element("html", {"lang": "en"})
    head, body = SubElement(root, "head"), SubElement(root, "body")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _policy(style)})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    _add(head, "title", document.title)
    SubElement(head, "style").text = style
    main = SubElement(body, "main")
    _add(main, "h1", document.title)
    _add(main, "p", document.verdict, "verdict")
    for warning in document.warnings:
        _add(main, "p", warning, "warning")
    _tiles(main, document.tiles)
    links = SubElement(main, "nav", {"aria-label": "Sections"})
    for section in document.sections:
        SubElement(links, "a", {"href": f"#{section.key}"}).text = section.title
        links[-1].tail = " "
    for section in document.sections:
        _section(main, section)
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def _policy(style: str) -> str:
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _tiles(parent: Element, tiles: Sequence[Tile]) -> None:
    row = SubElement(parent, "div", {"class": "tiles"})
    for tile in tiles:
        box = SubElement(row, "div", {"class": "tile"})
        _add(box, "div", tile.label, "label")
        _add(box, "div", tile.value, "value")
        _add(box, "div", tile.detail, "detail")


def _section(parent: Element, section: Section) -> None:
    box = SubElement(parent, "section", {"id": section.key})
    _add(box, "h2", section.title)
    for position, sentence in enumerate(section.says):
        _add(box, "p", sentence, "aside" if position else "")
    for link in section.links:
        SubElement(SubElement(box, "p"), "a", {"href": link.path}).text = _text(link.label)
    for part in section.parts:
        if isinstance(part, Table):
            _table(SubElement(box, "div", {"class": "alone"}), part)
        else:
            _chart(SubElement(box, "div", {"class": "pair"}), part)


def _chart(parent: Element, chart: Chart) -> None:
    figure = SubElement(parent, "figure")
    _add(figure, "figcaption", chart.title)
    figure.append(svg.chart(chart))
    _table(SubElement(parent, "div"), chart.table)


def _table(parent: Element, table: Table) -> None:
    if table.title:
        _add(parent, "h3", table.title)
    box = SubElement(SubElement(parent, "div", {"class": "scroll"}), "table")
    columns = range(len(table.headers))
    styles = ["number" if i and table.rows and all(is_number(row[i]) for row in table.rows) else "" for i in columns]
    row = SubElement(SubElement(box, "thead"), "tr")
    for header, style in zip(table.headers, styles, strict=True):
        _add(row, "th", header, style).set("scope", "col")
    body = SubElement(box, "tbody")
    for cells in table.rows:
        row = SubElement(body, "tr")
        for cell, style in zip(cells, styles, strict=True):
            # A text in another direction stays in its cell and turns nothing around it.
            SubElement(_add(row, "td", "", style or _width(cell)), "bdi").text = _text(cell)


def _width(cell: str) -> str:
    """Words that would widen their column may be broken anywhere."""
    if ID.fullmatch(cell):
        return "id"
    return "long" if any(len(word) > LONG_WORD_CHARS for word in cell.split()) else ""


def _add(parent: Element, name: str, text: str, style: str = "") -> Element:
    element = SubElement(parent, name, {"class": style} if style else {})
    element.text = _text(text)
    return element


def _text(text: str) -> str:
    """The text on one line, without what reorders or hides others, cut to a readable length."""
    line = " ".join(printable(text[: 4 * MAX_CELL_CHARS]).split())
    return line if len(line) <= MAX_CELL_CHARS else line[: MAX_CELL_CHARS - 1].rstrip() + "…"
