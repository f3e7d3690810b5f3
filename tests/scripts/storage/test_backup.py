from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli.app import app
from scripts.errors import TillsightError
from scripts.storage import backup as backups
from scripts.storage import sqlite
from tests.support.landing import load_files

HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"


@pytest.fixture
def folder(raw_db) -> Path:
    return raw_db.parent / "backups"


@pytest.fixture
def load(raw_db, write):
    """Load a file of so many lines."""

    def load(lines: int) -> None:
        text = "".join(f"t{line},c,p,2024-01-01,1,1\n" for line in range(lines))
        load_files(raw_db, [write(f"{lines}.csv", HEADER + text)])

    return load


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_a_backup_equals_raw_db_and_its_name_sorts_by_content(raw_db, folder, load):
    load(1)
    first = backups.back_up(raw_db, folder)
    assert backups.back_up(raw_db, folder) == first
    load(100_000)
    shown: list[tuple[int, int]] = []
    second = backups.back_up(
        raw_db, folder, progress=lambda _, done, total: shown.append((done, total))
    )
    assert (first.loads, first.rows, second.loads, second.rows) == (1, 1, 2, 100_001)
    assert dump(second.path) == dump(raw_db)
    assert sorted(path.name for path in folder.iterdir()) == [first.path.name, second.path.name]
    assert first.path.name.startswith("raw_00001_00000_")
    assert second.path.name.startswith("raw_00002_00000_")
    assert shown[-1][0] == shown[-1][1] > shown[0][0] > 0


def test_restore_replaces_raw_db_and_backs_up_the_previous_one(raw_db, folder, load):
    load(1)
    first = backups.back_up(raw_db, folder).path
    load(2)
    before = dump(raw_db)
    copy, kept = backups.restore(raw_db, folder, first)
    assert (copy.loads, dump(raw_db)) == (1, dump(first))
    assert kept
    assert dump(kept) == before
    backups.restore(raw_db, folder, kept)
    assert dump(raw_db) == before
    assert {path.name for path in raw_db.parent.iterdir()} == {"raw.db", "backups"}


def test_a_missing_raw_db_is_restored(raw_db, folder, load):
    load(3)
    saved = backups.back_up(raw_db, folder).path
    before = dump(raw_db)
    raw_db.unlink()
    assert backups.restore(raw_db, folder, saved)[1] is None
    assert dump(raw_db) == before


def test_restore_keeps_a_copy_of_a_damaged_raw_db(raw_db, folder, load):
    load(5_000)
    saved = backups.back_up(raw_db, folder).path
    before = dump(raw_db)
    with raw_db.open("r+b") as file:
        file.seek(sqlite.PAGE_BYTES * 3)
        file.write(os.urandom(sqlite.PAGE_BYTES))
    damaged = raw_db.read_bytes()
    raw_db.with_name("raw.db-journal").write_bytes(b"of a process that was killed")
    with pytest.raises(TillsightError, match="damaged"):
        backups.back_up(raw_db, folder)
    _, kept = backups.restore(raw_db, folder, saved)
    assert dump(raw_db) == before
    assert kept
    assert kept.read_bytes() == damaged
    assert not raw_db.with_name("raw.db-journal").exists()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table songs (title text)")


def _torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -sqlite.PAGE_BYTES])


def _text(path: Path) -> None:
    path.write_text("no database " * 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(_newer, "has version 99", id="newer"),
        pytest.param(_foreign, "is a database of another program", id="foreign"),
        pytest.param(_torn, "damaged", id="torn"),
        pytest.param(_text, "it is not a SQLite database", id="text"),
        pytest.param(_empty, "no such table: raw_loads", id="empty"),
        pytest.param(Path.unlink, "is not a file; name a backup", id="gone"),
    ],
)
def test_a_file_that_is_not_a_backup_is_refused_and_raw_db_stays(
    raw_db, folder, load, spoil, sentence
):
    load(5_000)
    file = backups.back_up(raw_db, folder).path
    load(1)
    before = raw_db.read_bytes()
    spoil(file)
    with pytest.raises(TillsightError, match=sentence):
        backups.restore(raw_db, folder, file)
    assert raw_db.read_bytes() == before
    assert not list(raw_db.parent.glob(".*.part"))


def test_restoring_raw_db_itself_is_refused(raw_db, folder, load):
    load(1)
    with pytest.raises(TillsightError, match=r"is the raw\.db in use"):
        backups.restore(raw_db, folder, raw_db)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("data/marts.db", "is in the data folder; name a file"),
        ("data", "is a folder"),
        ("songs.db", "is a database of another program"),
    ],
)
def test_a_backup_replaces_no_other_file(raw_db, folder, load, tmp_path, name, sentence):
    load(1)
    songs = tmp_path / "songs.db"
    songs.touch()
    _foreign(songs)
    before = songs.read_bytes()
    with pytest.raises(TillsightError, match=sentence):
        backups.back_up(raw_db, folder, out=tmp_path / name)
    assert songs.read_bytes() == before


def test_the_commands_report_and_migrate_an_old_file(raw_db, load, tmp_path):
    def tillsight(*arguments: str | Path) -> str:
        result = CliRunner().invoke(app, [*map(str, arguments), "--data-dir", str(raw_db.parent)])
        assert result.exit_code == 0, result.output
        return result.stdout

    load(3)
    out = tmp_path / "elsewhere" / "mine.db"
    assert f"Backup: {out} (3 rows of 1 files, 0 forecasts)" in tillsight("backup", "--out", out)
    assert out.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(out)) as connection:
        connection.execute("pragma user_version = 0")
    told = tillsight("restore", out)
    assert "3 rows of 1 files" in told
    assert "Backup of the previous one: " in told
    with closing(sqlite3.connect(raw_db)) as connection:
        assert connection.execute("pragma user_version").fetchone()[0] > 0


def test_a_backup_before_the_first_load_is_an_error(raw_db, folder):
    with pytest.raises(TillsightError, match="load a file first"):
        backups.back_up(raw_db, folder)
