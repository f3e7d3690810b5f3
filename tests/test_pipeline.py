"""The main job end to end: what it leaves, that it repeats, and what a failure leaves alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scripts import pipeline, publish
from scripts.dbt_runner import Dbt
from scripts.errors import TillsightError
from scripts.settings import Settings

DEMO_FILES = ("customers.csv", "products.csv", "transactions.csv")


def dump(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as connection:
        yield from connection.iterdump()


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def second_run(demo_shop, tmp_path_factory, settings_in) -> Settings:
    """The same files, run in another folder."""
    settings = settings_in(tmp_path_factory.mktemp("second_run"))
    pipeline.run(settings, [demo_shop.demo_dir / name for name in DEMO_FILES])
    return settings


def test_two_runs_give_the_same_marts_page_and_exports(demo_shop, second_run):
    assert list(dump(demo_shop.marts_db)) == list(dump(second_run.marts_db))
    assert content(demo_shop.site_dir) == content(second_run.site_dir)
    assert content(demo_shop.exports_dir) == content(second_run.exports_dir)


def test_all_tests_of_dbt_ran_and_passed(demo_shop):
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        statuses = connection.execute(
            "select kind, status, count(*) from data_tests group by 1, 2 order by 1"
        ).fetchall()
        counted = connection.execute(
            "select data_tests, data_tests_passed from build_info"
        ).fetchone()
    data, unit = statuses
    assert data[:2] == ("data", "pass")
    assert unit[:2] == ("unit", "pass")
    assert counted == (data[2], data[2])


def test_declared_types_keys_and_parents_are_in_the_file(demo_shop):
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
            )
        ]
        columns = {
            name: connection.execute(
                'select name, type, "notnull", pk from pragma_table_info(?)', [name]
            ).fetchall()
            for name in tables
        }
        parents = {
            (name, row[3], row[2])
            for name in tables
            for row in connection.execute(f"pragma foreign_key_list({name})")
        }
        problems = connection.execute("pragma foreign_key_check").fetchall()
        indexes = {
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'index'")
        }
        analysed = connection.execute("select count(*) from sqlite_stat1").fetchone()[0]
        mode = connection.execute("pragma journal_mode").fetchone()[0]
    allowed = {"TEXT", "INTEGER", "REAL", "DATE", "DATETIME"}
    assert not [
        (name, row) for name, rows in columns.items() for row in rows if row[1] not in allowed
    ]
    assert not [name for name, rows in columns.items() if not any(row[3] for row in rows)]
    assert {
        ("transactions", "customer_id", "customers"),
        ("transactions", "product_id", "products"),
        ("rfm_scores", "customer_id", "customers"),
        ("predictions", "customer_id", "customers"),
        ("predictions", "model_run_id", "model_runs"),
    } <= parents
    assert problems == []
    assert {"idx_transactions_customer", "idx_transactions_date", "idx_rfm_segment"} <= indexes
    assert analysed > 0
    assert mode == "delete"


def test_marts_hold_nothing_but_marts(demo_shop):
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        documented = {
            name for (name,) in connection.execute("select distinct table_name from column_docs")
        }
        tables = {
            name
            for (name,) in connection.execute(
                "select name from sqlite_master"
                " where type in ('table', 'view') and name not like 'sqlite%'"
            )
        }
    assert tables == documented


def test_predictions_are_there_for_every_scored_customer(demo_shop):
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        scored, predicted = connection.execute(
            "select (select count(*) from rfm_scores), (select count(*) from predictions)"
        ).fetchone()
        status = connection.execute("select status from model_runs where is_latest = 1").fetchone()[
            0
        ]
    assert status == "trained"
    assert scored == predicted > 0


def test_loading_the_same_files_again_changes_nothing(demo_shop):
    before = list(dump(demo_shop.raw_db))
    loads = pipeline.load_files(demo_shop, [demo_shop.demo_dir / name for name in DEMO_FILES])
    assert [load.is_new for load in loads] == [False, False, False]
    assert list(dump(demo_shop.raw_db)) == before


@pytest.fixture
def published(shop_of):
    """A small published shop of one's own."""
    return shop_of(
        [
            ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"],
            ["t1", "a", "p", "2024-01-01", "1", "10.00"],
        ]
    )


