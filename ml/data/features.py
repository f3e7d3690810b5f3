"""The only file of this package that opens databases.

Features are read from work.db, or from another engine that holds them; what training and scoring
find goes into raw.db, by `ml.registry.runs`, in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from ml.data.schema import CONTACT, DRAWN_ROWS, LABELS, LATEST, ROWS, SUMMARIES, PredictionRow
from ml.data.windows import FloatArray, IntArray, Window, WindowSummary
from ml.errors import ModelError
from ml.settings import FEATURES, LABEL

DECIMALS = 9
"""Of the features that a model sees."""

Rows: TypeAlias = list[tuple[Any, ...]]
Scorer: TypeAlias = Callable[[Iterable[Rows]], Iterator[list[PredictionRow]]]
"""Scores parts of a snapshot, as `ROWS` reads them; it can be sent to another machine."""


class Features(Protocol):
    """An open database that holds the features, whichever engine it is of; for reading only."""

    def columns(self) -> set[str]:
        """Return the names of the columns of customer_features; empty where there is no table."""

    def rows(self, statement: str, *values: int, size: int) -> Iterator[Rows]:
        """Run a query, `?` for each value, and yield its rows in lists of at most `size`."""

    def draw(self, customers: Iterable[str]) -> None:
        """Fill the temporary table `drawn` with ids, in place of those before."""


@runtime_checkable
class SpreadFeatures(Features, Protocol):
    """Features that lie on several machines, which score them where they lie."""

    def scored(
        self, statement: str, *values: int, scorer: Scorer, size: int
    ) -> Iterator[list[PredictionRow]]:
        """Run a query, score its rows there, and yield the scores in lists of at most `size`."""


class FeatureSource(Protocol):
    """Where features lie."""

    name: str

    def open(self) -> AbstractContextManager[Features]:
        """Open it for reading."""


class SqliteFeatures:
    """The features in a SQLite file; see `FeatureSource`.

    Parameters
    ----------
    work_db : Path
        work.db as written by dbt.
    """

    def __init__(self, work_db: Path) -> None:
        self.name = str(work_db)
        self._work_db = work_db

    @contextmanager
    def open(self) -> Iterator[Features]:
        """Open it for reading."""
        if not self._work_db.is_file():
            raise ModelError(f"there is no {self.name}. Run 'tillsight build' first.")
        address = f"{self._work_db.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            yield _OpenSqliteFeatures(connection)


class _OpenSqliteFeatures:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self) -> set[str]:
        """Return the names of the columns of customer_features; empty where there is no table."""
        return {row[1] for row in self._connection.execute("pragma table_info(customer_features)")}

    def rows(self, statement: str, *values: int, size: int) -> Iterator[Rows]:
        """Run a query and yield its rows in lists of at most `size`."""
        cursor = self._connection.execute(statement, values)
        while rows := cursor.fetchmany(size):
            yield rows

    def draw(self, customers: Iterable[str]) -> None:
        """Fill the temporary table `drawn` with ids, in place of those before."""
        execute = self._connection.execute
        execute("create temp table if not exists drawn (customer_id text primary key)")
        execute("delete from drawn")
        self._connection.executemany("insert into drawn values (?)", ((one,) for one in customers))


@contextmanager
def reading(work: Path | FeatureSource) -> Iterator[Features]:
    """Open the features for reading and check that they are whole.

    Parameters
    ----------
    work : Path or FeatureSource
        work.db as written by dbt, or another engine.

    Yields
    ------
    Features
        Cannot change them.

    Raises
    ------
    ModelError
        If the file, one of its tables or a column of it is missing.
    """
    source = SqliteFeatures(work) if isinstance(work, Path) else work
    with source.open() as features:
        _check_columns(features, source.name)
        yield features


def read_summaries(features: Features) -> list[WindowSummary]:
    """Read what snapshots there are.

    Parameters
    ----------
    features : Features
        From `reading`.

    Returns
    -------
    list of WindowSummary
        Latest first; empty if no customer has an order.
    """
    return [_summary(row) for rows in _fetch(features, SUMMARIES) for row in rows]


def read_latest(features: Features) -> WindowSummary | None:
    """Read the latest snapshot's summary, and no other's.

    Parameters
    ----------
    features : Features
        From `reading`.

    Returns
    -------
    WindowSummary or None
        None if no customer has an order.
    """
    found = [_summary(row) for rows in _fetch(features, LATEST) for row in rows]
    return found[0] if found else None


def read_contact(features: Features) -> tuple[float | None, float | None]:
    """Read what a contact costs and brings, as set in the dbt variables.

    Parameters
    ----------
    features : Features
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
    found = [row for rows in _fetch(features, CONTACT) for row in rows]
    if len(found) != 1:
        raise ModelError(
            f"forecast_settings holds {len(found)} rows and should hold one. Run 'tillsight build'."
        )
    return found[0][0], found[0][1]


