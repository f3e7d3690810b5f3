from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields

import pytest

from ml.data.schema import TABLES, CurveRow, MetricRow, ModelRun, PredictionRow
from ml.registry.runs import ensure_tables, write_run


@pytest.fixture(scope="module")
def columns():
    """Return the columns of each table, as SQLite knows them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        ensure_tables(connection)
        return {
            name: [row[1] for row in connection.execute(f"pragma table_info({name})")]
            for name in TABLES
        }


@pytest.mark.parametrize(
    ("table", "row", "beside"),
    [
        ("raw_model_runs", ModelRun, {"run_number", "is_pinned"}),
        ("raw_model_metrics", MetricRow, {"model_run_id"}),
        ("raw_model_curves", CurveRow, {"model_run_id"}),
        ("raw_predictions", PredictionRow, {"model_run_id"}),
    ],
)
def test_a_table_has_the_columns_of_its_row_class(columns, table, row, beside):
    assert {field.name for field in fields(row)} | beside == set(columns[table])
    assert not {field.name for field in fields(row)} & beside


def test_columns_of_the_prediction_log(columns):
    assert columns["raw_prediction_log"] == [
        "prediction_date",
        "customer_id",
        "model_run_id",
        "horizon_days",
        "purchase_probability",
        "predicted_label",
        "log_number",
    ]


@pytest.mark.parametrize(
    ("column", "run", "metric", "curve"),
    [
        ("status", {"status": "perhaps"}, "report", "roc"),
        ("verdict", {"verdict": "maybe"}, "report", "roc"),
        ("threshold_rule", {"threshold_rule": "guess"}, "report", "roc"),
        ("split", {}, "test", "roc"),
        ("curve", {}, "report", "lift"),
    ],
)
def test_a_value_outside_the_literal_type_violates_a_check(make_run, column, run, metric, curve):
    metrics = [MetricRow(metric, "2024-05-31", "blend", "all", "log_loss", 0.5)]
    curves = [CurveRow("blend", curve, 0, 0.0, 0.0, 0)]
    with closing(sqlite3.connect(":memory:")) as connection:
        ensure_tables(connection)
        write_run(connection, make_run(), [], [])
        with pytest.raises(sqlite3.IntegrityError, match=f"CHECK constraint failed: {column} in"):
            write_run(connection, make_run(**run), metrics, curves)
