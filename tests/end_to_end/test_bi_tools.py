"""BI tools find in `marts.db` what was declared, and cannot change it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.bi_readers import SQLITE_JDBC, Jdbc, Key, Odbc, Reader, SqlAlchemy
from tests.support.requirements import need

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
TABLES = ("customers", "orders", "predictions", "rfm_scores", "transactions")

# jaydebeapi asks jpype by a name that jpype is about to give up
pytestmark = pytest.mark.filterwarnings("ignore:jpype._core.isThreadAttachedToJVM")


def address(way: str, marts_db: Path) -> str:
    """Return what the README tells to connect with."""
    (told,) = re.findall(rf"^\| {way}[^|]*\| `([^`]+)`", README, re.MULTILINE)
    assert "/path/to/marts.db" in told
    return told.replace("/path/to/marts.db", str(marts_db))


def require(package: str, *, is_there: bool) -> None:
    need(f"a driver is missing; type 'apt-get install {package}'", is_there=is_there)


def has_odbc() -> bool:
    try:
        import pyodbc  # noqa: PLC0415  cannot be imported without unixodbc
    except ImportError:
        return False
    return "SQLite3" in pyodbc.drivers()


def require_drivers(way: str) -> None:
    if way == "ODBC":
        require("unixodbc libsqliteodbc", is_there=has_odbc())
    if way == "JDBC":
        require("default-jre-headless", is_there=shutil.which("java") is not None)
        require("libxerial-sqlite-jdbc-java", is_there=SQLITE_JDBC.exists())


@pytest.fixture(scope="module", params=["ODBC", "JDBC", "SQLAlchemy"])
def connect(request) -> Callable[[Path], Reader]:
    """Connect in one of the ways of the README."""
    require_drivers(request.param)
    reader = {"ODBC": Odbc, "JDBC": Jdbc, "SQLAlchemy": SqlAlchemy}[request.param]
    return lambda marts_db: reader(address(request.param, marts_db))


@pytest.fixture(scope="module")
def reader(connect, demo_shop) -> Iterator[Reader]:
    with closing(connect(demo_shop.marts_db)) as opened:
        yield opened


@pytest.fixture
def marts(demo_shop) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{demo_shop.marts_db}?mode=ro", uri=True)) as connection:
        yield connection


def declared_tables(marts: sqlite3.Connection) -> set[str]:
    listed = marts.execute("select name from sqlite_schema where type = 'table'")
    return {name for (name,) in listed if not name.startswith("sqlite_")}


def declared_types(marts: sqlite3.Connection, table: str) -> dict[str, str]:
    return dict(marts.execute("select name, type from pragma_table_info(?)", [table]))


def declared_foreign_keys(marts: sqlite3.Connection, table: str) -> set[Key]:
    return set(
        marts.execute('select "from", "table", "to" from pragma_foreign_key_list(?)', [table])
    )


def expected_rows(marts: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Return the rows as the file holds them, text of dates and times read as what it is."""
    read = {"DATE": date.fromisoformat, "DATETIME": datetime.fromisoformat}
    readers = [
        read.get(name, lambda value: value) for name in declared_types(marts, table).values()
    ]
    return [
        tuple(value and change(value) for change, value in zip(readers, row, strict=True))
        for row in marts.execute(f"select * from {table}")
    ]


def alike(rows: list[tuple[Any, ...]]) -> list[list[tuple[type, Any]]]:
    """Put its type beside each value, and cut numbers to the 15 digits that ODBC passes on."""
    return [
        [
            (type(value), float(f"{value:.15g}") if isinstance(value, float) else value)
            for value in row
        ]
        for row in rows
    ]


def test_every_table_is_found(reader, marts):
    found = {name for name in reader.tables() if not name.startswith("sqlite_")}
    assert found == declared_tables(marts)
    assert found > set(TABLES)


def test_every_column_has_its_declared_type(reader, marts):
    for table in declared_tables(marts):
        assert reader.types(table) == declared_types(marts, table)


def test_every_key_is_found(reader, marts):
    found = set()
    for table in declared_tables(marts):
        key = marts.execute("select name from pragma_table_info(?) where pk", [table])
        assert reader.primary_key(table) == {name for (name,) in key} != set()
        foreign_keys = reader.foreign_keys(table)
        assert foreign_keys == declared_foreign_keys(marts, table)
        found |= {(table, *key) for key in foreign_keys}
    assert ("transactions", "product_id", "products", "product_id") in found
    assert ("rfm_scores", "customer_id", "customers", "customer_id") in found


@pytest.mark.parametrize("table", TABLES)
def test_every_value_arrives_as_what_it_was_declared(reader, marts, table):
    found, expected = alike(reader.rows(table)), alike(expected_rows(marts, table))
    assert found == expected != []


def test_a_sum_over_a_join_is_the_same(reader, marts):
    """Join and add up as a tool does that loads the tables into its own memory."""
    segments = {row[0]: row[8] for row in reader.rows("rfm_scores")}
    sums: dict[str | None, int] = {}
    for row in reader.rows("transactions"):
        segment = segments.get(row[1])
        sums[segment] = sums.get(segment, 0) + round(100 * row[5])
    expected = marts.execute(
        "select segment, cast(round(100 * sum(amount)) as integer)"
        " from transactions left join rfm_scores using (customer_id) group by segment"
    )
    assert sums == dict(expected)


@pytest.mark.parametrize("sql", ["delete from predictions", "create table notes (note text)"])
def test_nothing_can_be_written(reader, demo_shop, sql):
    before = demo_shop.marts_db.read_bytes()
    with pytest.raises(Exception, match="readonly database"):
        reader.execute(sql)
    assert demo_shop.marts_db.read_bytes() == before
    assert not list(demo_shop.data_dir.glob("marts.db-*"))


def test_a_time_of_day_arrives(connect, demo_shop, tmp_path):
    """The made-up shop knows days alone; a real file has times."""
    copy = tmp_path / "marts.db"
    shutil.copy(demo_shop.marts_db, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("update products set created_at = '2024-02-29 23:59:01'")
    with closing(connect(copy)) as opened:
        found = {row[-1] for row in opened.rows("products")}
    assert found == {datetime.fromisoformat("2024-02-29 23:59:01")}


def test_odbc_writes_where_the_address_does_not_say_to_read(demo_shop, tmp_path):
    """The README warns of it; if a later driver minds, the warning can go."""
    require_drivers("ODBC")
    copy = tmp_path / "marts.db"
    shutil.copy(demo_shop.marts_db, copy)
    with closing(Odbc(f"Driver=SQLite3;Database={copy};ReadOnly=1")) as opened:
        opened.execute("delete from predictions")
        assert opened.rows("predictions") == []


def test_jdbc_needs_to_be_told_how_dates_are_written(demo_shop):
    require_drivers("JDBC")
    plain, _, told = address("JDBC", demo_shop.marts_db).partition("&date_string_format=")
    assert told == "yyyy-MM-dd"
    with closing(Jdbc(plain)) as opened, pytest.raises(Exception, match="Error parsing date"):
        opened.rows("transactions")


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_driver_is_named_and_fails_where_ci_is_set(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install libsqliteodbc"):
        require("libsqliteodbc", is_there=False)
