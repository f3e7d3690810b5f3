"""The only reader of marts.db: statements in, frozen rows out."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from reports import model_rows, rows, statements
from reports.errors import ReportError

Row = TypeVar("Row")


@contextmanager
def open_marts(marts_db: Path) -> Iterator[sqlite3.Connection]:
    """Open the marts for reading only, and say in a sentence what is wrong with them.

    Parameters
    ----------
    marts_db : Path
        The published SQLite file.

    Yields
    ------
    sqlite3.Connection
        Read-only; a statement that would write fails.

    Raises
    ------
    ReportError
        If the file is missing, is no database, or lacks a table or a column.
    """
    try:
        connection = open_connection(marts_db)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise ReportError(explain(error, marts_db)) from error


def open_connection(
    marts_db: Path, *, timeout: float = 5, check_same_thread: bool = True
) -> sqlite3.Connection:
    """Connect to the marts for reading only; the caller closes, and explains what goes wrong.

    Parameters
    ----------
    marts_db : Path
        The published SQLite file.
    timeout : float
        Seconds to wait for a program that writes into the file.
    check_same_thread : bool
        False lets another thread use the connection after this one.

    Raises
    ------
    ReportError
        If the file is missing.
    sqlite3.Error
        If it cannot be opened.
    """
    if not marts_db.is_file():
        raise ReportError(f"There is no marts database at {marts_db}. Run 'tillsight build'.")
    address = f"{marts_db.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=timeout, check_same_thread=check_same_thread)


def explain(error: sqlite3.Error, marts_db: Path) -> str:
    """Say in a sentence what an error of SQLite means for a reader of the marts, and what to do."""
    missing = re.search(r"no such (table|column): (\S+)", str(error))
    if missing:
        kind, name = missing.groups()
        return (
            f"{marts_db} has no {kind} {name.split('.')[-1]}; it was built by another version "
            "or not to the end. Run 'tillsight build'."
        )
    if "locked" in str(error):
        return f"{marts_db} is being written by another program. Wait for it, then try again."
    return f"{marts_db} cannot be read ({error}). Run 'tillsight build' to make it anew."


def _all(connection: sqlite3.Connection, row: type[Row], sql: str) -> tuple[Row, ...]:
    return tuple(row(*values) for values in connection.execute(sql))


def _stream(connection: sqlite3.Connection, row: type[Row], sql: str) -> Iterator[Row]:
    for values in connection.execute(sql):
        yield row(*values)


def _number(connection: sqlite3.Connection, sql: str) -> float | None:
    value = connection.execute(sql).fetchone()[0]
    return None if value is None else float(value)


def _count(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def read_build(connection: sqlite3.Connection) -> rows.BuildInfo:
    """Return the facts of the build; a `ReportError` where the table has no row."""
    found = _all(connection, rows.BuildInfo, statements.BUILD_INFO)
    if not found:
        raise ReportError("The table build_info of the marts is empty. Run 'tillsight build'.")
    return found[0]


def read_shop(connection: sqlite3.Connection) -> rows.Shop:
    """Return everything that the page shows, but for the single customers."""
    return rows.Shop(
        build=read_build(connection),
        kpis=_all(connection, rows.Kpi, statements.KPIS),
        segments=read_segments(connection),
        segment_details=_all(connection, rows.Segment, statements.SEGMENT_DETAILS),
        months=_all(connection, rows.Month, statements.MONTHS),
        segment_sizes=_all(connection, rows.SegmentSize, statements.SEGMENT_SIZES),
        moves=_all(connection, rows.Move, statements.MOVES),
        move_totals=_all(connection, rows.MoveTotal, statements.MOVE_TOTALS),
        move_causes=_all(connection, rows.MoveCause, statements.MOVE_CAUSES),
        cohorts=_all(connection, rows.Cohort, statements.COHORTS),
        return_rate=_number(connection, statements.RETURN_RATE),
        score_cells=_all(connection, rows.ScoreCell, statements.SCORE_CELLS),
        probability_bands=_all(connection, rows.ProbabilityBand, statements.PROBABILITY_BANDS),
        thresholds=_all(connection, rows.Threshold, statements.THRESHOLDS),
        ties=_all(connection, rows.Tie, statements.TIES),
        ledger=_all(connection, rows.LedgerRow, statements.LEDGER),
        ledger_by_source=_all(connection, rows.LedgerRow, statements.LEDGER_BY_SOURCE),
        data_tests=_all(connection, rows.DataTest, statements.DATA_TESTS),
        model_runs=_all(connection, model_rows.ModelRun, statements.MODEL_RUNS),
        metrics=_all(connection, model_rows.Metric, statements.METRICS),
        curves=_all(connection, model_rows.CurvePoint, statements.CURVES),
        windows=_all(connection, model_rows.Window, statements.WINDOWS),
        track_dates=_all(connection, model_rows.TrackDate, statements.TRACK_DATES),
        track_bands=_all(connection, model_rows.TrackBand, statements.TRACK_BANDS),
        track_total=_all(connection, model_rows.TrackTotal, statements.TRACK_TOTAL)[0],
        forecast_due=connection.execute(statements.FORECAST_DUE).fetchone()[0],
        column_docs=read_column_docs(connection),
        table_docs=read_table_docs(connection),
        lineage=read_lineage(connection),
        countries=tuple(country for (country,) in connection.execute(statements.COUNTRIES)),
        email_numbers=read_email_numbers(connection),
        predictions=_count(connection, statements.PREDICTIONS),
        landed_transactions=_count(connection, statements.LANDED_TRANSACTIONS),
        likely_buyers=_count(connection, statements.LIKELY_BUYERS),
    )


def read_segments(connection: sqlite3.Connection) -> tuple[rows.Segment, ...]:
    """Return the segments, best first."""
    return _all(connection, rows.Segment, statements.SEGMENTS)


def read_table_docs(connection: sqlite3.Connection) -> tuple[rows.TableDoc, ...]:
    """Return what every table of the project says, by name."""
    return _all(connection, rows.TableDoc, statements.TABLE_DOCS)


def read_column_docs(connection: sqlite3.Connection) -> tuple[rows.ColumnDoc, ...]:
    """Return what every column of the published tables says, by table and place."""
    return _all(connection, rows.ColumnDoc, statements.COLUMN_DOCS)


def read_lineage(connection: sqlite3.Connection) -> tuple[rows.LineageEdge, ...]:
    """Return which table reads which."""
    return _all(connection, rows.LineageEdge, statements.LINEAGE)


def read_customers(connection: sqlite3.Connection) -> Iterator[rows.Customer]:
    """Yield every customer, the one with the highest spend first, then by id."""
    return _stream(connection, rows.Customer, statements.CUSTOMERS)


def read_profiles(connection: sqlite3.Connection) -> Iterator[rows.Profile]:
    """Yield the profile of every customer by id."""
    return _stream(connection, rows.Profile, statements.PROFILES)


def read_orders(connection: sqlite3.Connection) -> Iterator[rows.Order]:
    """Yield all orders by customer id, the latest of each customer first."""
    return _stream(connection, rows.Order, statements.ORDERS)


def read_order_products(connection: sqlite3.Connection) -> Iterator[rows.OrderProduct]:
    """Yield the products of each order by customer id and order id, the dearest first."""
    return _stream(connection, rows.OrderProduct, statements.ORDER_PRODUCTS)


def read_export(
    connection: sqlite3.Connection, *, segment: str | None, start: str | None, end: str | None
) -> Iterator[rows.ExportRow]:
    """Yield the customers of a CSV file by id.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    segment : str or None
        Only customers of this segment.
    start, end : str or None
        Only customers with an order between these days, both included. `YYYY-MM-DD`.
    """
    chosen = {"segment": segment, "start": start, "end": end}
    for values in connection.execute(statements.EXPORT_ROWS, chosen):
        yield rows.ExportRow(*values)


def read_email_numbers(connection: sqlite3.Connection) -> dict[str, int]:
    """Return for each id that is an e-mail the number that stands for it, from 1 on."""
    return dict(connection.execute(statements.EMAIL_NUMBERS).fetchall())
