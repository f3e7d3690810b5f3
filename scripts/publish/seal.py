"""Check new marts and write their fingerprint before they are published."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from scripts.errors import TillsightError
from scripts.storage import sqlite

# Tools read the kind of file and the version of its schema from the header.
APPLICATION_ID = 0x54494C4C  # "TILL"
SCHEMA_VERSION = 1


def seal(marts_db: Path) -> str:
    """Check new marts and write their header and fingerprint.

    Parameters
    ----------
    marts_db : Path
        Unpublished marts.

    Returns
    -------
    str
        The fingerprint in `build_info`: 16 hexadecimal digits. Equal input, settings and versions
        give equal fingerprints.

    Raises
    ------
    TillsightError
        If a foreign key or a check fails, or the file is damaged.
    """
    with closing(sqlite3.connect(marts_db)) as connection:
        connection.row_factory = sqlite3.Row
        _require_whole(connection, marts_db)
        connection.execute("analyze")
        connection.execute(f"pragma application_id = {APPLICATION_ID:d}")
        connection.execute(f"pragma user_version = {SCHEMA_VERSION:d}")
        connection.execute("update build_info set build_fingerprint = null")
        connection.commit()
        # a file in write-ahead mode cannot be opened in a read-only folder
        connection.execute("pragma journal_mode = delete")
    fingerprint = sqlite.sha256(marts_db)[:16]
    with closing(sqlite3.connect(marts_db)) as connection, connection:
        connection.execute("update build_info set build_fingerprint = ?", [fingerprint])
    return fingerprint


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Raise if a foreign key or a check fails, or the file is damaged."""
    orphan = connection.execute(
        'select rowid as row_id, "table", parent from pragma_foreign_key_check'
    ).fetchone()
    if orphan:
        raise TillsightError(
            f"row {orphan['row_id']} of {orphan['table']} refers to a row of {orphan['parent']} "
            "that does not exist; nothing was published"
        )
    verdict = connection.execute("pragma quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise TillsightError(
            f"{path} is damaged, or a value violates the check of its column ({verdict}); nothing "
            "was published"
        )
