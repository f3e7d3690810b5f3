"""The database raw of Spark, which files are loaded into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple

import pyarrow as pa
from pyspark.sql import SparkSession

from ml.data.schema import TABLES
from scripts.engines import raw_schema
from scripts.engines.bulk_load import arrow_tables, landed_tables
from scripts.engines.ownership import MARK, owner_mark, require_own
from scripts.engines.spark.session import explained, session
from scripts.ingest.formats import FORMATS, Format
from scripts.ingest.raw_store import SELECT_LOADS, Landing, LoadRow, load_rows
from scripts.ingest.table import Run
from scripts.settings import Settings

TYPES = {"text": "string", "integer": "bigint", "real": "double"}
ARROW_TYPES = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64()}
# Each part becomes a file; larger files are read faster and take more memory here.
ROWS_PER_PART = 100_000
LOAD_TYPES = raw_schema.column_types("raw_loads")


class SparkRaw:
    """The raw tables; see `RawStore`.

    Spark's tables have no transactions. Each load is a partition, and dbt reads a view of the loads
    that are in raw_loads: inserting the row into raw_loads commits the load.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create_tables(self) -> None:
        """Create the raw tables where they are missing.

        Raises
        ------
        TillsightError
            If existing tables belong to another data folder.
        """
        spark = session(self._settings)
        with explained():
            self._take_database(spark)
            present = {row["tableName"] for row in spark.sql("show tables in raw").collect()}
            statements = {"raw_loads": _ddl("raw_loads", LOAD_TYPES)}
            for file_format in FORMATS:
                statements[landed(file_format)] = _landed_ddl(file_format)
                statements[file_format.table] = _view_ddl(file_format)
            for name in TABLES:
                statements[name] = _ddl(name, raw_schema.column_types(name))
            for name, statement in statements.items():
                if name not in present:
                    spark.sql(statement)

    def _take_database(self, spark: SparkSession) -> None:
        """Create the database raw and mark its owner; data folders can share a metastore."""
        own = owner_mark(self._settings.data_dir)
        spark.sql("create database if not exists raw")
        described = spark.sql("describe database extended raw").collect()
        properties = "".join(row[1] for row in described if row[0] == "Properties")
        found = MARK.search(properties)
        if found:
            require_own(found.group(), own, "the database raw of Spark's metastore")
        else:
            spark.sql(f"alter database raw set dbproperties ('shop' = '{own}')")

    def loads(self) -> list[LoadRow]:
        """Return the committed loads in order, also while a landing is open."""
        with explained():
            return _committed(session(self._settings))

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """Begin a landing, which is committed at the end and has no effect on an exception."""
        spark = session(self._settings)
        with explained():
            landing = _SparkLanding(spark)
            landing.remove_uncommitted()
            yield landing
            landing.commit()


class _SparkLanding:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._loads = _committed(spark)
        self._new: list[LoadRow] = []

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return the loads in order; of all files, or of one."""
        every = [*self._loads, *self._new]
        return [load for load in every if file_sha256 in {None, load.file_sha256}]

    def insert(
        self, file_format: Format, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Insert the rows of a table and return their number."""
        given = ", ".join(
            one.name if one.name in columns else "null" for one in file_format.columns
        )
        row_count = 0
        for part in landed_tables(load_id, columns, runs, ROWS_PER_PART):
            self._spark.createDataFrame(part).coalesce(1).createOrReplaceTempView("part")
            # the first part overwrites leftovers of an earlier attempt
            verb = "into" if row_count else "overwrite"
            self._spark.sql(
                f"insert {verb} raw.{landed(file_format)} partition (load_id = {load_id:d}) "  # noqa: S608
                f"select line_number, {given} from part"
            )
            row_count += part.num_rows
        return row_count

    def register(self, load: LoadRow) -> None:
        """Insert a row into `raw_loads` on commit."""
        self._new.append(load)

    def commit(self) -> None:
        """Write the new rows of `raw_loads` as one file, which is atomic."""
        if not self._new:
            return
        schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in LOAD_TYPES.items()])
        for part in arrow_tables(map(astuple, self._new), schema):
            self._spark.createDataFrame(part).coalesce(1).write.insertInto("raw.raw_loads")

    def remove_uncommitted(self) -> None:
        """Remove the rows of loads that were not committed."""
        for file_format in FORMATS:
            committed = {load.load_id for load in self._loads if load.format == file_format.name}
            table = f"raw.{landed(file_format)}"
            for (partition,) in self._spark.sql(f"show partitions {table}").collect():
                load_id = int(partition.removeprefix("load_id="))
                if load_id not in committed:
                    self._spark.sql(f"alter table {table} drop partition (load_id = {load_id:d})")


def _committed(spark: SparkSession) -> list[LoadRow]:
    """Return the committed loads."""
    found = spark.sql(f"{SELECT_LOADS} from raw.raw_loads order by load_id")
    return load_rows(found.columns, found.collect())


def landed(file_format: Format) -> str:
    """Return the name of the table of all rows of a format, uncommitted ones included."""
    return f"{file_format.table}__landed"


def _ddl(name: str, types: dict[str, str]) -> str:
    columns = ", ".join(f"{column} {TYPES[kind]}" for column, kind in types.items())
    return f"create table raw.{name} ({columns}) using parquet"


def _landed_ddl(file_format: Format) -> str:
    columns = "".join(f", {column.name} string" for column in file_format.columns)
    return (
        f"create table raw.{landed(file_format)} (line_number bigint{columns}, load_id bigint) "
        "using parquet partitioned by (load_id)"
    )


def _view_ddl(file_format: Format) -> str:
    loads = f"select load_id from raw.raw_loads where form = '{file_format.name}'"  # noqa: S608
    rows = f"select * from raw.{landed(file_format)} where load_id in ({loads})"  # noqa: S608
    return f"create view raw.{file_format.table} as {rows}"
