"""On DuckDB and PostgreSQL the project builds, its tests pass, its marts are those of SQLite."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from tests import engines
from tests.engines import Connection, Row, ask

SHOPS = ("demo_shop", pytest.param("real_shop", marks=pytest.mark.real_data))
ENGINES = ("duckdb", "postgres")
# The order in which an engine adds up doubles shows in their last digits.
CLOSE = 1e-9

NewDatabase = Callable[[str], dict[str, str]]


@dataclass(frozen=True)
class Marts:
    """Built marts: a connection, and what stands before the name of a table."""

    connection: Connection
    schema: str

    def rows(self, table: str, columns: Sequence[str]) -> list[Row]:
        return ask(self.connection, f"select {', '.join(columns)} from {self.schema}.{table}")


def on_duckdb(raw_db: Path, folder: Path) -> Marts:
    """Build a shop on DuckDB; its marts are a file that stands alone."""
    engines.copy_raw_to_duckdb(raw_db, folder / "raw.duckdb")
    environment = {
        "TILLSIGHT_DATA_DIR": str(folder),
        "TILLSIGHT_MARTS_DUCKDB": str(folder / "apart.duckdb"),
    }
    build("duckdb", environment, folder)
    return Marts(duckdb.connect(str(folder / "apart.duckdb"), read_only=True), "main")


def on_postgres(raw_db: Path, folder: Path, new_database: NewDatabase) -> Marts:
    """Build a shop on PostgreSQL, its marts in a schema beside the published one."""
    environment = new_database(folder.name)
    engines.copy_raw_to_postgres(raw_db, engines.address(environment))
    build("postgres", environment | {"TILLSIGHT_POSTGRES_MARTS_SCHEMA": "main_new"}, folder)
    return Marts(psycopg2.connect(engines.address(environment)), "main_new")


def build(target: str, environment: dict[str, str], folder: Path) -> None:
    arguments = ("build", "--exclude-resource-type", "unit_test")
    engines.dbt(*arguments, target=target, environment=environment, output=folder)


@pytest.fixture(scope="module", params=SHOPS)
def shop(request) -> Iterator[Any]:
    """A shop that has run on SQLite."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def sqlite_marts(shop) -> Iterator[Marts]:
    with closing(sqlite3.connect(shop.marts_db)) as connection:
        yield Marts(connection, "main")


@pytest.fixture(scope="module", params=ENGINES)
def marts(request, shop, tmp_path_factory) -> Iterator[Marts]:
    """The same shop, built on another engine."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        built = on_duckdb(shop.raw_db, folder)
    else:
        built = on_postgres(shop.raw_db, folder, request.getfixturevalue("new_database"))
    with closing(built.connection):
        yield built


@pytest.fixture(scope="module")
def columns(sqlite_marts) -> dict[str, dict[str, tuple[str, str]]]:
    """Type and unit of each column, by table and column."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    rows = sqlite_marts.rows("column_docs", ("table_name", "column_name", "type", "unit"))
    for table, column, kind, unit in rows:
        found.setdefault(table, {})[column] = (kind, unit)
    # written when a run publishes; plain dbt leaves it empty
    del found["build_info"]["build_fingerprint"]
    return found


def differences(ours: list[Row], theirs: list[Row], is_close: Sequence[bool]) -> list[str]:
    """Say which rows differ; `is_close` marks columns whose last digits do not count."""

    def exact(row: Row) -> tuple[str, ...]:
        return tuple(repr(v) for v, close in zip(row, is_close, strict=True) if not close)

    ours, theirs = sorted(ours, key=exact), sorted(theirs, key=exact)
    if len(ours) != len(theirs):
        return [f"{len(ours)} rows, not {len(theirs)}"]
    return [
        f"{one}, not {other}"
        for one, other in zip(ours, theirs, strict=True)
        if exact(one) != exact(other)
        or not all(same_number(one[at], other[at]) for at, close in enumerate(is_close) if close)
    ]


def same_number(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def test_every_mart_is_that_of_sqlite(marts, sqlite_marts, columns):
    assert len(columns) >= 18
    different = {}
    for table, types in columns.items():
        is_close = [kind == "REAL" and unit != "currency" for kind, unit in types.values()]
        ours, theirs = marts.rows(table, list(types)), sqlite_marts.rows(table, list(types))
        if found := differences(ours, theirs, is_close):
            different[table] = (len(found), found[:3])
    assert not different


def test_types_keys_and_checks_are_real(marts, sqlite_marts, columns):
    kinds = {
        "TEXT": ("text", "varchar"),
        "INTEGER": ("bigint",),
        "REAL": ("double", "double precision"),
        "DATE": ("date",),
        "DATETIME": ("timestamp", "timestamp without time zone"),
    }
    declared = ask(
        marts.connection,
        "select table_name, column_name, lower(data_type) from information_schema.columns "
        f"where table_schema = '{marts.schema}'",
    )
    assert len(declared) == sum(map(len, columns.values())) + 1
    for table, column, kind in declared:
        if column in columns[table]:
            assert kind in kinds[columns[table][column][0]], (table, column)
    for wanted, pragma in (("FOREIGN KEY", "foreign_key_list"), ("PRIMARY KEY", "table_info")):
        found = ask(
            marts.connection,
            "select table_name, count(*) from information_schema.table_constraints where "
            f"table_schema = '{marts.schema}' and constraint_type = '{wanted}' group by table_name",
        )
        assert dict(found) == keys_on_sqlite(sqlite_marts, columns, pragma)


def test_unit_tests_pass_on_duckdb(demo_shop, tmp_path):
    # of their tables only the columns are looked at
    engines.copy_raw_to_duckdb(demo_shop.raw_db, tmp_path / "raw.duckdb")
    environment = {"TILLSIGHT_DATA_DIR": str(tmp_path)}
    tables = ("build", "--empty", "--exclude-resource-type", "test", "unit_test")
    for command in (tables, ("test", "--select", "test_type:unit")):
        printed = engines.dbt(*command, target="duckdb", environment=environment, output=tmp_path)
    assert re.search(r"PASS=(8\d|9\d|\d{3}) ", printed)


def keys_on_sqlite(marts: Marts, tables: Sequence[str], pragma: str) -> dict[str, int]:
    """Count the keys of each table that has any: of the foreign ones all, of the others one."""
    counted = {}
    for table in tables:
        rows = ask(marts.connection, f"pragma {pragma}({table})")
        counted[table] = len(rows) if pragma == "foreign_key_list" else int(any(r[5] for r in rows))
    return {table: number for table, number in counted.items() if number}
