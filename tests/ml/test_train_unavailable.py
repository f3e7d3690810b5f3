from __future__ import annotations

import pytest

from ml.data.features import SqliteFeatures
from ml.predict import predict
from ml.settings import LABEL


def unavailable(result, tmp_path, query):
    """Check the stored run without a model and return its message."""
    assert result.status == "unavailable"
    (row,) = query(
        tmp_path / "raw.db",
        "select status, message, chosen_model, model_file from raw_model_runs"
        " where run_number = (select max(run_number) from raw_model_runs)",
    )
    assert row == ("unavailable", result.message, None, None)
    assert query(tmp_path / "raw.db", "select count(*) from raw_predictions") == [(0,)]
    return result.message


def test_no_customer_is_unavailable(run_quickly, make_work_db, tmp_path, query):
    message = unavailable(run_quickly(make_work_db([])), tmp_path, query)
    assert message.startswith("Model unavailable: there is no customer with an order.")


def test_a_short_history_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row | {"tenure_days": min(24, row["tenure_days"])} for row in shop_rows[:40]]
    message = unavailable(run_quickly(make_work_db(rows)), tmp_path, query)
    assert message.startswith("Model unavailable: the history is 24 days long; 90 are needed")


def test_one_past_window_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 1]
    unavailable(run_quickly(make_work_db(rows)), tmp_path, query)


def test_one_customer_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["customer_id"] == shop_rows[0]["customer_id"]]
    rows = [row | {"tenure_days": 300} for row in rows]
    unavailable(run_quickly(make_work_db(rows)), tmp_path, query)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query, label):
    rows = [row | {LABEL: label if row["snapshot_number"] else None} for row in shop_rows]
    assert "both buyers and others are needed" in unavailable(
        run_quickly(make_work_db(rows)), tmp_path, query
    )


def test_too_few_buyers_for_cross_validation_is_unavailable(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 2]
    older = [row for row in rows if row["snapshot_number"] == 2]
    for place, row in enumerate(older):
        rows[rows.index(row)] = row | {LABEL: int(place < 3)}
    assert "3 customers of the past windows ordered" in unavailable(
        run_quickly(make_work_db(rows)), tmp_path, query
    )


def test_a_run_without_a_model_deletes_old_predictions(
    run_quickly, make_work_db, shop, shop_rows, tmp_path, query
):
    run_quickly(shop)
    predict(SqliteFeatures(shop), tmp_path / "raw.db", tmp_path / "models")
    assert query(tmp_path / "raw.db", "select count(*) from raw_predictions") != [(0,)]
    unavailable(run_quickly(make_work_db(shop_rows[:5])), tmp_path, query)
