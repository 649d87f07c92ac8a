"""Curves over one axis, as SVG."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from chimera_client.report import shapes
from chimera_client.report.document import Curve, Curves
from chimera_client.report.shapes import BOTTOM, COLOURS, LEFT, PLOT_HEIGHT, RIGHT, ROW_HEIGHT

MAX_POINTS = 400
"""Of a curve: more than it has pixels says nothing more."""

LINES = 4
TOP = 10

Span = tuple[float, float]


def curves(of: Curves) -> Element:
    """The curves with their legend."""
    drawn = [Curve(curve.name, _drawn(curve.points)) for curve in of.curves]
    rows = _legend_rows(drawn) if len(drawn) > 1 else []
    top = TOP + ROW_HEIGHT * len(rows)
    root = shapes.canvas(of.title, top + PLOT_HEIGHT + BOTTOM)
    for row, named in enumerate(rows):
        _legend(root, named, 6 + ROW_HEIGHT * row)
    places = [place for curve in drawn for place, _ in curve.points]
    if not places:
        return root
    xs, ticks = (min(places), max(places)), axis([value for curve in drawn for _, value in curve.points])
    for tick in ticks:
        y = top + PLOT_HEIGHT * (1 - _part(tick, (ticks[0], ticks[-1])))
        shapes.across(root, y, f"{tick:.4g}")
    for position, curve in enumerate(drawn):
        _curve(root, curve, position, xs, (ticks[0], ticks[-1]), top)
    for end, anchor in ((xs[0], "start"), (xs[1], "end")):
        x = LEFT + (RIGHT - LEFT) * _part(end, xs)
        shapes.text(root, x, top + PLOT_HEIGHT + 16, f"{end:,.6g}", anchor, "muted")
    shapes.text(root, (LEFT + RIGHT) / 2, top + PLOT_HEIGHT + 34, of.axis, "middle", "muted")
    return root


def axis(values: Sequence[float]) -> list[float]:
    """Round values that enclose all others; 0 is among them unless it is far away."""
    low, high = min(values), max(values)
    if 0 < low < 0.6 * high:
        low = 0.0
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / LINES))
    step = next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= span / LINES * 0.999)
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return [n * step for n in range(first, last + 1)]


def _curve(root: Element, curve: Curve, position: int, xs: Span, ys: Span, top: float) -> None:
    at = [
        (LEFT + (RIGHT - LEFT) * _part(place, xs), top + PLOT_HEIGHT * (1 - _part(value, ys)))
        for place, value in curve.points
    ]
    if len(at) == 1:
        shapes.rect(root, at[0][0] - 3, at[0][1] - 3, 6, 6, f"s{position % COLOURS}")
        return
    path = " ".join(f"{shapes.number(x)},{shapes.number(y)}" for x, y in at)
    SubElement(root, "polyline", {"class": _style(position), "points": path})


def _legend_rows(drawn: Sequence[Curve]) -> list[list[tuple[int, str, float]]]:
    """The names with their places, as many a row as there is room for."""
    rows: list[list[tuple[int, str, float]]] = [[]]
    x = float(LEFT)
    for position, curve in enumerate(drawn):
        name = shapes.fit(curve.name, 200)
        width = 40 + shapes.text_width(name)
        if rows[-1] and x + width > RIGHT:
            rows.append([])
            x = LEFT
        rows[-1].append((position, name, x))
        x += width
    return rows


def _legend(root: Element, named: Sequence[tuple[int, str, float]], y: float) -> None:
    for position, name, x in named:
        shapes.line(root, (x, y + 5), (x + 18, y + 5), _style(position))
        shapes.text(root, x + 23, y + 9, name, "start", "muted")


def _style(position: int) -> str:
    return f"curve l{position % COLOURS}{' dashed' if position // COLOURS % 2 else ''}"


def _drawn(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that can be drawn: means of neighbours where there are too many."""
    finite = [(place, value) for place, value in points if math.isfinite(place) and math.isfinite(value)]
    size = -(-len(finite) // MAX_POINTS) or 1
    groups = [finite[start : start + size] for start in range(0, len(finite), size)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def _part(value: float, ends: Span) -> float:
    """Where a value is between two ends, from 0 to 1; the middle if they are one."""
    return (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.5
