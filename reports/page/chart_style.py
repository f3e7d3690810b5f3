"""Colours, layout and serialisation that all charts share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from reports.formatting import short_day

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
    """Return a figure without zoom or drag; the theme of the page sets the colours of its text."""
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
    """Return an axis from 0 with SI prefixes; values below 10 without, as 0.5 is not "500m"."""
    is_small = max([*values, 0]) < 10
    return {"title": title, "tickformat": ",.2~f" if is_small else "~s", "rangemode": "tozero"}


def month_step(months: int) -> str:
    """Return the distance between the ticks of an axis of so many months."""
    return f"M{next((step for step in (1, 2, 3, 6, 12) if months / step <= 14), 24)}"


def two_lines(day: str) -> str:
    """Write a day so that it fits below a bar."""
    day_and_month, _, year = short_day(day).rpartition(" ")
    return f"{day_and_month}<br>{year}"
