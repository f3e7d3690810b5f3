"""Write transactions on raw.db."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ml.errors import ModelError
from ml.registry import runs


@contextmanager
def writing(raw_db: Path, *, patience: float = 10.0) -> Iterator[sqlite3.Connection]:
    """Open a write transaction; it is committed at the end or rolled back after an error.

    Creates the file and the tables of `ml` if necessary. Waits `patience` seconds for a lock.

    Raises
    ------
    ModelError
        If the file is locked or cannot be written.
    """
    try:
        raw_db.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(raw_db, patience, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            runs.ensure_tables(connection)
            yield connection
            connection.execute("commit")
    except (sqlite3.DatabaseError, OSError) as error:
        raise ModelError(
            f"{raw_db} cannot be written ({error}). Close what has it open, then try again."
        ) from error
