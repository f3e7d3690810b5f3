"""The common representation of files: a header, and runs of rows of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

# Larger floats do not represent every integer.
EXACT_FLOATS = 2**53
# A longer value is an unclosed quotation mark in a CSV file.
LONGEST_FIELD = 1 << 20


@dataclass(frozen=True)
class Reading:
    """Options of reading.

    Attributes
    ----------
    encoding : str
        Encoding of the text files; with UTF-8 a byte order mark is allowed.
    unpacked_megabytes : int
        Maximum unpacked size of a compressed file (gzip, Parquet, workbook), in units of 2**20
        bytes.
    """

    encoding: str = "utf-8"
    unpacked_megabytes: int = 1024


class Run(NamedTuple):
    """Rows on consecutive lines.

    Attributes
    ----------
    first_line : int
        Line (or row of the sheet) of the first row, from 1.
    rows : sequence of sequence of (str or None)
        The selected values of each row.
    done : int
        Part of the table that has been read, in units of `Table.size`.
    """

    first_line: int
    rows: Sequence[Sequence[str | None]]
    done: int


@dataclass(frozen=True)
class Table:
    """A file, or one sheet of it.

    Attributes
    ----------
    place : str
        File and line of the header, for error messages.
    sheet : str
        Name of the sheet; empty for files without sheets.
    header : tuple of str
        Names of all columns.
    size : int
        Bytes on disk, or rows: the unit of progress.
    runs : callable
        Called with the positions of the selected columns; yields the rows in order.
    """

    place: str
    sheet: str
    header: tuple[str, ...]
    size: int
    runs: Callable[[tuple[int, ...]], Iterator[Run]]


def as_text(value: object) -> str | None:
    """Return the canonical text of a typed value.

    Parameters
    ----------
    value : object
        Value of a cell of Parquet or a workbook.

    Returns
    -------
    str or None
        Dates `YYYY-MM-DD`, times `YYYY-MM-DD HH:MM:SS` (with the fraction and the
        offset if they have one), whole numbers without `.0`, other floats
        in the fewest digits that give the same number, decimals without an exponent,
        booleans `true` and `false`. None for nothing and for "not a number".

    Raises
    ------
    ValueError
        If bytes are not UTF-8 text, or the text holds a NUL or has more than
        `LONGEST_FIELD` characters.

    Examples
    --------
    >>> as_text(17850.0), as_text(2.55), as_text(True), as_text(date(2010, 12, 1))
    ('17850', '2.55', 'true', '2010-12-01')
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _sound(value)
    text: str | None
    match value:
        case bool():
            text = "true" if value else "false"
        case float():
            text = _float_as_text(value)
        case datetime():
            text = value.isoformat(sep=" ")
        case date():
            text = value.isoformat()
        case Decimal():
            text = format(value, "f")
        case bytes():
            text = _sound(value.decode("utf-8"))
        case _:
            text = str(value)
    return text


def _sound(text: str) -> str:
    """Return the text unless it is invalid; SQLite would truncate it at a NUL."""
    if "\0" in text:
        raise ValueError("a value contains a NUL character")
    if len(text) > LONGEST_FIELD:
        raise ValueError(f"a value has more than {LONGEST_FIELD:,} characters")
    return text


def _float_as_text(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < EXACT_FLOATS:
        return str(int(value))
    return repr(value)
