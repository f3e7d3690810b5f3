"""The chart of why customers changed their segment: rows of the marts in, figure out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from reports import rows
from reports.charts import legend_above, make_figure, scale
from reports.formats import number
from reports.tables import CAUSES
from reports.withheld import known, shown

COLOURS = {"up": "#0f9b8e", "down": "#d9772b"}


def move_causes(causes: Sequence[rows.MoveCause]) -> go.Figure:
    """Draw the customers who moved up and who moved down by cause, as stacked bars."""
    names = [CAUSES[name] for name in reversed(CAUSES)]
    figure = make_figure(
        *(_bars(causes, direction, names) for direction in ("up", "down")),
        barmode="stack",
        bargap=0.42,
        legend={**legend_above(), "traceorder": "normal"},
        xaxis={**scale(shown(row.customers for row in causes), "Customers"), "nticks": 6},
        yaxis={
            "ticksuffix": "  ",
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": names,
        },
    )
    figure.update_layout(showlegend=True)
    return figure


def _bars(causes: Sequence[rows.MoveCause], direction: str, names: Sequence[str]) -> go.Bar:
    found = {CAUSES[row.cause]: row.customers for row in causes if row.direction == direction}
    return go.Bar(
        name=f"Moved {direction}",
        x=[known(found.get(name, 0)) for name in names],
        y=list(names),
        customdata=[number(found.get(name, 0)) for name in names],
        marker_color=COLOURS[direction],
        orientation="h",
        hovertemplate=f"%{{y}}: %{{customdata}} moved {direction}<extra></extra>",
    )
