"""Read a CSV file, plain or gzip-compressed, in bounded memory; errors name the line."""

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
# Longer lines are split, which bounds the memory; their rows are refused as too wide or too long.
LONGEST_LINE = 1 << 22

# Excel declares the separator in a first line like 'sep=;'.
DECLARED_DELIMITER = re.compile(r"sep=([,;\t|:^~])?", re.IGNORECASE)

# Line breaks as counted by Python's text files; characters that are not text.
LINE_BREAK = re.compile("\r\n|\r|\n")
NOT_TEXT = re.compile("[\0\udc80-\udcff]")
# Magic bytes of gzip, decoded with surrogateescape.
PACKED_TWICE = "\x1f\udc8b"


class _Layout(NamedTuple):
    """Separator, header and line of the header."""

    delimiter: str
    header: list[str]
    line: int
    is_declared: bool = False

    @property
    def least_width(self) -> int:
        """Minimum number of fields of a row: unnamed columns at its end may be missing."""
        named = [at for at, name in enumerate(self.header, start=1) if name.strip()]
        return max(named, default=0)


def read_tables(path: Path, reading: Reading) -> Iterator[Table]:
    """Yield the one table of a CSV file.

    The separator is declared by a first line like `sep=;`, or else the comma, semicolon or tab that
    splits the header into the most fields. Blank lines and empty fields beyond the last column are
    ignored. The line of a row is its first line.

    Parameters
    ----------
    path : Path
        The file; decompressed if its name ends in `.gz`.
    reading : Reading
        Encoding and size limit.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is empty, invalid or too large.
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
    """Find the header, after a line that declares the separator."""
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
    """Return the first row, split by the delimiter that gives the most fields."""
    found: list[_Layout] = []
    errors: list[TillsightError] = []
    for delimiter in DELIMITERS:
        try:
            with _opened(path, reading, delimiter) as (_, reader):
                header, line = _first_row(reader)
                found.append(_Layout(delimiter, header, line))
        except TillsightError as error:
            errors.append(error)
    best = max(found, key=lambda layout: len(layout.header), default=None)
    if best is not None and not best.header:
        raise TillsightError(f"{path} is empty; it needs a header and a line for each row")
    if best is None or (errors and len(best.header) == 1):
        raise errors[0]
    return best


def _check_width(path: Path, layout: _Layout) -> None:
    if len(layout.header) == 1:
        raise TillsightError(
            f"{path}, line {layout.line}: the header is one column, '{layout.header[0][:60]}'; "
            f"save the file with its values separated by a comma, a semicolon or a tab"
        )


def _first_row(reader: Reader) -> tuple[list[str], int]:
    """Return the first row that is not blank, and its line."""
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
    """Split rows into runs on consecutive lines, at blank lines and line breaks in values."""
    width = len(layout.header)
    run: list[list[str]] = []
    first_line = line
    for row in rows:
        if row and (len(row) < layout.least_width or any(row[width:])):
            raise TillsightError(
                f"{path}, line {line}: {len(row)} values where the header has {width} columns; "
                f"correct the line (a value with a separator, a quotation mark or a line break "
                f"needs quotation marks around it) and load the file again"
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
    """Open a file as rows; raise TillsightError if its content is invalid."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with _opened_text(path, reading, errors="strict") as (file, text):
            reader = _reader(text, delimiter)
            yield file, reader
    except csv.Error as error:
        line = _line_of_syntax_error(path, reading, delimiter)
        raise TillsightError(f"{path}, line {line}: {syntax_error(str(error))}") from error
    except UnicodeError as error:
        raise TillsightError(_encoding_error(path, reading)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TillsightError(
            f"{path}, after line {reader.line_num}: this is not a valid gzip file ({error}); copy "
            f"or download it again, or remove .gz from its name if it is not compressed"
        ) from error


@contextmanager
def _opened_text(path: Path, reading: Reading, *, errors: str) -> Iterator[tuple[BinaryIO, TextIO]]:
    """Open a file, and yield it as bytes on disk and as text."""
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
    """Yield a text in pieces of whole lines, which are checked for NUL faster than single lines."""
    while chunk := text.read(CHUNK_CHARACTERS):
        chunk += text.readline(LONGEST_LINE)
        if "\0" in chunk:
            raise UnicodeError("NUL")
        yield io.StringIO(chunk, newline="")


def _line_of_syntax_error(path: Path, reading: Reading, delimiter: str) -> int:
    """Read again row by row, and return the line of the invalid row."""
    with _opened_text(path, reading, errors="strict") as (_, text):
        reader = _reader(text, delimiter)
        while True:
            line = reader.line_num + 1
            try:
                next(reader)
            except (csv.Error, StopIteration):
                return line


def _encoding_error(path: Path, reading: Reading) -> str:
    """Read again without decoding errors, and describe the first invalid byte."""
    encoding = reading.encoding
    with path.open("rb") as file:
        wide = wide_encoding(file.read(4))
    if wide and wide[-2:] not in encoding:
        return f"{path}, line 1: this is {wide.upper()} text; load it with --encoding {wide}"
    try:
        with _opened_text(path, reading, errors="surrogateescape") as (_, text):
            for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
                if number == 1 and line.startswith(PACKED_TWICE):
                    return (
                        f"{path}, line 1: this is compressed twice; decompress it once and load "
                        "the result"
                    )
                if found := NOT_TEXT.search(line):
                    return f"{path}, line {number}: {byte_error(ord(found[0]), encoding)}"
    except UnicodeError as error:
        return f"{path} is not {encoding} text ({error}); name its encoding with --encoding"
    return f"{path} is not {encoding} text; name its encoding with --encoding"


def syntax_error(message: str) -> str:
    """Describe an error of the csv module, with a remedy."""
    if "field limit" in message:
        return (
            f"a value of this row has more than {LONGEST_FIELD:,} characters; check whether a "
            f"quotation mark is not closed, and whether this is a CSV file"
        )
    if "end of data" in message:
        return (
            "a value begins here with a quotation mark that is never closed; close it, or double "
            "it if it is part of the value"
        )
    if "expected after" in message:
        return (
            "a quotation mark ends a value here but more of the value follows; double the "
            "quotation marks that are part of the value"
        )
    return f"this is not valid CSV ({message}); correct the line and load the file again"


def byte_error(character: int, encoding: str) -> str:
    """Describe a byte that is not text, decoded as U+DC00 + byte (PEP 383)."""
    if character == 0:
        return "a NUL byte, which is not text; save the file as CSV in UTF-8 and load it again"
    other = "latin-1" if encoding.lower().startswith("utf") else "utf-8"
    return (
        f"byte 0x{character - 0xDC00:02X} is not {encoding}; name the encoding of the file, "
        f"for example --encoding {other}"
    )


def wide_encoding(beginning: bytes) -> str:
    """Return the UTF-16 or UTF-32 encoding that a byte order mark declares, else empty text."""
    if beginning in {codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE}:
        return "utf-32"
    is_utf_16 = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else ""
