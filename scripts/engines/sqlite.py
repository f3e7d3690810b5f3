"""SQLite: three files that dbt attaches, so that no table has to be copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import ml.registry.runs
from ml.data.features import SqliteFeatures
from scripts.engines.base import named_row
from scripts.errors import TillsightError
from scripts.ingest.formats import FORMATS, Format
from scripts.ingest.raw_store import LOAD_COLUMNS, SELECT_LOADS, Landing, LoadRow, load_rows
from scripts.ingest.table import Run
from scripts.progress import Progress
from scripts.settings import Settings
from scripts.storage import migrations, schema, sqlite
from scripts.storage.schema import LOADS_DDL, format_ddl
from scripts.storage.sqlite import PAGE_BYTES, connect, connect_read_only, explained

# One insert of 100 rows takes a third less time than 100 inserts; more rows do not help.
ROWS_PER_STATEMENT = 100


class SqliteEngine:
    """See `Engine`."""

    def __init__(self, settings: Settings) -> None:
        self._raw_db = settings.raw_db
        self._work_db = settings.work_db
        self.raw = SqliteRaw(settings.raw_db)
        self.features = SqliteFeatures(settings.work_db)

    def ensure_raw_tables(self) -> None:
        """Create raw.db and its tables where they are missing, and migrate older ones."""
        ensure_raw_db(self._raw_db)

    def prepare(self) -> None:
        """Delete work.db before a build."""
        sqlite.discard(self._work_db)

    def has_features(self) -> bool:
        """Return whether a build has created the features."""
        return self._work_db.exists()

    def first_row(self, statement: str) -> dict[str, Any] | None:
        """Return the first row of a query on work.db, by column name."""
        with (
            closing(connect_read_only(self._work_db)) as connection,
            explained(self._work_db),
        ):
            cursor = connection.execute(statement)
            row = cursor.fetchone()
        return named_row([column[0] for column in cursor.description], row) if row else None

    def import_model_tables(self) -> None:
        """Do nothing: dbt reads raw.db."""

    def export_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Do nothing: dbt writes marts.db."""

    def publish(self) -> None:
        """Do nothing: marts.db is published as part of its release."""


class SqliteRaw:
    """The raw tables of raw.db; see `RawStore`."""

    def __init__(self, raw_db: Path) -> None:
        self._raw_db = raw_db

    def loads(self) -> list[LoadRow]:
        """Return the committed loads in order, also while a landing is open."""
        with closing(connect_read_only(self._raw_db)) as connection, explained(self._raw_db):
            return _SqliteLanding(connection).loads()

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin a transaction, which is rolled back on an exception."""
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
        """Return the loads in order; of all files, or of one."""
        cursor = self._connection.execute(
            f"{SELECT_LOADS} from raw_loads where ?1 is null or file_sha256 = ?1 order by load_id",
            (file_sha256,),
        )
        return load_rows([column[0] for column in cursor.description], cursor)

    def insert(
        self, file_format: Format, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Insert the rows of a table and return their number."""
        row_count = 0
        for run in runs:
            for start in range(0, len(run.rows), ROWS_PER_STATEMENT):
                rows = run.rows[start : start + ROWS_PER_STATEMENT]
                values = [load_id, run.first_line + start, *chain.from_iterable(rows)]
                if "" in values:
                    values = [value or None for value in values]
                statement = _insert_statement(file_format.table, columns, len(rows))
                self._connection.execute(statement, values)
            row_count += len(run.rows)
        return row_count

    def register(self, load: LoadRow) -> None:
        """Insert a row into `raw_loads`."""
        places = ", ".join("?" for _ in LOAD_COLUMNS)
        self._connection.execute(
            f"insert into raw_loads ({', '.join(LOAD_COLUMNS)}) values ({places})",  # noqa: S608
            astuple(load),
        )


@cache
def _insert_statement(table: str, columns: tuple[str, ...], row_count: int) -> str:
    """Return an insert of rows on consecutive lines.

    Its parameters are the load id, the first line, and the values row by row.
    """
    places = ", ".join("?" for _ in columns)
    rows = ", ".join(f"(?1, ?2 + {offset}, {places})" for offset in range(row_count))
    # "or fail" avoids the statement journal: a failure rolls back the whole transaction
    return f"insert or fail into {table} (load_id, line_number, {', '.join(columns)}) values {rows}"  # noqa: S608 - names from FORMATS


def ensure_raw_db(raw_db: Path) -> None:
    """Create raw.db with all of its tables where they are missing; see `ensure_raw`."""
    ensure_raw(raw_db)
    with closing(connect(raw_db)) as connection:
        ml.registry.runs.ensure_tables(connection)


def ensure_raw(raw_db: Path) -> None:
    """Create raw.db and the tables that files are loaded into where they are missing.

    A file of an older version is migrated.

    Raises
    ------
    TillsightError
        If the folder cannot be created, or the file is locked, damaged, of a newer version or of
        another program.
    """
    try:
        raw_db.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TillsightError(
            f"cannot create the folder {raw_db.parent} ({error.strerror}); choose another "
            "--data-dir"
        ) from error
    with closing(connect(raw_db)) as connection, explained(raw_db):
        migrations.require_readable(connection, raw_db)
        schema.require_own_schema(connection, raw_db)
        connection.execute(f"pragma page_size = {PAGE_BYTES}")
        migrations.migrate(connection)
        with connection:
            connection.execute("begin")
            for statement in (LOADS_DDL, *map(format_ddl, FORMATS)):
                connection.execute(statement)
