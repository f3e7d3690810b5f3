"""The causes of changes of segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go

from reports.formatting import Money, count, number
from reports.marts.segments import MoveCause
from reports.marts.shop import Shop
from reports.marts.suppressed import known, shown, whole
from reports.page.chart_style import legend_above, make_figure, scale
from reports.page.components import Chart, Table, make_chart, number_columns, text_columns

CAUSES = {
    "ordered": "Ordered",
    "returned": "Returned goods",
    "silent": "Did not order",
    "cut_points": "Thresholds changed",
}
COLOURS = {"up": "#0f9b8e", "down": "#d9772b"}
NOT_DRAWN = " Withheld figures are not drawn."


def causes_chart(shop: Shop, money: Money) -> Chart:
    """Return the changes of segment by cause."""
    is_suppressed = any(known(row.customers) is None for row in shop.move_causes)
    return make_chart(
        "move-causes",
        moves_explained(shop.move_causes),
        "Customers who changed segment since the previous snapshot, by cause. The cause is "
        "'Thresholds changed' where the previous thresholds would have left the customer in the "
        "same segment. Where both the customer's behaviour and the thresholds changed, the "
        f"behaviour is the cause.{NOT_DRAWN if is_suppressed else ''}",
        move_causes_table(shop.move_causes, money),
        move_causes(shop.move_causes),
        size="small",
        sources=("segment_move_causes",),
    )


def moves_explained(causes: Sequence[MoveCause]) -> str:
    """Return how many customers changed segment, by kind of cause."""
    if not causes:
        return "All customers stayed in their segment"
    if any(known(row.customers) is None for row in causes):
        return "Changes of segment by cause"
    by_cause: Counter[str] = Counter()
    for row in causes:
        by_cause[row.cause] += whole(row.customers)
    acted = by_cause["ordered"] + by_cause["returned"]
    return (
        f"{count(acted, 'customer')} changed segment by ordering or returning, "
        f"{number(by_cause['silent'])} by not ordering, "
        f"{number(by_cause['cut_points'])} because thresholds changed"
    )


def move_causes(causes: Sequence[MoveCause]) -> go.Figure:
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


def _bars(causes: Sequence[MoveCause], direction: str, names: Sequence[str]) -> go.Bar:
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


def move_causes_table(causes: Sequence[MoveCause], money: Money) -> Table:
    """Return the customers who moved up and down by cause."""
    return Table(
        caption="Changes of segment by cause",
        columns=(
            *text_columns("Cause", "Moved"),
            *number_columns("Customers", f"Revenue so far ({money.unit})"),
        ),
        rows=tuple(
            (CAUSES[row.cause], row.direction, number(row.customers), money(row.revenue))
            for row in causes
        ),
    )
