"""Spark: databases of a metastore, their tables as Parquet files, on this machine or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DateType, TimestampNTZType

from ml.data.features import Features, Scorer
from ml.data.schema import PredictionRow
from ml.errors import ModelError
from scripts.engines import raw_schema
from scripts.engines.base import named_row
from scripts.engines.bulk_load import arrow_tables
from scripts.engines.spark.raw import ARROW_TYPES, TYPES, SparkRaw
from scripts.engines.spark.session import explained, session, untried_versions
from scripts.engines.sqlite import ensure_raw_db
from scripts.engines.sqlite_export import copy_marts
from scripts.progress import Progress
from scripts.settings import SPARK_SCHEMAS, Settings

ROWS_PER_PART = 100_000
# Marts with a row for each landed line; page and API read them for single customers only.
LINE_MARTS = frozenset({"transactions", "rejected_rows"})
TIMES = (DateType, TimestampNTZType)
OF_WORKERS = (
    "Every worker needs a Python with the same packages in the same versions as this one; set "
    "PYSPARK_PYTHON to its path"
)
SCORED = tuple(field.name for field in fields(PredictionRow))


class SparkEngine:
    """See `Engine`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.raw = SparkRaw(settings)
        self.features = SparkFeatures(settings)

    def ensure_raw_tables(self) -> None:
        """Create raw.db and the raw tables where they are missing, and migrate older ones."""
        ensure_raw_db(self._settings.raw_db)
        self.raw.create_tables()

    def prepare(self) -> None:
        """Drop any unpublished marts before a build."""
        spark, new = session(self._settings), self._settings.spark_marts_schema
        with explained():
            if any(f"{new}." in text for text in _views(spark).values()):
                _show(spark, _other(new))  # a publish was cut short
            spark.sql(f"drop database if exists {new} cascade")

    def has_features(self) -> bool:
        """Return whether a build has created the features."""
        return bool(session(self._settings).catalog.tableExists("work.customer_features"))

    def first_row(self, statement: str) -> dict[str, Any] | None:
        """Return the first row of a query on the work tables, by column name; dates as text."""
        spark = session(self._settings)
        with explained():
            spark.catalog.setCurrentDatabase("work")
            row = spark.sql(statement).first()
        return named_row(row.__fields__, row) if row else None

    def import_model_tables(self) -> None:
        """Copy the tables written by training and scoring from raw.db to the engine."""
        spark = session(self._settings)
        with raw_schema.read_all(self._settings.raw_db) as tables, explained():
            for table in tables:
                types = raw_schema.column_types(table.name)
                schema = pa.schema([(name, ARROW_TYPES[types[name]]) for name in table.columns])
                spark.sql(f"truncate table raw.{table.name}")
                for part in arrow_tables(table.rows, schema, ROWS_PER_PART):
                    spark.createDataFrame(part).coalesce(1).write.insertInto(f"raw.{table.name}")

    def export_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Copy the marts to the new marts.db.

        Marts in `LINE_MARTS` with more than `Settings.spark_copied_lines` rows are empty there.
        """
        spark = session(self._settings)
        with explained():
            spark.catalog.setCurrentDatabase(self._settings.spark_marts_schema)
            rows_of = partial(mart_rows, spark, self._settings.spark_copied_lines)
            copy_marts(models, rows_of, self._settings.new_marts_db, progress)

    def publish(self) -> None:
        """Replace the published marts by the new ones: redefine one view after the other.

        The old tables stay until the next build, for queries that still read them.
        """
        spark, new = session(self._settings), self._settings.spark_marts_schema
        published = self._settings.spark_dir / "published"
        aside = published.with_suffix(".new")
        aside.write_text(f"{new}\n", encoding="utf-8")
        aside.replace(published)
        with explained():
            _show(spark, new)


class SparkFeatures:
    """The features in the database work; see `FeatureSource`."""

    def __init__(self, settings: Settings) -> None:
        self.name = "the database work of Spark's metastore"
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[Features]:
        """Open them for reading."""
        spark = session(self._settings)
        if not spark.catalog.databaseExists("work"):
            raise ModelError(f"there is no {self.name}. Run 'tillsight build' first.")
        with explained():
            spark.catalog.setCurrentDatabase("work")
            yield _OpenFeatures(spark)


class _OpenFeatures:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def columns(self) -> set[str]:
        """Return the column names of customer_features; empty if the table is missing."""
        if not self._spark.catalog.tableExists("customer_features"):
            return set()
        return set(self._spark.table("customer_features").columns)

    def rows(self, statement: str, *values: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows in lists of at most `size`."""
        yield from _parts(self._spark.sql(statement, args=list(values)), size)

    def scored(
        self, statement: str, *values: int, scorer: Scorer, size: int
    ) -> Iterator[list[PredictionRow]]:
        """Run a query, score its rows on the workers, and yield lists of at most `size`."""
        types = raw_schema.column_types("raw_predictions")
        columns = ", ".join(f"{name} {TYPES[types[name]]}" for name in SCORED)
        features = self._spark.sql(statement, args=list(values))
        with untried_versions():
            scored = features.mapInArrow(_on_worker(scorer), columns)
        scored.persist(StorageLevel.DISK_ONLY)
        try:
            with explained(OF_WORKERS):
                scored.count()  # scores partitions in parallel, the iterator below one by one
            for rows in _parts(scored, size):
                yield [PredictionRow(**dict(zip(SCORED, row, strict=True))) for row in rows]
        finally:
            scored.unpersist()

    def draw(self, customers: Iterable[str]) -> None:
        """Replace the rows of the temporary table `drawn` by these ids."""
        ids = pa.table({"customer_id": pa.array(list(customers), pa.string())})
        self._spark.createDataFrame(ids).createOrReplaceTempView("drawn")


