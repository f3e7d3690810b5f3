"""The parts that several sections print: tables, charts, cards with a table, heat maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from reports.marts.suppressed import Figure, known
from reports.page import chart_style

SHADES = 8


@dataclass(frozen=True)
class Column:
    """The heading of a column; numbers are aligned right, sentences may take several lines."""

    label: str
    is_number: bool = True
    is_sentence: bool = False


@dataclass(frozen=True)
class Measured:
    """A figure with its interval below it."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of formatted text under a caption; `empty` is printed where there are no rows.

    `groups` are headings above the columns, each with the number of columns that it spans.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Measured, ...], ...]
    empty: str = "There are no rows yet."
    groups: tuple[tuple[str, int], ...] = ()


def text_columns(*labels: str) -> tuple[Column, ...]:
    """Return the headings of columns of text."""
    return tuple(Column(label, is_number=False) for label in labels)


def number_columns(*labels: str) -> tuple[Column, ...]:
    """Return the headings of columns of numbers."""
    return tuple(Column(label) for label in labels)


@dataclass(frozen=True)
class Chart:
    """A chart with its finding as heading, its definition, and its numbers as a table.

    `sources` are the published tables that it shows; `size` is wide, small, tall or empty.
    """

    slug: str
    finding: str
    caption: str
    table: Table
    figure: dict[str, Any]
    sources: tuple[str, ...]
    size: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether the chart takes the whole width."""
        return "wide" in self.size


def make_chart(
    name: str,
    finding: str,
    caption: str,
    table: Table,
    figure: go.Figure,
    *,
    sources: tuple[str, ...],
    size: str = "",
) -> Chart:
    """Combine a figure with the texts and the table around it."""
    return Chart(name, finding, caption, table, chart_style.to_json(figure), sources, size)


@dataclass(frozen=True)
class TableCard:
    """A table with its finding as heading and its definition."""

    finding: str
    caption: str
    table: Table


@dataclass(frozen=True)
class Cell:
    """A cell of a heat map: its text, its shade (0 to `SHADES`), and its tooltip."""

    text: str
    shade: int = 0
    title: str = ""
    kind: str = ""


@dataclass(frozen=True)
class HeatMap:
    """The rows of a heat map, each with its heading."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def shade(figure: Figure | None, largest: float) -> int:
    """Return the shade of a cell: 0 for no value, then 1 to `SHADES` in equal steps.

    Examples
    --------
    >>> shade(0, 10), shade(1, 10), shade(10, 10), shade(None, 10)
    (0, 1, 8, 0)
    """
    value = known(figure)
    if value is None or value <= 0 or largest <= 0:
        return 0
    return min(SHADES, 1 + int(SHADES * value / largest))
