"""The sizes of the segments at each snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from reports.formatting import Money, count, day, number, percent, short_day
from reports.marts.segments import SegmentSize
from reports.marts.shop import Shop
from reports.marts.suppressed import known, shown, whole
from reports.page.chart_style import legend_above, make_figure, scale, two_lines
from reports.page.components import Chart, Table, make_chart, number_columns, text_columns


def sizes_chart(shop: Shop, money: Money) -> Chart:
    """Return the customers by segment over time."""
    return make_chart(
        "segment-sizes",
        customers_grew(shop.segment_sizes),
        "Customers by segment. Each snapshot uses only the data up to its date.",
        sizes_table(shop.segment_sizes, money),
        segment_sizes(shop.segment_sizes),
        size="wide",
        sources=("segment_history",),
    )


def customers_grew(sizes: Sequence[SegmentSize]) -> str:
    """Return the number of customers with an order, and its growth since the last snapshot."""
    days = sorted({row.as_of_date for row in sizes})
    if len(days) < 2:
        return "There is no earlier snapshot yet"
    if any(known(row.customers) is None for row in sizes if row.as_of_date in days[-2:]):
        return f"The segments since {day(days[0])}"
    before, now = (
        sum(whole(row.customers) for row in sizes if row.as_of_date == one) for one in days[-2:]
    )
    return (
        f"{count(now, 'customer')} with an order, {number(now - before)} more than on "
        f"{day(days[-2])}"
    )


def segment_sizes(sizes: Sequence[SegmentSize]) -> go.Figure:
    """Draw the customers of each segment at each snapshot as stacked bars."""
    names = list(dict.fromkeys(row.segment for row in reversed(sizes)))
    traces = []
    for name in names:
        own = [row for row in sizes if row.segment == name]
        traces.append(
            go.Bar(
                name=name,
                x=[row.as_of_date for row in own],
                y=[known(row.customers) for row in own],
                marker_color=own[0].colour,
                customdata=[
                    [short_day(row.as_of_date), number(row.customers), percent(row.customer_share)]
                    for row in own
                ],
                hovertemplate=f"{name}, %{{customdata[0]}}<br>%{{customdata[1]}} customers, "
                "%{customdata[2]}<extra></extra>",
            )
        )
    days = sorted({row.as_of_date for row in sizes})
    figure = make_figure(
        *traces,
        barmode="stack",
        bargap=0.2,
        legend={**legend_above(), "traceorder": "reversed"},
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": days,
            "tickvals": days[::-2] if len(days) > 7 else days,
            "ticktext": [two_lines(value) for value in (days[::-2] if len(days) > 7 else days)],
            "tickangle": 0,
            "showgrid": False,
            "title": "As of",
        },
        yaxis=scale(shown(row.customers for row in sizes), "Customers"),
    )
    figure.update_layout(showlegend=True)
    return figure


def sizes_table(sizes: Sequence[SegmentSize], money: Money) -> Table:
    """Return the size of each segment at each snapshot, latest first."""
    latest_first = sorted(sizes, key=lambda row: row.as_of_date, reverse=True)
    return Table(
        caption="Segments at each snapshot",
        columns=(
            *text_columns("As of", "Segment"),
            *number_columns("Customers", "Share", f"Revenue to date ({money.unit})"),
        ),
        rows=tuple(
            (
                day(row.as_of_date),
                row.segment,
                number(row.customers),
                percent(row.customer_share),
                money(row.revenue),
            )
            for row in latest_first
        ),
    )
