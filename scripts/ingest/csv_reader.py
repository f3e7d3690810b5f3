"""Read a CSV file, plain or gzip-compressed, in bounded memory; say exactly where it is wrong."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

from scripts.errors import TillsightError
from scripts.ingest.size_limits import BoundedGzipFile
from scripts.ingest.table import LONGEST_FIELD, Reading, Run, Table

if TYPE_CHECKING:
    from _csv import _reader as Reader  # noqa: N812 - a class, whatever its name

DELIMITERS = (",", ";", "\t")
ROWS_PER_RUN = 100
CHUNK_CHARACTERS = 1 << 16
# Longer lines are cut, which bounds the memory; their rows are refused as too wide or too long.
LONGEST_LINE = 1 << 22

# A first line like 'sep=;' is Excel's way of naming the separator.
DECLARED_DELIMITER = re.compile(r"sep=([,;\t|:^~])?", re.IGNORECASE)

# A line break as Python's text files count them, and what cannot be text.
LINE_BREAK = re.compile("\r\n|\r|\n")
NOT_TEXT = re.compile("[\0\udc80-\udcff]")
# What gzip begins with, as it comes where bytes that are no text are let pass.
PACKED_TWICE = "\x1f\udc8b"


class _Layout(NamedTuple):
    """How a file is laid out: what separates its fields, its header, and the header's line."""

    delimiter: str
    header: list[str]
    line: int
    is_declared: bool = False

    @property
    def least_width(self) -> int:
        """Fields that a row has at least: columns without a name may lack at its end."""
        named = [at for at, name in enumerate(self.header, start=1) if name.strip()]
        return max(named, default=0)


def read_tables(path: Path, reading: Reading) -> Iterator[Table]:
    """Yield the one table of a CSV file.

    Fields are separated by what a first line like `sep=;` names, or else by a comma, a semicolon
    or a tab, whichever splits the header into the most. Blank lines are passed over, and so are
    empty fields at the end of a row that belong to no column. A row's line is the one it starts on.

    Parameters
    ----------
    path : Path
        The file; decompressed where its name ends in `.gz`.
    reading : Reading
        Its encoding, and how much it may unpack to.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is empty, is no sound CSV, or unpacks to
        too much.
    """
    layout = _layout(path, reading)
    yield Table(
        place=f"{path}, line {layout.line}",
        sheet="",
        header=tuple(layout.header),
        size=path.stat().st_size,
        runs=partial(_runs, path, reading, layout),
    )


def _layout(path: Path, reading: Reading) -> _Layout:
    """Find the header, below the line that declares the separator if there is one."""
    found = _likeliest_layout(path, reading)
    declared = DECLARED_DELIMITER.fullmatch(found.header[0].strip())
    if declared is None or any(found.header[1:]):
        _check_width(path, found)
        return found
    delimiter = declared[1] or found.delimiter
    with _opened(path, reading, delimiter) as (_, reader):
        _first_row(reader)
        header, line = _first_row(reader)
    if not header:
        raise TillsightError(f"{path} is empty; it needs a header and a line for each row")
    layout = _Layout(delimiter, header, line, is_declared=True)
    _check_width(path, layout)
    return layout


def _likeliest_layout(path: Path, reading: Reading) -> _Layout:
    """Return the first row as the delimiter splits it that makes the most of it."""
    found: list[_Layout] = []
    faults: list[TillsightError] = []
    for delimiter in DELIMITERS:
        try:
            with _opened(path, reading, delimiter) as (_, reader):
                header, line = _first_row(reader)
                found.append(_Layout(delimiter, header, line))
        except TillsightError as fault:
            faults.append(fault)
    best = max(found, key=lambda layout: len(layout.header), default=None)
    if best is not None and not best.header:
        raise TillsightError(f"{path} is empty; it needs a header and a line for each row")
    if best is None or (faults and len(best.header) == 1):
        raise faults[0]
    return best


def _check_width(path: Path, layout: _Layout) -> None:
    if len(layout.header) == 1:
        raise TillsightError(
            f"{path}, line {layout.line}: the header is one column, '{layout.header[0][:60]}'; "
            f"save the file with its values separated by a comma, a semicolon or a tab"
        )


def _first_row(reader: Reader) -> tuple[list[str], int]:
    """Return the first row that is not blank, and the line it starts on."""
    line = reader.line_num + 1
    for row in reader:
        if row:
            return row, line
        line = reader.line_num + 1
    return [], line


def _runs(
    path: Path, reading: Reading, layout: _Layout, positions: tuple[int, ...]
) -> Iterator[Run]:
    width = len(layout.header)
    pick = itemgetter(*positions)
    is_whole = positions == tuple(range(width))
    with _opened(path, reading, layout.delimiter) as (file, reader):
        for _ in range(1 + layout.is_declared):
            _first_row(reader)
        while True:
            line = reader.line_num + 1
            rows = list(islice(reader, ROWS_PER_RUN))
            if not rows:
                return
            is_plain = reader.line_num - line + 1 == len(rows) and {*map(len, rows)} == {width}
            for first_line, run in [(line, rows)] if is_plain else _split(path, line, rows, layout):
                picked = run if is_whole else list(map(pick, run))
                yield Run(first_line, picked, file.tell())


