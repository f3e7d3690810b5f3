"""Open SQLite files, and explain their errors."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import TillsightError

# Wait for another program that writes to the file.
BUSY_SECONDS = 10.0
# Loading is 7% faster than with the default of 4096; only a new file can be given it.
PAGE_BYTES = 16_384


MEND = "move it away and type 'tillsight run FILE...' again, or name another --data-dir"
REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program is using it; close that program and try again",
    sqlite3.SQLITE_NOTADB: f"it is not a SQLite database; {MEND}",
    sqlite3.SQLITE_CORRUPT: f"it is damaged; {MEND}",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that its folder exists and belongs to you",
    sqlite3.SQLITE_READONLY: "it cannot be written to; change its permissions, or name "
    "another --data-dir",
    sqlite3.SQLITE_FULL: "the disk, or that of temporary files (TMPDIR), is full; make room and "
    "try again",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check whether it is full or failing, or "
    "whether file sizes are limited (ulimit -f), and try again",
    sqlite3.SQLITE_PERM: "you have no permission to open it; change its permissions, or name "
    "another --data-dir",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open a SQLite file for writing; create it if it does not exist.

    Commits survive a power loss: SQLite's default is a synchronised rollback journal.

    Raises
    ------
    TillsightError
        If it cannot be opened, is locked, or is not a SQLite database.
    """
    with explained(path):
        return _checked(sqlite3.connect(path, timeout=BUSY_SECONDS))


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing SQLite file read-only.

    Raises
    ------
    TillsightError
        If it does not exist, cannot be opened, is locked, or is not a SQLite database.
    """
    if not path.exists():
        raise TillsightError(
            f"{path} does not exist; type 'tillsight run' to make it, "
            f"or name the --data-dir that holds it"
        )
    # as_uri() escapes ? # % and spaces
    address = f"{path.absolute().as_uri()}?mode=ro"
    with explained(path):
        return _checked(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS))


def discard(path: Path) -> None:
    """Delete a database, after the journals that SQLite or DuckDB would read with it."""
    for aside in ("-journal", "-wal", "-shm", ".wal"):
        path.with_name(path.name + aside).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; it identifies a load."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_database(path: Path) -> bool:
    """Return whether a file has the header of a SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn any `sqlite3.Error` about a file into a `TillsightError` with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise TillsightError(f"{path}: {remedy(error)}") from error


def remedy(error: sqlite3.Error) -> str:
    """Return cause and remedy of an error of SQLite; the caller names the file."""
    # the low byte of an extended code is the primary code
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return REMEDIES.get(code, f"SQLite says '{error}'; if an older version made it, {MEND}")


def _checked(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Read the header of the file, which SQLite defers to the first statement."""
    try:
        # no functions with side effects in views, triggers and CHECKs of the file
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma schema_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
