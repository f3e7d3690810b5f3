"""What Datasette shows beside the rows of `marts.db`: the descriptions that dbt holds.

Written for Datasette 0.65, whose metadata file also says who may see what. Tables that hold
e-mail addresses or rows as they came, and SQL of one's own, which could read them, are open to
`datasette --root` alone.
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
"""Tables with an e-mail column, or with rows as they came: those hide e-mail, and no names."""


@dataclass(frozen=True)
class View:
    """How a table opens.

    Attributes
    ----------
    order : str or None
        Column that rows are sorted by, descending with a `-` before it; None keeps the key.
    facets : tuple of str
        Columns whose values are counted beside the rows.
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
"""Tables that open in another order than that of their key, or with facets. Datasette gives a
page a second, also with a million customers: orders, a long table without an index on its date,
keeps the order of its key."""


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
    """Say what to type to open the marts in Datasette, and what to beware of.

    Examples
    --------
    >>> print(how_to_open(Path("marts.db"), Path("my shop.json")).splitlines()[0])
    Type:     datasette marts.db --metadata 'my shop.json' --root --open
    """
    command = ["datasette", str(marts_db), "--metadata", str(metadata), "--root", "--open"]
    return (
        f"Type:     {shlex.join(command)}\n"
        "Your browser then shows everything. Whoever else can reach the address sees no e-mail: "
        f"the tables {' and '.join(sorted(CLOSED))} and SQL of one's own are closed to them.\n"
        "Start it again after each run, since it keeps the file that it opened; never with "
        "--immutable, which offers the whole file for download, e-mail too. If Datasette is not "
        "there yet: pip install 'datasette<1'"
    )


def describe(
    build: BuildInfo,
    tables: Sequence[TableDoc],
    columns: Sequence[ColumnDoc],
    edges: Sequence[LineageEdge],
    *,
    database: str,
) -> dict[str, object]:
    """Arrange the descriptions as Datasette 0.65 reads them.

    Parameters
    ----------
    build : BuildInfo
        Names the shop and the currency.
    tables : sequence of TableDoc
        Tables of the project; those of the layer `marts` are described.
    columns : sequence of ColumnDoc
        Columns of these.
    edges : sequence of LineageEdge
        Which table reads which.
    database : str
        What Datasette calls the file: its name without the suffix.

    Returns
    -------
    dict
        Title and description of the shop; for each table its grain as title, description,
        columns with units, what it is made from, order, facets and who may see it.

    References
    ----------
    Datasette 0.65, *Metadata*; *Authentication and permissions*.
    """
    shop = build.shop_name or "Tillsight"
    about = {
        "title": shop,
        "description": (
            "Customers, sales and forecast as Tillsight published them. Begin with customer_360; "
            "column_docs says what every column means, and table_docs with which SQL it is made."
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
    """Return the entry of a table; `columns` are descriptions by name."""
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
    """Say the name that SQL needs, and the grain, which every description holds."""
    grain = re.search(r"\bOne row (per [^.;]+)", table.description)
    return f"{table.table_name}: one row {grain[1]}" if grain else table.table_name


def _column(column: ColumnDoc, currency: str | None) -> str:
    """Say what a column means and its unit.

    Datasette has units of its own, but writes them with SI prefixes: a revenue of 13,710 GBP as
    13.71 kGBP.
    """
    told = column.description or ""
    if not column.unit:
        return told
    return f"{told} Unit: {column.unit.replace('currency', currency or 'currency')}.".lstrip()
