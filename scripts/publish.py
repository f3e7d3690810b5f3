"""Make a finished file of marts the published one, at once or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from scripts.errors import TillsightError

# Says to tools that look into the file's header what it is and which shape its tables have.
APPLICATION_ID = 0x54494C4C  # "TILL"
SCHEMA_VERSION = 1


def prepare(new_marts_db: Path) -> None:
    """Make room for a new file of marts: its folder is there, no earlier attempt lies in it."""
    new_marts_db.parent.mkdir(parents=True, exist_ok=True)
    for leftover in new_marts_db.parent.glob(f"{new_marts_db.name}*"):
        leftover.unlink()


def publish(new_marts_db: Path, marts_db: Path) -> None:
    """Check the new file and rename it over the published one.

    Readers see the old marts until the rename and the new ones from then on. If a check fails,
    the published file stays as it is.

    Parameters
    ----------
    new_marts_db : Path
        A finished file, in a folder of the same disk as `marts_db`.
    marts_db : Path
        The published file; it need not exist yet.

    Raises
    ------
    TillsightError
        If a row names a parent that is not there, or the file is damaged.
    """
    with closing(sqlite3.connect(new_marts_db)) as connection:
        _require_whole(connection, new_marts_db)
        connection.execute("analyze")
        connection.execute(f"pragma application_id = {APPLICATION_ID:d}")
        connection.execute(f"pragma user_version = {SCHEMA_VERSION:d}")
        connection.commit()
        # a file in write-ahead mode does not open in a read-only folder
        connection.execute("pragma journal_mode = delete")
    new_marts_db.replace(marts_db)
    new_marts_db.parent.rmdir()


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
        raise TillsightError(f"{path} is damaged ({verdict}); nothing was published")
