"""CSV files for contacting customers, safe to open in a spreadsheet.

`customers.csv` holds every customer, also those without an order: their segment, score and
probability are empty. The file of a segment holds the customers with that segment. These files
are the only place outside the database with e-mail addresses.
"""

from __future__ import annotations

import csv
import datetime
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from reports import queries, rows
from reports.errors import ReportError
from reports.formats import slug

COLUMNS = ("customer_id", "name", "email", "segment", "rfm_score", "purchase_probability")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True)
class ExportedFile:
    """One written file and its number of customers."""

    path: Path
    rows: int


def safe_text(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula: put `'` before it.

    Parameters
    ----------
    text : str
        A cell of a text column. Numbers must not come here.

    Returns
    -------
    str
        The text, with a leading `'` where it begins with `=`, `+`, `-`, `@`, tab, carriage
        return or NUL.

    References
    ----------
    OWASP, *CSV Injection*; ASVS 1.2.10.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Ann")
    ("'=1+1", 'Ann')
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def write_exports(marts_db: Path, exports_dir: Path) -> list[ExportedFile]:
    """Write `customers.csv` and one file for each segment.

    All files are written aside first and then put in place, so that a failure leaves the old
    ones as they were. Other files of the folder are left alone.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    exports_dir : Path
        Folder of the files; made where it is missing.

    Returns
    -------
    list of ExportedFile
        In the order of the segments, all customers first.

    Raises
    ------
    ReportError
        If the marts cannot be read or the folder cannot be written.
    """
    with queries.open_marts(marts_db) as connection:
        segments = [row.segment for row in queries.read_segments(connection)]
        names = ["customers.csv", *(f"customers_{slug(name)}.csv" for name in segments)]
        _make_folder(exports_dir)
        aside = Path(tempfile.mkdtemp(prefix=".exports-", dir=exports_dir))
        try:
            counts = [
                _write(connection, aside / name, segment=segment)
                for name, segment in zip(names, [None, *segments], strict=True)
            ]
            for name in names:
                (aside / name).replace(exports_dir / name)
        except OSError as error:
            raise ReportError(f"{exports_dir} cannot be written ({error.strerror}).") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return [
        ExportedFile(exports_dir / name, rows=count)
        for name, count in zip(names, counts, strict=True)
    ]


def write_export(
    marts_db: Path,
    out: Path,
    *,
    segment: str | None,
    start: str | None,
    end: str | None,
    include_predictions: bool,
) -> ExportedFile:
    """Write the customers that fit a choice to one CSV file.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    out : Path
        The file; replaced only when the new one is complete.
    segment : str or None
        Only customers of this segment; all customers where it is None.
    start, end : str or None
        Only customers whose last order lies between these days, both included. `YYYY-MM-DD`.
    include_predictions : bool
        Whether the column `purchase_probability` is there.

    Returns
    -------
    ExportedFile
        The file and how many customers it holds.

    Raises
    ------
    ReportError
        If the segment does not exist, a date cannot be read, `start` lies after `end`, the marts
        cannot be read or the file cannot be written.
    """
    _check_dates(start, end)
    with queries.open_marts(marts_db) as connection:
        _check_segment(segment, [row.segment for row in queries.read_segments(connection)])
        _make_folder(out.parent)
        aside = out.with_name(f".{out.name}.part")
        columns = COLUMNS if include_predictions else COLUMNS[:-1]
        try:
            count = _write(
                connection, aside, segment=segment, start=start, end=end, columns=columns
            )
            aside.replace(out)
        except OSError as error:
            raise ReportError(f"{out} cannot be written ({error.strerror}).") from error
        finally:
            aside.unlink(missing_ok=True)
    return ExportedFile(out, rows=count)


def _check_dates(start: str | None, end: str | None) -> None:
    for name, value in (("start", start), ("end", end)):
        if value is not None and not _is_day(value):
            raise ReportError(
                f"The {name} date '{value}' is not a day. Write it as YYYY-MM-DD, like 2024-01-31."
            )
    if start and end and start > end:
        raise ReportError(f"The start date {start} lies after the end date {end}. Swap them.")


def _is_day(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _check_segment(segment: str | None, segments: Sequence[str]) -> None:
    if segment is not None and segment not in segments:
        raise ReportError(f"There is no segment '{segment}'. Choose one of: {', '.join(segments)}.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"The folder {folder} cannot be made ({error.strerror}).") from error


def _write(
    connection: sqlite3.Connection,
    path: Path,
    *,
    segment: str | None,
    start: str | None = None,
    end: str | None = None,
    columns: Sequence[str] = COLUMNS,
) -> int:
    found = queries.read_export(connection, segment=segment, start=start, end=end)
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_rows(file, found, columns)


def write_rows(file: TextIO, found: Iterable[rows.ExportRow], columns: Sequence[str]) -> int:
    """Write a heading and one line for each customer as RFC 4180 has it; return their number."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in found:
        writer.writerow([_cell(getattr(row, column)) for column in columns])
        count += 1
    return count


def _cell(value: str | float | None) -> str | float | None:
    return safe_text(value) if isinstance(value, str) else value
