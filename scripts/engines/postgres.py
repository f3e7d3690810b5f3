"""PostgreSQL: three schemas of one database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import extensions, sql
from psycopg2.extras import execute_values

from ml.data.features import Features
from scripts.engines import raw_schema
from scripts.engines.base import named_row
from scripts.engines.bulk_load import CsvStream, landed_rows
from scripts.engines.ownership import owner_mark, require_own
from scripts.engines.sqlite import ensure_raw_db
from scripts.engines.sqlite_export import copy_marts
from scripts.errors import TillsightError
from scripts.ingest.formats import Format
from scripts.ingest.raw_store import LOAD_COLUMNS, SELECT_LOADS, Landing, LoadRow, load_rows
from scripts.ingest.table import Run
from scripts.progress import Progress
from scripts.settings import NEW_SCHEMA, PostgresAddress, Settings

# Ids compare and sort by their bytes on every engine, whatever the locale of the server.
TYPES = {"text": 'text collate "C"', "integer": "bigint", "real": "double precision"}
# Old marts that are still being read are dropped by a later publish.
LOCK_TIMEOUT_MILLISECONDS = 10_000


class PostgresEngine:
    """See `Engine`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connect = partial(connected, settings.postgres)
        self.raw = PostgresRaw(settings.postgres, settings.data_dir)
        self.features = PostgresFeatures(settings.postgres)

    def ensure_raw_tables(self) -> None:
        """Create raw.db and the raw tables where they are missing, and migrate older ones."""
        ensure_raw_db(self._settings.raw_db)
        self.raw.create_tables()

    def prepare(self) -> None:
        """Drop any unpublished marts before a build.

        Raises
        ------
        TillsightError
            If the schema that a publish would replace holds tables of another program.
        """
        with self._connect() as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                "select 1 from pg_class where relnamespace = to_regnamespace('main')::oid "
                "and to_regclass('main.build_info') is null"
            )
            if cursor.fetchone():
                raise TillsightError(
                    f"the schema main of {self._settings.postgres} holds tables that are not "
                    "Tillsight's, which a publish would replace; name another database"
                )
            cursor.execute(_named("drop schema if exists {} cascade", NEW_SCHEMA))

    def has_features(self) -> bool:
        """Return whether a build has created the features."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass('work.customer_features')")
            return bool(cursor.fetchone() != (None,))

    def first_row(self, statement: str) -> dict[str, Any] | None:
        """Return the first row of a query on the work tables, by column name; dates as text."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("set search_path to work")
            cursor.execute(statement)
            row = cursor.fetchone()
            return named_row(_column_names(cursor), row) if row else None

    def import_model_tables(self) -> None:
        """Copy the tables written by training and scoring from raw.db to the engine."""
        with (
            raw_schema.read_all(self._settings.raw_db) as tables,
            self._connect() as connection,
            connection,
            connection.cursor() as cursor,
        ):
            for table in tables:
                cursor.execute(f"truncate raw.{table.name}")
                kept = f", force_not_null ({', '.join(table.never_null)})" * bool(table.never_null)
                names = ", ".join(table.columns)
                statement = f"copy raw.{table.name} ({names}) from stdin (format csv{kept})"
                _copy(cursor, statement, CsvStream(table.rows))

    def export_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Copy the marts to the new marts.db."""
        with self._connect() as connection:
            rows_of = partial(_mart_rows, connection)
            copy_marts(models, rows_of, self._settings.new_marts_db, progress)

    def publish(self) -> None:
        """Replace the published marts by the new ones: rename both schemas in one transaction.

        Roles that can read the old marts can read the new ones.
        """
        with self._connect() as connection:
            with connection, connection.cursor() as cursor:
                grants = _grants(cursor)
                cursor.execute("select to_regclass('main.build_info') is not null")
                if cursor.fetchone() == (True,):
                    cursor.execute(_named("alter schema main rename to {}", _free_name(cursor)))
                else:
                    cursor.execute("drop schema if exists main")  # it is empty, or this fails
                cursor.execute(_named("alter schema {} rename to main", NEW_SCHEMA))
                for statement in grants:
                    cursor.execute(statement)
            self._drop_earlier(connection)

    def _drop_earlier(self, connection: extensions.connection) -> None:
        """Drop marts of earlier releases, except those that are still being read."""
        with connection, connection.cursor() as cursor:
            earlier = _earlier(cursor)
        for name in earlier:
            # the new marts are already published: a failure here must not fail the run
            with suppress(psycopg2.Error), connection, connection.cursor() as cursor:
                cursor.execute(f"set local lock_timeout = {LOCK_TIMEOUT_MILLISECONDS:d}")
                cursor.execute(_named("drop schema {} cascade", name))


def _earlier(cursor: extensions.cursor) -> list[str]:
    """Return the schemas that earlier publishes have renamed."""
    cursor.execute(
        "select nspname::text from pg_namespace where nspname ~ '^main_old_[0-9]+$' "
        "and to_regclass(nspname || '.build_info') is not null order by nspname"
    )
    return [name for (name,) in cursor.fetchall()]


def _free_name(cursor: extensions.cursor) -> str:
    """Return an unused name for the schema that is renamed."""
    cursor.execute("select nspname::text from pg_namespace")
    taken = {name for (name,) in cursor.fetchall()}
    return next(name for name in map("main_old_{}".format, count(1)) if name not in taken)


def _grants(cursor: extensions.cursor) -> list[sql.Composed]:
    """Return the grants that give the readers of the schema main access to its new tables."""
    cursor.execute(
        "select distinct coalesce(pg_roles.rolname::text, 'public') from pg_namespace "
        "cross join aclexplode(nspacl) as granted "
        "left join pg_roles on granted.grantee = pg_roles.oid "
        "where nspname = 'main' and privilege_type = 'USAGE' and granted.grantee <> nspowner "
        "order by 1"
    )
    schema = sql.SQL("grant usage on schema main to {}")
    grants = [schema.format(_role(role)) for (role,) in cursor.fetchall()]
    cursor.execute(
        "select before.table_name::text, before.grantee::text "
        "from information_schema.role_table_grants as before "
        "inner join information_schema.tables as present "
        "on before.table_name = present.table_name and present.table_schema = %s "
        "where before.table_schema = 'main' and before.privilege_type = 'SELECT' "
        "and before.grantee <> current_user order by 1, 2",
        (NEW_SCHEMA,),
    )
    table = sql.SQL("grant select on main.{} to {}")
    return [
        *grants,
        *(table.format(sql.Identifier(name), _role(role)) for name, role in cursor.fetchall()),
    ]


def _role(name: str) -> sql.Composable:
    # the pseudo-role public, as spelled in catalogue and standard
    return sql.SQL("public") if name in {"public", "PUBLIC"} else sql.Identifier(name)


class PostgresRaw:
    """The schema raw; see `RawStore`."""

    def __init__(self, address: PostgresAddress, data_dir: Path) -> None:
        self._connect = partial(connected, address)
        self._place, self._data_dir = str(address), data_dir

    def create_tables(self) -> None:
        """Create the raw tables where they are missing.

        Raises
        ------
        TillsightError
            If existing tables belong to another data folder.
        """
        own = owner_mark(self._data_dir)
        with self._connect() as connection, connection, connection.cursor() as cursor:
            cursor.execute("create schema if not exists raw")
            cursor.execute("select obj_description(to_regnamespace('raw')::oid, 'pg_namespace')")
            (found,) = cursor.fetchone() or (None,)
            require_own(found or own, own, self._place)
            cursor.execute("comment on schema raw is %s", (own,))
            for statement in raw_schema.raw_statements(TYPES, "raw"):
                cursor.execute(statement)

    def loads(self) -> list[LoadRow]:
        """Return the committed loads in order, also while a landing is open."""
        with self._connect() as connection:
            return _loads(connection)

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin a transaction, which is rolled back on an exception."""
        with self._connect() as connection, connection:
            yield _PostgresLanding(connection)


