from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scripts.engines import sqlite
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.storage import migrations
from scripts.storage.schema import fingerprint

# Written by `iterdump` from a raw.db of release 0.1.0, cut down to a few rows a table.
RELEASE_0_1_0 = Path(__file__).resolve().parents[2] / "fixtures" / "raw_0_1_0.sql"


@pytest.fixture
def old_raw(raw_db) -> Path:
    """A raw.db of release 0.1.0."""
    raw_db.parent.mkdir()
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.executescript(RELEASE_0_1_0.read_text())
        # iterdump leaves these out
        connection.execute(f"pragma application_id = {migrations.APPLICATION_ID}")
        connection.execute("pragma user_version = 1")
    return raw_db


def header(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as connection:
        return (
            connection.execute("pragma application_id").fetchone()[0],
            connection.execute("pragma user_version").fetchone()[0],
        )


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "select name from sqlite_master where type = 'table' and name glob 'raw_*'"
            )
        ]
        return {name: connection.execute(f"select * from {name}").fetchall() for name in names}


def test_a_file_of_release_0_1_0_is_opened_without_loss(old_raw, settings_in):
    before = rows(old_raw)
    assert len(before["raw_prediction_log"]) == len(before["raw_standard_customers"]) == 4
    Project.create(settings_in(old_raw.parent))
    assert header(old_raw) == (migrations.APPLICATION_ID, len(migrations.STEPS))
    assert rows(old_raw) == before


def test_a_new_file_has_the_tables_of_an_old_one(old_raw, settings_in, tmp_path):
    def tables(path: Path) -> dict[str, str]:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("select name, sql from sqlite_master where sql > ''")
            return {name: fingerprint(sql) for name, sql in found}  # whatever its spaces

    for folder in (old_raw.parent, tmp_path / "new"):
        Project.create(settings_in(folder))
    assert tables(old_raw) == tables(tmp_path / "new" / "raw.db")
    assert header(old_raw) == header(tmp_path / "new" / "raw.db")


def test_a_file_of_the_current_version_is_not_written_to(raw_db):
    sqlite.ensure_raw(raw_db)
    before = raw_db.read_bytes()
    sqlite.ensure_raw(raw_db)
    assert raw_db.read_bytes() == before


def test_a_newer_file_is_refused_and_unchanged(raw_db):
    sqlite.ensure_raw(raw_db)
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute("pragma user_version = 99")
    before = raw_db.read_bytes()
    with pytest.raises(TillsightError, match=r"raw\.db has version 99, .* use the newer"):
        sqlite.ensure_raw(raw_db)
    assert raw_db.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "create table songs (title text)",
        "create table raw_standard_transactions (load_id, line_number)",
        "pragma application_id = 7",
    ],
    ids=["other tables", "our tables without our mark", "another program's mark"],
)
def test_a_database_of_another_program_is_refused_and_unchanged(raw_db, statement):
    raw_db.parent.mkdir()
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute(statement)
        connection.commit()
    before = raw_db.read_bytes()
    with pytest.raises(TillsightError, match="is a database of another program"):
        sqlite.ensure_raw(raw_db)
    assert raw_db.read_bytes() == before


def test_steps_run_in_order_and_a_failed_one_leaves_the_version_before_it(old_raw, monkeypatch):
    def add(connection: sqlite3.Connection) -> None:
        connection.execute("alter table raw_loads add column note text")

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("alter table raw_loads drop column note")
        connection.execute("select * from nowhere")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add, fail))
    before = rows(old_raw)
    with pytest.raises(TillsightError, match="no such table: nowhere"):
        sqlite.ensure_raw(old_raw)
    assert header(old_raw) == (migrations.APPLICATION_ID, 2)
    after = rows(old_raw)
    assert after.pop("raw_loads") == [(*row, None) for row in before.pop("raw_loads")]
    assert after == before
