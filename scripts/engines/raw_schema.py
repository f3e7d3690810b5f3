"""DDL of the raw tables for every engine, and the rows of those that ml/ writes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.data.schema import TABLES
from scripts.ingest.formats import FORMATS
from scripts.storage import sqlite
from scripts.storage.schema import LOADS_DDL

TYPE_NAME = re.compile(r"\b(text|integer|real)\b")


@dataclass(frozen=True)
class ModelTable:
    """A table of raw.db.

    Attributes
    ----------
    name : str
        Name of the table.
    columns : tuple of str
        Its columns in order.
    never_null : tuple of str
        Text columns declared not null: an empty value is the empty text.
    rows : iterator of tuple
        Can be read once.
    """

    name: str
    columns: tuple[str, ...]
    never_null: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def ddl(name: str, types: Mapping[str, str]) -> str:
    """Return the column definitions of a table with the type names of an engine.

    Parameters
    ----------
    name : str
        A table of `ml.data.schema`.
    types : mapping of str to str
        The engine's names of text, integer and real.

    Examples
    --------
    >>> "threshold double," in ddl("raw_model_runs", {"text": "varchar", "integer": "bigint", "real": "double"})
    True
    """  # noqa: E501
    return TYPE_NAME.sub(lambda word: types[word[0]], TABLES[name])


def raw_statements(types: Mapping[str, str], schema: str = "") -> list[str]:
    """Return the statements that create the raw tables of an engine other than SQLite.

    The tables of files have no key, which bulk loading would have to check: a dbt test finds
    duplicates.

    Parameters
    ----------
    types : mapping of str to str
        The engine's names of text, integer and real.
    schema : str
        Schema of the tables; by default that of the connection.
    """
    place = f"{schema}." if schema else ""
    loads = TYPE_NAME.sub(lambda word: types[word[0]], LOADS_DDL)
    landed = {
        file_format.table: ", ".join(
            (
                f"load_id {types['integer']} not null",
                f"line_number {types['integer']} not null",
                *(f"{column.name} {types['text']}" for column in file_format.columns),
            )
        )
        for file_format in FORMATS
    }
    tables = landed | {name: ddl(name, types) for name in TABLES}
    return [
        loads.replace("raw_loads", f"{place}raw_loads", 1),
        *(f"create table if not exists {place}{name} ({sql})" for name, sql in tables.items()),
    ]


def column_types(name: str) -> dict[str, str]:
    """Return the columns of a table with their types: text, integer or real.

    Parameters
    ----------
    name : str
        `raw_loads`, or a table of `ml.data.schema`.

    Examples
    --------
    >>> column_types("raw_model_curves")["x"]
    'real'
    """
    ddl = LOADS_DDL if name == "raw_loads" else f"create table {name} ({TABLES[name]})"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(ddl)
        return {row["name"]: row["type"].lower() for row in _table_info(connection, name)}


@contextmanager
def read_all(raw_db: Path) -> Iterator[Iterator[ModelTable]]:
    """Open raw.db and yield its model tables one by one."""
    with closing(sqlite.connect_read_only(raw_db)) as connection:
        yield (_read(connection, name) for name in TABLES)


def _read(connection: sqlite3.Connection, name: str) -> ModelTable:
    columns = _table_info(connection, name)
    return ModelTable(
        name=name,
        columns=tuple(column["name"] for column in columns),
        never_null=tuple(
            column["name"]
            for column in columns
            if column["type"].lower() == "text" and column["notnull"]
        ),
        rows=connection.execute(f"select * from {name} order by rowid"),  # noqa: S608  ours
    )


def _table_info(connection: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"pragma table_info({name})")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
