"""SQLite: three files that dbt attaches, so that nothing needs to be carried anywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from scripts.engines.base import Progress
from scripts.engines.raw_schema import LOADS_DDL, form_ddl
from scripts.errors import TillsightError
from scripts.ingest.formats import FORMS, Form
from scripts.ingest.raw_store import LOAD_COLUMNS, ROWS_PER_STATEMENT, Landing, LoadRow
from scripts.ingest.table import Run
from scripts.settings import Settings
from scripts.storage import migrations, schema, sqlite
from scripts.storage.sqlite import PAGE_BYTES, connect, connect_read_only, explained


class SqliteEngine:
    """See `Engine`.

    Parameters
    ----------
    settings : Settings
        Where the files lie.
    """

    def __init__(self, settings: Settings) -> None:
        self.raw = SqliteRaw(settings.raw_db)
        self.features = settings.work_db

    def begin(self) -> None:
        """Make room for a build; what an earlier attempt left is gone."""
        sqlite.discard(self.features)

    def has_features(self) -> bool:
        """Return whether a build has made the features."""
        return self.features.exists()

    def row(self, statement: str) -> tuple[Any, ...] | None:
        """Return the first row of a query of the work tables; dates are text."""
        with (
            closing(sqlite.connect_read_only(self.features)) as connection,
            sqlite.explained(self.features),
        ):
            found: tuple[Any, ...] | None = connection.execute(statement).fetchone()
            return found

    def take_model(self) -> None:
        """Do nothing: dbt reads raw.db itself."""

    def give_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Do nothing: dbt writes marts.db itself."""

    def publish(self) -> None:
        """Do nothing: marts.db is published as part of its generation."""


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


def ensure_raw(raw_db: Path) -> None:
    """Create the raw file and its tables, empty, where they are not there yet.

    A file of an older version is carried on to the present one.

    Raises
    ------
    TillsightError
        If the folder cannot be made, or the file is locked, damaged, of a newer version or
        something else.
    """
    try:
        raw_db.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TillsightError(
            f"the folder {raw_db.parent} cannot be made ({error.strerror}); name another --data-dir"
        ) from error
    with closing(connect(raw_db)) as connection, explained(raw_db):
        migrations.require_readable(connection, raw_db)
        schema.require_own_schema(connection, raw_db)
        connection.execute(f"pragma page_size = {PAGE_BYTES}")
        migrations.migrate(connection)
        with connection:
            connection.execute("begin")
            for statement in (LOADS_DDL, *map(form_ddl, FORMS)):
                connection.execute(statement)
