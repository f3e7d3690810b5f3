"""Three ways in which BI tools read `marts.db`, brought to one form.

Each asks its driver for tables, keys and types, as a tool does that offers joins, and returns rows
as the driver gives them: what it gives as text stays text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import jaydebeapi
import jpype
import sqlalchemy

SQLITE_JDBC = Path("/usr/share/java/sqlite-jdbc.jar")

Key = tuple[str, str, str]


class Reader(Protocol):
    """What a tool asks for. A foreign key is its column, and table and column of its parent."""

    def tables(self) -> set[str]: ...
    def types(self, table: str) -> dict[str, str]: ...
    def primary_key(self, table: str) -> set[str]: ...
    def foreign_keys(self, table: str) -> set[Key]: ...
    def rows(self, table: str) -> list[tuple[Any, ...]]: ...
    def execute(self, sql: str) -> None: ...
    def close(self) -> None: ...


class Odbc:
    def __init__(self, address: str) -> None:
        import pyodbc  # noqa: PLC0415  cannot be imported without unixodbc

        self._connection = pyodbc.connect(address)
        self._cursor = self._connection.cursor()

    def tables(self) -> set[str]:
        return {row.table_name for row in self._cursor.tables(tableType="TABLE")}

    def types(self, table: str) -> dict[str, str]:
        return {row.column_name: row.type_name for row in self._cursor.columns(table)}

    def primary_key(self, table: str) -> set[str]:
        return {row.column_name for row in self._cursor.primaryKeys(table)}

    def foreign_keys(self, table: str) -> set[Key]:
        found = self._cursor.foreignKeys(foreignTable=table)
        return {(row.fkcolumn_name, row.pktable_name, row.pkcolumn_name) for row in found}

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._cursor.execute(f"select * from {table}")]

    def execute(self, sql: str) -> None:
        self._cursor.execute(sql)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


class Jdbc:
    def __init__(self, address: str) -> None:
        self._connection = jaydebeapi.connect("org.sqlite.JDBC", address, jars=str(SQLITE_JDBC))
        self._java = self._connection.jconn
        self._about = self._java.getMetaData()

    def tables(self) -> set[str]:
        found = self._about.getTables(None, None, "%", ["TABLE"])
        return {name for (name,) in _texts(found, "TABLE_NAME")}

    def types(self, table: str) -> dict[str, str]:
        found = self._about.getColumns(None, None, table, "%")
        return dict(_texts(found, "COLUMN_NAME", "TYPE_NAME"))

    def primary_key(self, table: str) -> set[str]:
        found = self._about.getPrimaryKeys(None, None, table)
        return {column for (column,) in _texts(found, "COLUMN_NAME")}

    def foreign_keys(self, table: str) -> set[Key]:
        found = self._about.getImportedKeys(None, None, table)
        return set(_texts(found, "FKCOLUMN_NAME", "PKTABLE_NAME", "PKCOLUMN_NAME"))

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        found = self._java.createStatement().executeQuery(f"select * from {table}")
        columns = found.getMetaData()
        names = [str(columns.getColumnTypeName(n + 1)) for n in range(columns.getColumnCount())]
        return list(_values(found, names))

    def execute(self, sql: str) -> None:
        self._java.createStatement().executeUpdate(sql)

    def close(self) -> None:
        self._connection.close()


def _texts(found: Any, *columns: str) -> Iterator[tuple[str, ...]]:
    while found.next():
        yield tuple(str(found.getString(column)) for column in columns)


def _values(found: Any, types: list[str]) -> Iterator[tuple[Any, ...]]:
    while found.next():
        yield tuple(_value(found, n, name) for n, name in enumerate(types, start=1))


def _value(found: Any, column: int, declared: str) -> Any:
    """Fetch a value the way that a program asks for its declared type."""
    if declared == "DATE":
        day = found.getDate(column)
        assert day is None or isinstance(day, jpype.JClass("java.sql.Date"))
        return day and date.fromisoformat(str(day))
    if declared == "DATETIME":
        # with date_string_format the driver's getTimestamp forgets the time of day
        text = found.getString(column)
        return text and datetime.fromisoformat(str(text))
    value = found.getObject(column)
    if isinstance(value, jpype.java.lang.Number):
        return float(value) if declared == "REAL" else int(value)
    return value and str(value)


class SqlAlchemy:
    def __init__(self, address: str) -> None:
        self._engine = sqlalchemy.create_engine(address)
        self._about = sqlalchemy.inspect(self._engine)

    def tables(self) -> set[str]:
        return set(self._about.get_table_names())

    def types(self, table: str) -> dict[str, str]:
        return {column["name"]: str(column["type"]) for column in self._about.get_columns(table)}

    def primary_key(self, table: str) -> set[str]:
        return set(self._about.get_pk_constraint(table)["constrained_columns"])

    def foreign_keys(self, table: str) -> set[Key]:
        return {
            (column, key["referred_table"], parent)
            for key in self._about.get_foreign_keys(table)
            for column, parent in zip(
                key["constrained_columns"], key["referred_columns"], strict=True
            )
        }

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        reflected = sqlalchemy.Table(table, sqlalchemy.MetaData(), autoload_with=self._engine)
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.select(reflected))]

    def execute(self, sql: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(sqlalchemy.text(sql))

    def close(self) -> None:
        self._engine.dispose()
