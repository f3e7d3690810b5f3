"""The section about segments: shares, the grid of scores, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from reports.formatting import Money, capital, count, number, percent, slug
from reports.marts.segments import ScoreCell, Segment, Threshold, Tie
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, known, shown
from reports.page.chart_style import make_figure, scale
from reports.page.components import Cell, Chart, make_chart, shade
from reports.page.table import Column, Table, _columns


def segments_carry(segments: Sequence[Segment]) -> str | None:
    """Say which segment carries the revenue."""
    sized = [row for row in segments if known(row.revenue_share) is not None and row.customers]
    if not sized:
        return None
    best = max(sized, key=lambda row: (known(row.revenue_share) or 0, -row.segment_order))
    return (
        f"{best.segment} are {percent(best.customer_share)} of the customers and bring "
        f"{percent(best.revenue_share)} of the revenue."
    )


def _among(told: Sequence[object], there: Sequence[object], what: str) -> str:
    """Say that the best is the best of those shown, where some are not."""
    return "" if len(told) == len(there) else f"Of the {what} shown, "


def largest_segment(segments: Sequence[Segment]) -> str:
    """Say which segment has most customers."""
    sized = [row for row in segments if row.customers]
    if not sized:
        return "No customer is in a segment yet"
    told = [row for row in sized if known(row.customers)]
    if not told:
        return "Every segment has too few customers to be shown"
    best = max(told, key=lambda row: (known(row.customers) or 0, -row.segment_order))
    return (
        f"{_among(told, sized, 'segments')}{best.segment} is the largest segment: "
        f"{count(best.customers, 'customer')}, {percent(best.customer_share)}"
    )


def richest_segment(segments: Sequence[Segment]) -> str:
    """Say which segment brings most revenue."""
    sized = [row for row in segments if row.customers and row.revenue is not None]
    if not sized:
        return "No revenue yet"
    told = [row for row in sized if known(row.revenue) is not None]
    if not told:
        return "The revenue of every segment is withheld"
    best = max(told, key=lambda row: (known(row.revenue) or 0, -row.segment_order))
    return f"{best.segment} bring {percent(best.revenue_share)} of the revenue"


def fullest_cell(cells: Sequence[ScoreCell]) -> str:
    """Say which pair of scores most customers share."""
    if not cells:
        return "No customer has a score yet"
    told = [row for row in cells if known(row.customers)]
    if not told:
        return "Every pair of scores has too few customers to be shown"
    best = max(
        told, key=lambda row: (known(row.customers) or 0, row.recency_score, row.frequency_score)
    )
    largest = "The largest group" if len(told) == len(cells) else "The largest group shown"
    return (
        f"{largest} has recency {best.recency_score} and frequency {best.frequency_score}: "
        f"{count(best.customers, 'customer')}"
    )


def ties(tied: Sequence[Tie]) -> str:
    """Head the table of thresholds: how many customers equal somebody of another score."""
    by_measure = {row.measure: row.customers for row in tied}
    if not by_measure:
        return "No customer has a score yet"
    shared = by_measure.get("frequency", 0)
    if not shared:
        return "Equal numbers of orders have equal scores"
    return capital(
        f"{count(shared, 'customer')} ordered as often as somebody who has another score"
    )


def segment_customers(segments: Sequence[Segment]) -> go.Figure:
    """Draw the customers of each segment as bars, the best segment at the top."""
    labels = [
        f"{number(row.customers)}  ({percent(row.customer_share)})" for row in reversed(segments)
    ]
    values = [known(row.customers) for row in reversed(segments)]
    return _segment_bars(segments, values, labels, title="Customers")


def segment_revenue(segments: Sequence[Segment], money: Money) -> go.Figure:
    """Draw the revenue of each segment as bars, the best segment at the top."""
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


EQUALS_CUT = (
    " Of customers with equally many orders the more recent score higher, so some cells stay empty."
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
        ),
        make_chart(
            "segment-revenue",
            richest_segment(shop.segments),
            "Revenue of all time from the customers of each segment, returns taken off.",
            table,
            segment_revenue(shop.segments, money),
            size="small",
        ),
    )


def _segment_line(row: Segment, money: Money, *, has_csv: bool) -> SegmentLine:
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
        csv=f"customers_{slug(row.segment)}.csv" if has_csv else None,
    )


def _in_days(days: Figure | None) -> str:
    text = number(days)
    if known(days) is None:
        return text
    return f"{text} day" if text == "1" else f"{text} days"


@dataclass(frozen=True)
class ScoreGridCell:
    """A cell of the score grid in its three measures."""

    recency_score: int
    frequency_score: int
    customers: Cell
    revenue: Cell
    probability: Cell


def score_grid(cells: Sequence[ScoreCell], money: Money) -> tuple[tuple[ScoreGridCell, ...], ...]:
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
    csv: str | None


def segment_shares_table(segments: Sequence[Segment], money: Money) -> Table:
    """Write customers and revenue of each segment."""
    return Table(
        caption="Customers and revenue by segment",
        columns=_columns(
            "Segment", "Customers", "Share", f"Revenue ({money.unit})", "Share of revenue"
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
    """Write customers, revenue and mean probability for each pair of scores."""
    return Table(
        caption="Customers by recency score and frequency score",
        columns=(
            Column("Recency score"),
            Column("Frequency score"),
            Column("Customers"),
            Column(f"Revenue ({money.unit})"),
            Column("Mean probability"),
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


MEASURES = {
    "recency": "Recency, days",
    "frequency": "Frequency, orders",
    "monetary": "Monetary",
}


def thresholds_table(thresholds: Sequence[Threshold], money: Money) -> Table:
    """Write from where to where each score reaches, and how many share a value across scores."""

    def value(row: Threshold, raw: Figure) -> str:
        return money(raw, decimals=2) if row.measure == "monetary" else number(raw)

    return Table(
        caption="Where each score begins and ends",
        columns=(
            Column("Measure", is_number=False),
            Column("Score"),
            Column("From"),
            Column("To"),
            Column("Customers"),
            Column("Tied"),
        ),
        rows=tuple(
            (
                MEASURES[row.measure],
                str(row.score),
                value(row, row.lowest_value),
                value(row, row.highest_value),
                number(row.customers),
                number(row.tied_customers),
            )
            for row in thresholds
        ),
        empty="No customer has a score yet.",
    )
