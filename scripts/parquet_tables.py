"""Read a Parquet file, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.errors import TillsightError
from scripts.tables import Run, Table, as_text

ROWS_PER_BATCH = 10_000


def read_tables(path: Path) -> Iterator[Table]:
    """Yield the one table of a Parquet file.

    Rows are numbered as in a CSV file with the same content: the first is on line 2.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is damaged or holds lists or structures.
    """
    with _opened(path) as file:
        header = tuple(file.schema_arrow.names)
        size = file.metadata.num_rows
    yield Table(
        place=f"{path}, schema", sheet="", header=header, size=size, runs=partial(_runs, path)
    )


def _runs(path: Path, positions: tuple[int, ...]) -> Iterator[Run]:
    with _opened(path) as file:
        fields = [file.schema_arrow.field(at) for at in positions]
        for field in fields:
            if pa.types.is_nested(field.type):
                raise TillsightError(
                    f"{path}: column '{field.name}' holds {field.type}, not single values; "
                    f"write it as text or numbers and load the file again"
                )
        done = 0
        names = [field.name for field in fields]
        for batch in file.iter_batches(batch_size=ROWS_PER_BATCH, columns=names):
            columns = [map(as_text, batch.column(name).to_pylist()) for name in names]
            yield Run(done + 2, list(zip(*columns, strict=True)), done + batch.num_rows)
            done += batch.num_rows


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise TillsightError(
            f"{path} is no sound Parquet file ({reason}); write or download it again"
        ) from error
