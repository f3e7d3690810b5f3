"""The main job end to end: what it leaves, that it repeats, and what a failure leaves alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from dbt.graph.queue import GraphQueue

from scripts import pipeline
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.publish import seal
from scripts.settings import Settings
from tests.support.server import serving

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
    pipeline.run(Project.create(settings), [demo_shop.demo_dir / name for name in DEMO_FILES])
    return settings


def test_two_runs_give_the_same_marts_page_and_exports(demo_shop, second_run):
    assert list(dump(demo_shop.marts_db)) == list(dump(second_run.marts_db))
    assert content(demo_shop.site_dir) == content(second_run.site_dir)
    assert content(demo_shop.exports_dir) == content(second_run.exports_dir)


def fingerprints(settings: Settings) -> dict[str, str | None]:
    """Read which build marts, page and CSV files say that they are of."""
    with closing(sqlite3.connect(settings.marts_db)) as connection:
        ((marts,),) = connection.execute("select build_fingerprint from build_info")
    html = (settings.site_dir / "index.html").read_text(encoding="utf-8")
    page = re.search('<meta name="tillsight-build" content="([0-9a-f]{16})">', html)
    exports = json.loads((settings.exports_dir / "build.json").read_text(encoding="utf-8"))
    return {
        "marts": marts,
        "page": page and page[1],
        "exports": exports["build_fingerprint"],
    }


def test_marts_page_and_exports_say_that_they_are_of_one_build(demo_shop):
    (fingerprint,) = set(fingerprints(demo_shop).values())
    assert fingerprint


def test_all_tests_of_dbt_ran_and_passed(demo_shop):
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        statuses = connection.execute(
            "select kind, status, count(*) from data_tests group by 1, 2 order by 1"
        ).fetchall()
        counted = connection.execute(
            "select data_tests, data_tests_passed from build_info"
        ).fetchone()
    ((kind, status, count),) = statuses
    assert (kind, status) == ("data", "pass")
    assert counted == (count, count)
    assert count > 200


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
        status = connection.execute("select status from model_runs where is_in_use = 1").fetchone()[
            0
        ]
    assert status == "trained"
    assert scored == predicted > 0


def test_loading_the_same_files_again_changes_nothing(demo_shop):
    before = list(dump(demo_shop.raw_db))
    loads = pipeline.load_files(
        Project.create(demo_shop), [demo_shop.demo_dir / name for name in DEMO_FILES]
    )
    assert [load.is_new for load in loads] == [False, False, False]
    assert list(dump(demo_shop.raw_db)) == before


@pytest.fixture(scope="module")
def small_shop(shop_of) -> Settings:
    return shop_of(
        [
            ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"],
            ["t1", "a", "p", "2024-01-01", "1", "10.00"],
        ]
    )


@pytest.fixture
def published(small_shop, tmp_path, settings_in) -> Settings:
    """A small published shop of one's own."""
    shutil.copytree(small_shop.data_dir, tmp_path / "data", symlinks=True)
    return settings_in(tmp_path / "data")


@pytest.fixture
def own_project(published, tmp_path) -> Settings:
    """The same with a dbt project that may be broken."""
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(published.dbt_dir, tmp_path / "dbt_project", ignore=ignored)
    return replace(published, dbt_dir=tmp_path / "dbt_project")


def test_a_failing_test_of_dbt_publishes_nothing(own_project):
    before = own_project.marts_db.read_bytes()
    failing = own_project.dbt_dir / "tests" / "nothing_is_sold.sql"
    failing.write_text("select * from {{ ref('transactions') }}\n")
    with pytest.raises(TillsightError, match=r"nothing_is_sold.*Nothing was published"):
        pipeline.build(Project.create(own_project))
    assert own_project.marts_db.read_bytes() == before


def test_a_broken_contract_fails_its_model(own_project):
    (model,) = own_project.dbt_dir.glob("models/marts/**/segment_history.sql")
    model.write_text(model.read_text().replace("as revenue\n", "as turnover\n"))
    with pytest.raises(TillsightError, match=r"lacks \[revenue\] and has \[turnover\]"):
        pipeline.build(Project.create(own_project))


def test_a_wrong_type_is_refused_by_the_file(published):
    with closing(sqlite3.connect(published.marts_db)) as connection:
        for value in ("2024-02-30", "soon", 2024):
            with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
                connection.execute("update transactions set invoice_date = ?", [value])


def test_an_orphan_is_not_published(published, tmp_path):
    new_marts = tmp_path / "marts.db"
    new_marts.write_bytes(published.marts_db.read_bytes())
    with closing(sqlite3.connect(new_marts)) as connection:
        connection.execute("delete from products")
        connection.commit()
    with pytest.raises(TillsightError, match="refers to a row of products that does not exist"):
        seal.seal(new_marts)


def test_a_value_that_went_past_the_checks_is_not_published(published, tmp_path):
    new_marts = tmp_path / "marts.db"
    new_marts.write_bytes(published.marts_db.read_bytes())
    with closing(sqlite3.connect(new_marts)) as connection:
        connection.execute("pragma ignore_check_constraints = on")
        connection.execute("update transactions set invoice_date = 'soon'")
        connection.commit()
    with pytest.raises(
        TillsightError,
        match=r"violates the check of its column \(CHECK .* failed in transactions\)",
    ):
        seal.seal(new_marts)


