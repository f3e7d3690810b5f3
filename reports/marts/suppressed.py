"""Disclosure rules that fields declare, and the labels that replace suppressed figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")

THRESHOLD = 5
"""Smallest number of customers that the public page publishes."""

NOTE = f"Groups of fewer than {THRESHOLD} customers are withheld on this page."
"""Notice on every public page."""


class Suppressed(Enum):
    """Label in the place of a suppressed figure, as the public page prints it."""

    SMALL = f"under {THRESHOLD}"
    """A count below the threshold."""
    WITHHELD = "withheld"
    """A figure of a small group, or one that would disclose such a figure."""


Count = int | Suppressed
Figure = float | Suppressed


@dataclass(frozen=True)
class Rule:
    """How the public page treats a field; made by the names below.

    Attributes
    ----------
    cell : tuple of str or int
        Kind of the count, then the fields (or whole numbers) that tell its cells apart.
    applies : callable or None
        Given a row; the field is a cell where it returns True. None: in every row.
    sources : tuple of str
        Cells of the same row; the field is withheld where one of them is suppressed.
    is_never_public : bool
        The field is withheld in every row.
    is_special : bool
        A function of `reports.privacy` for the row class decides.
    """

    cell: tuple[str | int, ...] = ()
    applies: Callable[[Any], bool] | None = None
    sources: tuple[str, ...] = ()
    is_never_public: bool = False
    is_special: bool = False


def cell(
    kind: str,
    *by: str | int,
    applies: Callable[[Any], bool] | None = None,
    withheld_with: tuple[str, ...] = (),
) -> Rule:
    """Declare a count of people, which cell suppression knows by its kind and the fields `by`."""
    return Rule(cell=(kind, *by), applies=applies, sources=withheld_with)


def derived_from(*sources: str) -> Rule:
    """Declare a figure that is withheld where one of these cells of its row is suppressed."""
    return Rule(sources=sources)


PUBLIC = Rule()
Public = Annotated[T, PUBLIC]
"""A field that describes no group of people."""
OfCustomers = Annotated[T, derived_from("customers")]
"""A figure of the people that the field `customers` of the row counts."""
NeverPublic = Annotated[T, Rule(is_never_public=True)]
"""A figure that is withheld on every public page."""
Special = Annotated[T, Rule(is_special=True)]
"""A field that a function of `reports.privacy` decides about."""


def is_small(customers: float) -> bool:
    """Return whether a group is not empty and below the threshold.

    Examples
    --------
    >>> is_small(0), is_small(1), is_small(4), is_small(5)
    (False, True, True, False)
    """
    return 0 < customers < THRESHOLD


def known(figure: Figure | None) -> float | None:
    """Return a published figure; None for a suppressed or missing one.

    Examples
    --------
    >>> known(7), known(Suppressed.SMALL), known(None)
    (7, None, None)
    """
    return None if isinstance(figure, Suppressed) else figure


def whole(figure: Figure | None) -> int:
    """Return a count as an integer; 0 for a suppressed or missing one.

    Examples
    --------
    >>> whole(7.0), whole(Suppressed.SMALL), whole(None)
    (7, 0, 0)
    """
    return round(known(figure) or 0)


def shown(figures: Iterable[Figure | None]) -> list[float]:
    """Return the figures that are neither suppressed nor missing."""
    return [figure for figure in map(known, figures) if figure is not None]
