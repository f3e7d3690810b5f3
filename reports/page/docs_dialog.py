"""The dialog with the definition of a table: description, columns, SQL, lineage. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reports.formatting import script_json
from reports.marts.catalog import ColumnDoc, LineageEdge, TableDoc


def docs_json(
    tables: Sequence[TableDoc],
    columns: Sequence[ColumnDoc],
    edges: Sequence[LineageEdge],
) -> str:
    """Return the content of the dialog as JSON that is safe within a page.

    Parameters
    ----------
    tables : sequence of TableDoc
        Every table of the project.
    columns : sequence of ColumnDoc
        Columns of the published ones.
    edges : sequence of LineageEdge
        Which table reads which.

    Returns
    -------
    str
        By name of the table: layer, description, SQL, columns, the tables that it reads and feeds.
    """
    docs: dict[str, dict[str, object]] = {
        table.table_name: {
            "layer": table.layer,
            "description": table.description,
            "sql": table.sql_code,
            "columns": [
                [column.column_name, column.type, column.unit, column.description]
                for column in columns
                if column.table_name == table.table_name
            ],
            "reads": [edge.from_table for edge in edges if edge.to_table == table.table_name],
            "feeds": [edge.to_table for edge in edges if edge.from_table == table.table_name],
        }
        for table in tables
    }
    return script_json(docs)