def test_plain_dbt_builds_in_place_twice_with_the_same_result(published):
    """By hand, as the README says: every model, every test, unit tests too."""
    dbt = Path(sys.executable).with_name("dbt")
    environment = {"TILLSIGHT_DATA_DIR": str(published.data_dir), "PATH": os.environ["PATH"]}
    results = []
    for _ in range(2):
        subprocess.run(
            [dbt, "build", "--quiet", "--target-path", published.data_dir / "target"],
            cwd=published.dbt_dir,
            env=environment,
            check=True,
        )
        results.append(list(dump(published.marts_db)))
    assert results[0] == results[1]
    assert published.marts_db.is_symlink()
    with closing(sqlite3.connect(published.marts_db)) as connection:
        assert connection.execute("select build_fingerprint from build_info").fetchall() == [
            (None,)
        ]


def test_what_is_made_alone_takes_the_rest_of_its_build_along(published):
    pipeline.export(Project.open(published, "export"))
    pipeline.report(Project.open(published, "report"))
    (first,) = set(fingerprints(published).values())
    pipeline.load_files(Project.create(published), [more_sales(published)])
    pipeline.build(Project.create(published))
    (second,) = set(fingerprints(published).values())
    before = content(published.site_dir)
    pipeline.export(Project.open(published, "export"))
    assert set(fingerprints(published).values()) == {second} != {first}
    assert content(published.site_dir) == before


def more_sales(settings: Settings) -> Path:
    file = settings.data_dir / "more.csv"
    file.write_text(
        "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
        "t2,b,p,2024-01-02,1,20.00\n"
    )
    return file


def test_what_dbt_builds_in_place_shows_until_page_and_exports_follow(published):
    pipeline.export(Project.open(published, "export"))
    pipeline.report(Project.open(published, "report"))
    with closing(sqlite3.connect(published.marts_db)) as connection, connection:
        connection.execute("update build_info set shop_name = 'By hand', build_fingerprint = null")
    differing = fingerprints(published)
    assert differing["marts"] is None
    assert differing["page"] == differing["exports"]
    pipeline.report(Project.open(published, "report"))
    followed = fingerprints(published)
    assert followed["marts"] == followed["page"] != followed["exports"]
    pipeline.export(Project.open(published, "export"))
    assert len(set(fingerprints(published).values())) == 1


def test_readers_neither_disturb_a_build_nor_are_disturbed(published):
    rows = "select transaction_id from transactions union all select product_id from products"
    with (
        closing(sqlite3.connect(published.marts_db)) as writer,
        closing(sqlite3.connect(published.marts_db)) as reader,
        serving(published.data_dir) as served,
        httpx.Client(base_url=served.address) as api,
    ):
        reader.execute("begin")
        cursor = reader.execute(rows)
        assert cursor.fetchone() == ("t1",)
        writer.execute("begin immediate")  # a BI tool that was let write, and forgot to end
        assert customers_of(api, 1) == 1
        pipeline.load_files(Project.create(published), [more_sales(published)])
        pipeline.build(Project.create(published))
        pipeline.build(Project.create(published))
        assert cursor.fetchall() == [("p",)]
        assert reader.execute("select count(*) from customers").fetchone() == (1,)
        assert customers_of(api, 2) == 2
        writer.rollback()


def customers_of(api: httpx.Client, expected: int) -> int:
    """Ask until the new build answers, which is read aside; every answer before is a good one."""
    for _ in range(500):
        answer = api.get("/api/customers/segments")
        assert answer.status_code == 200, answer.text
        if (found := answer.json()["total_customers"]) == expected:
            break
        time.sleep(0.01)
    return int(found)


def test_plain_dbt_without_raw_tables_says_what_to_type(published):
    published.raw_db.unlink()
    dbt = Path(sys.executable).with_name("dbt")
    environment = {"TILLSIGHT_DATA_DIR": str(published.data_dir), "PATH": os.environ["PATH"]}
    failed = subprocess.run(
        [dbt, "build", "--target-path", published.data_dir / "target"],
        cwd=published.dbt_dir,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert failed.returncode != 0
    assert "Type 'tillsight load FILE'" in failed.stdout


def test_a_setting_that_means_nothing_is_named(own_project):
    project = own_project.dbt_dir / "dbt_project.yml"
    wrong = project.read_text().replace("scoring_method: ntile", "scoring_method: median")
    project.write_text(wrong)
    message = r"dbt_project.yml, line \d+: scoring_method is median; it must be ntile or rank"
    with pytest.raises(TillsightError, match=message):
        pipeline.build(Project.create(own_project))


def test_training_before_a_build_says_what_to_type(tmp_path, settings_in):
    with pytest.raises(TillsightError, match="type 'tillsight build' first"):
        pipeline.train(Project.create(settings_in(tmp_path)))


def test_the_bytes_of_the_marts_are_no_matter_of_luck(shop_of, monkeypatch):
    """A busy machine lets dbt take up its next node later; the order of tables is the same."""
    header = ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"]
    shop = shop_of([header, ["t1", "a", "p", "2024-01-01", "1", "10.00"]])
    before = shop.marts_db.read_bytes()
    take = GraphQueue.get

    def take_late(queue: GraphQueue, *arguments: object) -> object:
        time.sleep(0.03)
        return take(queue, *arguments)

    monkeypatch.setattr(GraphQueue, "get", take_late)
    pipeline.build(Project.create(shop))
    assert shop.marts_db.read_bytes() == before
