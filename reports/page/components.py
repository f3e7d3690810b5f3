"""What several sections print: charts, passages of text, cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from reports.marts.suppressed import Figure, known
from reports.page import chart_style
from reports.page.table import Table

SHADES = 8


@dataclass(frozen=True)
class Cell:
    """One cell: its text, how dark it is (0 to `SHADES`), and what a pointer reads."""

    text: str
    shade: int = 0
    title: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Grid:
    """A heat map; every row begins with its heading."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def shade(figure: Figure | None, largest: float) -> int:
    """Return how dark a cell is: 0 for nothing, then 1 to `SHADES` in equal steps.

    Examples
    --------
    >>> shade(0, 10), shade(1, 10), shade(10, 10), shade(None, 10)
    (0, 1, 8, 0)
    """
    value = known(figure)
    if value is None or value <= 0 or largest <= 0:
        return 0
    return min(SHADES, 1 + int(SHADES * value / largest))


@dataclass(frozen=True)
class Chart:
    """A chart with its finding as heading, its definition, and its numbers."""

    slug: str
    finding: str
    caption: str
    table: Table
    figure: dict[str, Any]
    size: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether the chart takes the whole width."""
        return "wide" in self.size


def make_chart(
    name: str, finding: str, caption: str, table: Table, figure: go.Figure, *, size: str = ""
) -> Chart:
    """Put a figure and the words around it together."""
    drawn = chart_style.to_json(figure)
    return Chart(slug=name, finding=finding, caption=caption, table=table, figure=drawn, size=size)


@dataclass(frozen=True)
class Passage:
    """A table of its own, with its finding as heading and its definition."""

    finding: str
    caption: str
    table: Table
