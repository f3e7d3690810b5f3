"""Read a Parquet file in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.errors import TillsightError
from scripts.ingest.size_limits import MEGABYTE, too_large
from scripts.ingest.table import LONGEST_FIELD, Reading, Run, Table, as_text

ROWS_PER_BATCH = 10_000
# Repeated values are stored once, so that a small file can contain millions of long ones. The size
# of a batch is chosen so that a column of the longest value takes no more than this.
BATCH_BYTES = 32 * MEGABYTE
# Rows per batch when values are measured, as dictionary indices of four bytes.
ROWS_MEASURED = 1 << 20


def read_tables(path: Path, reading: Reading) -> Iterator[Table]:
    """Yield the one table of a Parquet file.

    Rows are numbered as in a CSV file: the first is on line 2.

    Parameters
    ----------
    path : Path
        The file.
    reading : Reading
        Size limit.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is damaged, nested or too large, or a value is
        too long or cannot be converted to text.
    """
    with _opened(path) as file:
        header = tuple(file.schema_arrow.names)
        size = file.metadata.num_rows
        groups = range(file.metadata.num_row_groups)
        stored = sum(file.metadata.row_group(number).total_byte_size for number in groups)
    if stored > reading.unpacked_megabytes * MEGABYTE:
        raise too_large(path, reading.unpacked_megabytes)
    yield Table(
        place=f"{path}, schema",
        sheet="",
        header=header,
        size=size,
        runs=partial(_runs, path, reading),
    )


def _runs(path: Path, reading: Reading, positions: tuple[int, ...]) -> Iterator[Run]:
    with _opened(path) as file:
        fields = [file.schema_arrow.field(at) for at in positions]
    for field in fields:
        if pa.types.is_nested(field.type):
            raise TillsightError(
                f"{path}: column '{field.name}' contains {field.type}, not single values; "
                f"write it as text or numbers and load the file again"
            )
    batch_size = min(ROWS_PER_BATCH, BATCH_BYTES // _longest_value(path, fields))
    names = [field.name for field in fields]
    done = unpacked = 0
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=batch_size, columns=names):
            columns = [_plain(batch.column(name)) for name in names]
            unpacked += sum(column.nbytes for column in columns) + batch.num_rows
            if unpacked > reading.unpacked_megabytes * MEGABYTE:
                raise too_large(path, reading.unpacked_megabytes)
            texts = [_texts(path, *named) for named in zip(names, columns, strict=True)]
            yield Run(done + 2, list(zip(*texts, strict=True)), done + batch.num_rows)
            done += batch.num_rows


def _longest_value(path: Path, fields: Sequence[pa.Field]) -> int:
    """Return the bytes of the longest text, at least 1; raise TillsightError if it is too long."""
    names = [field.name for field in fields if _is_text(field.type)]
    longest = 1
    with _opened(path, read_dictionary=names) as file:
        for batch in file.iter_batches(batch_size=ROWS_MEASURED, columns=names) if names else ():
            for name in names:
                lengths = pc.binary_length(batch.column(name).dictionary)
                longest = max(longest, pc.max(lengths).as_py() or 0)
                if longest > LONGEST_FIELD:
                    raise TillsightError(
                        f"{path}: column '{name}' contains a value of more than "
                        f"{LONGEST_FIELD:,} bytes; check whether it is the right column"
                    )
    return longest


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        is_kind(value)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _texts(path: Path, name: str, column: pa.Array) -> list[str | None]:
    """Return the values of a column as text."""
    try:
        return [as_text(value) for value in column.to_pylist()]
    except (ValueError, OverflowError, LookupError) as error:
        # a date after the year 9999, an unknown time zone, bytes that are not text
        raise TillsightError(
            f"{path}: column '{name}' cannot be converted to text ({error}); correct the value, or "
            f"write the column as text, and load the file again"
        ) from error


@contextmanager
def _opened(path: Path, read_dictionary: list[str] | None = None) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, read_dictionary=read_dictionary) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise TillsightError(
            f"{path} is not a valid Parquet file ({reason}); write or download it again"
        ) from error
