from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from ml.data.windows import Window, WindowSummary
from ml.evaluation import bootstrap
from ml.evaluation.evaluate import (
    Predictions,
    curve_rows,
    importance_rows,
    is_one_time_buyer,
    loss_differences,
    metric_rows,
)
from ml.models.baselines import BASELINES
from ml.models.estimators import FittedCandidate
from ml.settings import FEATURES, Settings

DATE = "2024-05-31"
SETTINGS = Settings(bootstrap_repeats=50)
LABELS = np.array([1, 0, 1, 0, 0])
IS_ONE_TIME_BUYER = np.array([True, True, False, False, False])
PROBABILITY = {"blend": np.array([0.9, 0.6, 0.5, 0.2, 0.1])} | dict.fromkeys(
    BASELINES, np.full(5, 0.4)
)
PREDICTIONS = Predictions(DATE, LABELS, IS_ONE_TIME_BUYER, PROBABILITY)
THRESHOLDS = dict.fromkeys(PROBABILITY, 0.5)


def by_name(rows, model="blend", part="all"):
    return {row.metric: row for row in rows if (row.model, row.slice) == (model, part)}


def calibrated_predictions(customers=400, seed=0):
    """Return predictions of a perfectly calibrated model."""
    random = np.random.default_rng(seed)
    probability = random.random(customers)
    labels = (random.random(customers) < probability).astype(np.int64)
    probabilities = {"blend": probability} | dict.fromkeys(BASELINES, np.full(customers, 0.5))
    return Predictions(DATE, labels, np.zeros(customers, dtype=bool), probabilities)


def test_one_time_buyers_have_one_order(make_features):
    customers = make_features({"frequency": 1.0}, {"frequency": 2.0}, {"order_days": 1.0})
    customers[2, FEATURES.index("frequency")] = 3
    assert is_one_time_buyer(customers).tolist() == [True, False, False]


def test_metrics_by_model_and_slice():
    rows = metric_rows("report", PREDICTIONS, THRESHOLDS, SETTINGS)
    assert {row.split for row in rows} == {"report"}
    assert {row.as_of_date for row in rows} == {DATE}
    assert {row.model for row in rows} == set(PROBABILITY)
    assert by_name(rows)["rows"].value == 5
    assert by_name(rows)["positives"].value == 2
    assert by_name(rows, part="one_time_buyers")["rows"].value == 2
    assert by_name(rows, part="one_time_buyers")["positives"].value == 1
    assert len({(row.model, row.slice, row.metric) for row in rows}) == len(rows)


def test_slices_can_be_selected():
    rows = metric_rows("history", PREDICTIONS, THRESHOLDS, SETTINGS, slices=("all",))
    assert {row.slice for row in rows} == {"all"}


def test_each_model_has_its_own_threshold():
    rows = metric_rows("report", PREDICTIONS, THRESHOLDS | {"blend": 0.55}, SETTINGS)
    found = by_name(rows)
    assert (found["true_positive"].value, found["false_positive"].value) == (1, 1)
    assert by_name(rows, "base_rate")["true_positive"].value == 0


def test_intervals_can_be_left_out():
    rows = metric_rows("choose", PREDICTIONS, THRESHOLDS, SETTINGS, with_intervals=False)
    assert {(row.low, row.high) for row in rows} == {(None, None)}


def test_metrics_have_bootstrap_intervals_and_counts_have_none():
    predictions = calibrated_predictions()
    found = by_name(metric_rows("report", predictions, THRESHOLDS, SETTINGS))
    for name in ("rows", "positives", "true_positive", "false_negative"):
        assert (found[name].low, found[name].high) == (None, None)
    expected = bootstrap.intervals(
        predictions.labels,
        predictions.probability["blend"],
        {name: row.value for name, row in found.items()},
        threshold=0.5,
        repeats=SETTINGS.bootstrap_repeats,
        seed=SETTINGS.seed,
    )
    assert len(expected) == 10
    assert {name: (found[name].low, found[name].high) for name in expected} == expected


@pytest.mark.parametrize("label", [0, 1])
def test_metrics_of_one_class_have_no_intervals(label):
    predictions = dataclasses.replace(PREDICTIONS, labels=np.full(5, label))
    found = by_name(metric_rows("report", predictions, THRESHOLDS, SETTINGS))
    assert "roc_auc" not in found
    assert found["log_loss"].low is None


def test_an_empty_slice_has_counts_only():
    predictions = dataclasses.replace(PREDICTIONS, is_one_time_buyer=np.zeros(5, dtype=bool))
    found = by_name(
        metric_rows("report", predictions, THRESHOLDS, SETTINGS), part="one_time_buyers"
    )
    assert {name: row.value for name, row in found.items()} == {"rows": 0, "positives": 0}


