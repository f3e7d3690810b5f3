"""Heat maps that are HTML tables: they read without JavaScript, in print and aloud. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports import rows
from reports.formats import DASH, Money, count, month, number, percent
from reports.withheld import Figure, known, shown

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


@dataclass(frozen=True)
class ScoreGridCell:
    """A cell of the score grid in its three measures."""

    recency_score: int
    frequency_score: int
    customers: Cell
    revenue: Cell
    probability: Cell


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


def score_grid(
    cells: Sequence[rows.ScoreCell], money: Money
) -> tuple[tuple[ScoreGridCell, ...], ...]:
    """Lay out recency (rows, 4 first) by frequency (columns, 1 first)."""
    found = {(cell.recency_score, cell.frequency_score): cell for cell in cells}
    most = max(shown(cell.customers for cell in cells), default=0)
    dearest = max(shown(cell.revenue for cell in cells), default=0)
    likeliest = max(shown(cell.mean_probability for cell in cells), default=0)

    def cell(recency: int, frequency: int) -> ScoreGridCell:
        row = found.get((recency, frequency))
        customers = row.customers if row else 0
        revenue = row.revenue if row else None
        chance = row.mean_probability if row else None
        return ScoreGridCell(
            recency_score=recency,
            frequency_score=frequency,
            customers=Cell(number(customers), shade(customers, most)),
            revenue=Cell(money(revenue), shade(revenue, dearest)),
            probability=Cell(percent(chance), shade(chance, likeliest)),
        )

    return tuple(tuple(cell(r, f) for f in (1, 2, 3, 4)) for r in (4, 3, 2, 1))


def moves_grid(moves: Sequence[rows.Move], segments: Sequence[rows.Segment], money: Money) -> Grid:
    """Lay out the moves: where from (rows), where to (columns)."""
    names = [segment.segment for segment in segments]
    found = {(move.from_segment, move.to_segment): move for move in moves}
    largest = max(shown(move.customers for move in moves), default=0)
    others = sorted({move.from_segment for move in moves} - set(names))

    def cell(start: str, end: str) -> Cell:
        move = found.get((start, end))
        if move is None:
            return Cell(DASH)
        told = (
            f"{count(move.customers, 'customer')} from {start} to {end}, "
            f"revenue {money(move.revenue)}"
        )
        return Cell(
            number(move.customers), shade(move.customers, largest), title=told, kind=move.direction
        )

    return Grid(
        corner="From \\ to",
        columns=tuple(names),
        rows=tuple((start, tuple(cell(start, end) for end in names)) for start in names + others),
    )


def cohorts_grid(cohorts: Sequence[rows.Cohort]) -> Grid:
    """Lay out retention: first month (rows) by months since (columns); month 0 is everybody."""
    months = sorted({row.cohort_month for row in cohorts})
    longest = max((row.months_since for row in cohorts), default=0)
    found = {(row.cohort_month, row.months_since): row for row in cohorts}
    highest = max(shown(row.retention_rate for row in cohorts if row.months_since), default=0)

    def cell(first: str, since: int) -> Cell:
        row = found.get((first, since))
        if row is None:
            return Cell("")
        told = f"{number(row.retained_customers)} of {count(row.cohort_customers, 'customer')}"
        text = percent(row.retention_rate)
        if not row.is_complete:
            text, told = f"{text}*", f"{told}; the month is not over"
        return Cell(text, shade(row.retention_rate, highest), title=told)

    def line(first: str) -> tuple[str, tuple[Cell, ...]]:
        start = found.get((first, 0))
        size = Cell(number(start.cohort_customers if start else None), kind="size")
        return month(first), (size, *(cell(first, since) for since in range(1, longest + 1)))

    return Grid(
        corner="First order in",
        columns=("Customers", *(f"+{since}" for since in range(1, longest + 1))),
        rows=tuple(line(first) for first in months),
    )
