"""Checks for label leakage, with features and labels of known relation."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ml.settings import LABEL, Settings

WITH_ALL_CANDIDATES = Settings(
    importance_rows=50, importance_repeats=1, bootstrap_repeats=20, history_windows=0
)


@pytest.fixture
def run_without_backtest(run_quickly, fast_settings):
    """Return a function that trains without a backtest."""

    def run(work_db, **other):
        return run_quickly(work_db, dataclasses.replace(fast_settings, history_windows=0, **other))

    return run


def report(query, out, model, metric, part="all"):
    return query(
        out / "raw.db",
        "select value from raw_model_metrics"
        " where split = 'report' and model = ? and slice = ? and metric = ?",
        model,
        part,
        metric,
    )[0][0]


def test_a_leaked_label_gives_an_auc_near_1(
    run_without_backtest, make_work_db, shop_rows, tmp_path, query
):
    leaky = [row | {"share_returned": row[LABEL] or 0} for row in shop_rows]
    run_without_backtest(make_work_db(leaky))
    assert report(query, tmp_path, "logistic_regression", "roc_auc") > 0.99


def test_random_labels_give_an_auc_of_a_half(run_quickly, make_work_db, shop_rows, tmp_path, query):
    # If the report window were used in fitting, its AUC would be above a half.
    random = np.random.default_rng(0)
    randomised = [
        row | {LABEL: int(random.random() < 0.4) if row["snapshot_number"] else None}
        for row in shop_rows
    ]
    result = run_quickly(make_work_db(randomised), WITH_ALL_CANDIDATES)
    assert report(query, tmp_path, result.chosen_model, "roc_auc") == pytest.approx(0.5, abs=0.1)


def test_labels_of_the_report_window_change_its_metrics_only(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    flipped = [
        row | {LABEL: 1 - row[LABEL]} if row["snapshot_number"] == 1 else row for row in shop_rows
    ]
    ids = [run_quickly(make_work_db(rows)).model_run_id for rows in (shop_rows, flipped)]

    def of_both(statement):
        return [query(tmp_path / "raw.db", statement, model_run_id) for model_run_id in ids]

    earlier = (
        "select split, as_of_date, model, slice, metric, value, low, high from raw_model_metrics"
        " where split in ('choose', 'history')"
    )
    before, after = of_both(f"{earlier} and model_run_id = ?")
    assert {row[0] for row in before} == {"choose", "history"}
    assert before == after
    calibration = "select x, row_count from raw_model_curves where curve = 'calibration'"
    before, after = of_both(f"{calibration} and model_run_id = ? order by model, point")
    assert before == after
    area = (
        "select value from raw_model_metrics where split = 'report' and slice = 'all'"
        " and model = 'logistic_regression' and metric = 'roc_auc'"
    )
    ((before,),), ((after,),) = of_both(f"{area} and model_run_id = ?")
    assert before + after == pytest.approx(1)


def test_two_windows_are_sufficient(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 2]
    result = run_quickly(make_work_db(rows), WITH_ALL_CANDIDATES)
    assert result.status == "trained"
    older = sum(row["snapshot_number"] == 2 for row in rows)
    chosen_on = query(
        tmp_path / "raw.db",
        "select distinct value from raw_model_metrics"
        " where split = 'choose' and slice = 'all' and metric = 'rows'",
    )
    assert chosen_on == [(older,)]


@pytest.mark.parametrize(("rate", "sign"), [(0.7, 1), (0.1, -1)])
def test_calibration_drift_of_the_report_window_is_carried_forward(
    run_without_backtest, make_work_db, shop_rows, tmp_path, rate, sign
):
    random = np.random.default_rng(0)
    rows = []
    for row in shop_rows:
        chance = rate if row["snapshot_number"] == 1 else 0.4
        bought = int(random.random() < chance) if row["snapshot_number"] else None
        rows.append(row | {LABEL: bought})
    run_without_backtest(make_work_db(rows))
    (details,) = (tmp_path / "models").glob("*/model.json")
    assert json.loads(details.read_text())["level_shift"] * sign > 0.1


def test_the_threshold_is_not_a_half_if_f1_is_higher_elsewhere(
    run_without_backtest, make_work_db, shop_rows, tmp_path, query
):
    # A quarter of the customers with the feature buy, and no others. Strong regularisation keeps
    # their probabilities below a half, and F1 is highest if all of them are marked.
    rows = []
    for place, row in enumerate(shop_rows):
        looks = place % 10 < 4
        bought = int(place % 10 == 0) if row["snapshot_number"] else None
        rows.append(row | {"share_returned": float(looks), LABEL: bought})
    run_without_backtest(make_work_db(rows), regularisation=0.003)
    assert 0.1 < query(tmp_path / "raw.db", "select threshold from raw_model_runs")[0][0] < 0.4
    assert report(query, tmp_path, "logistic_regression", "recall") > 0.5
