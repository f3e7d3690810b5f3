"""Training runs, predictions and the prediction log in raw.db.

The functions take a connection from `ml.registry.database.writing`, whose transaction they share.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ml.data.schema import (
    LOG,
    TABLES,
    CurveRow,
    LoggedPrediction,
    MetricRow,
    ModelRun,
    PredictionRow,
    column_names,
)
from ml.errors import ModelError

_RUN_COLUMNS: Final = ", ".join(column_names(ModelRun))
_LOG_COLUMNS: Final = column_names(LoggedPrediction)
_LOG_PARAMETERS: Final = ("horizon_days", "log_number")
_IN_USE_FIRST: Final = "order by is_pinned desc, run_number desc"


@dataclass(frozen=True)
class ListedRun:
    """A training run and its place among the others.

    Attributes
    ----------
    run : ModelRun
    run_number : int
        Increases with each training.
    is_pinned : bool
        Whether the user chose this run.
    is_in_use : bool
        Whether it scores customers: the pinned run, or else the latest.
    """

    run: ModelRun
    run_number: int
    is_pinned: bool
    is_in_use: bool


def ensure_tables(connection: sqlite3.Connection) -> None:
    """Create missing tables, and recreate tables with the columns of another version.

    The prediction log cannot be recreated by training and is never dropped.
    """
    if any(_has_other_columns(connection, table) for table in TABLES if table != LOG):
        for table in TABLES:
            if table != LOG:
                connection.execute(f"drop table if exists {table}")
    for table, columns in TABLES.items():
        connection.execute(f"create table if not exists {table} ({columns})")


def write_run(
    connection: sqlite3.Connection,
    run: ModelRun,
    metrics: Iterable[MetricRow],
    curves: Iterable[CurveRow],
) -> None:
    """Write a run as the latest one, replacing a run with the same id.

    Deletes the predictions if the run in use then has no model.
    """
    state = {
        "run_number": _next_number(connection, run.model_run_id),
        "is_pinned": int(_is_pinned(connection, run.model_run_id)),
    }
    for table in ("raw_model_runs", "raw_model_metrics", "raw_model_curves"):
        statement = f"delete from {table} where model_run_id = ?"  # noqa: S608  names in code
        connection.execute(statement, (run.model_run_id,))
    run_id = {"model_run_id": run.model_run_id}
    _insert(connection, "raw_model_runs", [vars(run) | state])
    _insert(connection, "raw_model_metrics", [vars(row) | run_id for row in metrics])
    _insert(connection, "raw_model_curves", [vars(row) | run_id for row in curves])
    if in_use(connection).status == "unavailable":
        write_predictions(connection, run.model_run_id, [])


def find(connection: sqlite3.Connection, model_run_id: str) -> ModelRun | None:
    """Return the run with an id, or None."""
    statement = f"select {_RUN_COLUMNS} from raw_model_runs where model_run_id = ?"  # noqa: S608  names in code
    rows = _by_name(connection.execute(statement, (model_run_id,)))
    return ModelRun(**rows[0]) if rows else None


def make_latest(connection: sqlite3.Connection, model_run_id: str) -> None:
    """Give an existing run the highest run number."""
    number = _next_number(connection, model_run_id)
    connection.execute(
        "update raw_model_runs set run_number = ? where model_run_id = ?", (number, model_run_id)
    )


def listed(connection: sqlite3.Connection) -> list[ListedRun]:
    """Return all runs, latest first."""
    statement = f"select {_RUN_COLUMNS}, run_number, is_pinned from raw_model_runs {_IN_USE_FIRST}"  # noqa: S608  names in code
    runs = []
    for place, row in enumerate(_by_name(connection.execute(statement))):
        number, is_pinned = row.pop("run_number"), bool(row.pop("is_pinned"))
        runs.append(ListedRun(ModelRun(**row), number, is_pinned, is_in_use=place == 0))
    return sorted(runs, key=lambda one: -one.run_number)


def in_use(connection: sqlite3.Connection) -> ModelRun:
    """Return the pinned run, or else the latest, with or without a model.

    Raises
    ------
    ModelError
        If there are no runs.
    """
    statement = f"select {_RUN_COLUMNS} from raw_model_runs {_IN_USE_FIRST} limit 1"  # noqa: S608  names in code
    rows = _by_name(connection.execute(statement))
    if not rows:
        raise ModelError("no model has been trained yet. Run 'tillsight train'.")
    return ModelRun(**rows[0])


def pin(connection: sqlite3.Connection, model_run_id: str | None) -> None:
    """Use a given run from now on; None returns to the latest."""
    connection.execute("update raw_model_runs set is_pinned = (model_run_id is ?)", (model_run_id,))


def write_predictions(
    connection: sqlite3.Connection, model_run_id: str, chunks: Iterable[list[PredictionRow]]
) -> None:
    """Replace all predictions by those of a run."""
    connection.execute("delete from raw_predictions")
    run_id = {"model_run_id": model_run_id}
    for rows in chunks:
        _insert(connection, "raw_predictions", [vars(row) | run_id for row in rows])


def log_predictions(connection: sqlite3.Connection, *, horizon_days: int) -> None:
    """Append the current predictions to the log, which is later compared with the orders.

    Replaces logged predictions of the same run for the same date.
    """
    connection.execute(
        f"delete from {LOG} where (prediction_date, model_run_id) in "  # noqa: S608  names in code
        "(select distinct prediction_date, model_run_id from raw_predictions)"
    )
    (number,) = connection.execute(
        f"select coalesce(max(log_number), 0) + 1 from {LOG}"  # noqa: S608  names in code
    ).fetchone()
    values = (f":{name}" if name in _LOG_PARAMETERS else name for name in _LOG_COLUMNS)
    connection.execute(
        f"insert into {LOG} ({', '.join(_LOG_COLUMNS)}) "  # noqa: S608  names in code
        f"select {', '.join(values)} from raw_predictions",
        {"horizon_days": horizon_days, "log_number": number},
    )


def _has_other_columns(connection: sqlite3.Connection, table: str) -> bool:
    """Return whether an existing table has columns, types or keys of another version."""
    connection.execute(f"create temp table current_version ({TABLES[table]})")
    columns = 'select name, lower(type), "notnull", pk > 0 from pragma_table_info(?, ?)'
    current = set(connection.execute(columns, ("current_version", "temp")))
    found = set(connection.execute(columns, (table, "main")))
    connection.execute("drop table current_version")
    return bool(found) and found != current


def _next_number(connection: sqlite3.Connection, model_run_id: str) -> int:
    """Return the run number that makes a run the latest."""
    newest = connection.execute(
        "select run_number, model_run_id from raw_model_runs order by run_number desc limit 1"
    ).fetchone() or (0, None)
    return int(newest[0]) + (newest[1] != model_run_id)


def _is_pinned(connection: sqlite3.Connection, model_run_id: str) -> bool:
    statement = "select is_pinned from raw_model_runs where model_run_id = ?"
    row = connection.execute(statement, (model_run_id,)).fetchone()
    return row is not None and bool(row[0])


def _by_name(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    """Return the rows of a cursor as values by column name."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{column}" for column in rows[0])
        connection.executemany(
            f"insert into {table} ({columns}) values ({places})",  # noqa: S608  names in code
            rows,
        )
