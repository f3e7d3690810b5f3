"""Rows are matched to their columns by name."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reports.api import queries
from reports.errors import ReportError
from reports.marts import customers, segments
from reports.marts.reader import read_rows, read_value, select
from reports.marts.shop import read_shop


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Place:
    x: int
    y: int


READERS: dict[str, Callable[[sqlite3.Connection], Any]] = {
    "shop": read_shop,
    "segments": segments.read_segments,
    "segment details": segments.read_segment_details,
    "customers": customers.read_customers,
    "profiles": customers.read_profiles,
    "orders": customers.read_orders,
    "order products": customers.read_order_products,
    "export": lambda opened: customers.read_export(opened, segment=None, start=None, end=None),
    **{
        f"ranking by {measure}": lambda opened, sql=sql: read_rows(
            opened, queries.RankedCustomer, sql
        )
        for measure, sql in queries.SORTED_ROWS.items()
    },
    "segment counts": lambda opened: read_rows(
        opened, queries.SegmentCount, queries.SEGMENT_COUNTS
    ),
    "list": lambda opened: read_rows(
        opened, queries.CustomerJson, queries.CUSTOMERS, {"row_ids": "[3, 1, 2]"}
    ),
    "customer": lambda opened: read_rows(
        opened, queries.CustomerDetails, queries.CUSTOMER, {"customer_id": "c01"}
    ),
    "history length": lambda opened: read_rows(
        opened, queries.HistoryLength, queries.HISTORY_LENGTH, {"customer_id": "c01"}
    ),
    "history": lambda opened: read_rows(
        opened,
        queries.InvoiceProduct,
        queries.HISTORY,
        {"customer_id": "c01", "limit": 5, "offset": 0},
    ),
    "model run": lambda opened: read_rows(opened, queries.RunInUse, queries.MODEL_RUN),
    "model metrics": lambda opened: read_rows(
        opened, queries.ModelMetric, queries.MODEL_METRICS, {"model_run_id": "run-1"}
    ),
}


def read_all(connection: sqlite3.Connection) -> dict[str, Any]:
    found = {name: read(connection) for name, read in READERS.items()}
    return {
        name: list(rows) if isinstance(rows, Iterator) else rows for name, rows in found.items()
    }


class ReversedSelects(sqlite3.Connection):
    """Return the columns of every query in reverse order."""

    def execute(self, sql: str, *bound: Any) -> sqlite3.Cursor:  # type: ignore[override]
        names = [name for name, *_ in super().execute(sql, *bound).description]
        return super().execute(f"select {', '.join(reversed(names))} from ({sql})", *bound)


def reverse_tables(path: Path) -> None:
    """Write every table again with its columns in reverse order."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            info = connection.execute(f"pragma table_info({table})").fetchall()
            columns = ", ".join(reversed([column[1] for column in info]))
            connection.executescript(
                f"create table reversed as select {columns} from {table} order by rowid;"
                f"drop table {table}; alter table reversed rename to {table};"
            )


@pytest.fixture(scope="module")
def expected(marts):
    with closing(sqlite3.connect(marts)) as connection:
        return read_all(connection)


def test_every_reader_finds_rows(expected):
    assert not [name for name, rows in expected.items() if not rows]


def test_the_order_of_the_columns_of_a_table_does_not_matter(marts, tmp_path, expected):
    copy = tmp_path / "marts.db"
    shutil.copy(marts, copy)
    reverse_tables(copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert read_all(connection) == expected


def test_the_order_of_a_select_list_does_not_matter(marts, expected):
    with closing(sqlite3.connect(marts, factory=ReversedSelects)) as connection:
        assert read_all(connection) == expected


@pytest.mark.parametrize("row_class", [Point, Place])
def test_values_follow_the_names_of_their_columns(connection, row_class):
    rows = read_rows(connection, row_class, "select 2 as y, 1 as x union select 4, 3 order by y")
    assert list(rows) == [row_class(x=1, y=2), row_class(x=3, y=4)]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("select 1 as x", "query of Point lacks column y"),
        ("select 1 as x, 2 as y, 3 as z", "query of Point has the unknown column z"),
        ("select 1 as x, 2", "lacks column y and has the unknown column 2"),
        ("select 1 as x, 2 as y, 3 as x", "repeats the column x"),
    ],
)
def test_a_query_whose_columns_are_not_the_fields_is_refused(connection, sql, sentence):
    with pytest.raises(ReportError, match=sentence):
        read_rows(connection, Point, sql)


def test_a_value_is_read_by_the_name_of_its_column(connection):
    assert read_value(connection, "likely_buyers", "select 7 as likely_buyers") == 7
    with pytest.raises(ReportError, match=r"lacks column likely_buyers.* unknown column buyers"):
        read_value(connection, "likely_buyers", "select 7 as buyers")


def test_a_class_makes_its_select_with_computed_columns():
    assert select(Place, from_="t", where="z > 0", order_by="y", computed={"y": "2 * z"}) == (
        "select x, 2 * z as y from t where z > 0 order by y"
    )
