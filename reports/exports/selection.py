"""Which customers and columns a CSV file holds, validated against the marts."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from reports.errors import ReportError, SelectionError
from reports.formatting import slug
from reports.marts.segments import read_segment_details, read_segments

COLUMNS = ("customer_id", "name", "email", "segment", "rfm_score", "purchase_probability")


@dataclass(frozen=True)
class Selection:
    """Which customers and columns a CSV file holds.

    Attributes
    ----------
    segment : str or None
        Only customers of this segment or finer segment; all customers where it is None.
    start, end : str or None
        Only customers with an order between these days, both included. `YYYY-MM-DD`.
    include_predictions : bool
        Whether the file has the column `purchase_probability`.
    include_email : bool
        Whether the file has the column `email`. Without it the file contains no address at all.
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
        """File name that differs between any two selections."""
        parts = (
            "customers",
            self.segment and slug(self.segment),
            self.start and f"from-{self.start}",
            self.end and f"to-{self.end}",
            None if self.include_email else "no-email",
            None if self.include_predictions else "no-predictions",
        )
        return "_".join(part for part in parts if part) + ".csv"


def segment_names(connection: sqlite3.Connection) -> list[str]:
    """Return the segments, then the finer segments, best first.

    Raises
    ------
    ReportError
        If two of them have the same file name.
    """
    rows = (*read_segments(connection), *read_segment_details(connection))
    by_slug = {"": "all customers"}
    for row in rows:
        if other := by_slug.get(slug(row.segment)):
            raise ReportError(
                f"The lists of '{row.segment}' and of '{other}' would share the file name "
                f"{Selection(row.segment).file_name}. Rename the finer segment in the seeds "
                "rfm_segment_map and segment_actions, then run 'tillsight build'."
            )
        by_slug[slug(row.segment)] = row.segment
    return [row.segment for row in rows]


def check_selection(connection: sqlite3.Connection, selection: Selection) -> None:
    """Check that the marts offer a selection.

    Raises
    ------
    SelectionError
        If the segment does not exist, a date is invalid, or `start` is later than `end`.
    """
    _check_dates(selection.start, selection.end)
    check_segment(selection.segment, segment_names(connection))


def _check_dates(start: str | None, end: str | None) -> None:
    for name, value in (("start", start), ("end", end)):
        if value is not None and not _is_day(value):
            raise SelectionError(
                f"The {name} date '{value}' is not a day. Write it as YYYY-MM-DD, like 2024-01-31."
            )
    if start and end and start > end:
        raise SelectionError(f"The start date {start} is later than the end date {end}. Swap them.")


def _is_day(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def check_segment(segment: str | None, names: Sequence[str]) -> None:
    """Raise a `SelectionError` that lists the names, unless the segment is None or one of them."""
    if segment is not None and segment not in names:
        raise SelectionError(f"There is no segment '{segment}'. Choose one of: {', '.join(names)}.")
