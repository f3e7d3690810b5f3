"""The SQLite files: the raw tables that are loaded into, and how each file is opened."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import TillsightError

# How long to wait for another program that writes to the same file.
BUSY_SECONDS = 10.0
# Loading is 7% faster than with SQLite's own 4096; only a new file takes it on.
PAGE_BYTES = 16_384


MEND = "move it away and type 'tillsight run FILE...' again, or name another --data-dir"
REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program is using it; close that program and try again",
    sqlite3.SQLITE_NOTADB: f"it is not a SQLite database; {MEND}",
    sqlite3.SQLITE_CORRUPT: f"it is damaged; {MEND}",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that its folder exists and is yours",
    sqlite3.SQLITE_READONLY: "it cannot be written to; change its permissions, or name "
    "another --data-dir",
    sqlite3.SQLITE_FULL: "the disk, or that of temporary files (TMPDIR), is full; make room and "
    "try again",
    sqlite3.SQLITE_IOERR: "the disk does not take or give what it should; look whether it is full "
    "or failing, or files are limited in size (ulimit -f), and try again",
    sqlite3.SQLITE_PERM: "it is not yours to open; change its permissions, or name another "
    "--data-dir",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open a SQLite file to write to it, and create it where there is none.

    SQLite's defaults hold: a rollback journal, synchronised to the disk, so
    that what is committed survives a loss of power.

    Raises
    ------
    TillsightError
        If it cannot be opened, is locked, or is no SQLite database.
    """
    with explained(path):
        return _checked(sqlite3.connect(path, timeout=BUSY_SECONDS))


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a SQLite file that is there, in a way that cannot change it.

    Raises
    ------
    TillsightError
        If it is not there, cannot be opened, is locked, or is no SQLite database.
    """
    if not path.exists():
        raise TillsightError(
            f"{path} does not exist; type 'tillsight run' to make it, "
            f"or name the --data-dir that holds it"
        )
    # as_uri() escapes what means something in an address: ? # % and spaces.
    address = f"{path.absolute().as_uri()}?mode=ro"
    with explained(path):
        return _checked(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS))


def discard(path: Path) -> None:
    """Delete a file that is built anew, and before it what SQLite or DuckDB would read with it."""
    for aside in ("-journal", "-wal", "-shm", ".wal"):
        path.with_name(path.name + aside).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal: what a load is known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_database(path: Path) -> bool:
    """Return whether a file has the header of a SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about a file into a sentence with a remedy.

    Raises
    ------
    TillsightError
        In place of any `sqlite3.Error`.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise TillsightError(f"{path}: {remedy(error)}") from error


def remedy(error: sqlite3.Error) -> str:
    """Say what an error of SQLite means, and what to do; the caller names the file."""
    # Extended codes keep the primary code in their low byte.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return REMEDIES.get(code, f"SQLite says '{error}'; if an older version made it, {MEND}")


def _checked(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Read the file's header, which SQLite puts off until the first statement."""
    try:
        # functions with side effects do not run from a view, a trigger or a CHECK of the file
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma schema_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
