"""The moves between segments since the previous snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from reports.formatting import DASH, Money, capital, count, day, number
from reports.marts.segments import Move, MoveTotal, Segment
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, Suppressed, known, shown
from reports.page.chart_style import QUIET, make_figure
from reports.page.components import (
    Cell,
    Chart,
    HeatMap,
    Table,
    make_chart,
    number_columns,
    shade,
    text_columns,
)


def customers_moved(totals: Sequence[MoveTotal], moves: Sequence[Move]) -> str | None:
    """Return how many customers moved up and down between the last two snapshots."""
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


def people_moved(totals: Sequence[MoveTotal]) -> str:
    """Return how many customers moved up, moved down, stayed and are new."""
    if not totals:
        return "There is only one snapshot yet"
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
        return "Too few customers moved to show how many"
    return capital(f"{', '.join(parts[:-1])} and {parts[-1]}")


def moves_caption(moves: Sequence[Move]) -> str:
    """Return the caption of the heat map of moves."""
    if not moves:
        return "Moves need a second snapshot."
    return (
        f"Customers by their segment on {day(moves[0].from_as_of_date)} (rows) and on "
        f"{day(moves[0].to_as_of_date)} (columns). Scores are computed anew at each date."
    )


def moves_heat_map(moves: Sequence[Move], segments: Sequence[Segment], money: Money) -> HeatMap:
    """Return the moves from a segment (rows) to a segment (columns)."""
    names = [segment.segment for segment in segments]
    found = {(move.from_segment, move.to_segment): move for move in moves}
    largest = max(shown(move.customers for move in moves), default=0)
    others = sorted({move.from_segment for move in moves} - set(names))

    def cell(start: str, end: str) -> Cell:
        move = found.get((start, end))
        if move is None:
            return Cell(DASH)
        title = (
            f"{count(move.customers, 'customer')} from {start} to {end}, "
            f"revenue {money(move.revenue)}"
        )
        return Cell(
            number(move.customers), shade(move.customers, largest), title=title, kind=move.direction
        )

    return HeatMap(
        corner="From \\ to",
        columns=tuple(names),
        rows=tuple((start, tuple(cell(start, end) for end in names)) for start in names + others),
    )


def flows_chart(shop: Shop, money: Money) -> Chart:
    """Return the moves as flows."""
    return make_chart(
        "segment-flows",
        money_moved(shop.move_totals, money),
        f"Left: {day(shop.moves[0].from_as_of_date)}. Right: {day(shop.moves[0].to_as_of_date)}. "
        "The width of a flow is its number of customers.",
        moves_table(shop.moves, money),
        segment_flows(shop.moves, shop.segments),
        size="wide",
        sources=("segment_moves",),
    )


def money_moved(totals: Sequence[MoveTotal], money: Money) -> str:
    """Return how many customers moved down, and their revenue."""
    by_direction = {total.direction: total.revenue for total in totals}
    if "down" not in by_direction:
        return "No customer moved down"
    if known(by_direction["down"]) is None:
        return "Moves from segment to segment"
    moved = next(total.customers for total in totals if total.direction == "down")
    return (
        f"{capital(count(moved, 'customer'))} moved down; so far they have spent "
        f"{money(by_direction['down'])}"
    )


def segment_flows(moves: Sequence[Move], segments: Sequence[Segment]) -> go.Figure:
    """Draw the moves between two snapshots as flows, the earlier one on the left."""
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
    """Return the middles of stacked bars, from 0 to 1."""
    scale = (1 - gap * (len(sizes) - 1)) / (sum(sizes) or 1)
    middles, top = [], 0.0
    for size in sizes:
        middles.append(round(top + scale * size / 2, 4))
        top += scale * size + gap
    return middles


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.35)"


def moves_table(moves: Sequence[Move], money: Money) -> Table:
    """Return every move with customers and revenue."""
    words = {"up": "up", "down": "down", "same": "stayed", "new": "new"}
    return Table(
        caption="Moves between segments",
        columns=(
            *text_columns("From", "To", "Direction"),
            *number_columns("Customers", f"Revenue ({money.unit})"),
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
