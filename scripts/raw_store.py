"""Where files land: what loading asks of an engine's raw tables, and SQLite's answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import astuple, dataclass, fields
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Protocol

from scripts.forms import Form
from scripts.tables import Run
from scripts.warehouse import connect, connect_read_only, ensure_raw, explained

# One statement for many rows costs SQLite a third less than one for each; more bring nothing.
ROWS_PER_STATEMENT = 100


@dataclass(frozen=True)
class LoadRow:
    """A row of `raw_loads`: a file, or a sheet of a workbook, that has landed.

    Attributes
    ----------
    load_id : int
        Counts up from 1.
    file_name, sheet : str
        Its name without the folder; the sheet is empty where a file has none.
    form : str
        Name of the form it was read as.
    file_sha256 : str
        What its bytes are known by.
    row_count : int
        Rows that it holds, header excluded.
    input_fingerprint : str
        Names everything loaded up to it.
    """

    load_id: int
    file_name: str
    sheet: str
    form: str
    file_sha256: str
    row_count: int
    input_fingerprint: str


LOAD_COLUMNS = tuple(field.name for field in fields(LoadRow))


class Landing(Protocol):
    """Raw tables within a transaction: all that is done to them stays, or nothing."""

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return what has landed, in order; of all files, or of one."""

    def insert(
        self, form: Form, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Land the rows of a table, and return how many they are."""

    def register(self, load: LoadRow) -> None:
        """Add a row of `raw_loads`."""


class RawStore(Protocol):
    """The raw tables of an engine."""

    def ensure(self) -> None:
        """Create the raw tables that are not there yet."""

    def loads(self) -> list[LoadRow]:
        """Return what has landed, in order, also while others land."""

    def landing(self) -> AbstractContextManager[Landing]:
        """Begin a transaction; a failure inside undoes all of it."""


class SqliteRaw:
    """The raw tables of raw.db.

    Parameters
    ----------
    raw_db : Path
        The file; made where there is none.
    """

    def __init__(self, raw_db: Path) -> None:
        self._raw_db = raw_db

    def ensure(self) -> None:
        """Create the raw tables that are not there yet."""
        ensure_raw(self._raw_db)

    def loads(self) -> list[LoadRow]:
        """Return what has landed, in order, also while others land."""
        with closing(connect_read_only(self._raw_db)) as connection, explained(self._raw_db):
            return _SqliteLanding(connection).loads()

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin a transaction; a failure inside undoes all of it."""
        with (
            closing(connect(self._raw_db)) as connection,
            explained(self._raw_db),
            connection,
        ):
            connection.execute("begin immediate")
            yield _SqliteLanding(connection)


class _SqliteLanding:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return what has landed, in order; of all files, or of one."""
        rows = self._connection.execute(
            f"select {', '.join(LOAD_COLUMNS)} from raw_loads "  # noqa: S608  names in code
            "where ?1 is null or file_sha256 = ?1 order by load_id",
            (file_sha256,),
        )
        return [LoadRow(*row) for row in rows]

    def insert(
        self, form: Form, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Land the rows of a table, and return how many they are."""
        row_count = 0
        for run in runs:
            for start in range(0, len(run.rows), ROWS_PER_STATEMENT):
                rows = run.rows[start : start + ROWS_PER_STATEMENT]
                values = [load_id, run.first_line + start, *chain.from_iterable(rows)]
                if "" in values:
                    values = [value or None for value in values]
                self._connection.execute(_insert_statement(form.table, columns, len(rows)), values)
            row_count += len(run.rows)
        return row_count

    def register(self, load: LoadRow) -> None:
        """Add a row of `raw_loads`."""
        places = ", ".join("?" for _ in LOAD_COLUMNS)
        self._connection.execute(
            f"insert into raw_loads ({', '.join(LOAD_COLUMNS)}) values ({places})",  # noqa: S608
            astuple(load),
        )


@cache
def _insert_statement(table: str, columns: tuple[str, ...], row_count: int) -> str:
    """Return the statement that inserts so many rows of consecutive lines.

    Its parameters are the load's number, the first line, and the values row by row.
    """
    places = ", ".join("?" for _ in columns)
    rows = ", ".join(f"(?1, ?2 + {offset}, {places})" for offset in range(row_count))
    # "or fail" spares the journal that undoes one statement: here all is undone or nothing.
    return f"insert or fail into {table} (load_id, line_number, {', '.join(columns)}) values {rows}"  # noqa: S608 - names from FORMS


def reported(runs: Iterator[Run], report: Callable[[int], None]) -> Iterator[Run]:
    """Pass runs of rows on, and tell after each how far the table has been read."""
    for run in runs:
        yield run
        report(run.done)
