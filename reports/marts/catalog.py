"""What tables and columns mean: queries and rows of the three tables of documentation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    """A row of `column_docs`."""

    table_name: str
    column_name: str
    type: str | None
    unit: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class TableDoc:
    """A row of `table_docs`."""

    table_name: str
    layer: str
    description: str
    sql_code: str


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """A row of `table_lineage`."""

    from_table: str
    to_table: str


COLUMN_DOCS = """
select table_name, column_name, type, unit, description
from column_docs
order by table_name, position, column_name
"""


TABLE_DOCS = """
select table_name, layer, description, sql_code from table_docs order by table_name
"""


LINEAGE = "select from_table, to_table from table_lineage order by from_table, to_table"
