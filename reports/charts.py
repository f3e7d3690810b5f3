"""Plotly figures of the shop, and what all figures share: rows of the marts in, figure out. Pure.

Colours of segments come from the marts. The other colours are of middle lightness, so that
they stand out from a white and from a dark page alike; text and grid lines take the colour of
the theme when the page draws the chart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from reports import rows
from reports.formats import Money, count, month, number, percent, short_day
from reports.withheld import known, shown

ACCENT = "#6366d9"
QUIET = "#7f8794"
SOFT = "#a9a9c9"
CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud"],
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
}
Layout = dict[str, Any]


def make_figure(*traces: Any, **layout: Any) -> go.Figure:
    """Return a figure that keeps still and leaves its colours of text to the theme."""
    figure = go.Figure(list(traces))
    figure.update_layout(
        template=None,
        autosize=True,
        showlegend=False,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        dragmode=False,
        **layout,
    )
    figure.update_xaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=12)
    figure.update_yaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=12)
    return figure


def legend_above() -> Layout:
    """Return a legend in one line above the figure."""
    return {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"}


def to_json(figure: go.Figure) -> dict[str, Any]:
    """Return data and layout of a figure as plain values, the same every time."""
    plain_values: dict[str, Any] = json.loads(figure.to_json(engine="json"))
    return plain_values


def scale(values: Sequence[float], title: str) -> Layout:
    """Return an axis from 0 with short figures; small ones in full, as 0.5 is not "500m"."""
    is_small = max([*values, 0]) < 10
    return {"title": title, "tickformat": ",.2~f" if is_small else "~s", "rangemode": "tozero"}


def monthly_revenue(months: Sequence[rows.Month], money: Money) -> go.Figure:
    """Draw revenue by month as bars; a month that is not over is lighter."""
    return make_figure(
        go.Bar(
            x=[row.month for row in months],
            y=[known(row.revenue) for row in months],
            marker_color=[ACCENT if row.is_complete else SOFT for row in months],
            customdata=[
                [month(row.month), money(row.revenue), count(row.orders, "order")]
                + (["<br>The month is not over"] if not row.is_complete else [""])
                for row in months
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]} from %{customdata[2]}"
            "%{customdata[3]}<extra></extra>",
        ),
        bargap=0.28,
        xaxis={
            "type": "date",
            "tickformat": "%b<br>%Y",
            "dtick": month_step(len(months)),
            "showgrid": False,
        },
        yaxis=scale(shown(row.revenue for row in months), f"Revenue ({money.unit})"),
    )


def month_step(months: int) -> str:
    """Return how far apart the marks of so many months stand."""
    return f"M{next((step for step in (1, 2, 3, 6, 12) if months / step <= 14), 24)}"


def segment_customers(segments: Sequence[rows.Segment]) -> go.Figure:
    """Draw the customers of each segment as bars, the best segment at the top."""
    labels = [
        f"{number(row.customers)}  ({percent(row.customer_share)})" for row in reversed(segments)
    ]
    values = [known(row.customers) for row in reversed(segments)]
    return _segment_bars(segments, values, labels, title="Customers")


def segment_revenue(segments: Sequence[rows.Segment], money: Money) -> go.Figure:
    """Draw the revenue of each segment as bars, the best segment at the top."""
    labels = [f"{money(row.revenue)}  ({percent(row.revenue_share)})" for row in reversed(segments)]
    values = [0 if row.revenue is None else known(row.revenue) for row in reversed(segments)]
    return _segment_bars(segments, values, labels, title=f"Revenue ({money.unit})")


def _segment_bars(
    segments: Sequence[rows.Segment],
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


def segment_sizes(sizes: Sequence[rows.SegmentSize]) -> go.Figure:
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


def two_lines(day: str) -> str:
    """Write a day so that it fits below a bar."""
    day_and_month, _, year = short_day(day).rpartition(" ")
    return f"{day_and_month}<br>{year}"


def segment_flows(moves: Sequence[rows.Move], segments: Sequence[rows.Segment]) -> go.Figure:
    """Draw the moves between two snapshots: the earlier one left, the later one right."""
    colours = {row.segment: row.colour for row in segments}
    order = [row.segment for row in segments]
    starts = [name for name in order if any(move.from_segment == name for move in moves)]
    starts += sorted({move.from_segment for move in moves} - set(order))
    ends = [name for name in order if any(move.to_segment == name for move in moves)]
    names = starts + ends
    outflow = [sum(shown(m.customers for m in moves if m.from_segment == name)) for name in starts]
    inflow = [sum(shown(m.customers for m in moves if m.to_segment == name)) for name in ends]
    return make_figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": names,
                "x": [0.001] * len(starts) + [0.999] * len(ends),
                "y": _stacked(outflow) + _stacked(inflow),
                "color": [colours.get(name, QUIET) for name in names],
                "pad": 22,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}: %{value:,} customers<extra></extra>",
            },
            link={
                "source": [starts.index(move.from_segment) for move in moves],
                "target": [len(starts) + ends.index(move.to_segment) for move in moves],
                "value": [move.customers for move in moves],
                "color": [_faded(colours.get(move.from_segment, QUIET)) for move in moves],
                "hovertemplate": "%{source.label} to %{target.label}: "
                "%{value:,} customers<extra></extra>",
            },
        )
    )


def _stacked(sizes: Sequence[float], *, gap: float = 0.06) -> list[float]:
    """Return the middles of bars that stand one below the other, from 0 to 1."""
    scale = (1 - gap * (len(sizes) - 1)) / (sum(sizes) or 1)
    middles, top = [], 0.0
    for size in sizes:
        middles.append(round(top + scale * size / 2, 4))
        top += scale * size + gap
    return middles


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.35)"