def test_contact_profit_by_hand():
    # Three are contacted at 2 each, and two of them order for 10 each: 20 - 6.
    settings = Settings(contact_cost=2.0, contact_benefit=10.0)
    rows = metric_rows("report", PREDICTIONS, THRESHOLDS, settings, with_intervals=False)
    assert by_name(rows)["contact_profit"].value == 14
    # No probability reaches 0.5.
    assert by_name(rows, "base_rate")["contact_profit"].value == 0
    # Of the one-time buyers, both are contacted and one orders: 10 - 4.
    assert by_name(rows, part="one_time_buyers")["contact_profit"].value == 6


def test_contact_profit_can_be_negative():
    settings = Settings(contact_cost=9.0, contact_benefit=10.0)
    rows = metric_rows("report", PREDICTIONS, THRESHOLDS, settings, with_intervals=False)
    assert by_name(rows)["contact_profit"].value == 20 - 27


@pytest.mark.parametrize("contact", [(None, None), (2.0, None), (None, 10.0)])
def test_contact_profit_needs_cost_and_benefit(contact):
    settings = Settings(contact_cost=contact[0], contact_benefit=contact[1])
    rows = metric_rows("report", PREDICTIONS, THRESHOLDS, settings, with_intervals=False)
    assert "contact_profit" not in by_name(rows)


def test_loss_difference_to_a_baseline_by_hand():
    (row,) = loss_differences("report", PREDICTIONS, ["blend"], "bg_nbd", SETTINGS)
    own = -(math.log(0.9) + math.log(0.4) + math.log(0.5) + math.log(0.8) + math.log(0.9)) / 5
    base = -(2 * math.log(0.4) + 3 * math.log(0.6)) / 5
    assert (row.split, row.as_of_date, row.model) == ("report", DATE, "blend")
    assert (row.slice, row.metric) == ("all", "log_loss_minus_bg_nbd")
    assert row.value == pytest.approx(own - base)
    assert row.low <= row.value <= row.high


def test_loss_differences_of_several_models_to_one():
    rows = loss_differences("choose", PREDICTIONS, ["recency_rule", "bg_nbd"], "blend", SETTINGS)
    assert [row.model for row in rows] == ["recency_rule", "bg_nbd"]
    assert {row.metric for row in rows} == {"log_loss_minus_blend"}
    (opposite,) = loss_differences("choose", PREDICTIONS, ["blend"], "bg_nbd", SETTINGS)
    assert rows[1].value == pytest.approx(-opposite.value)


def test_no_models_give_no_loss_differences():
    assert loss_differences("choose", PREDICTIONS, [], "blend", SETTINGS) == []


def test_the_interval_of_a_loss_difference_is_paired():
    # The errors of both models are correlated, so the difference varies less than either loss.
    predictions = calibrated_predictions()
    near = np.clip(predictions.probability["blend"] * 0.99, 1e-6, 1)
    predictions = dataclasses.replace(
        predictions, probability=predictions.probability | {"bg_nbd": near}
    )
    (lead,) = loss_differences("report", predictions, ["blend"], "bg_nbd", SETTINGS)
    own = by_name(metric_rows("report", predictions, THRESHOLDS, SETTINGS))["log_loss"]
    assert lead.high - lead.low < (own.high - own.low) / 3


class FirstFeatureEstimator:
    """An estimator that returns the first feature."""

    def predict_proba(self, features):
        return np.column_stack((1 - features[:, 0], features[:, 0]))


def test_permutation_importance_of_each_feature():
    random = np.random.default_rng(0)
    features = random.random((300, len(FEATURES)))
    labels = (random.random(300) < features[:, 0]).astype(np.int64)
    summary = WindowSummary(1, DATE, 30, rows=300, buyers=int(labels.sum()), history_days=90)
    window = Window(summary, [f"c{number}" for number in range(300)], features, labels)
    candidate = FittedCandidate("random_forest", {"random_forest": FirstFeatureEstimator()})
    rows = importance_rows(candidate, window, Settings(importance_rows=200))
    assert [row.slice for row in rows] == [f"feature:{name}" for name in FEATURES]
    assert {(row.split, row.as_of_date, row.model, row.metric) for row in rows} == {
        ("report", DATE, "random_forest", "permutation_importance")
    }
    assert rows[0].value > 0.1
    assert {row.value for row in rows[1:]} == {0}


def test_curves_of_the_given_models():
    rows = curve_rows(PREDICTIONS, ("blend", "base_rate"))
    assert {row.model for row in rows} == {"blend", "base_rate"}
    gains = [
        (row.x, row.y, row.row_count)
        for row in rows
        if (row.model, row.curve) == ("blend", "gains")
    ]
    assert gains[:3] == [(0, 0, 0), (0.2, 0.5, 1), (0.4, 0.5, 2)]
