"""Read a CSV file, plain or gzip-compressed, in bounded memory; say exactly where it is wrong."""

from __future__ import annotations

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
from typing import TYPE_CHECKING, BinaryIO, TextIO

from scripts.errors import TillsightError
from scripts.tables import Run, Table

if TYPE_CHECKING:
    from _csv import _reader as Reader  # noqa: N812 - a class, whatever its name

DELIMITERS = (",", ";", "\t")
ROWS_PER_RUN = 100
CHUNK_CHARACTERS = 1 << 16
# No cell of a shop is as long; what is, is a quotation mark that nobody closed, or no CSV at all.
LONGEST_FIELD = 1 << 20
# Longer lines are cut, which bounds the memory; their rows are refused as too wide or too long.
LONGEST_LINE = 1 << 22

# A line break as Python's text files count them, and what cannot be text.
LINE_BREAK = re.compile("\r\n|\r|\n")
NOT_TEXT = re.compile("[\0\udc80-\udcff]")


def read_tables(path: Path, *, encoding: str) -> Iterator[Table]:
    """Yield the one table of a CSV file.

    Fields are separated by a comma, a semicolon or a tab, whichever splits the
    header into the most. Blank lines are passed over. A row's line is the one it starts on.

    Parameters
    ----------
    path : Path
        The file; decompressed where its name ends in `.gz`.
    encoding : str
        Its encoding; with UTF-8 a byte order mark is allowed.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is empty or is no sound CSV.
    """
    delimiter, header, line = _header(path, encoding)
    yield Table(
        place=f"{path}, line {line}",
        sheet="",
        header=tuple(header),
        size=path.stat().st_size,
        runs=partial(_runs, path, encoding, delimiter, len(header)),
    )


def _header(path: Path, encoding: str) -> tuple[str, list[str], int]:
    """Return the delimiter, the header and its line."""
    found: list[tuple[str, list[str], int]] = []
    faults: list[TillsightError] = []
    for delimiter in DELIMITERS:
        try:
            with _opened(path, encoding, delimiter) as (_, reader):
                header, line = _first_row(reader)
                found.append((delimiter, header, line))
        except TillsightError as fault:
            faults.append(fault)
    best = max(found, key=lambda candidate: len(candidate[1]), default=None)
    if best is not None and not best[1]:
        raise TillsightError(f"{path} is empty; it needs a header and a line for each row")
    if best is not None and len(best[1]) > 1:
        return best
    if best is None or faults:
        raise faults[0]
    raise TillsightError(
        f"{path}, line {best[2]}: the header is one column, '{best[1][0][:60]}'; save the file "
        f"with its values separated by a comma, a semicolon or a tab"
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
    path: Path, encoding: str, delimiter: str, width: int, positions: tuple[int, ...]
) -> Iterator[Run]:
    pick = itemgetter(*positions)
    is_whole = positions == tuple(range(width))
    with _opened(path, encoding, delimiter) as (file, reader):
        _first_row(reader)
        while True:
            line = reader.line_num + 1
            rows = list(islice(reader, ROWS_PER_RUN))
            if not rows:
                return
            is_plain = reader.line_num - line + 1 == len(rows) and {*map(len, rows)} == {width}
            for first_line, run in [(line, rows)] if is_plain else _split(path, line, rows, width):
                picked = run if is_whole else list(map(pick, run))
                yield Run(first_line, picked, file.tell())


def _split(
    path: Path, line: int, rows: list[list[str]], width: int
) -> Iterator[tuple[int, list[list[str]]]]:
    """Part rows where a blank line or a line break in a value disturbs the count of lines."""
    run: list[list[str]] = []
    first_line = line
    for row in rows:
        if row and len(row) != width:
            raise TillsightError(
                f"{path}, line {line}: {len(row)} values where the header has {width} columns; "
                f"mend the line (a value that holds the separator, a quotation mark or a line "
                f"break needs quotation marks around it) and load the file again"
            )
        lines = 1 + sum(len(LINE_BREAK.findall(value)) for value in row)
        line += lines
        if row:
            run.append(row)
        if lines > 1 or not row:
            if run:
                yield first_line, run
            run, first_line = [], line
    if run:
        yield first_line, run


@contextmanager
def _opened(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[BinaryIO, Reader]]:
    """Open a file as rows; whatever is wrong with its content becomes a sentence."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with _opened_text(path, encoding, errors="strict") as (file, text):
            reader = _reader(text, delimiter)
            yield file, reader
    except csv.Error as error:
        line = _line_of_syntax_fault(path, encoding, delimiter)
        raise TillsightError(f"{path}, line {line}: {_syntax_fault(str(error))}") from error
    except UnicodeError as error:
        raise TillsightError(_encoding_fault(path, encoding)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TillsightError(
            f"{path}, after line {reader.line_num}: this is no sound gzip file ({error}); copy or "
            f"download it again, or take .gz off its name if it is not compressed"
        ) from error


@contextmanager
def _opened_text(path: Path, encoding: str, *, errors: str) -> Iterator[tuple[BinaryIO, TextIO]]:
    """Open a file and yield it both as it lies on the disk and as text."""
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        encoding = "utf-8-sig"
    with path.open("rb") as file:
        data = gzip.GzipFile(fileobj=file) if path.suffix.lower() == ".gz" else file
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


def _line_of_syntax_fault(path: Path, encoding: str, delimiter: str) -> int:
    """Read once more, row by row, and return the line that the faulty row starts on."""
    with _opened_text(path, encoding, errors="strict") as (_, text):
        reader = _reader(text, delimiter)
        while True:
            line = reader.line_num + 1
            try:
                next(reader)
            except (csv.Error, StopIteration):
                return line


def _syntax_fault(message: str) -> str:
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


def _encoding_fault(path: Path, encoding: str) -> str:
    """Read once more, letting everything pass, and say where the first fault lies."""
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"} and "16" not in encoding:
            return f"{path}, line 1: this is UTF-16 text; load it with --encoding utf-16"
    try:
        with _opened_text(path, encoding, errors="surrogateescape") as (_, text):
            for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
                if fault := NOT_TEXT.search(line):
                    return f"{path}, line {number}: {_byte_fault(ord(fault[0]), encoding)}"
    except UnicodeError as error:
        return f"{path} is not {encoding} text ({error}); name its encoding with --encoding"
    return f"{path} is not {encoding} text; name its encoding with --encoding"


def _byte_fault(character: int, encoding: str) -> str:
    if character == 0:
        return "a NUL byte, which no text has; save the file as CSV in UTF-8 and load it again"
    other = "latin-1" if encoding.lower().startswith("utf") else "utf-8"
    # A byte that cannot be decoded comes as U+DC00 + byte (PEP 383).
    return (
        f"byte 0x{character - 0xDC00:02X} is not {encoding}; name the encoding of the file, "
        f"for example --encoding {other}"
    )
