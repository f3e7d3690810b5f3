"""DuckDB: three files as on SQLite, stored by column."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from ml.data.features import Features
from ml.errors import ModelError
from scripts.engines import raw_schema
from scripts.engines.base import named_row
from scripts.engines.bulk_load import arrow_tables, landed_tables
from scripts.engines.sqlite import ensure_raw_db
from scripts.engines.sqlite_export import copy_marts
from scripts.errors import TillsightError
from scripts.ingest.formats import Format
from scripts.ingest.raw_store import LOAD_COLUMNS, SELECT_LOADS, Landing, LoadRow, load_rows
from scripts.ingest.table import Run
from scripts.progress import Progress
from scripts.settings import Settings
from scripts.storage import sqlite

TYPES = {"text": "varchar", "integer": "bigint", "real": "double"}
ARROW_TYPES = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}

Connection = duckdb.DuckDBPyConnection


class DuckdbEngine:
    """See `Engine`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._overflow = settings.data_dir / "duckdb_temp"
        self._connect: Callable[..., Any] = partial(
            connected, memory=settings.duckdb_memory, overflow=self._overflow
        )
        self.raw = DuckdbRaw(settings.raw_duckdb, self._connect)
        self.features = DuckdbFeatures(settings.work_duckdb, self._connect)

    def ensure_raw_tables(self) -> None:
        """Create raw.db and the raw tables where they are missing, and migrate older ones."""
        ensure_raw_db(self._settings.raw_db)
        self.raw.create_tables()

    def prepare(self) -> None:
        """Delete work.duckdb and temporary files before a build."""
        _let_go()
        shutil.rmtree(self._overflow, ignore_errors=True)
        sqlite.discard(self._settings.work_duckdb)

    def has_features(self) -> bool:
        """Return whether a build has created the features."""
        return self._settings.work_duckdb.exists()

    def first_row(self, statement: str) -> dict[str, Any] | None:
        """Return the first row of a query on the work tables, by column name; dates as text."""
        with self._connect(self._settings.work_duckdb, read_only=True) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone()
            return named_row([column[0] for column in cursor.description], row) if row else None

    def import_model_tables(self) -> None:
        """Copy the tables written by training and scoring from raw.db to the engine."""
        with (
            raw_schema.read_all(self._settings.raw_db) as tables,
            self._connect(self._settings.raw_duckdb) as connection,
            _transaction(connection),
        ):
            for table in tables:
                columns = raw_schema.ddl(table.name, TYPES)
                connection.execute(f"create or replace table {table.name} ({columns})")
                schema = _schema(connection, table.name, table.columns)
                _insert(connection, table.name, arrow_tables(table.rows, schema))

    def export_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Copy the marts to the new marts.db."""
        marts_db = self._settings.new_marts_db
        with self._connect(marts_db.with_suffix(".duckdb"), read_only=True) as connection:
            copy_marts(models, partial(_mart_rows, connection), marts_db, progress)

    def publish(self) -> None:
        """Do nothing: marts.duckdb is published as part of its release."""


class DuckdbRaw:
    """The raw tables of raw.duckdb; see `RawStore`."""

    def __init__(self, path: Path, connect: Callable[..., Any]) -> None:
        self._path = path
        self._connect = connect

    def create_tables(self) -> None:
        """Create the raw tables where they are missing."""
        with self._connect(self._path) as connection, _transaction(connection):
            for statement in raw_schema.raw_statements(TYPES):
                connection.execute(statement)

    def loads(self) -> list[LoadRow]:
        """Return the committed loads in order, also while a landing is open."""
        with self._connect(self._path, read_only=True) as connection:
            return _DuckdbLanding(connection).loads()

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin a transaction, which is rolled back on an exception."""
        with self._connect(self._path) as connection, _transaction(connection):
            yield _DuckdbLanding(connection)


