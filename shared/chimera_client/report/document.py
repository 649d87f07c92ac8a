"""What a report consists of before it is drawn: sentences, plots and tables. Texts are raw; renderers escape them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers. The first column is text, others are numbers if all their cells look like it."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: one value a series, stacked, and what stands at its end.

    `mark` is a line across; `span` is the interval that the value is known to.
    """

    label: str
    values: Sequence[float]
    note: str
    mark: float | None = None
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars. `key` names its picture; `mark` says what the lines across the bars are."""

    key: str
    title: str
    series: Sequence[str]
    bars: Sequence[Bar]
    table: Table
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a histogram: values from `low`, in words, and how many; `rest` if it holds all that is above."""

    low: str
    count: int
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram; `axis` says what is measured, `end` is the last column's upper edge."""

    key: str
    title: str
    axis: str
    columns: Sequence[Column]
    end: str
    table: Table


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured along an axis: places on it, which grow, and values."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves over one axis; `axis` says what is along it."""

    key: str
    title: str
    axis: str
    curves: Sequence[Curve]
    table: Table


Chart = Bars | Histogram | Curves


@dataclass(frozen=True, slots=True)
class Link:
    """Another page that belongs to the report, by its path from the report's folder. The path is ours, never a name."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report. `says` begins with the one sentence that says what to see."""

    key: str
    title: str
    says: Sequence[str]
    parts: Sequence[Chart | Table] = field(default_factory=tuple)
    links: Sequence[Link] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is seen first, and what it means."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    verdict: str
    warnings: Sequence[str]
    tiles: Sequence[Tile]
    sections: Sequence[Section]

    @property
    def charts(self) -> list[Chart]:
        """Every chart, in order."""
        return [part for section in self.sections for part in section.parts if not isinstance(part, Table)]
