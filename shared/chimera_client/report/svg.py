"""Bar charts and histograms as SVG: no script, no outside resource, every text a text node.

Colours are classes, which the page or the picture's own style sheet fills in for light and dark.
"""

import unicodedata
from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from chimera_client.markdown import printable
from chimera_client.report.document import Bars, Chart, Histogram

WIDTH = 640
LEAST_LABEL_WIDTH, MOST_LABEL_WIDTH, NOTE_WIDTH = 90, 300, 130
ROW_HEIGHT, BAR_HEIGHT = 24, 14
PLOT_HEIGHT = 150
LEFT, BOTTOM, TOP = 52, 40, 26
CHARACTER_WIDTH = 7.2
"""Of a 12-pixel letter in the widest of the usual sans-serif fonts, so that what is fitted is not clipped."""

TICKS = 8
WIDEST_COLUMN = 90
MAX_CHARS = 300
MAX_SERIES = 4


def chart(of: Chart) -> Element:
    """The chart as an element for a page."""
    return _bars(of) if isinstance(of, Bars) else _histogram(of)


def picture(of: Chart) -> str:
    """The chart as a file of its own, which brings its colours along."""
    root = chart(of)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("width", str(WIDTH))
    style = Element("style")
    style.text = colours()
    root.insert(1, style)
    backdrop = Element("rect", {"class": "paper", "width": "100%", "height": "100%"})
    root.insert(2, backdrop)
    return tostring(root, encoding="unicode") + "\n"


def colours() -> str:
    """The style sheet of charts."""
    return files(__package__).joinpath("chart.css").read_text("utf-8")


def _bars(of: Bars) -> Element:
    legend = ROW_HEIGHT if len(of.series) > 1 or of.mark else 0
    root = _root(of.title, legend + len(of.bars) * ROW_HEIGHT + 4)
    if legend:
        _legend(root, of, _label_width(of))
    most = max((max(sum(bar.values), bar.mark or 0) for bar in of.bars), default=0) or 1
    left = _label_width(of)
    room = WIDTH - left - NOTE_WIDTH
    for row, bar in enumerate(of.bars):
        top = legend + row * ROW_HEIGHT
        middle = top + ROW_HEIGHT / 2 + 4
        label = _text(root, left - 8, middle, fit(bar.label, left - 12), "end")
        SubElement(label, "title").text = _line(bar.label)
        x = left
        for position, value in enumerate(bar.values):
            width = room * value / most
            if width > 0:
                _rect(root, x, top + (ROW_HEIGHT - BAR_HEIGHT) / 2, max(width, 0.5), BAR_HEIGHT, _series(position))
            x += width
        if bar.mark is not None:
            at = _number(left + room * bar.mark / most)
            ends = {"x1": at, "x2": at, "y1": _number(top + 2), "y2": _number(top + ROW_HEIGHT - 2)}
            SubElement(root, "line", {"class": "mark", **ends})
            x = max(x, float(at))
        _text(root, x + 6, middle, fit(bar.note, NOTE_WIDTH), "start", "muted")
    return root


def _label_width(of: Bars) -> float:
    """Room for the longest label, within bounds."""
    longest = max((_width(_line(bar.label)) for bar in of.bars), default=0.0)
    return min(max(longest + 16, LEAST_LABEL_WIDTH), MOST_LABEL_WIDTH)


def _legend(root: Element, of: Bars, x: float) -> None:
    for position, name in enumerate(of.series):
        _rect(root, x, 6, 10, 10, _series(position))
        _text(root, x + 15, 15, name, "start", "muted")
        x += 34 + CHARACTER_WIDTH * len(name)
    if of.mark:
        SubElement(root, "line", {"class": "mark", "x1": _number(x), "x2": _number(x), "y1": "4", "y2": "18"})
        _text(root, x + 7, 15, of.mark, "start", "muted")