def _split(
    path: Path, line: int, rows: list[list[str]], layout: _Layout
) -> Iterator[tuple[int, list[list[str]]]]:
    """Part rows where a blank line or a line break in a value disturbs the count of lines."""
    width = len(layout.header)
    run: list[list[str]] = []
    first_line = line
    for row in rows:
        if row and (len(row) < layout.least_width or any(row[width:])):
            raise TillsightError(
                f"{path}, line {line}: {len(row)} values where the header has {width} columns; "
                f"mend the line (a value that holds the separator, a quotation mark or a line "
                f"break needs quotation marks around it) and load the file again"
            )
        lines = 1 + sum(len(LINE_BREAK.findall(value)) for value in row)
        line += lines
        if row:
            run.append(row[:width] + [""] * (width - len(row)))
        if lines > 1 or not row:
            if run:
                yield first_line, run
            run, first_line = [], line
    if run:
        yield first_line, run


@contextmanager
def _opened(path: Path, reading: Reading, delimiter: str) -> Iterator[tuple[BinaryIO, Reader]]:
    """Open a file as rows; whatever is wrong with its content becomes a sentence."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with _opened_text(path, reading, errors="strict") as (file, text):
            reader = _reader(text, delimiter)
            yield file, reader
    except csv.Error as error:
        line = _line_of_syntax_fault(path, reading, delimiter)
        raise TillsightError(f"{path}, line {line}: {syntax_fault(str(error))}") from error
    except UnicodeError as error:
        raise TillsightError(_encoding_fault(path, reading)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TillsightError(
            f"{path}, after line {reader.line_num}: this is no sound gzip file ({error}); copy or "
            f"download it again, or take .gz off its name if it is not compressed"
        ) from error


@contextmanager
def _opened_text(path: Path, reading: Reading, *, errors: str) -> Iterator[tuple[BinaryIO, TextIO]]:
    """Open a file and yield it both as it lies on the disk and as text."""
    encoding = reading.encoding
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        encoding = "utf-8-sig"
    with path.open("rb") as file:
        is_packed = path.suffix.lower() == ".gz"
        data = BoundedGzipFile(path, file, reading.unpacked_megabytes) if is_packed else file
        # newline="": line breaks within values stay as they are.
        with io.TextIOWrapper(data, encoding=encoding, errors=errors, newline="") as text:
            yield file, text


def _reader(text: TextIO, delimiter: str) -> Reader:
    return csv.reader(chain.from_iterable(_chunks(text)), delimiter=delimiter, strict=True)


def _chunks(text: TextIO) -> Iterator[TextIO]:
    """Yield a text in pieces of whole lines.

    A piece is looked through at once, which costs nothing beside a look at each line.
    """
    while chunk := text.read(CHUNK_CHARACTERS):
        chunk += text.readline(LONGEST_LINE)
        if "\0" in chunk:
            raise UnicodeError("NUL")
        yield io.StringIO(chunk, newline="")


def _line_of_syntax_fault(path: Path, reading: Reading, delimiter: str) -> int:
    """Read once more, row by row, and return the line that the faulty row starts on."""
    with _opened_text(path, reading, errors="strict") as (_, text):
        reader = _reader(text, delimiter)
        while True:
            line = reader.line_num + 1
            try:
                next(reader)
            except (csv.Error, StopIteration):
                return line


def _encoding_fault(path: Path, reading: Reading) -> str:
    """Read once more, letting everything pass, and say where the first fault lies."""
    encoding = reading.encoding
    with path.open("rb") as file:
        wide = wide_encoding(file.read(4))
    if wide and wide[-2:] not in encoding:
        return f"{path}, line 1: this is {wide.upper()} text; load it with --encoding {wide}"
    try:
        with _opened_text(path, reading, errors="surrogateescape") as (_, text):
            for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
                if number == 1 and line.startswith(PACKED_TWICE):
                    return f"{path}, line 1: this is packed twice; unpack it once and load that"
                if fault := NOT_TEXT.search(line):
                    return f"{path}, line {number}: {byte_fault(ord(fault[0]), encoding)}"
    except UnicodeError as error:
        return f"{path} is not {encoding} text ({error}); name its encoding with --encoding"
    return f"{path} is not {encoding} text; name its encoding with --encoding"


def syntax_fault(message: str) -> str:
    """Say in our words, with a remedy, what the csv module says in its own."""
    if "field limit" in message:
        return (
            f"a value of this row has more than {LONGEST_FIELD:,} characters; see whether a "
            f"quotation mark is not closed, and whether this is a CSV file"
        )
    if "end of data" in message:
        return (
            "a value begins here with a quotation mark that is never closed; close it, or double "
            "it if it belongs to the value"
        )
    if "expected after" in message:
        return (
            "a quotation mark ends a value here but more of the value follows; double the "
            "quotation marks that belong to the value"
        )
    return f"this is not sound CSV ({message}); mend the line and load the file again"


def byte_fault(character: int, encoding: str) -> str:
    """Say which byte is no text; one that cannot be decoded comes as U+DC00 + byte (PEP 383)."""
    if character == 0:
        return "a NUL byte, which no text has; save the file as CSV in UTF-8 and load it again"
    other = "latin-1" if encoding.lower().startswith("utf") else "utf-8"
    return (
        f"byte 0x{character - 0xDC00:02X} is not {encoding}; name the encoding of the file, "
        f"for example --encoding {other}"
    )


def wide_encoding(beginning: bytes) -> str:
    """Return the encoding of several bytes a character that a byte order mark names, or nothing."""
    if beginning in {codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE}:
        return "utf-32"
    is_utf_16 = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else ""
