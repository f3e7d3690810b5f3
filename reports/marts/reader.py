"""The only reader of marts.db: statements in, frozen rows out."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from reports.errors import ReportError
from reports.marts.build import (
    BUILD_INFO,
    DATA_TESTS,
    LANDED_TRANSACTIONS,
    LEDGER,
    LEDGER_BY_SOURCE,
    BuildInfo,
    DataTest,
    LedgerRow,
)
from reports.marts.catalog import COLUMN_DOCS, LINEAGE, TABLE_DOCS, ColumnDoc, LineageEdge, TableDoc
from reports.marts.customers import (
    COUNTRIES,
    CUSTOMERS,
    EMAIL_NUMBERS,
    EXPORT_ROWS,
    ORDER_PRODUCTS,
    ORDERS,
    PROFILES,
    Customer,
    ExportRow,
    Order,
    OrderProduct,
    Profile,
)
from reports.marts.forecast import (
    CURVES,
    FORECAST_DUE,
    LIKELY_BUYERS,
    METRICS,
    MODEL_RUNS,
    PREDICTIONS,
    PROBABILITY_BANDS,
    TRACK_BANDS,
    TRACK_DATES,
    TRACK_TOTAL,
    WINDOWS,
    CurvePoint,
    Metric,
    ModelRun,
    ProbabilityBand,
    TrackBand,
    TrackDate,
    TrackTotal,
    Window,
)
from reports.marts.sales import KPIS, MONTHS, Kpi, Month
from reports.marts.segments import (
    COHORTS,
    MOVE_CAUSES,
    MOVE_TOTALS,
    MOVES,
    RETURN_RATE,
    SCORE_CELLS,
    SEGMENT_DETAILS,
    SEGMENT_SIZES,
    SEGMENTS,
    THRESHOLDS,
    TIES,
    Cohort,
    Move,
    MoveCause,
    MoveTotal,
    ScoreCell,
    Segment,
    SegmentSize,
    Threshold,
    Tie,
)
from reports.marts.shop import Shop

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


def read_build(connection: sqlite3.Connection) -> BuildInfo:
    """Return the facts of the build; a `ReportError` where the table has no row."""
    found = _all(connection, BuildInfo, BUILD_INFO)
    if not found:
        raise ReportError("The table build_info of the marts is empty. Run 'tillsight build'.")
    return found[0]


def read_shop(connection: sqlite3.Connection) -> Shop:
    """Return everything that the page shows, but for the single customers."""
    return Shop(
        build=read_build(connection),
        kpis=_all(connection, Kpi, KPIS),
        segments=read_segments(connection),
        segment_details=_all(connection, Segment, SEGMENT_DETAILS),
        months=_all(connection, Month, MONTHS),
        segment_sizes=_all(connection, SegmentSize, SEGMENT_SIZES),
        moves=_all(connection, Move, MOVES),
        move_totals=_all(connection, MoveTotal, MOVE_TOTALS),
        move_causes=_all(connection, MoveCause, MOVE_CAUSES),
        cohorts=_all(connection, Cohort, COHORTS),
        return_rate=_number(connection, RETURN_RATE),
        score_cells=_all(connection, ScoreCell, SCORE_CELLS),
        probability_bands=_all(connection, ProbabilityBand, PROBABILITY_BANDS),
        thresholds=_all(connection, Threshold, THRESHOLDS),
        ties=_all(connection, Tie, TIES),
        ledger=_all(connection, LedgerRow, LEDGER),
        ledger_by_source=_all(connection, LedgerRow, LEDGER_BY_SOURCE),
        data_tests=_all(connection, DataTest, DATA_TESTS),
        model_runs=_all(connection, ModelRun, MODEL_RUNS),
        metrics=_all(connection, Metric, METRICS),
        curves=_all(connection, CurvePoint, CURVES),
        windows=_all(connection, Window, WINDOWS),
        track_dates=_all(connection, TrackDate, TRACK_DATES),
        track_bands=_all(connection, TrackBand, TRACK_BANDS),
        track_total=_all(connection, TrackTotal, TRACK_TOTAL)[0],
        forecast_due=connection.execute(FORECAST_DUE).fetchone()[0],
        column_docs=read_column_docs(connection),
        table_docs=read_table_docs(connection),
        lineage=read_lineage(connection),
        countries=tuple(country for (country,) in connection.execute(COUNTRIES)),
        email_numbers=read_email_numbers(connection),
        predictions=_count(connection, PREDICTIONS),
        landed_transactions=_count(connection, LANDED_TRANSACTIONS),
        likely_buyers=_count(connection, LIKELY_BUYERS),
    )


def read_segments(connection: sqlite3.Connection) -> tuple[Segment, ...]:
    """Return the segments, best first."""
    return _all(connection, Segment, SEGMENTS)


def read_table_docs(connection: sqlite3.Connection) -> tuple[TableDoc, ...]:
    """Return what every table of the project says, by name."""
    return _all(connection, TableDoc, TABLE_DOCS)


def read_column_docs(connection: sqlite3.Connection) -> tuple[ColumnDoc, ...]:
    """Return what every column of the published tables says, by table and place."""
    return _all(connection, ColumnDoc, COLUMN_DOCS)


def read_lineage(connection: sqlite3.Connection) -> tuple[LineageEdge, ...]:
    """Return which table reads which."""
    return _all(connection, LineageEdge, LINEAGE)


def read_customers(connection: sqlite3.Connection) -> Iterator[Customer]:
    """Yield every customer, the one with the highest spend first, then by id."""
    return _stream(connection, Customer, CUSTOMERS)


def read_profiles(connection: sqlite3.Connection) -> Iterator[Profile]:
    """Yield the profile of every customer by id."""
    return _stream(connection, Profile, PROFILES)


def read_orders(connection: sqlite3.Connection) -> Iterator[Order]:
    """Yield all orders by customer id, the latest of each customer first."""
    return _stream(connection, Order, ORDERS)


def read_order_products(connection: sqlite3.Connection) -> Iterator[OrderProduct]:
    """Yield the products of each order by customer id and order id, the dearest first."""
    return _stream(connection, OrderProduct, ORDER_PRODUCTS)


def read_export(
    connection: sqlite3.Connection, *, segment: str | None, start: str | None, end: str | None
) -> Iterator[ExportRow]:
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
    for values in connection.execute(EXPORT_ROWS, chosen):
        yield ExportRow(*values)


def read_email_numbers(connection: sqlite3.Connection) -> dict[str, int]:
    """Return for each id that is an e-mail the number that stands for it, from 1 on."""
    return dict(connection.execute(EMAIL_NUMBERS).fetchall())
