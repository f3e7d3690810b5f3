"""Read the customer features that dbt built, from SQLite or another engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import numpy as np

from ml.data.schema import PredictionRow
from ml.data.windows import FloatArray, IntArray, Window, WindowSummary
from ml.errors import ModelError
from ml.settings import FEATURES, LABEL

DECIMALS: Final = 9
"""Engines differ in the last bit of a power; rounded features give the same model everywhere."""

CUSTOMER_COLUMNS = ("customer_id", LABEL, *FEATURES)
"""Columns of the rows that are scored, in the order of the SELECT list."""

SUMMARY_COLUMNS: Mapping[str, str] = {
    "snapshot_number": "snapshot_number",
    "as_of_date": "min(as_of_date)",
    "horizon_days": "min(horizon_days)",
    "rows": "count(*)",
    "buyers": f"case when count({LABEL}) = count(*) then sum({LABEL}) end",
    "history_days": "max(tenure_days)",
}
"""SQL expressions of the fields of `WindowSummary`."""

CONTACT_COLUMNS = ("contact_cost", "contact_benefit")
"""Fields of `Settings` that the dbt variables decide."""

Rows: TypeAlias = list[tuple[Any, ...]]
Scorer: TypeAlias = Callable[[Iterable[Rows]], Iterator[list[PredictionRow]]]
"""Scores chunks of rows with `CUSTOMER_COLUMNS`; picklable, so that it can run on a worker."""


class Features(Protocol):
    """A read-only connection to the features."""

    def columns(self) -> set[str]:
        """Return the columns of customer_features; empty if the table does not exist."""

    def rows(self, statement: str, *values: int, size: int) -> Iterator[Rows]:
        """Run a query with a `?` for each value, and yield its rows in lists of at most `size`."""

    def draw(self, customers: Iterable[str]) -> None:
        """Fill the temporary table `drawn (customer_id)`, replacing its rows."""


@runtime_checkable
class DistributedFeatures(Features, Protocol):
    """Features on a cluster, which scores them where they are stored."""

    def scored(
        self, statement: str, *values: int, scorer: Scorer, size: int
    ) -> Iterator[list[PredictionRow]]:
        """Run a query, score its rows on the workers, and yield lists of at most `size`."""


class FeatureSource(Protocol):
    """An engine that holds the features; `name` is used in error messages."""

    name: str

    def open(self) -> AbstractContextManager[Features]:
        """Open a read-only connection."""


class SqliteFeatures:
    """The features in a SQLite file written by dbt."""

    def __init__(self, work_db: Path) -> None:
        self.name = str(work_db)
        self._work_db = work_db

    @contextmanager
    def open(self) -> Iterator[Features]:
        """Open a read-only connection; `ModelError` if the file does not exist."""
        if not self._work_db.is_file():
            raise ModelError(f"there is no {self.name}. Run 'tillsight build' first.")
        address = f"{self._work_db.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            yield _OpenSqliteFeatures(connection)


class _OpenSqliteFeatures:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self) -> set[str]:
        """Return the columns of customer_features; empty if the table does not exist."""
        parts = self.rows("select name from pragma_table_info('customer_features')", size=1_000)
        return {name for rows in parts for (name,) in rows}

    def rows(self, statement: str, *values: int, size: int) -> Iterator[Rows]:
        """Run a query and yield its rows in lists of at most `size`."""
        try:
            cursor = self._connection.execute(statement, values)
            while rows := cursor.fetchmany(size):
                yield rows
        except sqlite3.DatabaseError as error:
            raise ModelError(
                f"the customer features cannot be read ({error}). Run 'tillsight build'."
            ) from error

    def draw(self, customers: Iterable[str]) -> None:
        """Fill the temporary table `drawn`, replacing its rows."""
        execute = self._connection.execute
        execute("create temp table if not exists drawn (customer_id text primary key)")
        execute("delete from drawn")
        self._connection.executemany("insert into drawn values (?)", ((one,) for one in customers))


@contextmanager
def open_features(source: FeatureSource) -> Iterator[Features]:
    """Open the features for reading.

    Raises
    ------
    ModelError
        If the database, its table or one of the columns of this version is missing.
    """
    with source.open() as features:
        _check_columns(features, source.name)
        yield features


def read_summaries(features: Features) -> list[WindowSummary]:
    """Return the summaries of all snapshots, latest first; empty without orders."""
    return _read_summaries(features, "")


def read_latest(features: Features) -> WindowSummary | None:
    """Return the summary of the latest snapshot; None without orders."""
    return next(iter(_read_summaries(features, "where snapshot_number = 0")), None)


def read_contact(features: Features) -> dict[str, Any]:
    """Return the cost and the benefit of a contact, by the name of their field in `Settings`.

    Raises
    ------
    ModelError
        If forecast_settings does not have exactly one row.
    """
    columns = _read_columns(features, CONTACT_COLUMNS, "from forecast_settings")
    rows = {len(values) for values in columns.values()}
    if rows != {1}:
        raise ModelError(
            f"forecast_settings holds {max(rows)} rows and should hold one. Run 'tillsight build'."
        )
    return {name: values[0] for name, values in columns.items()}


def read_labels(features: Features, summary: WindowSummary) -> tuple[list[str], IntArray]:
    """Return the customer ids of a past snapshot, ascending, and their labels."""
    columns = _read_columns(
        features,
        ("customer_id", LABEL),
        "from customer_features where snapshot_number = ? order by customer_id",
        summary.snapshot_number,
    )
    return columns["customer_id"], np.array(columns[LABEL], dtype=np.int64)


def read_window(
    features: Features, summary: WindowSummary, only: Iterable[str] | None = None
) -> Window:
    """Read a labelled snapshot, ordered by customer id; only some customers if `only` is given."""
    statement = customer_query(is_sampled=only is not None)
    if only is not None:
        features.draw(only)
    ids: list[str] = []
    labels, values = [], []
    for rows in features.rows(statement, summary.snapshot_number, size=20_000):
        chunk_ids, chunk_labels, chunk_values = to_arrays(rows)
        ids += chunk_ids
        labels.append(chunk_labels)
        values.append(chunk_values)
    return Window(summary, ids, np.concatenate(values), np.concatenate(labels).astype(np.int64))


def score_customers(
    features: Features, snapshot_number: int, chunk_rows: int, scorer: Scorer
) -> Iterator[list[PredictionRow]]:
    """Score a snapshot in chunks, so that memory does not grow with the number of customers.

    Yields
    ------
    list of PredictionRow
        Ordered by customer id.
    """
    statement = customer_query()
    if isinstance(features, DistributedFeatures):
        yield from features.scored(statement, snapshot_number, scorer=scorer, size=chunk_rows)
    else:
        yield from scorer(features.rows(statement, snapshot_number, size=chunk_rows))


def customer_query(*, is_sampled: bool = False) -> str:
    """Return the query of `CUSTOMER_COLUMNS` of a snapshot, or of its customers in `drawn`."""
    sampled = "and customer_id in (select customer_id from drawn) " if is_sampled else ""
    return (
        f"select {', '.join(CUSTOMER_COLUMNS)} from customer_features "  # noqa: S608  constants
        f"where snapshot_number = ? {sampled}order by customer_id"
    )


def to_arrays(rows: Rows) -> tuple[list[str], FloatArray, FloatArray]:
    """Split rows with `CUSTOMER_COLUMNS` into arrays; NaN for NULL.

    Returns
    -------
    list of str, array of float of shape (n,), array of float of shape (n, len(FEATURES))
        Customer ids, labels and features.

    Raises
    ------
    ModelError
        If a value is not a number, or infinite.
    """
    columns = dict(zip(CUSTOMER_COLUMNS, zip(*rows, strict=True), strict=True))
    ids = list(columns["customer_id"])
    try:
        values = np.array([columns[name] for name in (LABEL, *FEATURES)], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"customer_features holds a value that is no number ({error}), among customers "
            f"{ids[0]} to {ids[-1]}. Run 'tillsight build'."
        ) from error
    if np.isinf(values).any():
        column, row = np.argwhere(np.isinf(values))[0]
        raise ModelError(
            f"customer_features holds an infinite {(LABEL, *FEATURES)[column]} for customer "
            f"{ids[row]}. Look at that customer's sales, then run 'tillsight build'."
        )
    by_row = np.ascontiguousarray(values.T.round(DECIMALS))
    return ids, by_row[:, 0], by_row[:, 1:]


def _check_columns(features: Features, place: str) -> None:
    found = features.columns()
    if not found:
        raise ModelError(f"{place} has no table customer_features. Run 'tillsight build'.")
    required = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)
    missing = [name for name in required if name not in found]
    if missing:
        raise ModelError(
            f"customer_features in {place} has no column {', '.join(missing)}. "
            f"Was it built by an older version? Run 'tillsight build'."
        )


def _read_summaries(features: Features, where: str) -> list[WindowSummary]:
    """Read summaries; engines have types of their own for dates and sums."""
    columns = _read_columns(
        features,
        SUMMARY_COLUMNS.values(),
        f"from customer_features {where} group by snapshot_number order by snapshot_number",
    )
    rows = [
        dict(zip(SUMMARY_COLUMNS, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]
    return [
        WindowSummary(
            **row
            | {
                "as_of_date": str(row["as_of_date"]),
                "buyers": None if row["buyers"] is None else int(row["buyers"]),
            }
        )
        for row in rows
    ]


def _read_columns(
    features: Features, expressions: Iterable[str], rest: str, *values: int
) -> dict[str, list[Any]]:
    """Run a query and return its columns by expression."""
    columns: dict[str, list[Any]] = {expression: [] for expression in expressions}
    statement = f"select {', '.join(columns)} {rest}"
    for rows in features.rows(statement, *values, size=20_000):
        for column, part in zip(columns.values(), zip(*rows, strict=True), strict=True):
            column.extend(part)
    return columns