def test_a_failing_test_of_dbt_publishes_nothing(published, monkeypatch, tmp_path):
    before = published.marts_db.read_bytes()
    broken = tmp_path / "dbt_project"
    copy_tree(published.dbt_dir, broken)
    (broken / "tests" / "nothing_is_sold.sql").write_text(
        "select * from {{ ref('transactions') }}\n"
    )
    settings = Settings(data_dir=published.data_dir, dbt_dir=broken)
    with pytest.raises(TillsightError, match=r"nothing_is_sold.*Nothing was published"):
        pipeline.build(settings)
    assert published.marts_db.read_bytes() == before


def test_a_broken_contract_fails_its_model(published, tmp_path):
    broken = tmp_path / "dbt_project"
    copy_tree(published.dbt_dir, broken)
    model = broken / "models" / "marts" / "segment_history.sql"
    model.write_text(model.read_text().replace("as revenue\n", "as turnover\n"))
    settings = Settings(data_dir=published.data_dir, dbt_dir=broken)
    with pytest.raises(TillsightError, match=r"lacks \[revenue\] and has \[turnover\]"):
        pipeline.build(settings)


def copy_tree(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        relative = path.relative_to(source)
        if path.is_file() and relative.parts[0] not in {"target", "logs"}:
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            (target / relative).write_bytes(path.read_bytes())


def test_a_wrong_type_is_refused_by_the_file(published):
    with closing(sqlite3.connect(published.marts_db)) as connection:
        for value in ("2024-02-30", "soon", 2024):
            with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
                connection.execute("update transactions set invoice_date = ?", [value])


def test_an_orphan_is_not_published(published, tmp_path):
    new_marts = tmp_path / "building" / "marts.db"
    new_marts.parent.mkdir()
    new_marts.write_bytes(published.marts_db.read_bytes())
    with closing(sqlite3.connect(new_marts)) as connection:
        connection.execute("delete from products")
        connection.commit()
    with pytest.raises(TillsightError, match="names a row of products that is not there"):
        publish.publish(new_marts, tmp_path / "marts.db")
    assert not (tmp_path / "marts.db").exists()


def test_plain_dbt_builds_twice_with_the_same_result(published, monkeypatch):
    """Without the command line: in place, after and before predictions alike."""
    monkeypatch.setattr(Settings, "new_marts_db", property(lambda self: self.data_dir / "plain.db"))
    results = []
    for _ in range(2):
        Dbt(published).build("features")
        Dbt(published).build("marts")
        results.append(list(dump(published.data_dir / "plain.db")))
    assert results[0] == results[1]


def test_only_one_works_in_a_folder_at_a_time(published):
    with (
        pipeline.only_one(published),
        pytest.raises(TillsightError, match="another tillsight is at work"),
        pipeline.only_one(published),
    ):
        pass


def test_a_setting_that_means_nothing_is_named(published, tmp_path):
    wrong = tmp_path / "dbt_project"
    copy_tree(published.dbt_dir, wrong)
    project = wrong / "dbt_project.yml"
    project.write_text(
        project.read_text().replace("scoring_method: ntile", "scoring_method: median")
    )
    settings = Settings(data_dir=published.data_dir, dbt_dir=wrong)
    with pytest.raises(
        TillsightError, match=r"scoring_method is 'median'; it must be one of ntile, rank"
    ):
        pipeline.build(settings)


def test_training_before_a_build_says_what_to_type(tmp_path, settings_in):
    with pytest.raises(TillsightError, match="type 'tillsight build' first"):
        pipeline.train(settings_in(tmp_path))