class _PostgresLanding:
    def __init__(self, connection: extensions.connection) -> None:
        self._connection = connection

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return the loads in order; of all files, or of one."""
        with self._connection.cursor() as cursor:
            cursor.execute("lock table raw.raw_loads in exclusive mode")
        return _loads(self._connection, file_sha256)

    def insert(
        self, file_format: Format, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Insert the rows of a table and return their number."""
        names = ", ".join(("load_id", "line_number", *columns))
        stream = CsvStream(landed_rows(load_id, runs))
        with self._connection.cursor() as cursor:
            _copy(cursor, f"copy raw.{file_format.table} ({names}) from stdin (format csv)", stream)
        return stream.row_count

    def register(self, load: LoadRow) -> None:
        """Insert a row into `raw_loads`."""
        places = ", ".join("%s" for _ in LOAD_COLUMNS)
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"insert into raw.raw_loads ({', '.join(LOAD_COLUMNS)}) values ({places})",  # noqa: S608
                astuple(load),
            )


def _copy(cursor: extensions.cursor, statement: str, stream: CsvStream) -> None:
    """Copy rows to the server; re-raise an exception of the row source unchanged."""
    try:
        cursor.copy_expert(statement, stream)
    except psycopg2.Error as error:
        # psycopg2 reports only that reading failed
        raise stream.failure or error from None


