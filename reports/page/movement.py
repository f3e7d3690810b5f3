"""The section about movement: segments over time, who moved and why, cohorts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go

from reports.formatting import DASH, Money, capital, count, day, month, number, percent, short_day
from reports.marts.segments import Cohort, Move, MoveCause, MoveTotal, Segment, SegmentSize
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, Figure, Suppressed, known, shown, whole
from reports.page.chart_style import QUIET, legend_above, make_figure, scale
from reports.page.components import Cell, Chart, Grid, make_chart, shade
from reports.page.table import Column, Table


def moves_grid(moves: Sequence[Move], segments: Sequence[Segment], money: Money) -> Grid:
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


def cohorts_grid(cohorts: Sequence[Cohort]) -> Grid:
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


COLOURS = {"up": "#0f9b8e", "down": "#d9772b"}


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


def two_lines(day: str) -> str:
    """Write a day so that it fits below a bar."""
    day_and_month, _, year = short_day(day).rpartition(" ")
    return f"{day_and_month}<br>{year}"


def segment_flows(moves: Sequence[Move], segments: Sequence[Segment]) -> go.Figure:
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


NOT_DRAWN = " What is withheld is not drawn."


def _moves_caption(moves: Sequence[Move]) -> str:
    if not moves:
        return "A second snapshot is needed to see who moved."
    return (
        f"Customers by their segment on {day(moves[0].from_as_of_date)} (rows) and on "
        f"{day(moves[0].to_as_of_date)} (columns). Segments are scored anew at each date."
    )


def _movement_charts(shop: Shop, money: Money) -> tuple[Chart, ...]:
    sizes = make_chart(
        "segment-sizes",
        customers_grew(shop.segment_sizes),
        "Customers by segment, each snapshot scored with what was known on its day.",
        sizes_table(shop.segment_sizes, money),
        segment_sizes(shop.segment_sizes),
        size="wide",
    )
    if not shop.moves:
        return (sizes,)
    causes = make_chart(
        "move-causes",
        moves_explained(shop.move_causes),
        "Customers in another segment than at the snapshot before, by cause. Where today's values "
        "would have kept the segment with the cut points of last time, the cut points moved. "
        "Where both had a part, what the customer did or left undone counts."
        f"{NOT_DRAWN if any(known(row.customers) is None for row in shop.move_causes) else ''}",
        move_causes_table(shop.move_causes, money),
        move_causes(shop.move_causes),
        size="small",
    )
    if any(known(move.customers) is None for move in shop.moves):
        # With a band left out the others would look like all there is.
        return (causes, sizes)
    flows = make_chart(
        "segment-flows",
        money_moved(shop.move_totals, money),
        f"Left: {day(shop.moves[0].from_as_of_date)}. Right: {day(shop.moves[0].to_as_of_date)}. "
        "The width of a band is its number of customers.",
        moves_table(shop.moves, money),
        segment_flows(shop.moves, shop.segments),
        size="wide",
    )
    return (causes, flows, sizes)


def customers_moved(totals: Sequence[MoveTotal], moves: Sequence[Move]) -> str | None:
    """Say how many customers moved up and down between the last two snapshots."""
    if not moves:
        return None
    by_direction = {total.direction: total.customers for total in totals}
    up, down = by_direction.get("up", 0), by_direction.get("down", 0)
    if Suppressed.WITHHELD in (up, down):
        return None
    since = day(moves[0].from_as_of_date)
    return (
        f"Since {since}, {count(up, 'customer')} moved up a segment and {number(down)} moved down."
    )


def new_customers_return(return_rate: Figure | None) -> str | None:
    """Say how many new customers come back in the month after."""
    if known(return_rate) is None:
        return None
    return f"{percent(return_rate)} of new customers order again in the month after their first."


def customers_grew(sizes: Sequence[SegmentSize]) -> str:
    """Say how many customers have ordered by now, and how many more than at the snapshot before."""
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


def people_moved(totals: Sequence[MoveTotal]) -> str:
    """Head the matrix of moves."""
    if not totals:
        return "Nobody has moved: there is one snapshot only"
    by_direction: dict[str, Count] = {total.direction: total.customers for total in totals}
    parts = [
        f"{number(by_direction.get(direction, 0))} {word}"
        for direction, word in (
            ("up", "moved up"),
            ("down", "moved down"),
            ("same", "stayed"),
            ("new", "are new"),
        )
        if by_direction.get(direction) is not Suppressed.WITHHELD
    ]
    if len(parts) < 2:
        return "Too few customers moved to say how many"
    return capital(f"{', '.join(parts[:-1])} and {parts[-1]}")


def money_moved(totals: Sequence[MoveTotal], money: Money) -> str:
    """Head the flows between segments."""
    by_direction = {total.direction: total.revenue for total in totals}
    if "down" not in by_direction:
        return "No customer moved down"
    if known(by_direction["down"]) is None:
        return "From which segment to which customers moved"
    moved = next(total.customers for total in totals if total.direction == "down")
    return (
        f"{capital(count(moved, 'customer'))} moved down; so far they have spent "
        f"{money(by_direction['down'])}"
    )


def cohorts_return(return_rate: Figure | None) -> str:
    """Head the cohort heat map."""
    if isinstance(return_rate, Suppressed):
        return "Too few new customers came back to say how many"
    return (new_customers_return(return_rate) or "No cohort has a second month yet").rstrip(".")


def moves_explained(causes: Sequence[MoveCause]) -> str:
    """Say how many changed segment as they acted, stayed away, or as the cut points moved."""
    if not causes:
        return "Nobody changed segment"
    if any(known(row.customers) is None for row in causes):
        return "Why customers changed segment"
    by_cause: Counter[str] = Counter()
    for row in causes:
        by_cause[row.cause] += whole(row.customers)
    acted = by_cause["ordered"] + by_cause["returned"]
    return (
        f"{count(acted, 'customer')} changed segment as they acted, "
        f"{number(by_cause['silent'])} as they stayed away, "
        f"{number(by_cause['cut_points'])} as the cut points moved"
    )


def sizes_table(sizes: Sequence[SegmentSize], money: Money) -> Table:
    """Write the size of each segment at each snapshot, latest first."""
    latest_first = sorted(sizes, key=lambda row: row.as_of_date, reverse=True)
    return Table(
        caption="Segments at each snapshot",
        columns=(
            Column("As of", is_number=False),
            Column("Segment", is_number=False),
            Column("Customers"),
            Column("Share"),
            Column(f"Revenue to date ({money.unit})"),
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


def moves_table(moves: Sequence[Move], money: Money) -> Table:
    """Write every move with customers and revenue."""
    words = {"up": "up", "down": "down", "same": "stayed", "new": "new"}
    return Table(
        caption="Moves between segments",
        columns=(
            Column("From", is_number=False),
            Column("To", is_number=False),
            Column("Direction", is_number=False),
            Column("Customers"),
            Column(f"Their revenue ({money.unit})"),
        ),
        rows=tuple(
            (
                row.from_segment,
                row.to_segment,
                words[row.direction],
                number(row.customers),
                money(row.revenue),
            )
            for row in moves
        ),
    )


CAUSES = {
    "ordered": "They ordered",
    "returned": "They returned goods",
    "silent": "They stayed away",
    "cut_points": "The cut points moved",
}
"""Why customers changed their segment, in words."""


def move_causes_table(causes: Sequence[MoveCause], money: Money) -> Table:
    """Write who moved up and down for which cause."""
    return Table(
        caption="Changes of segment by cause",
        columns=(
            Column("Cause", is_number=False),
            Column("Moved", is_number=False),
            Column("Customers"),
            Column(f"Revenue so far ({money.unit})"),
        ),
        rows=tuple(
            (CAUSES[row.cause], row.direction, number(row.customers), money(row.revenue))
            for row in causes
        ),
    )
