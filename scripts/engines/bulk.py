"""Rows on their way into an engine, in bulk: as Arrow tables, or as a stream of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import pyarrow as pa

from scripts.tables import Run

ROWS_PER_PART = 20_000


def landed_rows(load_id: int, runs: Iterable[Run]) -> Iterator[tuple[object, ...]]:
    """Yield each row of a table behind its load and line; an empty value is none."""
    for run in runs:
        for line_number, row in enumerate(run.rows, run.first_line):
            yield (load_id, line_number, *(value or None for value in row))


def arrow_tables(
    rows: Iterable[Sequence[object]], schema: pa.Schema, size: int = ROWS_PER_PART
) -> Iterator[pa.Table]:
    """Yield rows as Arrow tables of at most `size` rows."""
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        columns = zip(*part, strict=True)
        arrays = [pa.array(values, one.type) for values, one in zip(columns, schema, strict=True)]
        yield pa.Table.from_arrays(arrays, schema=schema)


class CsvStream(io.RawIOBase):
    """A file of CSV to read, made of rows while it is read; None and an empty text look alike.

    Parameters
    ----------
    rows : iterable of sequence
        The rows.

    Attributes
    ----------
    row_count : int
        Rows read so far.
    failure : BaseException or None
        What went wrong while the rows were made.
    """

    def __init__(self, rows: Iterable[Sequence[object]]) -> None:
        super().__init__()
        self.row_count = 0
        self.failure: BaseException | None = None
        self._rows = iter(rows)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that is given
        """Fill a buffer with the next bytes, and return how many they are; none at the end."""
        if not self._rest:
            try:
                part = list(islice(self._rows, ROWS_PER_PART))
            except BaseException as error:
                self.failure = error
                raise
            self.row_count += len(part)
            text = io.StringIO()
            # a character of the line end is quoted within a value, so both must be of it
            csv.writer(text, lineterminator="\r\n").writerows(part)
            self._rest = memoryview(text.getvalue().encode())
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        return len(given)
