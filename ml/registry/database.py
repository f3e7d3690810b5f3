"""One transaction in raw.db at a time: what training and scoring write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ml.errors import ModelError
from ml.registry import runs


@contextmanager
def writing(raw_db: Path, *, patience: float = 10.0) -> Iterator[sqlite3.Connection]:
    """Open raw.db for one transaction: all of it is written, or nothing.

    Parameters
    ----------
    raw_db : Path
        Created if missing, with the tables of this package.
    patience : float
        Seconds to wait for somebody else's transaction.

    Yields
    ------
    sqlite3.Connection
        Inside the transaction.

    Raises
    ------
    ModelError
        If the file is busy or cannot be written.
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