def _loads(connection: extensions.connection, file_sha256: str | None = None) -> list[LoadRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{SELECT_LOADS} from raw.raw_loads "
            "where %(sha)s::text is null or file_sha256 = %(sha)s order by load_id",
            {"sha": file_sha256},
        )
        return load_rows(_column_names(cursor), cursor.fetchall())


def _column_names(cursor: extensions.cursor) -> list[str]:
    return [column.name for column in cursor.description or ()]


class PostgresFeatures:
    """The features in the schema work; see `FeatureSource`."""

    def __init__(self, address: PostgresAddress) -> None:
        self.name = f"the schema work of {address}"
        self._connect = partial(connected, address)

    @contextmanager
    def open(self) -> Iterator[Features]:
        """Open them for reading."""
        with self._connect() as connection:
            with connection.cursor() as cursor:
                cursor.execute("set search_path to work")
            yield _OpenFeatures(connection)


class _OpenFeatures:
    def __init__(self, connection: extensions.connection) -> None:
        self._connection = connection

    def columns(self) -> set[str]:
        """Return the column names of customer_features; empty if the table is missing."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "select column_name from information_schema.columns "
                "where table_schema = 'work' and table_name = 'customer_features'"
            )
            return {name for (name,) in cursor.fetchall()}

    def rows(self, statement: str, *values: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows in lists of at most `size`."""
        with self._connection.cursor(name="features") as cursor:
            cursor.execute(statement.replace("?", "%s"), values)
            while rows := cursor.fetchmany(size):
                yield rows

    def draw(self, customers: Iterable[str]) -> None:
        """Replace the rows of the temporary table `drawn` by these ids."""
        with self._connection.cursor() as cursor:
            cursor.execute("drop table if exists drawn")
            cursor.execute('create temp table drawn (customer_id text collate "C")')
            execute_values(
                cursor, "insert into drawn values %s", ([one] for one in customers), page_size=5_000
            )


@contextmanager
def connected(address: PostgresAddress) -> Iterator[extensions.connection]:
    """Connect to the server.

    Raises
    ------
    TillsightError
        In place of any `psycopg2.Error`.
    """
    try:
        connection = psycopg2.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=address.database,
            application_name="tillsight",
            client_encoding="UTF8",
        )
    except psycopg2.Error as error:
        raise TillsightError(
            f"cannot connect to {address} ({_first_line(error)}); check the server, and "
            "TILLSIGHT_POSTGRES_HOST, _PORT, _USER, _PASSWORD and _DATABASE"
        ) from error
    with closing(connection):
        try:
            yield connection
        except psycopg2.Error as error:
            raise TillsightError(f"{address} reports '{_first_line(error)}'") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _named(statement: str, name: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(name))


def _mart_rows(
    connection: extensions.connection, name: str, columns: Sequence[str], key: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Read a mart sorted by its key, dates and times as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name, data_type from information_schema.columns "
            "where table_schema = %s and table_name = %s",
            (NEW_SCHEMA, name),
        )
        kinds = dict(cursor.fetchall())
    shown = ", ".join(
        f"{one}::text" if kinds[one].startswith(("date", "timestamp")) else one for one in columns
    )
    with connection.cursor(name="marts") as cursor:
        cursor.execute(f"select {shown} from {NEW_SCHEMA}.{name} order by {', '.join(key)}")  # noqa: S608
        while rows := cursor.fetchmany(20_000):
            yield rows