def _on_worker(
    scorer: Scorer,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that scores Arrow batches on a worker."""
    types = raw_schema.column_types("raw_predictions")
    schema = pa.schema([(name, ARROW_TYPES[types[name]]) for name in SCORED])

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = (
            list(zip(*map(pa.Array.to_pylist, batch.columns), strict=True)) for batch in batches
        )
        for rows in scorer(parts):
            yield pa.RecordBatch.from_pylist([vars(row) for row in rows], schema=schema)

    return work


def _parts(rows: DataFrame, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query in lists, one partition in memory at a time."""
    remaining = rows.toLocalIterator()
    while part := list(islice(remaining, size)):
        yield part


def mart_rows(
    spark: SparkSession, most_lines: int, name: str, columns: Sequence[str], key: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Read a mart of the current database sorted by its key, dates and times as text.

    Parameters
    ----------
    spark : SparkSession
        Its current database holds the mart.
    most_lines : int
        Maximum rows of a mart in `LINE_MARTS`; a larger one is read as empty.
    name : str
        The mart.
    columns, key : sequence of str
        Columns to read; columns to sort by.

    Yields
    ------
    list of tuple
        At most 20,000 rows.
    """
    mart = spark.table(name)
    if name in LINE_MARTS and mart.count() > most_lines:
        return
    as_text = {field.name for field in mart.schema if isinstance(field.dataType, TIMES)}
    shown = [
        f"cast({column} as string) as {column}" if column in as_text else column
        for column in columns
    ]
    yield from _parts(mart.orderBy(*key).selectExpr(*shown), 20_000)


def _other(schema: str) -> str:
    """Return the other of the two databases in which marts are built alternately."""
    return next(one for one in SPARK_SCHEMAS if one != schema)


def _views(spark: SparkSession) -> dict[str, str]:
    """Return the tables of the database main and Spark's description of each."""
    spark.sql("create database if not exists main")
    found = spark.sql("show table extended in main like '*'").collect()
    return {row["tableName"]: row["information"] for row in found}


def _show(spark: SparkSession, schema: str) -> None:
    """Make the database main consist of views of the marts of another database."""
    before = _views(spark)
    marts = [row["tableName"] for row in spark.sql(f"show tables in {schema}").collect()]
    for name, text in before.items():
        is_view = "Type: VIEW" in text
        if name not in marts or not is_view:
            spark.sql(f"drop {'view' if is_view else 'table'} main.{name}")
    for name in marts:
        spark.sql(f"create or replace view main.{name} as select * from {schema}.{name}")  # noqa: S608
