"""Rows for bulk loading: as Arrow tables, or as a stream of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from scripts.ingest.table import Run

ROWS_PER_PART = 20_000


def landed_rows(load_id: int, runs: Iterable[Run]) -> Iterator[tuple[object, ...]]:
    """Yield each row of a table, preceded by its load id and line number."""
    for run in runs:
        for line_number, row in enumerate(run.rows, run.first_line):
            yield (load_id, line_number, *row)


def landed_tables(
    load_id: int, columns: Sequence[str], runs: Iterable[Run], size: int = ROWS_PER_PART
) -> Iterator[pa.Table]:
    """Yield the rows of a table as Arrow tables, preceded by load id and line number.

    Empty text becomes null.

    Parameters
    ----------
    load_id : int
        Id of the load.
    columns : sequence of str
        Names of the values of a row, in order.
    runs : iterable of Run
        The rows.
    size : int
        Minimum rows of all tables but the last.
    """
    lines: list[int] = []
    texts: list[list[str | None]] = [[] for _ in columns]
    for run in runs:
        lines.extend(range(run.first_line, run.first_line + len(run.rows)))
        for text, values in zip(texts, zip(*run.rows, strict=True), strict=True):
            text.extend(values)
        if len(lines) >= size:
            yield _landed_table(load_id, columns, lines, texts)
            lines, texts = [], [[] for _ in columns]
    if lines:
        yield _landed_table(load_id, columns, lines, texts)


def _landed_table(
    load_id: int,
    columns: Sequence[str],
    lines: Sequence[int],
    texts: Iterable[Sequence[str | None]],
) -> pa.Table:
    none = pa.scalar(None, pa.string())
    arrays = [pa.array(text, pa.string()) for text in texts]
    return pa.Table.from_arrays(
        [
            pa.repeat(load_id, len(lines)),
            pa.array(lines, pa.int64()),
            *(pc.if_else(pc.equal(array, ""), none, array) for array in arrays),
        ],
        names=["load_id", "line_number", *columns],
    )


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
    """A readable file of CSV, generated from rows while it is read; None is written as empty text.

    Parameters
    ----------
    rows : iterable of sequence
        The rows.

    Attributes
    ----------
    row_count : int
        Rows read so far.
    failure : BaseException or None
        The exception that the iterable of rows raised.
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
        """Fill a buffer with the next bytes and return their number; 0 at the end."""
        if not self._rest:
            try:
                part = list(islice(self._rows, ROWS_PER_PART))
            except BaseException as error:
                self.failure = error
                raise
            self.row_count += len(part)
            text = io.StringIO()
            # values are quoted only if they contain a character of the line end: both must be in it
            csv.writer(text, lineterminator="\r\n").writerows(part)
            self._rest = memoryview(text.getvalue().encode())
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        return len(given)