class _DuckdbLanding:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return the loads in order; of all files, or of one."""
        cursor = self._connection.execute(
            f"{SELECT_LOADS} from raw_loads "
            "where $1::varchar is null or file_sha256 = $1 order by load_id",
            [file_sha256],
        )
        return load_rows([column[0] for column in cursor.description], cursor.fetchall())

    def insert(
        self, file_format: Format, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Insert the rows of a table and return their number."""
        return _insert(self._connection, file_format.table, landed_tables(load_id, columns, runs))

    def register(self, load: LoadRow) -> None:
        """Insert a row into `raw_loads`."""
        places = ", ".join("?" for _ in LOAD_COLUMNS)
        self._connection.execute(
            f"insert into raw_loads ({', '.join(LOAD_COLUMNS)}) values ({places})",  # noqa: S608
            astuple(load),
        )


class DuckdbFeatures:
    """The features in work.duckdb; see `FeatureSource`."""

    def __init__(self, path: Path, connect: Callable[..., Any]) -> None:
        self.name = str(path)
        self._path = path
        self._connect = connect

    @contextmanager
    def open(self) -> Iterator[Features]:
        """Open them for reading."""
        if not self._path.is_file():
            raise ModelError(f"there is no {self.name}. Run 'tillsight build' first.")
        with self._connect(self._path, read_only=True) as connection:
            yield _OpenFeatures(connection)


class _OpenFeatures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def columns(self) -> set[str]:
        """Return the column names of customer_features; empty if the table is missing."""
        found = self._connection.execute(
            "select column_name from duckdb_columns() where table_name = 'customer_features'"
        )
        return {name for (name,) in found.fetchall()}

    def rows(self, statement: str, *values: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows in lists of at most `size`."""
        found = self._connection.execute(statement, values)
        while rows := found.fetchmany(size):
            yield rows

    def draw(self, customers: Iterable[str]) -> None:
        """Replace the rows of the temporary table `drawn` by these ids."""
        self._connection.execute("create or replace temp table drawn (customer_id varchar)")
        self._connection.execute("insert into drawn select unnest(?)", [list(customers)])


@contextmanager
def connected(
    path: Path, *, memory: str, overflow: Path, read_only: bool = False
) -> Iterator[Connection]:
    """Open a DuckDB file.

    Parameters
    ----------
    path : Path
        The file; created if it is missing and `read_only` is false.
    memory : str
        Maximum memory of a query, like `1GB`.
    overflow : Path
        Folder for temporary files; deleted at the end.
    read_only : bool
        Whether to open it for reading only.

    Raises
    ------
    TillsightError
        In place of any `duckdb.Error`.
    """
    _let_go()
    path.parent.mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": str(overflow),
        "preserve_insertion_order": False,
    }
    try:
        with closing(duckdb.connect(str(path), read_only, config)) as connection:
            yield connection
    except duckdb.IOException as error:
        hint = "close the other program that has it open, or check whether the disk is full"
        raise TillsightError(f"{path}: {_first_line(error)}; {hint}, and try again") from error
    except duckdb.Error as error:
        raise TillsightError(f"{path}: DuckDB reports '{_first_line(error)}'") from error


def _let_go() -> None:
    """Close dbt's connections: DuckDB opens a file with one configuration at a time."""
    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _schema(connection: Connection, table: str, columns: Sequence[str]) -> pa.Schema:
    """Return the Arrow types of columns of a table."""
    described = connection.execute(f"describe {table}").fetchall()
    types = {name: ARROW_TYPES[kind] for name, kind, *_ in described}
    return pa.schema([(name, types[name]) for name in columns])


def _insert(connection: Connection, table: str, parts: Iterable[pa.Table]) -> int:
    """Insert the rows of Arrow tables and return their number."""
    row_count = 0
    for part in parts:
        connection.register("part", part)
        connection.execute(f"insert into {table} by name from part")
        connection.unregister("part")
        row_count += part.num_rows
    return row_count


def _mart_rows(
    connection: Connection, name: str, columns: Sequence[str], key: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Read a mart sorted by its key, dates and times as text."""
    kinds = dict(row[:2] for row in connection.execute(f"describe {name}").fetchall())
    shown = ", ".join(
        f"cast({one} as varchar)" if kinds[one] in {"DATE", "TIMESTAMP"} else one for one in columns
    )
    found = connection.execute(f"select {shown} from {name} order by {', '.join(key)}")  # noqa: S608
    while rows := found.fetchmany(20_000):
        yield rows
