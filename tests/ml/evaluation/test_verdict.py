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
    judge,
)
from ml.models.baselines import BASELINES

GOOD = {
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
CLEAR = {f"log_loss_minus_{name}": (-0.06, -0.02) for name in BASELINES}


def rows(figures=GOOD, leads=CLEAR, split="report", part="all"):
    figures = [
        MetricRow(split, "2024-05-31", model, part, metric, value)
        for (model, metric), value in figures.items()
    ]
    return figures + [
        MetricRow(split, "2024-05-31", "blend", part, metric, -0.04, low, high)
        for metric, (low, high) in leads.items()
    ]


def with_figure(name, value, model="blend"):
    return judge(rows(GOOD | {(model, name): value}), "blend")


def test_a_model_without_a_doubt_is_used():
    found = judge(rows(), "blend")
    assert found.label == USE == "use"
    assert found.reason == (
        "On customers it had not seen it ranked a buyer above a non-buyer in 74% of the pairs "
        "(recency alone 69%), and its probabilities were closer to what happened than those of any "
        "simpler method (log loss 0.520 against 0.550 of BG/NBD)."
    )


@pytest.mark.parametrize("loss", [0.62, 0.7])
def test_a_log_loss_that_is_not_below_the_base_rates_is_not_used(loss):
    found = with_figure("log_loss", loss)
    assert found.label == DO_NOT_USE == "do_not_use"
    assert found.reason == (
        "Its probabilities were no closer to what happened than the base rate "
        f"(log loss {loss:.3f} against 0.620)."
    )


@pytest.mark.parametrize("area", [0.69, 0.6])
def test_a_ranking_no_better_than_recency_is_not_used(area):
    found = with_figure("roc_auc", area)
    assert found.label == DO_NOT_USE
    assert found.reason == (
        f"It ranks customers no better than recency alone ({area:.3f} against 0.690)."
    )


def test_what_is_refused_is_not_called_doubtful():
    # Both rules fit; the first one counts.
    doubtful = GOOD | {("blend", "log_loss"): 0.63, ("blend", "positives"): 20.0}
    assert judge(rows(doubtful), "blend").label == DO_NOT_USE


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
def test_a_model_with_a_doubt_is_used_with_care(name, value, doubt):
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
def test_a_figure_at_its_bound_is_no_doubt(name, value):
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
def test_a_lead_that_chance_could_explain_is_a_doubt(baseline, name, ends):
    leads = CLEAR | {f"log_loss_minus_{baseline}": ends}
    found = judge(rows(leads=leads), "blend")
    assert found.label == USE_WITH_CARE
    assert found.reason == (
        "It beats the base rate, but its probabilities were not clearly closer to what happened "
        f"than those of {name}."
    )


@pytest.mark.parametrize(("value", "low", "high"), [(0.0, -0.01, 0.01), (0.02, 0.01, 0.03)])
def test_a_log_loss_that_is_not_below_a_baselines_is_a_doubt(value, low, high):
    name = "log_loss_minus_bg_nbd"
    other = [row for row in rows() if row.metric != name]
    behind = MetricRow("report", "2024-05-31", "blend", "all", name, value, low, high)
    found = judge([*other, behind], "blend")
    assert found.label == USE_WITH_CARE
    assert found.reason == (
        "It beats the base rate, but its probabilities were no closer to what happened than those "
        "of BG/NBD."
    )


def test_all_doubts_are_told():
    doubtful = GOOD | {("blend", "expected_calibration_error"): 0.08, ("blend", "positives"): 50.0}
    leads = CLEAR | {"log_loss_minus_bg_nbd": (-1, 1), "log_loss_minus_rfm_quartiles": (-1, 1)}
    assert judge(rows(doubtful, leads), "blend").reason == (
        "It beats the base rate, but predicted and observed rates differ by 8.0 points, and "
        "only 50 buyers were there to judge by, and its probabilities were not clearly closer to "
        "what happened than those of RFM quartiles and BG/NBD."
    )


def test_only_the_report_on_all_customers_counts():
    # The choosing window, the past and one-time buyers look bad, and another candidate as well.
    bad = GOOD | {("blend", "log_loss"): 0.9, ("blend", "roc_auc"): 0.4}
    elsewhere = [
        *rows(bad, {}, split="choose"),
        *rows(bad, split="history"),
        *rows(bad, {}, part="one_time_buyers"),
        MetricRow("report", "2024-05-31", "random_forest", "all", "log_loss", 0.9),
    ]
    for metrics in ([*rows(), *elsewhere], [*elsewhere, *rows()]):
        assert judge(metrics, "blend").label == USE


def test_the_rules_are_three_sentences_with_the_bounds_in_them():
    assert len(RULES) == 3
    assert json.loads(json.dumps(RULES)) == list(RULES)
    for rule, begins in zip(RULES, ("Do not use:", "Use with care:", "Use it:"), strict=True):
        assert rule.startswith(begins)
        assert rule.endswith(".")
    assert "less than 70% of the pairs" in RULES[1]
    assert "more than 5 points" in RULES[1]
    assert "fewer than 100 buyers" in RULES[1]
