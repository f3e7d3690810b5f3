"""What a finished file of marts goes through before anybody sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from scripts.errors import TillsightError
from scripts.storage import sqlite

# Says to tools that look into the file's header what it is and which shape its tables have.
APPLICATION_ID = 0x54494C4C  # "TILL"
SCHEMA_VERSION = 1


def seal(marts_db: Path) -> str:
    """Check a finished file, settle what readers rely on, and write its fingerprint into it.

    Parameters
    ----------
    marts_db : Path
        A file that dbt has built and nobody reads yet.

    Returns
    -------
    str
        Its fingerprint, as in `build_info`: 16 hexadecimal digits that say what is in the file.
        Equal input, settings and versions give equal ones.

    Raises
    ------
    TillsightError
        If a row names a parent that is not there, a value is none of its column's, or the file is
        damaged.
    """
    with closing(sqlite3.connect(marts_db)) as connection:
        _require_whole(connection, marts_db)
        connection.execute("analyze")
        connection.execute(f"pragma application_id = {APPLICATION_ID:d}")
        connection.execute(f"pragma user_version = {SCHEMA_VERSION:d}")
        connection.execute("update build_info set build_fingerprint = null")
        connection.commit()
        # a file in write-ahead mode does not open in a read-only folder
        connection.execute("pragma journal_mode = delete")
    fingerprint = sqlite.sha256(marts_db)[:16]
    with closing(sqlite3.connect(marts_db)) as connection, connection:
        connection.execute("update build_info set build_fingerprint = ?", [fingerprint])
    return fingerprint


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Raise unless every key has its parent and the file is sound."""
    orphans = connection.execute("pragma foreign_key_check").fetchone()
    if orphans:
        table, row_id, parent, _ = orphans
        raise TillsightError(
            f"row {row_id} of {table} names a row of {parent} that is not there; "
            "nothing was published"
        )
    verdict = connection.execute("pragma quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise TillsightError(
            f"{path} is damaged, or holds what its columns do not allow ({verdict}); nothing was "
            "published"
        )