def read_labels(features: Features, summary: WindowSummary) -> tuple[list[str], IntArray]:
    """Read who is in a past snapshot, and who ordered: the arguments of `split.sample`.

    Parameters
    ----------
    features : Features
        From `reading`.
    summary : WindowSummary
        Which snapshot.

    Returns
    -------
    list of str, array of int
        Customer ids, ascending, and their labels.
    """
    rows = [row for part in _fetch(features, LABELS, summary.snapshot_number) for row in part]
    return [row[0] for row in rows], np.array([row[1] for row in rows], dtype=np.int64)


def read_window(
    features: Features, summary: WindowSummary, only: Iterable[str] | None = None
) -> Window:
    """Read the rows of a past snapshot.

    Parameters
    ----------
    features : Features
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
        features.draw(only)
    ids: list[str] = []
    parts = []
    for rows in _fetch(features, statement, summary.snapshot_number):
        ids += [row[0] for row in rows]
        parts.append(_numbers(rows))
    values = np.concatenate(parts)
    return Window(summary, ids, features=values[:, 1:], labels=values[:, 0].astype(np.int64))


def score_customers(
    features: Features, snapshot_number: int, chunk_rows: int, scorer: Scorer
) -> Iterator[list[PredictionRow]]:
    """Score the customers of a snapshot in parts, so that memory does not grow with the shop.

    Parameters
    ----------
    features : Features
        From `reading`. Where they are spread over machines, these score them.
    snapshot_number : int
        0 is the latest.
    chunk_rows : int
        Customers in a part.
    scorer : callable
        From parts of rows to parts of scores.

    Yields
    ------
    list of PredictionRow
        By customer id, ascending.
    """
    if isinstance(features, SpreadFeatures):
        yield from features.scored(ROWS, snapshot_number, scorer=scorer, size=chunk_rows)
    else:
        yield from scorer(_fetch(features, ROWS, snapshot_number, size=chunk_rows))


def customers(rows: Rows) -> tuple[list[str], FloatArray]:
    """Take apart what `ROWS` reads.

    Parameters
    ----------
    rows : list of tuple
        Customer id, label and features.

    Returns
    -------
    tuple of list of str, array of float
        Customer ids; features, shape (n, len(FEATURES)), NaN for NULL.

    Raises
    ------
    ModelError
        If a feature is no number.
    """
    return [row[0] for row in rows], _numbers(rows)[:, 1:]


def _check_columns(features: Features, place: str) -> None:
    """Refuse features that are not of this version."""
    try:
        found = features.columns()
    except sqlite3.DatabaseError as error:
        raise _unreadable(error) from error
    if not found:
        raise ModelError(f"{place} has no table customer_features. Run 'tillsight build'.")
    wanted = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ModelError(
            f"customer_features in {place} has no column {', '.join(missing)}. "
            f"Was it built by an older version? Run 'tillsight build'."
        )


def _summary(row: tuple[Any, ...]) -> WindowSummary:
    """Return a row as values; engines have types of their own for dates and sums."""
    number, as_of_date, horizon_days, row_count, buyers, history_days = row
    return WindowSummary(
        number,
        str(as_of_date),
        horizon_days,
        row_count,
        None if buyers is None else int(buyers),
        history_days,
    )


def _fetch(features: Features, statement: str, *values: int, size: int = 20_000) -> Iterator[Rows]:
    """Run a query and yield its rows in lists of at most `size`."""
    try:
        yield from features.rows(statement, *values, size=size)
    except sqlite3.DatabaseError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ModelError:
    return ModelError(f"the customer features cannot be read ({error}). Run 'tillsight build'.")


def _numbers(rows: Rows) -> FloatArray:
    """Return label and features of some rows, NaN for NULL.

    They are rounded: engines differ in the last bit of a power, and a model trained on the same
    sales is to be the same.
    """
    try:
        values = np.array([row[1:] for row in rows], dtype=np.float64).round(DECIMALS)
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
