"""Copy marts to a SQLite file, with the keys, checks and indexes that their yml declares."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from jinja2 import Environment

from scripts.engines.sqlite import ROWS_PER_STATEMENT
from scripts.progress import Progress

RowsOf = Callable[[str, Sequence[str], Sequence[str]], Iterator[list[tuple[Any, ...]]]]
"""Called with a table, its columns and its sort key; yields the rows in lists."""

CHECKS = {
    "text": "typeof({0}) in ('text', 'null')",
    "integer": "typeof({0}) in ('integer', 'null')",
    "real": "typeof({0}) in ('real', 'null')",
    "date": "{0} is date({0}, '+0 days')",
    "datetime": "{0} is datetime({0}, '+0 days')",
}


def copy_marts(
    models: Mapping[str, Any], rows_of: RowsOf, marts_db: Path, progress: Progress | None = None
) -> None:
    """Write a new marts.db; `publish.seal` checks the types of its values.

    Parameters
    ----------
    models : mapping of str to node
        The marts' dbt nodes by name.
    rows_of : callable
        Reads a table of the engine, dates as text.
    marts_db : Path
        The file to create.
    progress : callable, optional
        Counts tables.

    Raises
    ------
    sqlite3.Error
        If a key is duplicated, a value is missing, or the file cannot be written.
    """
    with closing(sqlite3.connect(marts_db)) as connection:
        # a failed copy is deleted, so that it needs no journal
        connection.execute("pragma journal_mode = off")
        connection.execute("pragma synchronous = off")
        # `publish.seal` checks all types before the file is published
        connection.execute("pragma ignore_check_constraints = on")
        for number, (name, model) in enumerate(models.items()):
            if progress:
                progress("Copying the marts", number, len(models))
            connection.execute(create_statement(model))
            columns = list(model.columns)
            for rows in rows_of(name, columns, primary_key(model) or columns):
                for start in range(0, len(rows), ROWS_PER_STATEMENT):
                    part = rows[start : start + ROWS_PER_STATEMENT]
                    statement = _insert_statement(name, len(columns), len(part))
                    connection.execute(statement, [*chain.from_iterable(part)])
            for index in indexes(model):
                connection.execute(index)
        connection.commit()


@cache
def _insert_statement(table: str, column_count: int, row_count: int) -> str:
    """Return an insert of several rows; its parameters are the values row by row."""
    row = f"({', '.join(repeat('?', column_count))})"
    # "or fail" avoids the statement journal: a failed copy is deleted
    return f"insert or fail into {table} values {', '.join(repeat(row, row_count))}"  # noqa: S608  names of our models


def create_statement(model: Any) -> str:
    """Return the statement that creates the table of a model, as dbt does on SQLite."""
    columns = [
        " ".join(
            (
                f"{column.name} {column.data_type}",
                *(_constraint(one) for one in column.constraints),
                f"check ({CHECKS[column.data_type.lower()].format(column.name)})",
            )
        )
        for column in model.columns.values()
    ]
    parts = [*columns, *(_constraint(one) for one in model.constraints)]
    return f"create table {model.name} ({', '.join(parts)})"


def _constraint(constraint: Any) -> str:
    kind = str(constraint.type.value)
    own = getattr(constraint, "columns", None)
    columns = f" ({', '.join(own)})" if own else ""
    if kind == "check":
        return f"check ({constraint.expression})"
    if kind == "foreign_key":
        parent = constraint.to.split(".")[-1].replace('"', "")
        own_key = f"foreign key{columns} " if columns else ""
        return f"{own_key}references {parent} ({', '.join(constraint.to_columns)})"
    return f"{kind.replace('_', ' ')}{columns}"


def primary_key(model: Any) -> list[str]:
    """Return the columns of the primary key of a model; empty if it has none."""
    for constraint in model.constraints:
        if constraint.type.value == "primary_key":
            return list(constraint.columns)
    return [
        column.name
        for column in model.columns.values()
        if any(one.type.value == "primary_key" for one in column.constraints)
    ]


def indexes(model: Any) -> list[str]:
    """Return the statements that create the indexes of a model, from its post-hooks."""
    found: list[str] = []

    def create_index(name: str, columns: Sequence[str], unique: bool = False) -> str:  # noqa: FBT001, FBT002  as the hooks call it
        kind = "unique index" if unique else "index"
        found.append(f"create {kind} {name} on {model.name} ({', '.join(columns)})")
        return ""

    for hook in model.config.post_hook:
        Environment(autoescape=True).from_string(hook.sql).render(create_index=create_index)
    return found
