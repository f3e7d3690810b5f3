"""Engines beside SQLite: a server, raw tables copied there, dbt run on them, tables read back."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg2
import pyarrow as pa

from tests.needs import need

DBT_DIR = Path(__file__).resolve().parents[1] / "dbt_project"
CHUNK_ROWS = 50_000
DUCKDB_TYPES = {"TEXT": "varchar", "INTEGER": "bigint", "REAL": "double"}
POSTGRES_TYPES = {"TEXT": 'text collate "C"', "INTEGER": "bigint", "REAL": "double precision"}
ARROW_TYPES = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64()}

Row = tuple[Any, ...]


class Connection(Protocol):
    """What the drivers of all three engines have."""

    def cursor(self) -> Any:
        """Return what runs a query and holds its rows."""

    def close(self) -> None:
        """Let go of the database."""


@dataclass(frozen=True)
class RawTable:
    """A landed table: its name, its columns with SQLite's types, and its key."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    def ddl(self, schema: str, types: Mapping[str, str]) -> str:
        """Return the statement that creates it in another engine."""
        columns = [f"{name} {types[kind]}" for name, kind in self.columns.items()]
        return (
            f"create table {schema}.{self.name} "
            f"({', '.join(columns)}, primary key ({', '.join(self.key)}))"
        )


def raw_tables(connection: sqlite3.Connection) -> list[RawTable]:
    """Return the tables of a raw.db."""
    names = connection.execute("select name from sqlite_schema where type = 'table'").fetchall()
    tables = []
    for (name,) in names:
        found = connection.execute(f"pragma table_info({name})").fetchall()
        key = sorted((place, column) for _, column, _, _, _, place in found if place)
        columns = {column: kind.upper() for _, column, kind, *_ in found}
        tables.append(RawTable(name, columns, tuple(column for _, column in key)))
    return tables


def chunks(connection: sqlite3.Connection, table: RawTable) -> Iterator[list[Row]]:
    """Read a table some thousand rows at a time."""
    cursor = connection.execute(f"select {', '.join(table.columns)} from {table.name}")
    while rows := cursor.fetchmany(CHUNK_ROWS):
        yield rows


def copy_raw_to_duckdb(raw_db: Path, raw_duckdb: Path) -> None:
    """Make raw.duckdb from raw.db."""
    with (
        closing(sqlite3.connect(raw_db)) as source,
        closing(duckdb.connect(str(raw_duckdb))) as copy,
    ):
        for table in raw_tables(source):
            copy.execute(table.ddl("main", DUCKDB_TYPES))
            schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in table.columns.items()])
            for rows in chunks(source, table):
                columns = [pa.array(values) for values in zip(*rows, strict=True)]
                copy.register("chunk", pa.table(columns, names=schema.names).cast(schema))
                copy.execute(f"insert into {table.name} select * from chunk")


def copy_raw_to_postgres(raw_db: Path, database: str) -> None:
    """Make the schema raw of a database, named by its address, from raw.db."""
    with (
        closing(sqlite3.connect(raw_db)) as source,
        closing(psycopg2.connect(database)) as copy,
        copy,
        copy.cursor() as cursor,
    ):
        cursor.execute("create schema raw")
        for table in raw_tables(source):
            cursor.execute(table.ddl("raw", POSTGRES_TYPES))
            for rows in chunks(source, table):
                lines = "".join("\t".join(map(_copy_text, row)) + "\n" for row in rows)
                cursor.copy_expert(f"copy raw.{table.name} from stdin", io.StringIO(lines))


def _copy_text(value: object) -> str:
    """Write a value as COPY reads it."""
    if value is None:
        return r"\N"
    text = str(value).replace("\\", r"\\")
    return text.replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")


def dbt(*arguments: str, target: str, environment: Mapping[str, str], output: Path) -> str:
    """Run plain dbt; return what it printed, and fail with that where dbt fails."""
    finished = subprocess.run(
        [
            Path(sys.executable).parent / "dbt",
            *("--log-path", output, "--no-use-colors", *arguments, "--target", target),
            *("--target-path", output / "target"),
        ],
        cwd=DBT_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-2000:]
    return finished.stdout


@contextmanager
def postgres_server() -> Iterator[Callable[[str], dict[str, str]]]:
    """Run a PostgreSQL server that answers on a socket in a folder of its own.

    Its own order of texts is that of English, not of bytes: nothing may depend on it.

    Yields
    ------
    callable
        Makes a database of the given name; returns the variables that the dbt profile reads.
    """
    binaries = _postgres_binaries()
    # pytest's folders are closed to other users, and a server does not run as root
    folder = Path(tempfile.mkdtemp(prefix="tillsight-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        # what is printed goes to a file: a server keeps a pipe open
        with (folder.parent / f"{folder.name}.log").open("a") as log:
            subprocess.run(
                [binaries / program, "-D", folder / "data", *arguments],
                cwd="/",
                user=user,
                check=True,
                stdout=log,
                stderr=log,
            )

    run(
        "initdb",
        *("--auth=trust", "--username=tillsight", "--no-sync", "--encoding=UTF8"),
        *("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
    )
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run("pg_ctl", "--wait", "--options", options, "start")
    try:
        yield lambda name: _new_database(folder, name)
    finally:
        run("pg_ctl", "--wait", "--mode=immediate", "stop")
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink()


def _postgres_binaries() -> Path:
    """Return the folder of initdb and pg_ctl: Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    need("PostgreSQL is not there: apt-get install postgresql", is_there=bool(found))
    return found[-1].parent


def _new_database(folder: Path, name: str) -> dict[str, str]:
    with closing(psycopg2.connect(host=folder, user="tillsight", dbname="postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"create database {name}")
    return {
        "TILLSIGHT_POSTGRES_HOST": str(folder),
        "TILLSIGHT_POSTGRES_USER": "tillsight",
        "TILLSIGHT_POSTGRES_DATABASE": name,
    }


def address(environment: Mapping[str, str]) -> str:
    """Return the address of the database that these variables name."""
    names = {"host": "HOST", "user": "USER", "dbname": "DATABASE"}
    return " ".join(f"{k}={environment[f'TILLSIGHT_POSTGRES_{v}']}" for k, v in names.items())


def ask(connection: Connection, sql: str) -> list[Row]:
    """Return the rows of a query, on any engine; dates and times are text, as SQLite has them."""
    cursor = connection.cursor()
    cursor.execute(sql)
    return [tuple(map(_as_sqlite_writes, row)) for row in cursor.fetchall()]


def _as_sqlite_writes(value: object) -> object:
    return str(value) if isinstance(value, date) else value
