"""The raw tables as another engine takes them, and the rows of those that ml/ writes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.data.schema import TABLES
from scripts.ingest.formats import FORMS, Form
from scripts.storage import sqlite

SAME_WORD = re.compile(r"\b(text|integer|real)\b")


@dataclass(frozen=True)
class ModelTable:
    """A table of raw.db.

    Attributes
    ----------
    name : str
        As in raw.db.
    columns : tuple of str
        In order.
    never_null : tuple of str
        Those that are text and never NULL: an empty one is an empty text.
    rows : iterator of tuple
        To be read once.
    """

    name: str
    columns: tuple[str, ...]
    never_null: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def ddl(name: str, types: Mapping[str, str]) -> str:
    """Return the columns of a table in the words of an engine.

    Parameters
    ----------
    name : str
        A table of `ml.data.schema`.
    types : mapping of str to str
        What the engine calls text, integer and real.

    Examples
    --------
    >>> "threshold double," in ddl("raw_model_runs", {"text": "varchar", "integer": "bigint", "real": "double"})
    True
    """  # noqa: E501
    return SAME_WORD.sub(lambda word: types[word[0]], TABLES[name])


def raw_statements(types: Mapping[str, str], schema: str = "") -> list[str]:
    """Return the statements that make the raw tables of an engine where there are none.

    Rows are landed in bulk, and no key has to be looked at for each: that lines are there once is
    tested.

    Parameters
    ----------
    types : mapping of str to str
        What the engine calls text, integer and real.
    schema : str
        Schema of the tables; that of the connection by default.
    """
    place = f"{schema}." if schema else ""
    loads = SAME_WORD.sub(lambda word: types[word[0]], LOADS_DDL)
    landed = {
        form.table: f"load_id {types['integer']} not null, line_number {types['integer']} not null"
        + "".join(f", {column.name} {types['text']}" for column in form.columns)
        for form in FORMS
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
        A table of `ml.data.schema`.

    Examples
    --------
    >>> column_types("raw_model_curves")["x"]
    'real'
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"create table described ({TABLES[name]})")
        found = connection.execute("pragma table_info(described)").fetchall()
    return {column[1]: column[2].lower() for column in found}


@contextmanager
def read_all(raw_db: Path) -> Iterator[Iterator[ModelTable]]:
    """Open raw.db and give its tables one after the other."""
    with closing(sqlite.connect_read_only(raw_db)) as connection:
        yield (_read(connection, name) for name in TABLES)


def _read(connection: sqlite3.Connection, name: str) -> ModelTable:
    described = connection.execute(f"pragma table_info({name})").fetchall()
    return ModelTable(
        name=name,
        columns=tuple(column[1] for column in described),
        never_null=tuple(
            column[1] for column in described if column[2].lower() == "text" and column[3]
        ),
        rows=connection.execute(f"select * from {name} order by rowid"),  # noqa: S608  ours
    )


LOADS_DDL = """
create table if not exists raw_loads (
    load_id integer primary key,
    file_name text not null,
    sheet text not null default '',
    form text not null,
    file_sha256 text not null,
    row_count integer not null,
    input_fingerprint text not null,
    unique (file_sha256, sheet)
)
"""


def form_ddl(form: Form) -> str:
    """Return the statement that creates a form's raw table where there is none.

    Every value is text as the file has it. The rows lie in the order of the
    key itself, without a second index: half the work of loading, and smaller.
    """
    columns = "".join(f"    {column.name} text,\n" for column in form.columns)
    return (
        f"create table if not exists {form.table} (\n"
        f"    load_id integer not null,\n"
        f"    line_number integer not null,\n"
        f"{columns}"
        f"    primary key (load_id, line_number)\n"
        f") without rowid"
    )
