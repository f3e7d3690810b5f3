"""The only file of this package that opens databases.

Features are read from work.db; what training and scoring find goes into raw.db, by `ml.runs`, in
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ml import runs
from ml.errors import ModelError
from ml.settings import FEATURES, LABEL
from ml.split import FloatArray, IntArray, Window, WindowSummary
from ml.tables import (
    CONTACT,
    DRAWN_ROWS,
    LABELS,
    LATEST,
    ROWS,
    SUMMARIES,
)


@contextmanager
def reading(work_db: Path) -> Iterator[sqlite3.Connection]:
    """Open work.db for reading and check that it holds the features.

    Parameters
    ----------
    work_db : Path
        Written by dbt.

    Yields
    ------
    sqlite3.Connection
        Cannot change the file.

    Raises
    ------
    ModelError
        If the file, one of its tables or a column of it is missing.
    """
    if not work_db.is_file():
        raise ModelError(f"there is no {work_db}. Run 'tillsight build' first.")
    address = f"{work_db.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        _check_columns(connection, work_db)
        yield connection


def read_summaries(connection: sqlite3.Connection) -> list[WindowSummary]:
    """Read what snapshots there are.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.

    Returns
    -------
    list of WindowSummary
        Latest first; empty if no customer has an order.
    """
    return [WindowSummary(*row) for rows in _fetch(connection, SUMMARIES) for row in rows]


def read_latest(connection: sqlite3.Connection) -> WindowSummary | None:
    """Read the latest snapshot's summary, and no other's.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.

    Returns
    -------
    WindowSummary or None
        None if no customer has an order.
    """
    found = [WindowSummary(*row) for rows in _fetch(connection, LATEST) for row in rows]
    return found[0] if found else None


def read_contact(connection: sqlite3.Connection) -> tuple[float | None, float | None]:
    """Read what a contact costs and brings, as set in the dbt variables.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.

    Returns
    -------
    float or None, float or None
        Cost and benefit; both None where they are not set.

    Raises
    ------
    ModelError
        If forecast_settings is missing or has not one row.
    """
    found = [row for rows in _fetch(connection, CONTACT) for row in rows]
    if len(found) != 1:
        raise ModelError(
            f"forecast_settings holds {len(found)} rows and should hold one. Run 'tillsight build'."
        )
    return found[0][0], found[0][1]


def read_labels(
    connection: sqlite3.Connection, summary: WindowSummary
) -> tuple[list[str], IntArray]:
    """Read who is in a past snapshot, and who ordered: the arguments of `split.sample`.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.
    summary : WindowSummary
        Which snapshot.

    Returns
    -------
    list of str, array of int
        Customer ids, ascending, and their labels.
    """
    rows = [row for part in _fetch(connection, LABELS, summary.snapshot_number) for row in part]
    return [row[0] for row in rows], np.array([row[1] for row in rows], dtype=np.int64)


def read_window(
    connection: sqlite3.Connection, summary: WindowSummary, only: Iterable[str] | None = None
) -> Window:
    """Read the rows of a past snapshot.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.
    summary : WindowSummary
        Which snapshot; its horizon must be over.
    only : iterable of str, optional
        Customers to read; all without it.

    Returns
    -------
    Window
        Ordered by customer.
    """
    statement = ROWS
    if only is not None:
        statement = DRAWN_ROWS
        connection.execute("create temp table if not exists drawn (customer_id text primary key)")
        connection.execute("delete from drawn")
        connection.executemany("insert into drawn values (?)", ((one,) for one in only))
    ids: list[str] = []
    parts = []
    for rows in _fetch(connection, statement, summary.snapshot_number):
        ids += [row[0] for row in rows]
        parts.append(_numbers(rows))
    values = np.concatenate(parts)
    return Window(summary, ids, features=values[:, 1:], labels=values[:, 0].astype(np.int64))


def read_chunks(
    connection: sqlite3.Connection, snapshot_number: int, chunk_rows: int
) -> Iterator[tuple[list[str], FloatArray]]:
    """Read the customers of a snapshot in parts, so that memory does not grow with the shop.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `reading`.
    snapshot_number : int
        0 is the latest.
    chunk_rows : int
        Customers in a part.

    Yields
    ------
    tuple of list of str, array of float
        Customer ids, ascending; features, shape (n, len(FEATURES)), NaN for NULL.
    """
    for rows in _fetch(connection, ROWS, snapshot_number, size=chunk_rows):
        yield [row[0] for row in rows], _numbers(rows)[:, 1:]


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


def _check_columns(connection: sqlite3.Connection, work_db: Path) -> None:
    """Refuse a work.db that is not of this version."""
    columns = _fetch(connection, "pragma table_info(customer_features)")
    found = {row[1] for rows in columns for row in rows}
    if not found:
        raise ModelError(f"{work_db} has no table customer_features. Run 'tillsight build'.")
    wanted = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ModelError(
            f"customer_features in {work_db} has no column {', '.join(missing)}. "
            f"Was it built by an older version? Run 'tillsight build'."
        )


def _fetch(
    connection: sqlite3.Connection, statement: str, *values: int, size: int = 20_000
) -> Iterator[list[tuple[Any, ...]]]:
    """Run a query and return its rows in lists of at most `size`."""
    try:
        cursor = connection.execute(statement, values)
        while rows := cursor.fetchmany(size):
            yield rows
    except sqlite3.DatabaseError as error:
        raise ModelError(
            f"the customer features cannot be read ({error}). Run 'tillsight build'."
        ) from error


def _numbers(rows: list[tuple[Any, ...]]) -> FloatArray:
    """Return label and features of some rows, NaN for NULL."""
    try:
        values = np.array([row[1:] for row in rows], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"customer_features holds a value that is no number ({error}), among customers "
            f"{rows[0][0]} to {rows[-1][0]}. Run 'tillsight build'."
        ) from error
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        name = (LABEL, *FEATURES)[column]
        raise ModelError(
            f"customer_features holds an infinite {name} for customer {rows[row][0]}. "
            f"Look at that customer's sales, then run 'tillsight build'."
        )
    return values
