from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scripts.engines.sqlite import ensure_raw
from scripts.errors import TillsightError
from scripts.storage import backup, schema
from tests.support.landing import load_files

RELEASE_0_1_0 = Path(__file__).resolve().parents[2] / "fixtures" / "raw_0_1_0.sql"
ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select * from n"
PLANTED = {
    "trigger": (
        (
            "create trigger raw_clean after insert on raw_loads "
            "begin delete from raw_standard_transactions; end"
        ),
        "trigger raw_clean",
    ),
    "view": ("create view raw_more as select * from raw_loads", "view raw_more"),
    "index": ("create index raw_index on raw_loads (row_count)", "index raw_index"),
    "index on an expression": (
        "create index raw_index on raw_loads (abs(row_count))",
        "index raw_index",
    ),
    "table": ("create table raw_songs (title text)", "table raw_songs"),
    "virtual table": ("create virtual table raw_text using fts5(title)", "table raw_text"),
    "endless view in place of a table": (
        f"drop table raw_loads; create view raw_loads as {ENDLESS}",
        "view raw_loads",
    ),
    "generated column": (
        "alter table raw_loads add column more generated always as (row_count * 2)",
        "table raw_loads",
    ),
    "default": ("alter table raw_loads add column more default 7", "table raw_loads"),
    "check": (
        (
            "drop table raw_standard_products; create table raw_standard_products "
            "(load_id integer not null check (load_id > 0), line_number integer not null, "
            "primary key (load_id, line_number)) without rowid"
        ),
        "table raw_standard_products",
    ),
}


def execute(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        connection.commit()


@pytest.fixture
def loaded(raw_db, write):
    header = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
    load_files(raw_db, [write("sales.csv", f"{header}t1,c1,p1,2024-01-01,1,5\n")])
    return raw_db


@pytest.mark.parametrize(("script", "named"), PLANTED.values(), ids=list(PLANTED))
def test_a_backup_with_a_planted_object_is_not_restored(loaded, tmp_path, script, named):
    planted = tmp_path / "planted.db"
    shutil.copy(loaded, planted)
    execute(planted, script)
    before = loaded.read_bytes()
    with pytest.raises(TillsightError, match=f"planted.db holds the {named}, which is not as"):
        backup.restore(loaded, loaded.parent / "backups", planted)
    assert loaded.read_bytes() == before
    assert not list(loaded.parent.glob(".*.part"))


@pytest.mark.parametrize(("script", "named"), PLANTED.values(), ids=list(PLANTED))
def test_a_raw_db_with_a_planted_object_is_neither_loaded_into_nor_built_from(
    loaded, script, named
):
    execute(loaded, script)
    with pytest.raises(TillsightError, match=named):
        ensure_raw(loaded)


def test_files_of_every_release_pass(tmp_path, loaded):
    execute(tmp_path / "0.db", RELEASE_0_1_0.read_text())
    for path in (tmp_path / "0.db", loaded):
        with closing(sqlite3.connect(path)) as connection:
            schema.require_own_schema(connection, path)
            names = {name for (name,) in connection.execute("select name from sqlite_master")}
            assert {"raw_loads", "raw_standard_transactions"} <= names


def test_the_tables_of_release_0_1_0_are_known_whatever_this_version_makes():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(RELEASE_0_1_0.read_text())
        made = connection.execute("select name, sql from sqlite_master where type = 'table'")
        assert {(name, schema.fingerprint(sql)) for name, sql in made} <= schema.RELEASED


def test_statistics_of_analyze_pass(loaded):
    execute(loaded, "analyze")
    ensure_raw(loaded)


def test_a_fingerprint_ignores_layout_and_nothing_else():
    text = "CREATE TABLE t (\n    a text not null,\n    b integer\n)"
    assert schema.fingerprint(text) == schema.fingerprint(
        "CREATE TABLE t(a text not null, b integer)"
    )
    for other in ("CREATE TABLE t (a text, b integer)", f"{text} without rowid", f"{text} -- )"):
        assert schema.fingerprint(text) != schema.fingerprint(other)


def test_connections_do_not_trust_functions_in_a_schema(loaded):
    for connect in (backup.sqlite.connect, backup.sqlite.connect_read_only):
        with closing(connect(loaded)) as connection:
            assert connection.execute("pragma trusted_schema").fetchone() == (0,)
