"""Version of raw.db, and the migration from each version to the next.

The version is `pragma user_version` of the file; `pragma application_id` identifies the program. An
empty file has version 0; release 0.1.0 wrote version 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from scripts.errors import TillsightError

APPLICATION_ID = 0x54494C52  # "TILR"

Step = Callable[[sqlite3.Connection], None]


def _mark(connection: sqlite3.Connection) -> None:
    """Set the application id of a new file."""
    connection.execute(f"pragma application_id = {APPLICATION_ID:d}")


# Step n migrates version n to n + 1. Steps are only added at the end, since files of every released
# version exist.
STEPS: tuple[Step, ...] = (_mark,)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a raw file; 0 for an empty file."""
    return int(connection.execute("pragma user_version").fetchone()[0])


def require_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Raise unless a file is a raw file of a known version, or empty.

    Parameters
    ----------
    connection : sqlite3.Connection
        A connection to the file.
    path : Path
        The file, for the message.

    Raises
    ------
    TillsightError
        If it is of another program, or of a newer version.
    """
    (mark,) = connection.execute("pragma application_id").fetchone()
    (objects,) = connection.execute("select count(*) from sqlite_master").fetchone()
    if mark != APPLICATION_ID and (mark or objects):
        raise TillsightError(
            f"{path} is a database of another program, not a raw.db of Tillsight; move it away, "
            "or name another file or --data-dir"
        )
    found = version_of(connection)
    if not 0 <= found <= len(STEPS):
        raise TillsightError(
            f"{path} has version {found}, and this Tillsight knows versions up to {len(STEPS)}; "
            "use the newer Tillsight that wrote it"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate a raw file to the current version; each step is atomic.

    Parameters
    ----------
    connection : sqlite3.Connection
        Open for writing, outside of a transaction. A failed step raises and leaves the file at
        the version before it.
    """
    while version_of(connection) < len(STEPS):
        with connection:
            connection.execute("begin immediate")
            # another process may have migrated the file meanwhile
            found = version_of(connection)
            if found < len(STEPS):
                STEPS[found](connection)
                connection.execute(f"pragma user_version = {found + 1:d}")
