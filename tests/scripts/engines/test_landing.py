"""Files land alike on every engine: the same rows, whole or not at all, and never twice."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import pipeline
from scripts.cli.app import app
from scripts.engines import engine_of
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.settings import PostgresAddress, Settings
from tests.support.landing import load_files

NUMBERS = count(1)
HEADER = ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"]
ODD_VALUES = [
    *("", " ", "\\N", "\\.", "NULL", "null", "None", '"', '""', "'", ",", "a,b", "\\", "\t"),
    *(
        "two\nlines",
        "two\r\nlines",
        "two\rlines",
        "\r",
        "é",
        "e\u0301",
        "😀",
        "שלום",
        "\u200b",
        "\ufeff",
        "-0",
        "1e309",
    ),
    *("=1+1", "<script>", "'; drop table raw_loads; --", "%s", "{}", "$1", "?", "x" * 100_000),
]


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def settings(request, tmp_path) -> Settings:
    """An empty data folder on each engine."""
    settings = Settings(data_dir=tmp_path / "data", target=request.param)
    if request.param != "postgres":
        return settings
    address = request.getfixturevalue("new_database")(f"landing_{next(NUMBERS)}")
    return replace(settings, postgres=address)


@pytest.fixture
def odd_file(tmp_path) -> Path:
    file = tmp_path / "odd.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADER)
        writer.writerows([str(n), v, v, "2024-01-01", "1", v] for n, v in enumerate(ODD_VALUES))
    return file


def landed(settings: Settings) -> list[tuple[object, ...]]:
    """Return the landed transactions, as the models see them."""
    schema = {"sqlite": "", "duckdb": "", "postgres": "raw."}[settings.target]
    statement = (
        f"select load_id, line_number, {', '.join(HEADER)} "
        f"from {schema}raw_standard_transactions order by load_id, line_number"
    )
    return read_raw(settings, statement)


def read_raw(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    with engine_of(settings).raw.landing() as landing:
        connection = landing._connection
        if settings.target == "postgres":
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        return [tuple(row) for row in connection.execute(statement).fetchall()]


def test_every_value_lands_as_it_stands_in_the_file(settings, odd_file):
    (result,) = pipeline.load_files(Project.create(settings), [odd_file])
    assert result.row_count == len(ODD_VALUES)
    rows = landed(settings)
    assert [row[3] for row in rows] == [value or None for value in ODD_VALUES]
    assert [row[7] for row in rows] == [value or None for value in ODD_VALUES]
    assert rows[0][:2] == (1, 2)


def test_the_same_file_again_changes_nothing(settings, odd_file):
    pipeline.load_files(Project.create(settings), [odd_file])
    before = landed(settings)
    (again,) = pipeline.load_files(Project.create(settings), [odd_file])
    assert not again.is_new
    assert landed(settings) == before


def test_a_file_that_breaks_off_leaves_nothing(settings, odd_file, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_text(",".join(HEADER) + "\n" + "t,c,p,2024-01-01,1,1\n" * 30_000 + "too,few\n")
    with pytest.raises(TillsightError, match=r"^\S+broken\.csv, line 30002: "):
        pipeline.load_files(Project.create(settings), [broken])
    assert landed(settings) == []
    (result,) = pipeline.load_files(Project.create(settings), [odd_file])
    assert (result.is_new, landed(settings)[0][0]) == (True, 1)


def test_loads_are_numbered_and_chained_alike(settings, odd_file, tmp_path):
    other = tmp_path / "customers.csv"
    other.write_text("customer_id,name\nc,A\n")
    pipeline.load_files(Project.create(settings), [odd_file, other])
    beside = Settings(data_dir=tmp_path / "beside")
    load_files(beside.raw_db, [odd_file, other])
    with engine_of(settings).raw.landing() as ours, engine_of(beside).raw.landing() as theirs:
        assert ours.loads() == theirs.loads()


def test_a_folder_is_for_one_target(settings, odd_file):
    pipeline.load_files(Project.create(settings), [odd_file])
    other = replace(settings, target="duckdb" if settings.target != "duckdb" else "sqlite")
    with pytest.raises(TillsightError, match=f"holds a shop on {settings.target}; type --target"):
        pipeline.load_files(Project.create(other), [odd_file])


def test_a_target_that_is_none_is_named(tmp_path):
    with pytest.raises(TillsightError, match="target 'oracle'; choose one of sqlite, duckdb"):
        Project.create(Settings(data_dir=tmp_path, target="oracle"))


def test_a_server_that_does_not_answer_is_a_sentence(tmp_path):
    nowhere = PostgresAddress(host=str(tmp_path), password="secret")  # noqa: S106
    with pytest.raises(TillsightError, match="TILLSIGHT_POSTGRES_HOST") as told:
        Project.create(Settings(data_dir=tmp_path, target="postgres", postgres=nowhere))
    assert "secret" not in str(told.value)


def test_a_duckdb_file_that_is_none_is_a_sentence(tmp_path):
    (tmp_path / "raw.duckdb").write_text("not a database" * 1000)
    with pytest.raises(TillsightError, match=r"raw\.duckdb: "):
        Project.create(Settings(data_dir=tmp_path, target="duckdb"))


@pytest.mark.parametrize("settings", ["sqlite", "postgres"], indirect=True)
def test_what_has_landed_is_told_while_another_file_lands(settings, odd_file):
    pipeline.load_files(Project.create(settings), [odd_file])
    raw = engine_of(settings).raw
    with raw.landing() as landing:
        landing.register(replace(landing.loads()[0], load_id=2, file_sha256="another"))
        assert [load.load_id for load in raw.loads()] == [1]
    assert [load.load_id for load in raw.loads()] == [1, 2]


def test_an_engine_without_its_packages_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.engines.find_spec", lambda _: None)
    with pytest.raises(TillsightError, match=r"type: make \.venv/installed-duckdb \(in "):
        engine_of(Settings(data_dir=tmp_path, target="duckdb"))


def test_a_backup_says_that_it_does_not_hold_the_sales_of_another_engine(tmp_path, odd_file):
    settings = Settings(data_dir=tmp_path / "data", target="duckdb")
    pipeline.load_files(Project.create(settings), [odd_file])
    result = CliRunner().invoke(app, ["backup", "--data-dir", str(settings.data_dir)])
    assert result.exit_code == 0, result.output
    assert "The loaded files are on duckdb" in " ".join(result.output.split())


@pytest.mark.parametrize("target", ["sqlite", "duckdb"])
def test_work_tables_and_what_a_killed_run_left_go_with_the_next_build(tmp_path, target):
    shop = Settings(data_dir=tmp_path, target=target)
    Project.create(shop)
    work = {"sqlite": shop.work_db, "duckdb": shop.work_duckdb}[target]
    # damaged pages behind a sound header, and a journal that would be played into the next file
    aside = work.with_name(work.name + {"sqlite": "-journal", "duckdb": ".wal"}[target])
    work.write_bytes(b"SQLite format 3\0" + b"damaged" * 1000)
    aside.write_text("half a transaction")
    (tmp_path / "duckdb_temp").mkdir()
    (tmp_path / "duckdb_temp" / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("left over")
    engine_of(shop).prepare()
    assert not work.exists()
    assert not aside.exists()
    assert (tmp_path / "duckdb_temp").exists() == (target == "sqlite")
