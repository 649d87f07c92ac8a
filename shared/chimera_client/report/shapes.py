"""Shapes and texts of plots as SVG: no script, no outside resource, every text a text node.

Colours are classes, which the page or the picture's own style sheet fills in for light and dark.
"""

import unicodedata
from xml.etree.ElementTree import Element, SubElement

from chimera_client.markdown import printable

WIDTH = 640
ROW_HEIGHT = 24
PLOT_HEIGHT = 150
LEFT, RIGHT, BOTTOM = 52, WIDTH - 8, 40
CHARACTER_WIDTH = 7.2
"""Of a 12-pixel letter in the widest of the usual sans-serif fonts, so that what is fitted is not clipped."""

MAX_CHARS = 300
COLOURS = 4


def canvas(title: str, height: float) -> Element:
    """An empty plot."""
    shape = {"viewBox": f"0 0 {WIDTH} {number(height)}", "role": "img", "font-size": "12"}
    root = Element("svg", {**shape, "font-family": "system-ui, sans-serif", "aria-label": one_line(title)})
    SubElement(root, "title").text = one_line(title)
    return root


def rect(root: Element, x: float, y: float, width: float, height: float, style: str) -> Element:
    """A filled rectangle."""
    shape = {"x": number(x), "y": number(y), "width": number(width), "height": number(height)}
    return SubElement(root, "rect", {"class": style, **shape})


def line(root: Element, start: tuple[float, float], end: tuple[float, float], style: str) -> Element:
    """A straight line."""
    ends = {"x1": number(start[0]), "x2": number(end[0]), "y1": number(start[1]), "y2": number(end[1])}
    return SubElement(root, "line", {"class": style, **ends})


def text(root: Element, x: float, y: float, words: str, anchor: str, style: str = "ink") -> Element:
    """One line of text."""
    element = SubElement(root, "text", {"x": number(x), "y": number(y), "text-anchor": anchor, "class": style})
    element.text = one_line(words)
    return element


def across(root: Element, y: float, label: str) -> None:
    """A line of the grid with its value."""
    line(root, (LEFT, y), (RIGHT, y), "grid")
    text(root, LEFT - 6, y + 4, label, "end", "muted")


def fit(words: str, width: float) -> str:
    """One line of the text that is at most about `width` pixels wide."""
    words = one_line(words)
    used = 0.0
    for position, character in enumerate(words):
        used += text_width(character)
        if used > width:
            return words[: max(1, position - 1)].rstrip() + "…"
    return words


def one_line(words: str) -> str:
    """The text on one line, without what reorders or hides others."""
    return " ".join(printable(words[:MAX_CHARS]).split())


def text_width(words: str) -> float:
    """About how wide a text is, in pixels."""
    return CHARACTER_WIDTH * sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in words)


def number(value: float) -> str:
    """A coordinate."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
