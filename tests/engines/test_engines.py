"""On DuckDB and PostgreSQL the project builds, its tests pass, its marts are those of SQLite."""

from __future__ import annotations

import math
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

import duckdb
import pytest

from scripts import pipeline
from scripts.project import Project
from scripts.settings import Settings
from tests.support import engines
from tests.support.engines import Connection, Row, ask

SHOPS = ("demo_shop", pytest.param("real_shop", marks=pytest.mark.real_data))
ENGINES = ("duckdb", "postgres")
# The order in which an engine adds up doubles shows in their last digits.
CLOSE = 1e-9


@dataclass(frozen=True)
class Marts:
    """Built marts: a connection, and what stands before the name of a table."""

    connection: Connection
    schema: str

    def rows(self, table: str, columns: Sequence[str]) -> list[Row]:
        return ask(self.connection, f"select {', '.join(columns)} from {self.schema}.{table}")


@pytest.fixture(scope="module", params=SHOPS)
def shop(request) -> Settings:
    """A shop that has run on SQLite."""
    found: Settings = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def files(request, shop) -> list[Path]:
    """What it was loaded from."""
    made = [shop.demo_dir / name for name in ("customers.csv", "products.csv", "transactions.csv")]
    return made if made[0].exists() else [request.getfixturevalue("online_retail")]


@pytest.fixture(scope="module")
def sqlite_marts(shop) -> Iterator[Marts]:
    with closing(sqlite3.connect(shop.marts_db)) as connection:
        yield Marts(connection, "main")


@pytest.fixture(scope="module", params=ENGINES)
def other(request, shop, tmp_path_factory) -> Settings:
    """A data folder for the same shop on another engine, with the models that SQLite has."""
    folder = tmp_path_factory.mktemp(request.param)
    # DuckDB has less memory than Online Retail takes, and must use the disk
    settings = replace(shop, data_dir=folder, target=request.param, duckdb_memory="100MB")
    if request.param == "postgres":
        address = request.getfixturevalue("new_database")(folder.name)
        settings = replace(settings, postgres=address)
    Project.create(settings)
    shutil.copytree(shop.models_dir, settings.models_dir)
    with closing(sqlite3.connect(settings.raw_db)) as connection, connection:
        connection.execute("attach ? as shop", (str(shop.raw_db),))
        for table in ("raw_model_runs", "raw_model_metrics", "raw_model_curves"):
            connection.execute(f"insert into {table} select * from shop.{table}")
    return settings


@pytest.fixture(scope="module")
def ran(other, files) -> pipeline.RunResult:
    """The whole job there."""
    return pipeline.run(Project.create(other), files)


@pytest.fixture(scope="module")
def published(ran, other) -> Iterator[Marts]:
    """The file that page, CSV files and BI tools read."""
    with closing(sqlite3.connect(other.marts_db)) as connection:
        yield Marts(connection, "main")


@pytest.fixture(scope="module")
def marts(ran, other) -> Iterator[Marts]:
    """The marts in the engine itself."""
    opened = {
        "duckdb": lambda: duckdb.connect(str(other.data_dir / "marts.duckdb"), read_only=True),
        "postgres": lambda: engines.connect(other.postgres),
    }[other.target]()
    with closing(opened):
        yield Marts(opened, "main")


@pytest.fixture(scope="module")
def columns(sqlite_marts) -> dict[str, dict[str, tuple[str, str]]]:
    """Type and unit of each column, by table and column."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    rows = sqlite_marts.rows("column_docs", ("table_name", "column_name", "type", "unit"))
    for table, column, kind, unit in rows:
        found.setdefault(table, {})[column] = (kind, unit)
    # of the bytes of marts.db
    del found["build_info"]["build_fingerprint"]
    return found


def differences(ours: list[Row], theirs: list[Row], is_close: Sequence[bool]) -> list[str]:
    """Say which rows differ; `is_close` marks columns whose last digits do not count."""

    exact_at = [at for at, close in enumerate(is_close) if not close]
    close_at = [at for at, close in enumerate(is_close) if close]

    def keyed(rows: list[Row]) -> list[tuple[str, Row]]:
        return sorted(
            ((repr([row[at] for at in exact_at]), row) for row in rows), key=itemgetter(0)
        )

    if len(ours) != len(theirs):
        return [f"{len(ours)} rows, not {len(theirs)}"]
    return [
        f"{one}, not {other}"
        for (key, one), (other_key, other) in zip(keyed(ours), keyed(theirs), strict=True)
        if key != other_key or not all(same_number(one[at], other[at]) for at in close_at)
    ]


def same_number(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def test_the_features_are_so_much_the_same_that_nothing_is_trained_anew(ran, shop):
    assert not ran.training.is_new
    assert ran.training.model_run_id in {folder.name for folder in shop.models_dir.iterdir()}


def test_every_mart_is_that_of_sqlite(marts, sqlite_marts, columns):
    assert not differing(marts, sqlite_marts, columns)


def test_the_published_file_is_that_of_sqlite(published, sqlite_marts, columns):
    assert not differing(published, sqlite_marts, columns)
    assert definitions(published) == definitions(sqlite_marts)


def definitions(marts: Marts) -> list[Row]:
    """Return what a SQLite file declares, without the blanks between the words."""
    found = ask(
        marts.connection,
        "select type, name, tbl_name, lower(sql) from sqlite_schema "
        "where sql is not null and name not like 'sqlite_%' order by 1, 2",
    )
    return [(*names, "".join(sql.replace('"', "").split())) for *names, sql in found]


def test_the_lists_are_those_of_sqlite(ran, other, shop):
    for file in ran.exports:
        ours = file.path.read_text(encoding="utf-8")
        assert ours == (shop.exports_dir / file.path.name).read_text(encoding="utf-8")


def differing(
    ours: Marts, theirs: Marts, columns: dict[str, dict[str, tuple[str, str]]]
) -> dict[str, tuple[int, list[str]]]:
    """Return how many rows of which tables differ, and the first of them."""
    assert len(columns) >= 18
    different = {}
    for table, types in columns.items():
        is_close = [kind == "REAL" and unit != "currency" for kind, unit in types.values()]
        rows = ours.rows(table, list(types)), theirs.rows(table, list(types))
        if found := differences(*rows, is_close):
            different[table] = (len(found), found[:3])
    return different


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
        keys = keys_on_sqlite(sqlite_marts, columns, pragma)
        # DuckDB leaves keys to the tests of the same keys and relationships
        is_left_out = isinstance(marts.connection, duckdb.DuckDBPyConnection)
        assert dict(found) == ({} if is_left_out else keys)


def test_plain_dbt_passes_its_unit_tests_on_duckdb(tmp_path):
    settings = Settings(data_dir=tmp_path, target="duckdb")
    Project.create(settings)
    environment = {"TILLSIGHT_DATA_DIR": str(tmp_path)}
    tables = ("build", "--empty", "--exclude-resource-type", "test", "unit_test")
    for command in (tables, ("test", "--select", "test_type:unit")):
        printed = engines.dbt(*command, target="duckdb", environment=environment, output=tmp_path)
    passed = re.search(r"PASS=(\d+) ", printed)
    assert passed
    assert int(passed[1]) > 80


def keys_on_sqlite(marts: Marts, tables: Sequence[str], pragma: str) -> dict[str, int]:
    """Count the keys of each table that has any: of the foreign ones all, of the others one."""
    counted = {}
    for table in tables:
        rows = ask(marts.connection, f"pragma {pragma}({table})")
        counted[table] = len(rows) if pragma == "foreign_key_list" else int(any(r[5] for r in rows))
    return {table: number for table, number in counted.items() if number}
