from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from ml.data.windows import Window, WindowSummary
from ml.evaluation import bootstrap
from ml.evaluation.evaluate import Judged, curves, differences, importance, metrics, ordered_once
from ml.models.baselines import BASELINES
from ml.models.estimators import ModelForecast
from ml.settings import FEATURES, Settings

DATE = "2024-05-31"
SETTINGS = Settings(bootstrap_repeats=50)
LABELS = np.array([1, 0, 1, 0, 0])
ONCE = np.array([True, True, False, False, False])
SAID = {"blend": np.array([0.9, 0.6, 0.5, 0.2, 0.1])} | dict.fromkeys(BASELINES, np.full(5, 0.4))
JUDGED = Judged(DATE, LABELS, ONCE, SAID)
THRESHOLDS = dict.fromkeys(SAID, 0.5)


def by_name(rows, model="blend", part="all"):
    return {row.metric: row for row in rows if (row.model, row.slice) == (model, part)}


def many(customers=400, seed=0):
    """Return customers whose probabilities are true."""
    random = np.random.default_rng(seed)
    probability = random.random(customers)
    labels = (random.random(customers) < probability).astype(np.int64)
    said = {"blend": probability} | dict.fromkeys(BASELINES, np.full(customers, 0.5))
    return Judged(DATE, labels, np.zeros(customers, dtype=bool), said)


def test_one_order_makes_a_one_time_buyer(make_features):
    customers = make_features({"frequency": 1.0}, {"frequency": 2.0}, {"order_days": 1.0})
    customers[2, FEATURES.index("frequency")] = 3
    assert ordered_once(customers).tolist() == [True, False, False]


def test_every_model_is_measured_on_everybody_and_on_one_time_buyers():
    rows = metrics("report", JUDGED, THRESHOLDS, SETTINGS)
    assert {row.split for row in rows} == {"report"}
    assert {row.as_of_date for row in rows} == {DATE}
    assert {row.model for row in rows} == set(SAID)
    assert by_name(rows)["rows"].value == 5
    assert by_name(rows)["positives"].value == 2
    assert by_name(rows, part="one_time_buyers")["rows"].value == 2
    assert by_name(rows, part="one_time_buyers")["positives"].value == 1
    assert len({(row.model, row.slice, row.metric) for row in rows}) == len(rows)


def test_slices_can_be_chosen():
    rows = metrics("history", JUDGED, THRESHOLDS, SETTINGS, slices=("all",))
    assert {row.slice for row in rows} == {"all"}


def test_each_model_has_a_threshold_of_its_own():
    rows = metrics("report", JUDGED, THRESHOLDS | {"blend": 0.55}, SETTINGS)
    found = by_name(rows)
    assert (found["true_positive"].value, found["false_positive"].value) == (1, 1)
    assert by_name(rows, "base_rate")["true_positive"].value == 0


def test_without_intervals_there_are_none():
    rows = metrics("choose", JUDGED, THRESHOLDS, SETTINGS, with_intervals=False)
    assert {(row.low, row.high) for row in rows} == {(None, None)}


def test_counts_have_no_interval_and_measures_have_that_of_the_bootstrap():
    judged = many()
    found = by_name(metrics("report", judged, THRESHOLDS, SETTINGS))
    for name in ("rows", "positives", "true_positive", "false_negative"):
        assert (found[name].low, found[name].high) == (None, None)
    expected = bootstrap.intervals(
        judged.labels,
        judged.probability["blend"],
        {name: row.value for name, row in found.items()},
        threshold=0.5,
        repeats=SETTINGS.bootstrap_repeats,
        seed=SETTINGS.seed,
    )
    assert len(expected) == 10
    assert {name: (found[name].low, found[name].high) for name in expected} == expected


@pytest.mark.parametrize("label", [0, 1])
def test_customers_of_one_kind_have_figures_without_intervals(label):
    judged = dataclasses.replace(JUDGED, labels=np.full(5, label))
    found = by_name(metrics("report", judged, THRESHOLDS, SETTINGS))
    assert "roc_auc" not in found
    assert found["log_loss"].low is None


def test_nobody_in_a_slice_has_only_counts():
    judged = dataclasses.replace(JUDGED, one_time_buyers=np.zeros(5, dtype=bool))
    found = by_name(metrics("report", judged, THRESHOLDS, SETTINGS), part="one_time_buyers")
    assert {name: row.value for name, row in found.items()} == {"rows": 0, "positives": 0}


