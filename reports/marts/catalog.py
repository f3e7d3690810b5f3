"""Documentation of the project: rows of `column_docs`, `table_docs` and `table_lineage`."""

from __future__ import annotations

from dataclasses import dataclass

from reports.marts.reader import select
from reports.marts.suppressed import Public


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    """A row of `column_docs`."""

    table_name: Public[str]
    column_name: Public[str]
    type: Public[str | None]
    unit: Public[str | None]
    description: Public[str | None]


COLUMN_DOCS = select(ColumnDoc, from_="column_docs", order_by="table_name, position, column_name")


@dataclass(frozen=True, slots=True)
class TableDoc:
    """A row of `table_docs`."""

    table_name: Public[str]
    layer: Public[str]
    description: Public[str]
    sql_code: Public[str]


TABLE_DOCS = select(TableDoc, from_="table_docs", order_by="table_name")


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """A row of `table_lineage`."""

    from_table: Public[str]
    to_table: Public[str]


LINEAGE = select(LineageEdge, from_="table_lineage", order_by="from_table, to_table")
