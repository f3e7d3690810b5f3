"""What every kind of file comes down to: a header, and runs of rows that are text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

# Above it a float cannot tell one whole number from the next.
EXACT_FLOATS = 2**53
# No cell of a shop is as long: in CSV it is a quotation mark that nobody closed.
LONGEST_FIELD = 1 << 20


@dataclass(frozen=True)
class Reading:
    """How files are to be read.

    Attributes
    ----------
    encoding : str
        Encoding of the text files; with UTF-8 a byte order mark is allowed.
    unpacked_megabytes : int
        Most that a packed file (gzip, Parquet, workbook) may unpack to, in units of 2**20 bytes.
    """

    encoding: str = "utf-8"
    unpacked_megabytes: int = 1024


class Run(NamedTuple):
    """Rows that stand on consecutive lines.

    Attributes
    ----------
    first_line : int
        Line (or row of the sheet) that the first of them starts on; the file's first is 1.
    rows : sequence of sequence of (str or None)
        The chosen values of each row.
    done : int
        How much of the table has been read, as `Table.size` counts it.
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
        File and line of the header, to begin a sentence with.
    sheet : str
        Name of the sheet; empty where a file has none.
    header : tuple of str
        Names of all columns.
    size : int
        Bytes on disk, or rows: what progress is counted in.
    runs : callable
        Given the positions of the wanted columns, yields the rows in order.
    """

    place: str
    sheet: str
    header: tuple[str, ...]
    size: int
    runs: Callable[[tuple[int, ...]], Iterator[Run]]


def as_text(value: object) -> str | None:
    """Write a typed value the one way it can land.

    Parameters
    ----------
    value : object
        What Parquet or a workbook holds in one cell.

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
    """Return a text that can land: SQLite would end it at a NUL."""
    if "\0" in text:
        raise ValueError("a value holds a NUL character, which no text has")
    if len(text) > LONGEST_FIELD:
        raise ValueError(f"a value has more than {LONGEST_FIELD:,} characters")
    return text


def _float_as_text(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < EXACT_FLOATS:
        return str(int(value))
    return repr(value)
