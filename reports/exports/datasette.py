"""The metadata file of Datasette 0.65: descriptions from dbt, sort orders, facets and access.

Tables with e-mail addresses or landed rows, and user-written SQL, are open to `datasette --root`
alone.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.marts import reader
from reports.marts.build import BuildInfo, read_build
from reports.marts.catalog import (
    COLUMN_DOCS,
    LINEAGE,
    TABLE_DOCS,
    ColumnDoc,
    LineageEdge,
    TableDoc,
)
from reports.site.atomic_write import replaced

ROOT_ALONE = {"id": "root"}
CLOSED = frozenset({"customers", "rejected_rows"})
"""Tables with an e-mail column or with landed rows, which hide e-mail addresses but not names."""


@dataclass(frozen=True)
class View:
    """Initial view of a table.

    Attributes
    ----------
    order : str or None
        Column that rows are sorted by, descending with a leading `-`; None sorts by the key.
    facets : tuple of str
        Columns whose values are counted.
    """

    order: str | None = None
    facets: tuple[str, ...] = ()


VIEWS: dict[str, View] = {
    "column_docs": View(facets=("table_name", "unit")),
    "customer_360": View("-net_revenue", ("segment", "segment_detail", "country")),
    "customers": View(facets=("country",)),
    "data_tests": View(facets=("status", "kind")),
    "model_curves": View(facets=("model", "curve")),
    "model_metrics": View(facets=("model", "split", "metric")),
    "model_runs": View("-run_number", ("status", "verdict")),
    "monthly_sales": View("-month"),
    "prediction_outcomes": View("-prediction_date", ("ordered",)),
    "prediction_track_record": View("-prediction_date"),
    "predictions": View("-purchase_probability", ("predicted_label",)),
    "products": View(facets=("category",)),
    "rejected_rows": View(facets=("reason", "source")),
    "rfm_scores": View("-monetary", ("segment", "segment_detail")),
    "row_ledger": View("-row_count", ("reason",)),
    "segment_details": View("segment_order"),
    "segment_history": View("-as_of_date", ("segment",)),
    "segment_move_causes": View("-customers", ("cause",)),
    "segment_moves": View("-customers"),
    "segments": View("segment_order"),
    "snapshot_kpis": View("snapshot_number"),
    "table_docs": View(facets=("layer",)),
    "transactions": View("-invoice_date", ("is_return",)),
}
"""Views that differ from the default. Datasette stops a query after one second, so `orders`, which
has no index on its date, is sorted by its key."""


def write_metadata(marts_db: Path, out: Path) -> None:
    """Write the metadata file for `datasette --metadata`.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    out : Path
        The JSON file; replaced only when the new one is complete.

    Raises
    ------
    ReportError
        If the marts cannot be read.
    OSError
        If the file cannot be written.
    """
    with reader.open_marts(marts_db) as connection:
        metadata = describe(
            read_build(connection),
            tuple(reader.read_rows(connection, TableDoc, TABLE_DOCS)),
            tuple(reader.read_rows(connection, ColumnDoc, COLUMN_DOCS)),
            tuple(reader.read_rows(connection, LineageEdge, LINEAGE)),
            database=marts_db.stem,
        )
    with replaced(out) as file:
        json.dump(metadata, file, ensure_ascii=False, indent=2)
        file.write("\n")


def how_to_open(marts_db: Path, metadata: Path) -> str:
    """Return the command that opens the marts in Datasette, and its cautions.

    Examples
    --------
    >>> print(how_to_open(Path("marts.db"), Path("my shop.json")).splitlines()[0])
    Type:     datasette marts.db --metadata 'my shop.json' --root --open
    """
    command = ["datasette", str(marts_db), "--metadata", str(metadata), "--root", "--open"]
    return (
        f"Type:     {shlex.join(command)}\n"
        "Your browser then shows everything. Other users of the address see no e-mail addresses: "
        f"the tables {' and '.join(sorted(CLOSED))} and user-written SQL are closed to them.\n"
        "Restart Datasette after each run, because it reads the file that it opened. Do not use "
        "--immutable, which offers the whole file with e-mail addresses for download. To install "
        "Datasette: pip install 'datasette<1'"
    )


def describe(
    build: BuildInfo,
    tables: Sequence[TableDoc],
    columns: Sequence[ColumnDoc],
    edges: Sequence[LineageEdge],
    *,
    database: str,
) -> dict[str, object]:
    """Return the descriptions in the format of Datasette 0.65.

    Parameters
    ----------
    build : BuildInfo
        Name of the shop and currency.
    tables : sequence of TableDoc
        Tables of the project; those of the layer `marts` are described.
    columns : sequence of ColumnDoc
        Columns of these tables.
    edges : sequence of LineageEdge
        Dependencies between tables.
    database : str
        Name of the file without the suffix, as in Datasette.

    Returns
    -------
    dict
        Title and description of the shop; for each table title, description, columns with units,
        sources, order, facets and access.

    References
    ----------
    Datasette 0.65, *Metadata*; *Authentication and permissions*.
    """
    shop = build.shop_name or "Tillsight"
    about = {
        "title": shop,
        "description": (
            "Customers, sales and forecast as Tillsight published them. Begin with customer_360; "
            "column_docs describes every column, table_docs has the SQL of every table."
        ),
    }
    described = {
        table.table_name: _table(
            table,
            {
                column.column_name: _column(column, build.reporting_currency)
                for column in columns
                if column.table_name == table.table_name
            },
            [edge.from_table for edge in edges if edge.to_table == table.table_name],
        )
        for table in tables
        if table.layer == "marts"
    }
    return {
        **about,
        "databases": {database: {**about, "allow_sql": ROOT_ALONE, "tables": described}},
    }


def _table(table: TableDoc, columns: Mapping[str, str], reads: Sequence[str]) -> dict[str, object]:
    """Return the entry of a table; `columns` maps names to descriptions."""
    view = VIEWS.get(table.table_name, View())
    entry: dict[str, object] = {
        "title": _title(table),
        "description": table.description,
        "source": f"dbt model {table.table_name}" + (f", from {', '.join(reads)}" if reads else ""),
        "columns": columns,
    }
    if view.order:
        entry["sort_desc" if view.order.startswith("-") else "sort"] = view.order.removeprefix("-")
    if view.facets:
        entry["facets"] = list(view.facets)
    if table.table_name in CLOSED:
        entry["allow"] = ROOT_ALONE
    return entry


def _title(table: TableDoc) -> str:
    """Return the table name and the grain from the description."""
    grain = re.search(r"\bOne row (per [^.;]+)", table.description)
    return f"{table.table_name}: one row {grain[1]}" if grain else table.table_name


def _column(column: ColumnDoc, currency: str | None) -> str:
    """Return the description with the unit: Datasette would print 13,710 GBP as 13.71 kGBP."""
    description = column.description or ""
    if not column.unit:
        return description
    return (
        f"{description} Unit: {column.unit.replace('currency', currency or 'currency')}.".lstrip()
    )
