"""The segments section: customers and revenue by segment, the score grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from reports.formatting import Money, count, number, percent, slug
from reports.marts.segments import ScoreCell, Segment
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, known, shown
from reports.page.chart_style import make_figure, scale
from reports.page.components import (
    Cell,
    Chart,
    Table,
    make_chart,
    number_columns,
    shade,
    text_columns,
)

TIES_ARE_SPLIT = (
    " Among customers with the same number of orders, the more recent ones score higher, so some "
    "cells are empty."
)


@dataclass(frozen=True)
class Segments:
    """What the segments section prints; `has_scores` is false in a shop without orders."""

    has_scores: bool
    charts: tuple[Chart, ...]
    segments: tuple[SegmentLine, ...]
    segment_details: tuple[SegmentLine, ...]
    grid_finding: str
    grid_note: str
    grid: tuple[tuple[ScoreGridCell, ...], ...]
    grid_table: Table
    has_predictions: bool


@dataclass(frozen=True)
class SegmentLine:
    """One row of the table of segments, as text."""

    name: str
    slug: str
    order: int
    customers: str
    customer_share: str
    revenue: str
    revenue_share: str
    average_order_value: str
    median_recency: str
    expected_buyers: str
    revenue_at_risk: str
    action: str
    csv: str


@dataclass(frozen=True)
class ScoreGridCell:
    """A cell of the score grid with its three measures."""

    recency_score: int
    frequency_score: int
    customers: Cell
    revenue: Cell
    probability: Cell


def make_segments(shop: Shop, money: Money) -> Segments:
    """Return the segments section."""
    has_scores = shop.build.scored_customers != 0
    return Segments(
        has_scores=has_scores,
        charts=_segment_charts(shop, money) if has_scores else (),
        segments=tuple(_segment_line(row, money) for row in shop.segments),
        segment_details=tuple(_segment_line(row, money) for row in shop.segment_details),
        grid_finding=fullest_cell(shop.score_cells),
        grid_note=TIES_ARE_SPLIT if shop.build.scoring_method == "ntile" else "",
        grid=score_grid(shop.score_cells, money) if has_scores else (),
        grid_table=score_cells_table(shop.score_cells, money),
        has_predictions=bool(shop.has_predictions),
    )


def segments_carry(segments: Sequence[Segment]) -> str | None:
    """Return the segment with the highest share of the revenue, as a sentence."""
    sized = [row for row in segments if known(row.revenue_share) is not None and row.customers]
    if not sized:
        return None
    best = max(sized, key=lambda row: (known(row.revenue_share) or 0, -row.segment_order))
    return (
        f"{best.segment} are {percent(best.customer_share)} of the customers and bring "
        f"{percent(best.revenue_share)} of the revenue."
    )


def of_those_shown(visible: Sequence[object], all_rows: Sequence[object], what: str) -> str:
    """Return a beginning for a finding where some of the rows are suppressed."""
    return "" if len(visible) == len(all_rows) else f"Of the {what} shown, "


def largest_segment(segments: Sequence[Segment]) -> str:
    """Return the segment with the most customers."""
    sized = [row for row in segments if row.customers]
    if not sized:
        return "No customer is in a segment yet"
    visible = [row for row in sized if known(row.customers)]
    if not visible:
        return "Every segment has too few customers to show"
    best = max(visible, key=lambda row: (known(row.customers) or 0, -row.segment_order))
    return (
        f"{of_those_shown(visible, sized, 'segments')}{best.segment} is the largest segment: "
        f"{count(best.customers, 'customer')}, {percent(best.customer_share)}"
    )


def richest_segment(segments: Sequence[Segment]) -> str:
    """Return the segment with the highest revenue."""
    sized = [row for row in segments if row.customers and row.revenue is not None]
    if not sized:
        return "No revenue yet"
    visible = [row for row in sized if known(row.revenue) is not None]
    if not visible:
        return "The revenue of every segment is withheld"
    best = max(visible, key=lambda row: (known(row.revenue) or 0, -row.segment_order))
    return f"{best.segment} bring {percent(best.revenue_share)} of the revenue"


def fullest_cell(cells: Sequence[ScoreCell]) -> str:
    """Return the most frequent pair of scores."""
    if not cells:
        return "No customer has a score yet"
    visible = [row for row in cells if known(row.customers)]
    if not visible:
        return "Every pair of scores has too few customers to show"
    best = max(
        visible, key=lambda row: (known(row.customers) or 0, row.recency_score, row.frequency_score)
    )
    largest = "The largest group" if len(visible) == len(cells) else "The largest group shown"
    return (
        f"{largest} has recency {best.recency_score} and frequency {best.frequency_score}: "
        f"{count(best.customers, 'customer')}"
    )


def _segment_charts(shop: Shop, money: Money) -> tuple[Chart, ...]:
    table = segment_shares_table(shop.segments, money)
    return (
        make_chart(
            "segment-customers",
            largest_segment(shop.segments),
            "Customers with an order, by segment."
            + ("" if shop.is_public else " Choose a bar to list its customers."),
            table,
            segment_customers(shop.segments),
            size="small",
            sources=("segments",),
        ),
        make_chart(
            "segment-revenue",
            richest_segment(shop.segments),
            "All-time revenue by segment, minus returns.",
            table,
            segment_revenue(shop.segments, money),
            size="small",
            sources=("segments",),
        ),
    )


def _segment_line(row: Segment, money: Money) -> SegmentLine:
    return SegmentLine(
        name=row.segment,
        slug=slug(row.segment),
        order=row.segment_order,
        customers=number(row.customers),
        customer_share=percent(row.customer_share),
        revenue=money(row.revenue),
        revenue_share=percent(row.revenue_share),
        average_order_value=money(row.average_order_value, decimals=2),
        median_recency=_in_days(row.median_recency),
        expected_buyers=number(row.expected_buyers),
        revenue_at_risk=money(row.revenue_at_risk),
        action=row.recommended_action,
        csv=f"customers_{slug(row.segment)}.csv",
    )


def _in_days(days: Figure | None) -> str:
    text = number(days)
    if known(days) is None:
        return text
    return f"{text} day" if text == "1" else f"{text} days"


def segment_customers(segments: Sequence[Segment]) -> go.Figure:
    """Draw the customers by segment as bars, the best segment at the top."""
    labels = [
        f"{number(row.customers)}  ({percent(row.customer_share)})" for row in reversed(segments)
    ]
    values = [known(row.customers) for row in reversed(segments)]
    return _segment_bars(segments, values, labels, title="Customers")


def segment_revenue(segments: Sequence[Segment], money: Money) -> go.Figure:
    """Draw the revenue by segment as bars, the best segment at the top."""
    labels = [f"{money(row.revenue)}  ({percent(row.revenue_share)})" for row in reversed(segments)]
    values = [0 if row.revenue is None else known(row.revenue) for row in reversed(segments)]
    return _segment_bars(segments, values, labels, title=f"Revenue ({money.unit})")


def _segment_bars(
    segments: Sequence[Segment],
    values: Sequence[float | None],
    labels: Sequence[str],
    *,
    title: str,
) -> go.Figure:
    drawn = shown(values)
    room = 1.45 * max([*drawn, 1])
    return make_figure(
        go.Bar(
            x=list(values),
            y=[row.segment for row in reversed(segments)],
            text=list(labels),
            textposition="outside",
            cliponaxis=False,
            marker_color=[row.colour for row in reversed(segments)],
            orientation="h",
            hovertemplate="%{y}: %{text}<extra></extra>",
        ),
        bargap=0.42,
        xaxis={**scale(drawn, title), "range": [0, room], "nticks": 5, "showgrid": False},
        yaxis={"ticksuffix": "  ", "showgrid": False},
    )


def score_grid(cells: Sequence[ScoreCell], money: Money) -> tuple[tuple[ScoreGridCell, ...], ...]:
    """Return rows by recency score, 4 first, and columns by frequency score, 1 first."""
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


def segment_shares_table(segments: Sequence[Segment], money: Money) -> Table:
    """Return customers and revenue by segment."""
    return Table(
        caption="Customers and revenue by segment",
        columns=(
            *text_columns("Segment"),
            *number_columns("Customers", "Share", f"Revenue ({money.unit})", "Share of revenue"),
        ),
        rows=tuple(
            (
                row.segment,
                number(row.customers),
                percent(row.customer_share),
                money(row.revenue),
                percent(row.revenue_share),
            )
            for row in segments
        ),
    )


def score_cells_table(cells: Sequence[ScoreCell], money: Money) -> Table:
    """Return customers, revenue and mean probability by pair of scores."""
    return Table(
        caption="Customers by recency score and frequency score",
        columns=number_columns(
            "Recency score",
            "Frequency score",
            "Customers",
            f"Revenue ({money.unit})",
            "Mean probability",
        ),
        rows=tuple(
            (
                str(cell.recency_score),
                str(cell.frequency_score),
                number(cell.customers),
                money(cell.revenue),
                percent(cell.mean_probability),
            )
            for cell in cells
        ),
    )
