"""Plots as elements of a page, or as pictures that bring their colours along."""

from importlib.resources import files
from xml.etree.ElementTree import Element, SubElement, tostring

from chimera_client.report import shapes
from chimera_client.report.curves import curves
from chimera_client.report.document import Bars, Chart, Curves, Histogram
from chimera_client.report.shapes import BOTTOM, COLOURS, LEFT, PLOT_HEIGHT, RIGHT, ROW_HEIGHT, WIDTH

LEAST_LABEL_WIDTH, MOST_LABEL_WIDTH, NOTE_WIDTH = 90, 300, 130
BAR_HEIGHT = 14
TOP = 26
TICKS = 8
WIDEST_COLUMN = 90


def chart(of: Chart) -> Element:
    """The chart as an element for a page."""
    if isinstance(of, Bars):
        return _bars(of)
    return curves(of) if isinstance(of, Curves) else _histogram(of)


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
    root = shapes.canvas(of.title, legend + len(of.bars) * ROW_HEIGHT + 4)
    if legend:
        _legend(root, of, _label_width(of))
    ends = [max(sum(bar.values), bar.mark or 0, bar.span[1] if bar.span else 0) for bar in of.bars]
    most = max(ends, default=0) or 1
    left = _label_width(of)
    room = WIDTH - left - NOTE_WIDTH
    for row, bar in enumerate(of.bars):
        top = legend + row * ROW_HEIGHT
        middle = top + ROW_HEIGHT / 2 + 4
        label = shapes.text(root, left - 8, middle, shapes.fit(bar.label, left - 12), "end")
        SubElement(label, "title").text = shapes.one_line(bar.label)
        x = left
        for position, value in enumerate(bar.values):
            width = room * value / most
            if width > 0:
                y = top + (ROW_HEIGHT - BAR_HEIGHT) / 2
                shapes.rect(root, x, y, max(width, 0.5), BAR_HEIGHT, _series(position))
            x += width
        if bar.mark is not None:
            at = left + room * bar.mark / most
            shapes.line(root, (at, top + 2), (at, top + ROW_HEIGHT - 2), "mark")
            x = max(x, at)
        if bar.span is not None:
            low, high = (left + room * max(0.0, end) / most for end in bar.span)
            _span(root, low, high, top + ROW_HEIGHT / 2)
            x = max(x, high)
        shapes.text(root, x + 6, middle, shapes.fit(bar.note, NOTE_WIDTH), "start", "muted")
    return root


def _span(root: Element, low: float, high: float, y: float) -> None:
    shapes.line(root, (low, y), (high, y), "span")
    for end in (low, high):
        shapes.line(root, (end, y - 4), (end, y + 4), "span")


def _label_width(of: Bars) -> float:
    """Room for the longest label, within bounds."""
    longest = max((shapes.text_width(shapes.one_line(bar.label)) for bar in of.bars), default=0.0)
    return min(max(longest + 16, LEAST_LABEL_WIDTH), MOST_LABEL_WIDTH)


def _legend(root: Element, of: Bars, x: float) -> None:
    for position, name in enumerate(of.series):
        shapes.rect(root, x, 6, 10, 10, _series(position))
        shapes.text(root, x + 15, 15, name, "start", "muted")
        x += 34 + shapes.CHARACTER_WIDTH * len(name)
    if of.mark:
        shapes.line(root, (x, 4), (x, 18), "mark")
        shapes.text(root, x + 7, 15, of.mark, "start", "muted")


def _histogram(of: Histogram) -> Element:
    root = shapes.canvas(of.title, TOP + PLOT_HEIGHT + BOTTOM)
    top = _round_up(max((column.count for column in of.columns), default=0))
    for part in (0.0, 0.5, 1.0):
        shapes.across(root, TOP + PLOT_HEIGHT * (1 - part), f"{top * part:,.0f}")
    shapes.text(root, LEFT, 12, "samples", "start", "muted")
    width = min((RIGHT - LEFT) / max(1, len(of.columns)), WIDEST_COLUMN)
    for position, column in enumerate(of.columns):
        height = PLOT_HEIGHT * column.count / top
        if height > 0:
            x, y = LEFT + position * width, TOP + PLOT_HEIGHT - height
            style = "s3" if column.rest else "s0"
            bar = shapes.rect(root, x + 0.5, y, max(width - 1, 0.5), max(height, 0.5), style)
            SubElement(bar, "title").text = f"{_range(of, position)}: {column.count:,}"
    if of.columns:
        _ticks(root, of, width)
    shapes.text(root, (LEFT + RIGHT) / 2, TOP + PLOT_HEIGHT + 34, of.axis, "middle", "muted")
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
        shapes.text(root, min(x, WIDTH - 18), TOP + PLOT_HEIGHT + 16, labels[position], "middle", "muted")


def _range(of: Histogram, position: int) -> str:
    column = of.columns[position]
    if column.rest:
        return f"{column.low} and more"
    end = of.columns[position + 1].low if position + 1 < len(of.columns) else of.end
    return f"{column.low} to {end}"


def _round_up(count: int) -> int:
    """The end of an axis: even, so that its middle is a whole number, and not far above the largest column."""
    power = int(10 ** (len(str(count)) - 1))
    tops = (n * power for n in (1, 2, 4, 6, 8, 10))
    return max(2, next(top for top in tops if top >= count))


def _series(position: int) -> str:
    return f"s{position % COLOURS}"
