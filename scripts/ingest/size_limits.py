"""How much packed files hold, counted while they are unpacked: no bomb fills memory or disk."""

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
# A sheet is held whole, every cell between its corners: 32 bytes each.
MOST_CELLS = 50_000_000

# Where a cell or row says that it stands; and the same beyond column Z or row 999,999: a sheet
# without any such reference has fewer cells than the most, and they need not be counted.
REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)""")
FAR_REFERENCE = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{2}|[A-Za-z]?\d{7})""")
LONGEST_REFERENCE = 64


class BoundedGzipFile(gzip.GzipFile):
    """A gzip file that is unpacked up to a limit.

    Parameters
    ----------
    path : Path
        Name of the file, for the sentence.
    fileobj : binary file
        The file, opened.
    unpacked_megabytes : int
        Most that it may unpack to, in units of 2**20 bytes.

    Raises
    ------
    TillsightError
        While it is read, once it has unpacked to more.
    """

    def __init__(self, path: Path, fileobj: gzip._ReadableFileobj, unpacked_megabytes: int) -> None:
        super().__init__(fileobj=fileobj, mode="rb")
        self._path = path
        self._unpacked_megabytes = unpacked_megabytes

    def read1(self, size: int = -1) -> bytes:
        """Return the next bytes, as many as come at once."""
        data = super().read1(size)
        if self.tell() > self._unpacked_megabytes * MEGABYTE:
            raise too_large(self._path, self._unpacked_megabytes)
        return data


def check_workbook(path: Path, unpacked_megabytes: int) -> None:
    """Look how large a workbook is before it is read, since its reader holds sheets whole.

    Everything is unpacked once, since the sizes that an archive states need not be true. What is
    no archive is left to that reader.

    Parameters
    ----------
    path : Path
        The workbook.
    unpacked_megabytes : int
        Most that its parts may unpack to together, in units of 2**20 bytes.

    Raises
    ------
    TillsightError
        If it is no sound archive, unpacks to more, or has a cell that stands far from the others.
    """
    if not zipfile.is_zipfile(path):
        return  # the reader of workbooks says what it is instead
    try:
        with zipfile.ZipFile(path) as archive:
            for part in _wide_or_long_parts(archive, path, unpacked_megabytes):
                with closing(_unpacked(archive, part)) as pieces:
                    _check_corner(path, part.filename, pieces)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise TillsightError(
            f"{path} is no sound workbook ({error}); save it again as .xlsx, or as CSV"
        ) from error


def too_large(path: Path, unpacked_megabytes: int) -> TillsightError:
    """Return the sentence for a file that unpacks to more than the limit."""
    return TillsightError(
        f"{path} unpacks to more than {unpacked_megabytes:,} MB; if you know what it holds, set "
        f"TILLSIGHT_UNPACKED_MB in .env to a higher number and load it again"
    )


def _wide_or_long_parts(
    archive: zipfile.ZipFile, path: Path, unpacked_megabytes: int
) -> list[zipfile.ZipInfo]:
    """Unpack all parts, up to the limit in all, and return those with a reference far out."""
    left = unpacked_megabytes * MEGABYTE
    found = []
    for part in archive.infolist():
        is_far = False
        # the size that the archive states may be too low: let it be read beyond what is left
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
    """Yield a part in pieces, each begun with the end of the one before, and their new bytes."""
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield rest + chunk, len(chunk)
            rest = chunk[-LONGEST_REFERENCE:]


def _check_corner(path: Path, part: str, pieces: Iterator[tuple[bytes, int]]) -> None:
    """Raise where the rectangle around all cells that a sheet names has too many of them."""
    rows = columns = 1
    for text, _ in pieces:
        references = REFERENCE.findall(text)
        # more than ten digits or six letters are too many, whatever follows
        rows = max(rows, max((int(row[:10]) for _, row in references), default=1))
        columns = max(columns, *map(_column_number, {letters[:6] for letters, _ in references}), 1)
        if rows * columns > MOST_CELLS:
            raise TillsightError(
                f"{path}, {part}: a cell stands too far from the others (the sheet reaches to row "
                f"{rows:,} and column {columns:,}); delete the rows below the table and the "
                f"columns beside it, or save it as CSV"
            )


def _column_number(letters: bytes) -> int:
    """Return the place of a column from its letters: A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
