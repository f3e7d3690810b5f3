"""CSV files for contacting customers, safe to open in a spreadsheet.

`customers.csv` holds all customers; segment, score and probability are empty without an order.
Each segment and each finer segment has a file of its own. In files without e-mail addresses, an
address that is an id or a name is hidden as on the page.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reports.errors import ReportError
from reports.exports.selection import Selection, check_selection, segment_names
from reports.formatting import public_id, without_email
from reports.marts import build as build_rows
from reports.marts import reader
from reports.marts.customers import ExportRow, read_email_numbers, read_export

BUILD_FILE = "build.json"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True)
class ExportedFile:
    """One written file and its number of customers."""

    path: Path
    rows: int


def safe_text(text: str) -> str:
    """Escape a text cell that a spreadsheet would run as a formula with a leading `'`.

    Such a text begins with `=`, `+`, `-`, `@`, tab, carriage return or NUL.

    References
    ----------
    OWASP, *CSV Injection*; ASVS 1.2.10.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Ann")
    ("'=1+1", 'Ann')
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def plain_number(value: float) -> str:
    """Format a number with the fewest digits that parse to it again, without an exponent.

    Examples
    --------
    >>> plain_number(443), plain_number(0.25), plain_number(0.000012), plain_number(1.0)
    ('443', '0.25', '0.000012', '1')
    """
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text.removesuffix(".0")


def write_exports(marts_db: Path, exports_dir: Path) -> list[ExportedFile]:
    """Write `customers.csv`, a file for each segment and finer segment, and `build.json`.

    `build.json` holds the fingerprint of the build, the as-of date, and the customers of each
    file. All files are written to a temporary folder and then renamed: a failure leaves the old
    ones untouched, and other files of the folder remain.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    exports_dir : Path
        Folder of the files; created if missing.

    Returns
    -------
    list of ExportedFile
        All customers first, then in the order of the segments and finer segments.

    Raises
    ------
    ReportError
        If the marts cannot be read or the folder cannot be written.
    """
    with reader.open_marts(marts_db) as connection:
        selections = named_files(connection).items()
        _make_folder(exports_dir)
        aside = Path(tempfile.mkdtemp(prefix=".exports-", dir=exports_dir))
        try:
            counts = {
                name: _write(connection, aside / name, selection) for name, selection in selections
            }
            _write_build(connection, aside / BUILD_FILE, counts)
            for name in (*counts, BUILD_FILE):
                (aside / name).replace(exports_dir / name)
        except OSError as error:
            raise ReportError(f"{exports_dir} cannot be written ({error.strerror}).") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return [ExportedFile(exports_dir / name, rows=count) for name, count in counts.items()]


def named_files(connection: sqlite3.Connection) -> dict[str, Selection]:
    """Return the files of the folder by name: all customers, each segment, each finer segment."""
    selections = [Selection(), *map(Selection, segment_names(connection))]
    return {selection.file_name: selection for selection in selections}


def write_export(marts_db: Path, out: Path, selection: Selection) -> ExportedFile:
    """Write one CSV file.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    out : Path
        The file; replaced only when the new one is complete.
    selection : Selection
        Which customers and columns.

    Returns
    -------
    ExportedFile
        The file and how many customers it holds.

    Raises
    ------
    ReportError
        If the marts do not offer the selection or cannot be read, or the file cannot be written.
    """
    with reader.open_marts(marts_db) as connection:
        check_selection(connection, selection)
        _make_folder(out.parent)
        aside = out.with_name(f".{out.name}.part")
        try:
            count = _write(connection, aside, selection)
            aside.replace(out)
        except OSError as error:
            raise ReportError(f"{out} cannot be written ({error.strerror}).") from error
        finally:
            aside.unlink(missing_ok=True)
    return ExportedFile(out, rows=count)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"The folder {folder} cannot be made ({error.strerror}).") from error


def _write(connection: sqlite3.Connection, path: Path, selection: Selection) -> int:
    count = -1  # the header is no customer
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in read_lines(connection, selection):
            file.write(line)
            count += 1
    return count


def _write_build(connection: sqlite3.Connection, path: Path, counts: Mapping[str, int]) -> None:
    build = build_rows.read_build(connection)
    content = {
        "build_fingerprint": build.build_fingerprint,
        "as_of_date": build.as_of_date,
        "customers": counts,
    }
    path.write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8", newline="\n")


def read_build(build_file: Path) -> str | None:
    """Return the fingerprint of the build that the CSV files come from, as in `build.json`."""
    content: dict[str, str | None] = json.loads(build_file.read_text(encoding="utf-8"))
    return content["build_fingerprint"]


def read_lines(connection: sqlite3.Connection, selection: Selection) -> Iterator[str]:
    """Yield the lines of a CSV file, its header first, while the marts are read.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    selection : Selection
        Which customers and columns; checked by `check_selection`.
    """
    found = read_export(
        connection, segment=selection.segment, start=selection.start, end=selection.end
    )
    if not selection.include_email:
        numbers = read_email_numbers(connection)
        found = (_hide_email(row, numbers) for row in found)
    return csv_lines(found, selection.columns)


def _hide_email(row: ExportRow, numbers: Mapping[str, int]) -> ExportRow:
    return replace(
        row,
        customer_id=public_id(row.customer_id, numbers),
        name=without_email(row.name or ""),
        email=None,
    )


class _Echo:
    """A file whose `write` returns the text, so that the CSV writer yields lines."""

    def write(self, text: str) -> str:
        return text


def csv_lines(found: Iterable[ExportRow], columns: Sequence[str]) -> Iterator[str]:
    """Yield a header and one line for each customer (RFC 4180)."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield str(writer.writerow(columns))
    for row in found:
        yield str(writer.writerow([_cell(getattr(row, column)) for column in columns]))


def _cell(value: str | float | None) -> str | None:
    if value is None:
        return None
    return safe_text(value) if isinstance(value, str) else plain_number(value)
