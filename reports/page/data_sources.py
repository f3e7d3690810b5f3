"""Which published tables each figure of the page is read from. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reports.formatting import script_json
from reports.marts.catalog import ColumnDoc, LineageEdge, TableDoc

SOURCES: dict[str, tuple[str, ...]] = {
    "kpis": ("snapshot_kpis",),
    "monthly-revenue": ("monthly_sales",),
    "segment-customers": ("segments",),
    "segment-revenue": ("segments",),
    "segments": ("segments", "segment_details"),
    "score-grid": ("rfm_scores", "predictions"),
    "moves": ("segment_moves",),
    "move-causes": ("segment_move_causes",),
    "segment-flows": ("segment_moves",),
    "segment-sizes": ("segment_history",),
    "cohorts": ("cohort_retention",),
    "customers": ("customer_360", "orders"),
    "verdict": ("model_runs",),
    "metrics": ("model_metrics",),
    "baselines": ("model_metrics",),
    "confusion": ("model_metrics",),
    "one-time-buyers": ("model_metrics",),
    "roc": ("model_curves",),
    "precision-recall": ("model_curves",),
    "calibration": ("model_curves",),
    "gains": ("model_curves",),
    "windows": ("model_runs",),
    "past-log-loss": ("model_metrics",),
    "past-roc-auc": ("model_metrics",),
    "track-record": ("prediction_track_record", "prediction_outcomes"),
    "track-calibration": ("prediction_track_record", "prediction_outcomes"),
    "probability-bands": ("predictions",),
    "importance": ("model_metrics",),
    "model-runs": ("model_runs",),
    "ledger": ("row_ledger", "rejected_rows"),
    "thresholds": ("score_thresholds",),
    "build": ("build_info",),
    "data-tests": ("data_tests",),
    "column-docs": ("column_docs", "table_docs"),
    "lineage": ("table_lineage",),
}
"""By the name of a chart, or of another figure, the tables of the marts that it shows."""


def docs_json(
    tables: Sequence[TableDoc],
    columns: Sequence[ColumnDoc],
    edges: Sequence[LineageEdge],
) -> str:
    """Write what the dialog of definitions shows, as JSON that is safe within a page.

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
        For each table its layer, description, SQL, columns, and the tables before and after it.
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