def _histogram(of: Histogram) -> Element:
    root = _root(of.title, TOP + PLOT_HEIGHT + BOTTOM)
    top = _round_up(max((column.count for column in of.columns), default=0))
    for part in (0.0, 0.5, 1.0):
        y = TOP + PLOT_HEIGHT * (1 - part)
        ends = {"x1": str(LEFT), "x2": str(WIDTH - 8), "y1": _number(y), "y2": _number(y)}
        SubElement(root, "line", {"class": "grid", **ends})
        _text(root, LEFT - 6, y + 4, f"{top * part:,.0f}", "end", "muted")
    _text(root, LEFT, 12, "samples", "start", "muted")
    width = min((WIDTH - 8 - LEFT) / max(1, len(of.columns)), WIDEST_COLUMN)
    for position, column in enumerate(of.columns):
        height = PLOT_HEIGHT * column.count / top
        if height > 0:
            x, y = LEFT + position * width, TOP + PLOT_HEIGHT - height
            bar = _rect(root, x + 0.5, y, max(width - 1, 0.5), max(height, 0.5), "s3" if column.rest else "s0")
            SubElement(bar, "title").text = f"{_range(of, position)}: {column.count:,}"
    if of.columns:
        _ticks(root, of, width)
    _text(root, (LEFT + WIDTH - 8) / 2, TOP + PLOT_HEIGHT + 34, of.axis, "middle", "muted")
    return root


def _ticks(root: Element, of: Histogram, width: float) -> None:
    labels = [f"≥ {column.low}" if column.rest else column.low for column in of.columns]
    if not of.columns[-1].rest:
        labels.append(of.end)
    every = max(1, -(-len(labels) // TICKS))
    last = len(labels) - 1
    for position in [*(place for place in range(0, last, every) if last - place >= 0.7 * every), last]:
        rest = position < len(of.columns) and of.columns[position].rest
        x = LEFT + (position + (0.5 if rest else 0)) * width
        _text(root, min(x, WIDTH - 18), TOP + PLOT_HEIGHT + 16, labels[position], "middle", "muted")


def _range(of: Histogram, position: int) -> str:
    column = of.columns[position]
    if column.rest:
        return f"{column.low} and more"
    end = of.columns[position + 1].low if position + 1 < len(of.columns) else of.end
    return f"{column.low} to {end}"


def fit(text: str, width: float) -> str:
    """One line of the text that is at most about `width` pixels wide."""
    line = _line(text)
    used = 0.0
    for position, character in enumerate(line):
        used += _width(character)
        if used > width:
            return line[: max(1, position - 1)].rstrip() + "…"
    return line


def _line(text: str) -> str:
    return " ".join(printable(text[:MAX_CHARS]).split())


def _width(text: str) -> float:
    return CHARACTER_WIDTH * sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _round_up(count: int) -> int:
    """The end of an axis: even, so that its middle is a whole number, and not far above the largest column."""
    power = int(10 ** (len(str(count)) - 1))
    tops = (n * power for n in (1, 2, 4, 6, 8, 10))
    return max(2, next(top for top in tops if top >= count))


def _root(title: str, height: float) -> Element:
    shape = {"viewBox": f"0 0 {WIDTH} {_number(height)}", "role": "img", "font-size": "12"}
    root = Element("svg", {**shape, "font-family": "system-ui, sans-serif", "aria-label": _line(title)})
    SubElement(root, "title").text = _line(title)
    return root


def _rect(root: Element, x: float, y: float, width: float, height: float, style: str) -> Element:
    shape = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
    return SubElement(root, "rect", {"class": style, **shape})


def _text(root: Element, x: float, y: float, text: str, anchor: str, style: str = "ink") -> Element:
    place = {"x": _number(x), "y": _number(y), "text-anchor": anchor, "class": style}
    element = SubElement(root, "text", place)
    element.text = _line(text)
    return element


def _series(position: int) -> str:
    return f"s{position % MAX_SERIES}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
