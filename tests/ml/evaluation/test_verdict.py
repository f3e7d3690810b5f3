from __future__ import annotations

import json

import pytest

from ml.data.schema import MetricRow
from ml.evaluation.verdict import (
    DO_NOT_USE,
    LEAST_AUC,
    LEAST_BUYERS,
    MOST_CALIBRATION_ERROR,
    RULES,
    USE,
    USE_WITH_CARE,
    decide,
)
from ml.models.baselines import BASELINES

METRICS = {
    ("blend", "log_loss"): 0.52,
    ("blend", "roc_auc"): 0.74,
    ("blend", "expected_calibration_error"): 0.02,
    ("blend", "positives"): 500.0,
    ("base_rate", "log_loss"): 0.62,
    ("base_rate", "roc_auc"): 0.5,
    ("recency_rule", "log_loss"): 0.57,
    ("recency_rule", "roc_auc"): 0.69,
    ("rfm_quartiles", "log_loss"): 0.56,
    ("rfm_quartiles", "roc_auc"): 0.71,
    ("bg_nbd", "log_loss"): 0.55,
    ("bg_nbd", "roc_auc"): 0.73,
}
INTERVALS = {f"log_loss_minus_{name}": (-0.06, -0.02) for name in BASELINES}


def rows(figures=METRICS, intervals=INTERVALS, split="report", part="all"):
    figures = [
        MetricRow(split, "2024-05-31", model, part, metric, value)
        for (model, metric), value in figures.items()
    ]
    return figures + [
        MetricRow(split, "2024-05-31", "blend", part, metric, -0.04, low, high)
        for metric, (low, high) in intervals.items()
    ]


def with_figure(name, value, model="blend"):
    return decide(rows(METRICS | {(model, name): value}), "blend")


def test_use():
    found = decide(rows(), "blend")
    assert found.label == USE == "use"
    assert found.reason == (
        "On customers it had not seen it ranked a buyer above a non-buyer in 74% of the pairs "
        "(recency alone 69%), and its probabilities were closer to what happened than those of any "
        "simpler method (log loss 0.520 against 0.550 of BG/NBD)."
    )


@pytest.mark.parametrize("loss", [0.62, 0.7])
def test_do_not_use_without_a_lower_log_loss_than_the_base_rate(loss):
    found = with_figure("log_loss", loss)
    assert found.label == DO_NOT_USE == "do_not_use"
    assert found.reason == (
        "Its probabilities were no closer to what happened than the base rate "
        f"(log loss {loss:.3f} against 0.620)."
    )


@pytest.mark.parametrize("area", [0.69, 0.6])
def test_do_not_use_without_a_higher_auc_than_recency(area):
    found = with_figure("roc_auc", area)
    assert found.label == DO_NOT_USE
    assert found.reason == (
        f"It ranks customers no better than recency alone ({area:.3f} against 0.690)."
    )


def test_do_not_use_takes_precedence_over_use_with_care():
    # Both rules match; the first one decides.
    doubtful = METRICS | {("blend", "log_loss"): 0.63, ("blend", "positives"): 20.0}
    assert decide(rows(doubtful), "blend").label == DO_NOT_USE


@pytest.mark.parametrize(
    ("name", "value", "doubt"),
    [
        pytest.param(
            "roc_auc",
            0.6949,
            "a buyer is ranked above a non-buyer in only 69% of the pairs",
            id="auc",
        ),
        pytest.param(
            "expected_calibration_error",
            0.061,
            "predicted and observed rates differ by 6.1 points",
            id="calibration",
        ),
        pytest.param("positives", 99.0, "only 99 buyers were there to judge by", id="buyers"),
    ],
)
def test_use_with_care(name, value, doubt):
    found = with_figure(name, value)
    assert found.label == USE_WITH_CARE == "use_with_care"
    assert found.reason == f"It beats the base rate, but {doubt}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("roc_auc", LEAST_AUC),
        ("expected_calibration_error", MOST_CALIBRATION_ERROR),
        ("positives", float(LEAST_BUYERS)),
    ],
)
def test_a_metric_equal_to_its_limit_is_accepted(name, value):
    assert with_figure(name, value).label == USE


@pytest.mark.parametrize(
    ("baseline", "name"),
    [
        ("base_rate", "the base rate"),
        ("recency_rule", "recency alone"),
        ("rfm_quartiles", "RFM quartiles"),
        ("bg_nbd", "BG/NBD"),
    ],
)
@pytest.mark.parametrize("ends", [(-0.03, 0.0), (-0.02, 0.01), (None, None)])
def test_use_with_care_if_the_interval_of_a_difference_reaches_zero(baseline, name, ends):
    intervals = INTERVALS | {f"log_loss_minus_{baseline}": ends}
    found = decide(rows(intervals=intervals), "blend")
    assert found.label == USE_WITH_CARE
    assert found.reason == (
        "It beats the base rate, but its probabilities were not clearly closer to what happened "
        f"than those of {name}."
    )


@pytest.mark.parametrize(("value", "low", "high"), [(0.0, -0.01, 0.01), (0.02, 0.01, 0.03)])
def test_use_with_care_if_a_baseline_has_a_lower_log_loss(value, low, high):
    name = "log_loss_minus_bg_nbd"
    other = [row for row in rows() if row.metric != name]
    behind = MetricRow("report", "2024-05-31", "blend", "all", name, value, low, high)
    found = decide([*other, behind], "blend")
    assert found.label == USE_WITH_CARE
    assert found.reason == (
        "It beats the base rate, but its probabilities were no closer to what happened than those "
        "of BG/NBD."
    )


def test_the_reason_names_all_causes():
    doubtful = METRICS | {
        ("blend", "expected_calibration_error"): 0.08,
        ("blend", "positives"): 50.0,
    }
    intervals = INTERVALS | {
        "log_loss_minus_bg_nbd": (-1, 1),
        "log_loss_minus_rfm_quartiles": (-1, 1),
    }
    assert decide(rows(doubtful, intervals), "blend").reason == (
        "It beats the base rate, but predicted and observed rates differ by 8.0 points, and "
        "only 50 buyers were there to judge by, and its probabilities were not clearly closer to "
        "what happened than those of RFM quartiles and BG/NBD."
    )


def test_other_splits_and_slices_are_ignored():
    # Metrics of other windows, slices and candidates are bad.
    bad = METRICS | {("blend", "log_loss"): 0.9, ("blend", "roc_auc"): 0.4}
    elsewhere = [
        *rows(bad, {}, split="choose"),
        *rows(bad, split="history"),
        *rows(bad, {}, part="one_time_buyers"),
        MetricRow("report", "2024-05-31", "random_forest", "all", "log_loss", 0.9),
    ]
    for metrics in ([*rows(), *elsewhere], [*elsewhere, *rows()]):
        assert decide(metrics, "blend").label == USE


def test_the_rules_state_the_limits():
    assert len(RULES) == 3
    assert json.loads(json.dumps(RULES)) == list(RULES)
    for rule, begins in zip(RULES, ("Do not use:", "Use with care:", "Use it:"), strict=True):
        assert rule.startswith(begins)
        assert rule.endswith(".")
    assert "less than 70% of the pairs" in RULES[1]
    assert "more than 5 points" in RULES[1]
    assert "fewer than 100 buyers" in RULES[1]