def test_the_profit_of_contacting_by_hand():
    # Three are contacted at 2 each, and two of them order for 10 each: 20 - 6.
    settings = Settings(contact_cost=2.0, contact_benefit=10.0)
    rows = metrics("report", JUDGED, THRESHOLDS, settings, with_intervals=False)
    assert by_name(rows)["contact_profit"].value == 14
    # Nobody reaches 0.5, so nobody is contacted.
    assert by_name(rows, "base_rate")["contact_profit"].value == 0
    # Of the one-time buyers, both are contacted and one orders: 10 - 4.
    assert by_name(rows, part="one_time_buyers")["contact_profit"].value == 6


def test_a_profit_can_be_a_loss():
    settings = Settings(contact_cost=9.0, contact_benefit=10.0)
    rows = metrics("report", JUDGED, THRESHOLDS, settings, with_intervals=False)
    assert by_name(rows)["contact_profit"].value == 20 - 27


@pytest.mark.parametrize("contact", [(None, None), (2.0, None), (None, 10.0)])
def test_without_cost_and_benefit_there_is_no_profit(contact):
    settings = Settings(contact_cost=contact[0], contact_benefit=contact[1])
    rows = metrics("report", JUDGED, THRESHOLDS, settings, with_intervals=False)
    assert "contact_profit" not in by_name(rows)


def test_the_lead_over_a_baseline_by_hand():
    (row,) = differences("report", JUDGED, ["blend"], "bg_nbd", SETTINGS)
    own = -(math.log(0.9) + math.log(0.4) + math.log(0.5) + math.log(0.8) + math.log(0.9)) / 5
    base = -(2 * math.log(0.4) + 3 * math.log(0.6)) / 5
    assert (row.split, row.as_of_date, row.model) == ("report", DATE, "blend")
    assert (row.slice, row.metric) == ("all", "log_loss_minus_bg_nbd")
    assert row.value == pytest.approx(own - base)
    assert row.low <= row.value <= row.high


def test_several_models_are_held_against_one():
    rows = differences("choose", JUDGED, ["recency_rule", "bg_nbd"], "blend", SETTINGS)
    assert [row.model for row in rows] == ["recency_rule", "bg_nbd"]
    assert {row.metric for row in rows} == {"log_loss_minus_blend"}
    (opposite,) = differences("choose", JUDGED, ["blend"], "bg_nbd", SETTINGS)
    assert rows[1].value == pytest.approx(-opposite.value)


def test_no_models_have_no_lead():
    assert differences("choose", JUDGED, [], "blend", SETTINGS) == []


def test_the_interval_of_a_lead_is_paired():
    # Both models err on the same customers, so their difference is surer than either of them.
    judged = many()
    near = np.clip(judged.probability["blend"] * 0.99, 1e-6, 1)
    judged = dataclasses.replace(judged, probability=judged.probability | {"bg_nbd": near})
    (lead,) = differences("report", judged, ["blend"], "bg_nbd", SETTINGS)
    own = by_name(metrics("report", judged, THRESHOLDS, SETTINGS))["log_loss"]
    assert lead.high - lead.low < (own.high - own.low) / 3


class ReadsTheFirst:
    """An estimator that knows the first feature alone."""

    def predict_proba(self, features):
        return np.column_stack((1 - features[:, 0], features[:, 0]))


def test_importance_is_measured_of_each_feature_on_some_rows():
    random = np.random.default_rng(0)
    features = random.random((300, len(FEATURES)))
    labels = (random.random(300) < features[:, 0]).astype(np.int64)
    summary = WindowSummary(1, DATE, 30, rows=300, buyers=int(labels.sum()), history_days=90)
    window = Window(summary, [f"c{number}" for number in range(300)], features, labels)
    forecast = ModelForecast("random_forest", {"random_forest": ReadsTheFirst()})
    rows = importance(forecast, window, Settings(importance_rows=200))
    assert [row.slice for row in rows] == [f"feature:{name}" for name in FEATURES]
    assert {(row.split, row.as_of_date, row.model, row.metric) for row in rows} == {
        ("report", DATE, "random_forest", "permutation_importance")
    }
    assert rows[0].value > 0.1
    assert {row.value for row in rows[1:]} == {0}


def test_curves_are_drawn_of_the_models_asked_for():
    rows = curves(JUDGED, ("blend", "base_rate"))
    assert {row.model for row in rows} == {"blend", "base_rate"}
    gains = [
        (row.x, row.y, row.row_count)
        for row in rows
        if (row.model, row.curve) == ("blend", "gains")
    ]
    assert gains[:3] == [(0, 0, 0), (0.2, 0.5, 1), (0.4, 0.5, 2)]
