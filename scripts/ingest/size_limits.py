"""Limits of the unpacked size of compressed files, against decompression bombs."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from scripts.errors import TillsightError

MEGABYTE = 1 << 20
CHUNK_BYTES = MEGABYTE
# A sheet is read into memory as a rectangle, 32 bytes per cell.
MOST_CELLS = 50_000_000

# References of cells and rows; references beyond column Z or row 999,999. A sheet without one of
# the latter has fewer than `MOST_CELLS` cells.
REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)""")
FAR_REFERENCE = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{2}|[A-Za-z]?\d{7})""")
LONGEST_REFERENCE = 64


class BoundedGzipFile(gzip.GzipFile):
    """A gzip file with a limit on its unpacked size.

    Parameters
    ----------
    path : Path
        Name of the file, for the error message.
    fileobj : binary file
        The open file.
    unpacked_megabytes : int
        The limit, in units of 2**20 bytes.

    Raises
    ------
    TillsightError
        While it is read, above the limit.
    """

    def __init__(self, path: Path, fileobj: gzip._ReadableFileobj, unpacked_megabytes: int) -> None:
        super().__init__(fileobj=fileobj, mode="rb")
        self._path = path
        self._unpacked_megabytes = unpacked_megabytes

    def read1(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = super().read1(size)
        if self.tell() > self._unpacked_megabytes * MEGABYTE:
            raise too_large(self._path, self._unpacked_megabytes)
        return data


def check_workbook(path: Path, unpacked_megabytes: int) -> None:
    """Check the size of a workbook before it is read: the reader holds whole sheets in memory.

    All parts are unpacked once, because the sizes in an archive can be false. Files that are not
    archives are left to the reader.

    Parameters
    ----------
    path : Path
        The workbook.
    unpacked_megabytes : int
        Limit of all parts together, in units of 2**20 bytes.

    Raises
    ------
    TillsightError
        If it is damaged, above the limit, or has a cell far from the others.
    """
    if not zipfile.is_zipfile(path):
        return  # the reader raises the error
    try:
        with zipfile.ZipFile(path) as archive:
            for part in _wide_or_long_parts(archive, path, unpacked_megabytes):
                with closing(_unpacked(archive, part)) as pieces:
                    _check_corner(path, part.filename, pieces)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise TillsightError(
            f"{path} is not a valid workbook ({error}); save it again as .xlsx, or as CSV"
        ) from error


def too_large(path: Path, unpacked_megabytes: int) -> TillsightError:
    """Return the error for a file above the limit."""
    return TillsightError(
        f"{path} unpacks to more than {unpacked_megabytes:,} MB; if you know what it holds, set "
        f"TILLSIGHT_UNPACKED_MB in .env to a higher number and load it again"
    )


def _wide_or_long_parts(
    archive: zipfile.ZipFile, path: Path, unpacked_megabytes: int
) -> list[zipfile.ZipInfo]:
    """Unpack all parts within the limit, and return those with a far reference."""
    left = unpacked_megabytes * MEGABYTE
    found = []
    for part in archive.infolist():
        is_far = False
        # the size in the archive can be too low: allow reading beyond the limit
        part.file_size = left + 2 * CHUNK_BYTES
        with closing(_unpacked(archive, part)) as pieces:
            for text, new_bytes in pieces:
                left -= new_bytes
                if left < 0:
                    raise too_large(path, unpacked_megabytes)
                is_far = is_far or FAR_REFERENCE.search(text) is not None
        if is_far:
            found.append(part)
    return found


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Generator[tuple[bytes, int]]:
    """Yield overlapping pieces of a part, and the number of new bytes in each."""
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield rest + chunk, len(chunk)
            rest = chunk[-LONGEST_REFERENCE:]


def _check_corner(path: Path, part: str, pieces: Iterator[tuple[bytes, int]]) -> None:
    """Raise if the bounding rectangle of a sheet has too many cells."""
    rows = columns = 1
    for text, _ in pieces:
        references = REFERENCE.findall(text)
        # ten digits or six letters are above the limit anyway
        rows = max(rows, max((int(row[:10]) for _, row in references), default=1))
        columns = max(columns, *map(_column_number, {letters[:6] for letters, _ in references}), 1)
        if rows * columns > MOST_CELLS:
            raise TillsightError(
                f"{path}, {part}: a cell is too far from the others (the sheet extends to row "
                f"{rows:,} and column {columns:,}); delete the rows below the table and the "
                f"columns beside it, or save it as CSV"
            )


def _column_number(letters: bytes) -> int:
    """Return the number of a column: A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
