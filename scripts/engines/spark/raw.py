"""The database raw of Spark: where files land."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple

import pyarrow as pa
from pyspark.sql import SparkSession

from ml.data.schema import TABLES
from scripts.engines import raw_schema
from scripts.engines.bulk_load import arrow_tables, landed_tables
from scripts.engines.ownership import MARK, require_own, shop_mark
from scripts.engines.spark.session import explained, session
from scripts.ingest.formats import FORMS, Form
from scripts.ingest.raw_store import LOAD_COLUMNS, Landing, LoadRow
from scripts.ingest.table import Run
from scripts.settings import Settings

TYPES = {"text": "string", "integer": "bigint", "real": "double"}
ARROW_TYPES = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64()}
# Each part becomes a file of its own; larger ones are read faster, and take more memory here.
ROWS_PER_PART = 100_000
LOAD_TYPES = {
    name: "integer" if name in {"load_id", "row_count"} else "text" for name in LOAD_COLUMNS
}


class SparkRaw:
    """The raw tables; see `RawStore`.

    Spark's own tables know no transaction. The rows of a load lie in a partition of their own, and
    the table that dbt reads is a view of those loads that raw_loads names: a load counts from the
    moment on in which it stands there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ensure(self) -> None:
        """Create the raw tables that are not there yet.

        Raises
        ------
        TillsightError
            If those that are there belong to another data folder.
        """
        spark = session(self._settings)
        with explained():
            self._take_database(spark)
            present = {row["tableName"] for row in spark.sql("show tables in raw").collect()}
            statements = {"raw_loads": _ddl("raw_loads", LOAD_TYPES)}
            for form in FORMS:
                statements[landed(form)] = _landed_ddl(form)
                statements[form.table] = _view_ddl(form)
            for name in TABLES:
                statements[name] = _ddl(name, raw_schema.column_types(name))
            for name, statement in statements.items():
                if name not in present:
                    spark.sql(statement)

    def _take_database(self, spark: SparkSession) -> None:
        """Make the database raw, and mark it; a metastore may be one of several data folders."""
        own = shop_mark(self._settings.data_dir)
        spark.sql("create database if not exists raw")
        described = spark.sql("describe database extended raw").collect()
        properties = "".join(row[1] for row in described if row[0] == "Properties")
        found = MARK.search(properties)
        if found:
            require_own(found.group(), own, "the database raw of Spark's metastore")
        else:
            spark.sql(f"alter database raw set dbproperties ('shop' = '{own}')")

    def loads(self) -> list[LoadRow]:
        """Return what has landed, in order."""
        with explained():
            return _named(session(self._settings))

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin to land; nothing of it counts where a failure comes before the end."""
        spark = session(self._settings)
        with explained():
            landing = _SparkLanding(spark)
            landing.remove_unnamed()
            yield landing
            landing.name_all()


class _SparkLanding:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._loads = _named(spark)
        self._new: list[LoadRow] = []

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return what has landed, in order; of all files, or of one."""
        every = [*self._loads, *self._new]
        return [load for load in every if file_sha256 in {None, load.file_sha256}]

    def insert(
        self, form: Form, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Land the rows of a table, and return how many they are."""
        given = ", ".join(one.name if one.name in columns else "null" for one in form.columns)
        row_count = 0
        for part in landed_tables(load_id, columns, runs, ROWS_PER_PART):
            self._spark.createDataFrame(part).coalesce(1).createOrReplaceTempView("part")
            # what an earlier attempt left in this partition goes with the first part
            verb = "into" if row_count else "overwrite"
            self._spark.sql(
                f"insert {verb} raw.{landed(form)} partition (load_id = {load_id:d}) "  # noqa: S608
                f"select line_number, {given} from part"
            )
            row_count += part.num_rows
        return row_count

    def register(self, load: LoadRow) -> None:
        """Add a row of `raw_loads`, once all has landed."""
        self._new.append(load)

    def name_all(self) -> None:
        """Write the new rows of `raw_loads`: one file, which is there or not."""
        if not self._new:
            return
        schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in LOAD_TYPES.items()])
        for part in arrow_tables(map(astuple, self._new), schema):
            self._spark.createDataFrame(part).coalesce(1).write.insertInto("raw.raw_loads")

    def remove_unnamed(self) -> None:
        """Remove the rows of loads that came to no end."""
        for form in FORMS:
            named = {load.load_id for load in self._loads if load.form == form.name}
            table = f"raw.{landed(form)}"
            for (partition,) in self._spark.sql(f"show partitions {table}").collect():
                load_id = int(partition.removeprefix("load_id="))
                if load_id not in named:
                    self._spark.sql(f"alter table {table} drop partition (load_id = {load_id:d})")


def _named(spark: SparkSession) -> list[LoadRow]:
    """Return the loads that count."""
    statement = f"select {', '.join(LOAD_COLUMNS)} from raw.raw_loads order by load_id"  # noqa: S608
    return [LoadRow(*row) for row in spark.sql(statement).collect()]


def landed(form: Form) -> str:
    """Return the name of the table that holds a form's rows, also of loads that do not count."""
    return f"{form.table}__landed"


def _ddl(name: str, types: dict[str, str]) -> str:
    columns = ", ".join(f"{column} {TYPES[kind]}" for column, kind in types.items())
    return f"create table raw.{name} ({columns}) using parquet"


def _landed_ddl(form: Form) -> str:
    columns = "".join(f", {column.name} string" for column in form.columns)
    return (
        f"create table raw.{landed(form)} (line_number bigint{columns}, load_id bigint) "
        "using parquet partitioned by (load_id)"
    )


def _view_ddl(form: Form) -> str:
    return (
        f"create view raw.{form.table} as select * from raw.{landed(form)} where load_id in "  # noqa: S608
        f"(select load_id from raw.raw_loads where form = '{form.name}')"
    )
