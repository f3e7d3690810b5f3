"""A chart of seconds over customers as SVG: logarithmic axes, readable without its colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 64, 650, 24, 420
# Okabe and Ito's colours, dark enough on white; the marks and the names tell the lines apart too.
STYLES = (
    ("#0072B2", "M-4,-4h8v8h-8z", ""),
    ("#D55E00", "M0,-5L5,4H-5z", ""),
    ("#000000", "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", "6 4"),
    ("#8A5A00", "M0,-6L6,0L0,6L-6,0z", "6 4"),
    ("#007A5A", "M0,5L5,-4H-5z", "2 3"),
    ("#9C3F7E", "M-5,-5L5,5M-5,5L5,-5", "2 3"),
    ("#555555", "M0,-6V6M-6,0H6", "8 3 2 3"),
)
LABEL_GAP = 16


def log_chart(lines: Mapping[str, Mapping[int, float]], *, title: str, description: str) -> str:
    """Draw lines with a name at the end of each.

    Parameters
    ----------
    lines : mapping of str to mapping of int to float
        Seconds by number of customers, by name; all above 0.
    title, description : str
        What a screen reader says of the picture.

    Returns
    -------
    str
        The SVG document.
    """
    customers = sorted({count for points in lines.values() for count in points})
    seconds = [value for points in lines.values() for value in points.values()]
    across = _Axis(_powers(customers), LEFT, RIGHT)
    up = _Axis(_powers(seconds), BOTTOM, TOP)
    ends = {name: up.place(points[max(points)]) for name, points in lines.items()}
    labels = _apart(ends)
    drawn = [
        _line(name, points, across, up, style, labels[name])
        for (name, points), style in zip(lines.items(), STYLES, strict=False)
    ]
    parts = [*_grid(across, up), *drawn]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="title description" font-family="sans-serif" font-size="13">\n'
        f'<title id="title">{escape(title)}</title>\n'
        f'<desc id="description">{escape(description)}</desc>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


class _Axis:
    """Powers of ten laid out between two places."""

    def __init__(self, powers: range, begin: float, end: float) -> None:
        self.powers = powers
        self._begin = begin
        self._step = (end - begin) / max(1, len(powers) - 1)

    def place(self, value: float) -> float:
        return round(self._begin + (math.log10(value) - self.powers[0]) * self._step, 1)


def _powers(values: Sequence[float]) -> range:
    """Return the powers of ten that enclose all values."""
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


def _apart(places: Mapping[str, float]) -> dict[str, float]:
    """Move labels down so far that none covers another."""
    moved: dict[str, float] = {}
    lowest = -math.inf
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        lowest = max(place, lowest + LABEL_GAP)
        moved[name] = lowest
    return moved


def _grid(across: _Axis, up: _Axis) -> list[str]:
    parts = []
    for power in across.powers:
        x = across.place(10**power)
        parts.append(f'<path d="M{x},{TOP}V{BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in up.powers:
        y = up.place(10**power)
        parts.append(f'<path d="M{LEFT},{y}H{RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10**power:g} s</text>')
    middle = (LEFT + RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{BOTTOM + 40}" text-anchor="middle">customers</text>')
    return parts


def _line(
    name: str,
    points: Mapping[int, float],
    across: _Axis,
    up: _Axis,
    style: tuple[str, str, str],
    label: float,
) -> str:
    colour, mark, dashes = style
    places = [(across.place(count), up.place(value)) for count, value in sorted(points.items())]
    path = "M" + "L".join(f"{x},{y}" for x, y in places)
    marks = "".join(f'<path transform="translate({x},{y})" d="{mark}"/>' for x, y in places)
    x, y = places[-1]
    return (
        f'<g stroke="{colour}" fill="{colour}" stroke-width="2">'
        f'<path d="{path}" fill="none" stroke-dasharray="{dashes or "none"}"/>{marks}'
        f'<path d="M{x + 6},{y}L{x + 18},{label}" stroke-width="1"/>'
        f'<text x="{x + 22}" y="{label + 4}" stroke="none">{escape(name)}</text></g>'
    )
