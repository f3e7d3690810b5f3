"""Training runs, predictions and their log in raw.db.

Every function works inside the transaction of `ml.registry.database.writing`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from ml.data.schema import LOG, LOG_PREDICTIONS, TABLES, CurveRow, MetricRow, PredictionRow, RunRow
from ml.errors import ModelError

_RUN_COLUMNS: Final = ", ".join(field.name for field in fields(RunRow))
_IN_USE_FIRST: Final = "order by is_pinned desc, run_number desc"


@dataclass(frozen=True)
class ListedRun:
    """A run and its place among the others.

    Attributes
    ----------
    run : RunRow
        What was trained.
    run_number : int
        Counts up.
    is_pinned : bool
        Whether it was chosen by hand.
    is_in_use : bool
        Whether it scores customers: the pinned one, else the latest.
    """

    run: RunRow
    run_number: int
    is_pinned: bool
    is_in_use: bool


def ensure_tables(connection: sqlite3.Connection) -> None:
    """Create the tables that this package writes, where they are missing.

    Tables of an older version are made anew and filled by the next training; the log of
    predictions, which cannot be made again, is never touched.

    Parameters
    ----------
    connection : sqlite3.Connection
        Open for writing on raw.db.
    """
    if any(_is_of_another_version(connection, name) for name in TABLES if name != LOG):
        for name in TABLES:
            if name != LOG:
                connection.execute(f"drop table if exists {name}")
    for name, columns in TABLES.items():
        connection.execute(f"create table if not exists {name} ({columns})")


def write_run(
    connection: sqlite3.Connection,
    run: RunRow,
    metrics: Iterable[MetricRow],
    curves: Iterable[CurveRow],
) -> None:
    """Write a run as the latest one; the same run again takes its own place.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    run : RunRow
        What was trained; if there is then no model in use, predictions are removed.
    metrics : iterable of MetricRow
        Its figures.
    curves : iterable of CurveRow
        Its curves.
    """
    place = {
        "run_number": _next_number(connection, run.model_run_id),
        "is_pinned": int(_is_pinned(connection, run.model_run_id)),
    }
    for table in ("raw_model_runs", "raw_model_metrics", "raw_model_curves"):
        statement = f"delete from {table} where model_run_id = ?"  # noqa: S608  names in code
        connection.execute(statement, (run.model_run_id,))
    own = {"model_run_id": run.model_run_id}
    _insert(connection, "raw_model_runs", [vars(run) | place])
    _insert(connection, "raw_model_metrics", [vars(row) | own for row in metrics])
    _insert(connection, "raw_model_curves", [vars(row) | own for row in curves])
    if in_use(connection).status == "unavailable":
        write_predictions(connection, run.model_run_id, [])


def find(connection: sqlite3.Connection, model_run_id: str) -> RunRow | None:
    """Return a run by its name.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    model_run_id : str
        Its whole name.

    Returns
    -------
    RunRow or None
        None if there is none.
    """
    statement = f"select {_RUN_COLUMNS} from raw_model_runs where model_run_id = ?"  # noqa: S608  names in code
    row = connection.execute(statement, (model_run_id,)).fetchone()
    return RunRow(*row) if row else None


def make_latest(connection: sqlite3.Connection, model_run_id: str) -> None:
    """Make a run that is there already the latest one.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    model_run_id : str
        Its name.
    """
    number = _next_number(connection, model_run_id)
    connection.execute(
        "update raw_model_runs set run_number = ? where model_run_id = ?", (number, model_run_id)
    )


def listed(connection: sqlite3.Connection) -> list[ListedRun]:
    """Return all runs, the latest first.

    Parameters
    ----------
    connection : sqlite3.Connection
        On raw.db.

    Returns
    -------
    list of ListedRun
        At most one is in use.
    """
    statement = f"select {_RUN_COLUMNS}, run_number, is_pinned from raw_model_runs {_IN_USE_FIRST}"  # noqa: S608  names in code
    rows = connection.execute(statement).fetchall()
    found = [
        ListedRun(RunRow(*row[:-2]), row[-2], bool(row[-1]), is_in_use=place == 0)
        for place, row in enumerate(rows)
    ]
    return sorted(found, key=lambda one: -one.run_number)


def in_use(connection: sqlite3.Connection) -> RunRow:
    """Return the run in use: the one chosen by hand, else the latest, with or without a model.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.

    Returns
    -------
    RunRow

    Raises
    ------
    ModelError
        If there is none.
    """
    statement = f"select {_RUN_COLUMNS} from raw_model_runs {_IN_USE_FIRST} limit 1"  # noqa: S608  names in code
    row = connection.execute(statement).fetchone()
    if row is None:
        raise ModelError("no model has been trained yet. Run 'tillsight train'.")
    return RunRow(*row)


def pin(connection: sqlite3.Connection, model_run_id: str | None) -> None:
    """Choose the run in use by hand.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    model_run_id : str or None
        Its name; None goes back to the latest.
    """
    connection.execute("update raw_model_runs set is_pinned = 0")
    if model_run_id is not None:
        connection.execute(
            "update raw_model_runs set is_pinned = 1 where model_run_id = ?", (model_run_id,)
        )


def write_predictions(
    connection: sqlite3.Connection, model_run_id: str, parts: Iterable[list[PredictionRow]]
) -> None:
    """Replace all predictions.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    model_run_id : str
        Run whose model made them.
    parts : iterable of list of PredictionRow
        One row per customer; nothing leaves the table empty.
    """
    connection.execute("delete from raw_predictions")
    for rows in parts:
        own = {"model_run_id": model_run_id}
        _insert(connection, "raw_predictions", [vars(row) | own for row in rows])


def log_predictions(connection: sqlite3.Connection, *, horizon_days: int) -> None:
    """Keep the present predictions for good, so that they can be held against what comes.

    Those that the same run made for the same day before are replaced.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    horizon_days : int
        Days that they look ahead.
    """
    connection.execute(
        "delete from raw_prediction_log where (prediction_date, model_run_id) in "
        "(select distinct prediction_date, model_run_id from raw_predictions)"
    )
    (number,) = connection.execute(
        "select coalesce(max(log_number), 0) + 1 from raw_prediction_log"
    ).fetchone()
    connection.execute(LOG_PREDICTIONS, {"horizon_days": horizon_days, "log_number": number})


def _is_of_another_version(connection: sqlite3.Connection, table: str) -> bool:
    """Tell whether a table is there with other columns than this version writes."""
    found = connection.execute(
        "select sql from sqlite_master where type = 'table' and name = ?", (table,)
    ).fetchone()
    return found is not None and found[0].partition("(")[2] != f"{TABLES[table]})"


def _next_number(connection: sqlite3.Connection, model_run_id: str) -> int:
    """Return the number that makes a run the latest one."""
    newest = connection.execute(
        "select run_number, model_run_id from raw_model_runs order by run_number desc limit 1"
    ).fetchone() or (0, None)
    return int(newest[0]) + (newest[1] != model_run_id)


def _is_pinned(connection: sqlite3.Connection, model_run_id: str) -> bool:
    """Tell whether a run was chosen by hand."""
    statement = "select is_pinned from raw_model_runs where model_run_id = ?"
    row = connection.execute(statement, (model_run_id,)).fetchone()
    return row is not None and bool(row[0])


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows given as values by column."""
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{column}" for column in rows[0])
        connection.executemany(
            f"insert into {table} ({columns}) values ({places})",  # noqa: S608  names in code
            rows,
        )
