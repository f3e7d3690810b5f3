"""Which customers a CSV file is to hold, and whether the marts have them."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from reports.errors import ChoiceError
from reports.formatting import slug
from reports.marts import reader

COLUMNS = ("customer_id", "name", "email", "segment", "rfm_score", "purchase_probability")


@dataclass(frozen=True)
class Choice:
    """Which customers a CSV file holds, and which columns.

    Attributes
    ----------
    segment : str or None
        Only customers of this segment; all customers where it is None.
    start, end : str or None
        Only customers with an order between these days, both included. `YYYY-MM-DD`.
    include_predictions : bool
        Whether the column `purchase_probability` is there.
    include_email : bool
        Whether the column `email` is there. Without it no address stands in the file at all.
    """

    segment: str | None = None
    start: str | None = None
    end: str | None = None
    include_predictions: bool = True
    include_email: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in their order."""
        left_out = {
            "purchase_probability": not self.include_predictions,
            "email": not self.include_email,
        }
        return tuple(column for column in COLUMNS if not left_out.get(column))

    @property
    def file_name(self) -> str:
        """A name for the file that says which customers are in it."""
        parts = (
            "customers",
            self.segment and slug(self.segment),
            self.start and f"from-{self.start}",
            self.end and f"to-{self.end}",
            None if self.include_email else "no-email",
            None if self.include_predictions else "no-predictions",
        )
        return "_".join(part for part in parts if part) + ".csv"


def check_choice(connection: sqlite3.Connection, choice: Choice) -> None:
    """Raise unless the marts offer a choice.

    Raises
    ------
    ChoiceError
        If the segment does not exist, a date cannot be read, or `start` lies after `end`.
    """
    _check_dates(choice.start, choice.end)
    check_segment(choice.segment, [row.segment for row in reader.read_segments(connection)])


def _check_dates(start: str | None, end: str | None) -> None:
    for name, value in (("start", start), ("end", end)):
        if value is not None and not _is_day(value):
            raise ChoiceError(
                f"The {name} date '{value}' is not a day. Write it as YYYY-MM-DD, like 2024-01-31."
            )
    if start and end and start > end:
        raise ChoiceError(f"The start date {start} lies after the end date {end}. Swap them.")


def _is_day(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def check_segment(segment: str | None, segments: Sequence[str]) -> None:
    """Raise a `ChoiceError` that names the segments, unless there is this one or none is chosen."""
    if segment is not None and segment not in segments:
        raise ChoiceError(f"There is no segment '{segment}'. Choose one of: {', '.join(segments)}.")
