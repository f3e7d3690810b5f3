"""The dbt project on Spark: files land, the models build, and their marts are those of SQLite."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

from ml.data.features import (
    SqliteFeatures,
    open_features,
    read_labels,
    read_summaries,
    read_window,
)
from ml.predict import predict
from scripts import pipeline
from scripts.engines import engine_of
from scripts.engines.ownership import owner_mark
from scripts.engines.spark import raw as spark_raw
from scripts.engines.spark.engine import mart_rows
from scripts.engines.spark.session import reason, session
from scripts.errors import TillsightError
from scripts.ingest.formats import format_named
from scripts.ingest.table import Run
from scripts.project import Project
from scripts.settings import Settings, SparkPlace
from tests.dbt.test_dialect import (
    BETWEEN,
    QUERY,
    ROWS,
    TEXTS,
    Answers,
    assert_numbers_agree,
    assert_texts_agree,
    on_sqlite,
)
from tests.engines.test_engines import SHOPS, differences
from tests.support.engines import as_sqlite_writes, ask
from tests.support.requirements import need

__all__ = ["on_sqlite"]

# A shop of this size needs neither parts nor plans that change on the way.
QUICK = """
spark.sql.adaptive.enabled false
spark.default.parallelism 1
"""
# A small one needs no Java code made for it, either.
QUICKER = f"""{QUICK}
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
"""
STANDARD_PRODUCTS = format_named("standard_products")


# Written by the tests of the data, which run on the demo shop. The real one is held to SQLite's.
OF_DATA_TESTS = {"data_tests": {"status"}, "build_info": {"data_tests", "data_tests_passed"}}


@contextmanager
def built_on_spark(
    shop: Settings, files: Sequence[Path], folder: Path, *, conf: str, nodes: str
) -> Iterator[Settings]:
    """Load and build a shop on Spark, with what the model wrote on SQLite."""
    need("Java is not there: apt-get install openjdk-17-jre", is_there=bool(shutil.which("java")))
    (folder / "spark-defaults.conf").write_text(conf)
    shutil.copy(shop.raw_db, folder / "raw.db")
    (folder / ".target").write_text("spark\n")
    metastore = f"jdbc:derby:memory:{folder.name};create=true"
    place = SparkPlace(master="local[2]", partitions="1", metastore=metastore)
    settings = replace(shop, data_dir=folder, target="spark", spark=place)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBT_RESOURCE_TYPES", nodes)
        environment.setenv("SPARK_CONF_DIR", str(folder))
        environment.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        pipeline.load_files(Project.create(settings), files)
        pipeline.build(Project.create(settings))
        yield settings
        session(settings).stop()


@pytest.fixture(scope="module")
def spark_shop(demo_shop, tmp_path_factory) -> Iterator[Settings]:
    names = ("customers.csv", "products.csv", "transactions.csv")
    files = [demo_shop.demo_dir / name for name in names]
    folder = tmp_path_factory.mktemp("spark")
    with built_on_spark(
        demo_shop, files, folder, conf=QUICKER, nodes="seed model test"
    ) as settings:
        yield settings


@pytest.fixture(scope="module")
def real_spark_shop(real_shop, online_retail, tmp_path_factory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("real")
    files = [online_retail]
    with built_on_spark(real_shop, files, folder, conf=QUICK, nodes="seed model") as settings:
        yield settings


@pytest.fixture(params=SHOPS)
def shops(request) -> tuple[Settings, Settings]:
    """A shop on Spark, and the same shop on SQLite."""
    ours = {"demo_shop": "spark_shop", "real_shop": "real_spark_shop"}[request.param]
    return request.getfixturevalue(ours), request.getfixturevalue(request.param)


@pytest.fixture
def spark(spark_shop) -> SparkSession:
    return session(spark_shop)


def test_every_mart_is_that_of_sqlite(shops):
    on_spark, on_sqlite = shops
    with (
        closing(sqlite3.connect(on_spark.marts_db)) as ours,
        closing(sqlite3.connect(on_sqlite.marts_db)) as theirs,
    ):
        tables: dict[str, dict[str, bool]] = {}
        for table, column, kind, unit in ask(
            theirs, "select table_name, column_name, type, unit from column_docs"
        ):
            tables.setdefault(table, {})[column] = kind == "REAL" and unit != "currency"
        # names the file, which says of itself when it was sealed
        del tables["build_info"]["build_fingerprint"]
        if on_sqlite.data_dir.name == "real_shop":
            for table, columns in OF_DATA_TESTS.items():
                tables[table] = {
                    name: is_close
                    for name, is_close in tables[table].items()
                    if name not in columns
                }
        assert len(tables) >= 18
        different = {}
        for table, is_close in tables.items():
            query = f"select {', '.join(is_close)} from {table}"
            if found := differences(ask(ours, query), ask(theirs, query), list(is_close.values())):
                different[table] = (len(found), found[:3])
        assert not different


def test_the_model_reads_the_features_that_sqlite_has(shops):
    on_spark, on_sqlite = shops
    with (
        open_features(engine_of(on_spark).features) as ours,
        open_features(SqliteFeatures(on_sqlite.work_db)) as theirs,
    ):
        summaries = read_summaries(theirs)
        assert read_summaries(ours) == summaries
        some = read_labels(theirs, summaries[1])[0][::7]
        window = read_window(ours, summaries[1], only=some)
        assert window.customer_ids == some
        expected = read_window(theirs, summaries[1], only=some)
        np.testing.assert_allclose(window.features, expected.features, rtol=1e-9, atol=1e-9)
        assert window.labels.tolist() == expected.labels.tolist()


def test_processes_of_spark_score_as_this_one_does(spark_shop, demo_shop, tmp_path):
    results, scores = [], []
    for features in (engine_of(spark_shop).features, SqliteFeatures(demo_shop.work_db)):
        raw_db = tmp_path / f"{len(results)}.db"
        shutil.copy(demo_shop.raw_db, raw_db)
        results.append(predict(features, raw_db, demo_shop.models_dir))
        with closing(sqlite3.connect(raw_db)) as raw:
            scores.append(ask(raw, "select * from raw_predictions order by rowid"))
    assert results[0] == results[1]
    assert len(scores[0]) == results[0].customers > 100
    assert scores[0] == scores[1]


def test_what_keeps_spark_from_scoring_is_told(spark_shop, demo_shop, tmp_path, monkeypatch):
    shutil.copy(demo_shop.raw_db, tmp_path / "raw.db")
    monkeypatch.setattr(session(spark_shop).sparkContext, "pythonExec", "no-such-python")
    with pytest.raises(TillsightError, match=r"No such file .* set PYSPARK_PYTHON to its path"):
        predict(engine_of(spark_shop).features, tmp_path / "raw.db", demo_shop.models_dir)


@pytest.fixture(scope="module")
def on_spark(spark_shop) -> Answers:
    """What the macros make of the hostile texts and numbers of `tests/dbt/test_dialect.py`."""
    settings = spark_shop
    options = ("--no-introspect", "--no-populate-cache", "--quiet", "--inline", QUERY)
    where = ("--project-dir", settings.dbt_dir, "--profiles-dir", settings.dbt_dir)
    output = ("--target-path", settings.dbt_output_dir / "target")
    with settings.dbt_environment():
        arguments = ("compile", *options, *where, *output, "--target", "spark")
        compiled = dbtRunner().invoke([str(argument) for argument in arguments])
    assert compiled.success, compiled.exception
    spark = session(settings)
    spark.createDataFrame(TEXTS, "place int, written string").createOrReplaceTempView("texts")
    columns = "place int, amount bigint, number bigint, day bigint"
    spark.createDataFrame(ROWS, columns).createOrReplaceTempView("numbers")
    of_text, of_numbers = (
        [tuple(map(as_sqlite_writes, row)) for row in spark.sql(query).collect()]
        for query in compiled.result.results[0].node.compiled_code.split(BETWEEN)
    )
    return of_text, of_numbers


def test_text_is_read_as_sqlite_reads_it(on_spark, on_sqlite):
    assert_texts_agree(on_spark, on_sqlite)


def test_numbers_and_days_come_out_as_on_sqlite(on_spark, on_sqlite):
    assert_numbers_agree(on_spark, on_sqlite)


def test_published_views_lead_to_the_new_marts(spark_shop, spark):
    published = (spark_shop.spark_dir / "published").read_text().strip()
    assert published != spark_shop.spark_marts_schema
    views = {row.tableName for row in spark.sql("show tables in main").collect()}
    assert views == {row.tableName for row in spark.sql(f"show tables in {published}").collect()}
    assert spark.table("main.customers").count() > 0


def test_a_publish_that_was_cut_short_is_ended_by_the_next_build(spark_shop, spark):
    unpublished = spark_shop.spark_marts_schema
    spark.sql(f"create database {unpublished}")
    spark.sql(f"create table {unpublished}.customers using parquet as select 1 as one")
    spark.sql(f"create or replace view main.customers as select * from {unpublished}.customers")
    engine_of(spark_shop).prepare()
    assert "customer_id" in spark.table("main.customers").columns
    assert not spark.catalog.databaseExists(unpublished)


def test_a_metastore_is_for_one_data_folder(spark_shop, monkeypatch, tmp_path):
    own = owner_mark(spark_shop.data_dir)
    Project.create(spark_shop)
    monkeypatch.setattr(spark_raw, "owner_mark", lambda _: owner_mark(tmp_path))
    assert owner_mark(tmp_path) != own
    with pytest.raises(TillsightError, match="holds the sales of another data folder"):
        Project.create(spark_shop)


def test_a_load_that_fails_leaves_nothing_that_counts(spark_shop, spark):
    table = "raw.raw_standard_products"
    before = spark.table(table).count()
    with pytest.raises(OSError, match="pulled out"):
        land_and_fail(spark_shop)
    assert landed_rows(spark, table) == before + 1
    assert spark.table(table).count() == before
    with engine_of(spark_shop).raw.landing():
        """What the last attempt left is removed."""
    assert landed_rows(spark, table) == before


def land_and_fail(settings: Settings) -> None:
    columns = tuple(column.name for column in STANDARD_PRODUCTS.columns)
    rows = Run(first_line=2, rows=[("P-new", "New", "None", "1.00")], done=1)
    with engine_of(settings).raw.landing() as landing:
        landing.insert(STANDARD_PRODUCTS, columns, 99, iter([rows]))
        raise OSError("pulled out")


def landed_rows(spark: SparkSession, table: str) -> int:
    spark.sql(f"refresh table {table}__landed")
    return spark.table(f"{table}__landed").count()


def test_what_spark_refuses_is_a_sentence(spark_shop):
    with pytest.raises(TillsightError, match=r"Spark reports .*NO_SUCH"):
        engine_of(spark_shop).first_row("select NO_SUCH from customer_features")


def test_lines_beyond_the_limit_stay_in_spark(spark_shop, spark):
    spark.catalog.setCurrentDatabase("main")

    def copied(mart: str, key: str) -> int:
        return sum(map(len, mart_rows(spark, 10, mart, [key], [key])))

    assert copied("transactions", "transaction_id") == 0
    assert copied("customers", "customer_id") == spark.table("customers").count() > 10


@pytest.mark.parametrize(
    ("error", "said", "expected"),
    [
        ("gone", "Invalid maximum heap size: -Xmxlots\nError: no JVM\n", "Invalid maximum heap"),
        ("gone", "WARNING: modules\nbin/java: No such file or directory\n", "bin/java: No such"),
        ("in vain\nCaused by: a\nCaused by: it is open elsewhere", "", "it is open elsewhere"),
        ("gone\nand more", "all is well\n", "gone"),
        (
            "gone\nTraceback (most recent call last):\n  File a\nNameError: b\n\nCaused by: c",
            "",
            "NameError: b",
        ),
    ],
)
def test_a_failure_is_told_by_the_line_that_says_most(error, said, expected, tmp_path):
    log = tmp_path / "spark.log"
    log.write_text(said)
    assert reason(RuntimeError(error), log).startswith(expected)
