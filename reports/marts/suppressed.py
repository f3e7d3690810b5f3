"""What stands in the place of a figure that a page for anybody does not show."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

SMALLEST_GROUP = 5
"""Customers that a group must have for its figures to stand on a public page."""

NOTE = f"Groups of fewer than {SMALLEST_GROUP} customers are withheld on this page."
"""What the reader of a public page is told."""


class Withheld(Enum):
    """Why a figure is not shown, as the reader sees it."""

    SMALL = f"under {SMALLEST_GROUP}"
    """The number of customers of a small group."""
    WITHHELD = "withheld"
    """A figure of a small group, or one that would give such a figure away."""


Count = int | Withheld
Figure = float | Withheld


def is_small(customers: float) -> bool:
    """Tell whether a group is too small to be shown; nobody is not a group.

    Examples
    --------
    >>> is_small(0), is_small(1), is_small(4), is_small(5)
    (False, True, True, False)
    """
    return 0 < customers < SMALLEST_GROUP


def known(figure: Figure | None) -> float | None:
    """Return a figure that is shown, and None for one that is withheld or that is not there.

    Examples
    --------
    >>> known(7), known(Withheld.SMALL), known(None)
    (7, None, None)
    """
    return None if isinstance(figure, Withheld) else figure


def whole(figure: Figure) -> int:
    """Return a count as an integer; one that is withheld counts nobody.

    Examples
    --------
    >>> whole(7.0), whole(Withheld.SMALL)
    (7, 0)
    """
    return round(known(figure) or 0)


def shown(figures: Iterable[Figure | None]) -> list[float]:
    """Return the figures that are there to be shown."""
    return [figure for figure in map(known, figures) if figure is not None]
