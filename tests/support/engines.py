"""Engines beside SQLite: a server of PostgreSQL, and tables read back as SQLite writes them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import psycopg2

from scripts.settings import POSTGRES_VARIABLES, PROJECT_DIR, PostgresAddress
from tests.support.requirements import need

Row = tuple[Any, ...]


class Connection(Protocol):
    """What the drivers of all three engines have."""

    def cursor(self) -> Any:
        """Return what runs a query and holds its rows."""

    def close(self) -> None:
        """Let go of the database."""


@contextmanager
def postgres_server() -> Iterator[Callable[[str], PostgresAddress]]:
    """Run a PostgreSQL server that answers on a socket in a folder of its own.

    Its own order of texts is that of English, not of bytes: nothing may depend on it.

    Yields
    ------
    callable
        Makes a database of the given name, and returns its address.
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


def _new_database(folder: Path, name: str) -> PostgresAddress:
    server = PostgresAddress(host=str(folder), database="postgres")
    with closing(connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"create database {name}")
    return replace(server, database=name)


def connect(address: PostgresAddress) -> Any:
    """Connect to a database of the server."""
    return psycopg2.connect(host=address.host, user=address.user, dbname=address.database)


def variables(address: PostgresAddress) -> dict[str, str]:
    """Return what the dbt profile reads of a database."""
    return {variable: getattr(address, name) for name, variable in POSTGRES_VARIABLES.items()}


def dbt(*arguments: str, target: str, environment: Mapping[str, str], output: Path) -> str:
    """Run plain dbt; return what it printed, and fail with that where dbt fails."""
    finished = subprocess.run(
        [
            Path(sys.executable).parent / "dbt",
            *("--log-path", output, "--no-use-colors", *arguments, "--target", target),
            *("--target-path", output / "target"),
        ],
        cwd=PROJECT_DIR / "dbt_project",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-2000:]
    return finished.stdout


def ask(connection: Connection, sql: str) -> list[Row]:
    """Return the rows of a query, on any engine; dates and times are text, as SQLite has them."""
    cursor = connection.cursor()
    cursor.execute(sql)
    return [tuple(map(as_sqlite_writes, row)) for row in cursor.fetchall()]


def as_sqlite_writes(value: object) -> object:
    """Return a value as a query on SQLite has it."""
    return str(value) if isinstance(value, date) else value
