"""The version of raw.db, and the steps from each version to the next.

raw.db cannot be made again, so a newer Tillsight carries an older file on. The version stands in
the file's header (`pragma user_version`), beside the mark of whose file it is (`application_id`).
Files made before versions were counted have neither, and are version 0.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from scripts.errors import TillsightError

APPLICATION_ID = 0x54494C52  # "TILR"

Step = Callable[[sqlite3.Connection], None]


def _mark(connection: sqlite3.Connection) -> None:
    """Say whose file it is; its tables are those of version 0."""
    connection.execute(f"pragma application_id = {APPLICATION_ID:d}")


# Step n leads from version n to version n + 1. Steps are only ever added at the end: files of every
# earlier version are out there.
STEPS: tuple[Step, ...] = (_mark,)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a raw file; 0 also for an empty one."""
    return int(connection.execute("pragma user_version").fetchone()[0])


def require_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Look whether a file is a raw file that this version understands, or an empty one.

    Parameters
    ----------
    connection : sqlite3.Connection
        On the file.
    path : Path
        The file, for the sentence.

    Raises
    ------
    TillsightError
        If it belongs to another program, or to a newer version of this one.
    """
    (mark,) = connection.execute("pragma application_id").fetchone()
    tables, raw_tables = connection.execute(
        "select count(*), coalesce(sum(name glob 'raw_*'), 0) from sqlite_master "
        "where type = 'table' and name not glob 'sqlite_*'"
    ).fetchone()
    if mark not in {0, APPLICATION_ID} or (tables and not raw_tables):
        raise TillsightError(
            f"{path} is a database of something else, no raw.db of Tillsight; move it away, "
            "or name another file or --data-dir"
        )
    found = version_of(connection)
    if not 0 <= found <= len(STEPS):
        raise TillsightError(
            f"{path} is of version {found}, and this Tillsight knows versions up to {len(STEPS)}; "
            "use the newer Tillsight that wrote it"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Carry a raw file on to the present version, each step whole or not at all.

    Parameters
    ----------
    connection : sqlite3.Connection
        Open for writing, outside of a transaction. A step that fails leaves the file at the
        version before it, and its error to the caller.
    """
    while version_of(connection) < len(STEPS):
        with connection:
            connection.execute("begin immediate")
            # another process may have been quicker
            found = version_of(connection)
            if found < len(STEPS):
                STEPS[found](connection)
                connection.execute(f"pragma user_version = {found + 1:d}")
