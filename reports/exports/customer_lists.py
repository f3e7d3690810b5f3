"""CSV files for contacting customers, safe to open in a spreadsheet.

`customers.csv` holds every customer, also those without an order: their segment, score and
probability are empty. The file of a segment holds the customers with that segment. Files with
e-mail addresses are the only place outside the database that has any; in one without them an
address that stands as id or name is hidden as on the page.
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
from reports.exports.selection import Choice, check_choice
from reports.formatting import public_id, slug, without_email
from reports.marts import reader
from reports.marts.customers import ExportRow

BUILD_FILE = "build.json"
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


def plain_number(value: float) -> str:
    """Write a number with the fewest digits that give it back, and never with an exponent.

    Examples
    --------
    >>> plain_number(443), plain_number(0.25), plain_number(0.000012), plain_number(1.0)
    ('443', '0.25', '0.000012', '1')
    """
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text.removesuffix(".0")


def write_exports(marts_db: Path, exports_dir: Path) -> list[ExportedFile]:
    """Write `customers.csv`, one file for each segment, and `build.json`.

    The last says which build the others are of: the fingerprint of marts and page, the as-of
    date, and the customers in each file.

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
    with reader.open_marts(marts_db) as connection:
        choices = named_files(connection).items()
        _make_folder(exports_dir)
        aside = Path(tempfile.mkdtemp(prefix=".exports-", dir=exports_dir))
        try:
            counts = {name: _write(connection, aside / name, choice) for name, choice in choices}
            _write_build(connection, aside / BUILD_FILE, counts)
            for name in (*counts, BUILD_FILE):
                (aside / name).replace(exports_dir / name)
        except OSError as error:
            raise ReportError(f"{exports_dir} cannot be written ({error.strerror}).") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return [ExportedFile(exports_dir / name, rows=count) for name, count in counts.items()]


def named_files(connection: sqlite3.Connection) -> dict[str, Choice]:
    """Return the files of the folder by name: all customers first, then one for each segment."""
    segments = [row.segment for row in reader.read_segments(connection)]
    return {
        "customers.csv": Choice(),
        **{f"customers_{slug(name)}.csv": Choice(segment=name) for name in segments},
    }


def write_export(marts_db: Path, out: Path, choice: Choice) -> ExportedFile:
    """Write the customers that fit a choice to one CSV file.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    out : Path
        The file; replaced only when the new one is complete.
    choice : Choice
        Which customers and columns.

    Returns
    -------
    ExportedFile
        The file and how many customers it holds.

    Raises
    ------
    ReportError
        If the choice cannot be made, the marts cannot be read or the file cannot be written.
    """
    with reader.open_marts(marts_db) as connection:
        check_choice(connection, choice)
        _make_folder(out.parent)
        aside = out.with_name(f".{out.name}.part")
        try:
            count = _write(connection, aside, choice)
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


def _write(connection: sqlite3.Connection, path: Path, choice: Choice) -> int:
    count = -1  # the heading is no customer
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in read_lines(connection, choice):
            file.write(line)
            count += 1
    return count


def _write_build(connection: sqlite3.Connection, path: Path, counts: Mapping[str, int]) -> None:
    build = reader.read_build(connection)
    told = {
        "build_fingerprint": build.build_fingerprint,
        "as_of_date": build.as_of_date,
        "customers": counts,
    }
    path.write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8", newline="\n")


def read_build(build_file: Path) -> str | None:
    """Return the fingerprint of the build that CSV files are of, which `build.json` names."""
    told: dict[str, str | None] = json.loads(build_file.read_text(encoding="utf-8"))
    return told["build_fingerprint"]


def read_lines(connection: sqlite3.Connection, choice: Choice) -> Iterator[str]:
    """Yield the lines of a CSV file, its heading first, while the marts are read.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    choice : Choice
        Which customers and columns; checked by `check_choice`.
    """
    found: Iterator[ExportRow] = reader.read_export(
        connection, segment=choice.segment, start=choice.start, end=choice.end
    )
    if not choice.include_email:
        numbers = reader.read_email_numbers(connection)
        found = (_hide_email(row, numbers) for row in found)
    return csv_lines(found, choice.columns)


def _hide_email(row: ExportRow, numbers: Mapping[str, int]) -> ExportRow:
    return replace(
        row,
        customer_id=public_id(row.customer_id, numbers),
        name=without_email(row.name or ""),
        email=None,
    )


class _Echo:
    """A file that hands back what is written to it, so that lines can be streamed."""

    def write(self, text: str) -> str:
        return text


def csv_lines(found: Iterable[ExportRow], columns: Sequence[str]) -> Iterator[str]:
    """Yield a heading and one line for each customer, as RFC 4180 has it."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield str(writer.writerow(columns))
    for row in found:
        yield str(writer.writerow([_cell(getattr(row, column)) for column in columns]))


def _cell(value: str | float | None) -> str | None:
    if value is None:
        return None
    return safe_text(value) if isinstance(value, str) else plain_number(value)
