"""Open marts.db for reading, and read the rows of a query by the names of its columns."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import starmap
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from reports.errors import ReportError

Row = TypeVar("Row")


@contextmanager
def open_marts(marts_db: Path) -> Iterator[sqlite3.Connection]:
    """Open the marts read-only.

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
    """Connect to the marts read-only; the caller closes the connection and handles its errors.

    Parameters
    ----------
    marts_db : Path
        The published SQLite file.
    timeout : float
        Seconds to wait for a lock.
    check_same_thread : bool
        False allows use by another thread than the one that connects.

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
    """Return a sentence that says what an error of SQLite means and what to do."""
    missing = re.search(r"no such (table|column): (\S+)", str(error))
    if missing:
        kind, name = missing.groups()
        return (
            f"{marts_db} has no {kind} {name.split('.')[-1]}: another version built it, or the "
            "build did not finish. Run 'tillsight build'."
        )
    if "locked" in str(error):
        return f"Another program is writing {marts_db}. Wait for it, then try again."
    return f"{marts_db} cannot be read ({error}). Run 'tillsight build' to make it again."


def field_names(row_class: type) -> tuple[str, ...]:
    """Return the fields of a dataclass or NamedTuple in the order of its constructor."""
    return tuple(get_type_hints(row_class))


def select(
    row_class: type,
    *,
    from_: str,
    order_by: str,
    where: str | None = None,
    computed: Mapping[str, str] | None = None,
) -> str:
    """Return a SELECT of all fields of a row class.

    Parameters
    ----------
    row_class : type
        Dataclass or NamedTuple whose fields are named like the columns.
    from_, order_by, where : str
        The clauses without their keyword.
    computed : mapping of str to str, optional
        SQL of the fields that are no column.

    Examples
    --------
    >>> class Sale:
    ...     day: str
    ...     price: float
    >>> select(Sale, from_="sales", order_by="day", computed={"price": "cents / 100.0"})
    'select day, cents / 100.0 as price from sales order by day'
    """
    made = computed or {}
    columns = (
        f"{made[name]} as {name}" if name in made else name for name in field_names(row_class)
    )
    condition = f" where {where}" if where else ""
    return f"select {', '.join(columns)} from {from_}{condition} order by {order_by}"  # noqa: S608  constants of the marts modules


def read_rows(
    connection: sqlite3.Connection,
    row_class: type[Row],
    sql: str,
    bound: Mapping[str, object] | None = None,
) -> Iterator[Row]:
    """Run a query now, and yield its rows as objects, matched by name.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    row_class : type
        Dataclass or NamedTuple with one field for each column of the query.
    sql : str
        The query.
    bound : mapping of str to object, optional
        Values of its parameters.

    Raises
    ------
    ReportError
        If a column has no field, or a field no column.
    sqlite3.Error
        If the query fails.
    """
    cursor = connection.execute(sql, bound or {})
    columns = [name for name, *_ in cursor.description]
    names = field_names(row_class)
    _check_columns(columns, names, row_class.__name__)
    if len(names) == 1:
        return starmap(row_class, cursor)
    # Names become positions once per query: some queries return millions of rows.
    return starmap(row_class, map(itemgetter(*map(columns.index, names)), cursor))


def read_value(connection: sqlite3.Connection, name: str, sql: str) -> Any:
    """Return the only value of a query whose only column has this name.

    Raises
    ------
    ReportError
        If the query has other columns.
    """
    cursor = connection.execute(sql)
    _check_columns([column for column, *_ in cursor.description], [name], name)
    ((value,),) = cursor.fetchall()
    return value


def _check_columns(columns: Sequence[str], names: Sequence[str], title: str) -> None:
    missing = [name for name in names if name not in columns]
    unknown = [column for column in columns if column not in names]
    repeated = [column for column in names if columns.count(column) > 1]
    faults = {"lacks": missing, "has the unknown": unknown, "repeats the": repeated}
    told = [f"{what} column {', '.join(found)}" for what, found in faults.items() if found]
    if told:
        raise ReportError(f"The query of {title} {' and '.join(told)}. Correct its select list.")
