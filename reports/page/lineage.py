"""The lineage diagram: positions of its boxes and lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import networkx

from reports.marts.catalog import LineageEdge, TableDoc

BOX_WIDTH = 170
BOX_HEIGHT = 22
COLUMN_GAP = 16
ROW_GAP = 24
BOXES_A_ROW = 6
SWEEPS = 8


@dataclass(frozen=True)
class Box:
    """A table; `x` and `y` are its upper left corner in pixels."""

    name: str
    layer: str
    x: int
    y: int


@dataclass(frozen=True)
class Picture:
    """Boxes from sources at the top to marts at the bottom, and the lines between them."""

    width: int
    height: int
    box_width: int
    box_height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def draw_lineage(tables: Sequence[TableDoc], edges: Sequence[LineageEdge]) -> Picture | None:
    """Place every table below all tables that it reads.

    Parameters
    ----------
    tables : sequence of TableDoc
        Tables; those without any edge are left out.
    edges : sequence of LineageEdge
        The table that is read and the one that reads it. Transitive edges are not drawn.

    Returns
    -------
    Picture or None
        None without edges.
    """
    graph = networkx.DiGraph()
    graph.add_edges_from((edge.from_table, edge.to_table) for edge in edges)
    if not graph:
        return None
    graph = networkx.transitive_reduction(graph)
    lines_of_boxes = [
        names[start : start + BOXES_A_ROW]
        for names in _levels(graph)
        for start in range(0, len(names), BOXES_A_ROW)
    ]
    corners = _corners(lines_of_boxes)
    layers = {table.table_name: table.layer for table in tables}
    return Picture(
        width=BOXES_A_ROW * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP,
        height=len(lines_of_boxes) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP,
        box_width=BOX_WIDTH,
        box_height=BOX_HEIGHT,
        boxes=tuple(Box(name, layers.get(name, ""), *corners[name]) for name in sorted(corners)),
        lines=tuple(_line(corners[start], corners[end]) for start, end in sorted(graph.edges)),
    )


def _levels(graph: networkx.DiGraph) -> list[list[str]]:
    """Return the tables by level, each level ordered so that few lines cross."""
    found = networkx.topological_generations(graph)
    place = {name: number for number, names in enumerate(found) for name in names}
    # A source is placed right above its first reader, so that lines are short.
    for name in sorted(place):
        if not graph.in_degree(name):
            place[name] = min(place[reader] for reader in graph.successors(name)) - 1
    last = max(place.values())
    levels = [sorted(name for name in place if place[name] == number) for number in range(last + 1)]
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for names in levels if downwards else reversed(levels):
            positions = _positions(levels)
            pull = {name: _pull(graph, name, positions, downwards=downwards) for name in names}
            names.sort()
            names.sort(key=pull.__getitem__)
    return levels


def _positions(levels: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the horizontal position of each table, from 0 to 1."""
    return {
        name: (place + 0.5) / len(names) for names in levels for place, name in enumerate(names)
    }


def _pull(
    graph: networkx.DiGraph, name: str, positions: Mapping[str, float], *, downwards: bool
) -> float:
    """Return the mean horizontal position of the tables that a table reads or feeds."""
    neighbours = list(graph.predecessors(name) if downwards else graph.successors(name))
    return fmean(positions[other] for other in neighbours) if neighbours else positions[name]


def _corners(lines_of_boxes: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    step = BOX_WIDTH + COLUMN_GAP
    return {
        name: (
            place * step + (BOXES_A_ROW - len(line)) * step // 2,
            number * (BOX_HEIGHT + ROW_GAP),
        )
        for number, line in enumerate(lines_of_boxes)
        for place, name in enumerate(line)
    }


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the path of a curve from the bottom of a box to the top of another."""
    x, y = start[0] + BOX_WIDTH // 2, start[1] + BOX_HEIGHT
    to_x, to_y = end[0] + BOX_WIDTH // 2, end[1]
    bend = ROW_GAP * 3 // 4
    return f"M{x} {y}C{x} {y + bend} {to_x} {to_y - bend} {to_x} {to_y}"
