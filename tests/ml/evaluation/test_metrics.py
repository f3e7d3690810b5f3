from __future__ import annotations

import math

import numpy as np
import pytest

from ml.evaluation.metrics import (
    best_f1_threshold,
    curves,
    expected_calibration_error,
    lift_top_tenth,
    losses,
    measure,
    permutation_importance,
)

# Five customers, best first: bought, did not, bought, did not, did not.
LABELS = np.array([1, 0, 1, 0, 0])
PROBABILITY = np.array([0.9, 0.6, 0.5, 0.2, 0.1])


def test_log_loss_by_hand():
    expected = -(math.log(0.9) + math.log(0.4) + math.log(0.5) + math.log(0.8) + math.log(0.9)) / 5
    assert measure(LABELS, PROBABILITY, threshold=0.5)["log_loss"] == pytest.approx(expected)


def test_log_loss_of_each_customer_by_hand():
    expected = [-math.log(chance) for chance in (0.9, 0.4, 0.5, 0.8, 0.9)]
    assert losses(LABELS, PROBABILITY).tolist() == pytest.approx(expected)


def test_the_loss_of_probability_0_or_1_is_clipped():
    found = losses(np.array([1, 0]), np.array([0.0, 1.0]))
    assert found.tolist() == pytest.approx([-math.log(1e-6)] * 2)


def test_metrics_by_hand():
    values = measure(LABELS, PROBABILITY, threshold=0.5)
    assert values["rows"] == 5
    assert values["positives"] == 2
    assert values["true_positive"] == 2
    assert values["false_positive"] == 1
    assert values["false_negative"] == 0
    assert values["true_negative"] == 2
    assert values["accuracy"] == pytest.approx(4 / 5)
    assert values["precision"] == pytest.approx(2 / 3)
    assert values["recall"] == 1
    assert values["f1"] == pytest.approx(4 / 5)
    # Squares: 0.01 + 0.36 + 0.25 + 0.04 + 0.01
    assert values["brier"] == pytest.approx(0.67 / 5)
    # Of the six pairs of a buyer and another, five are in the right order.
    assert values["roc_auc"] == pytest.approx(5 / 6)
    # Precision at the two buyers: 1/1 and 2/3.
    assert values["average_precision"] == pytest.approx((1 + 2 / 3) / 2)


def test_a_probability_equal_to_the_threshold_is_marked():
    assert measure(LABELS, PROBABILITY, threshold=0.9)["true_positive"] == 1


@pytest.mark.parametrize("label", [0, 1])
def test_metrics_that_need_both_classes_are_left_out_with_one_class(label):
    values = measure(np.full(3, label), np.array([0.1, 0.2, 0.3]), threshold=0.5)
    assert "roc_auc" not in values
    assert "precision" not in values
    assert ("recall" in values) == bool(label)


def test_no_customers_give_counts_only():
    nobody = np.array([], dtype=np.int64)
    assert measure(nobody, np.array([]), threshold=0.5) == {"rows": 0, "positives": 0}


def test_calibration_error_of_two_bins_by_hand():
    # Twenty customers: probability 0.2 for ten of whom 4 bought, 0.8 for ten of whom 8 did.
    labels = np.array([1] * 4 + [0] * 6 + [1] * 8 + [0] * 2)
    probability = np.repeat([0.2, 0.8], 10)
    assert expected_calibration_error(labels, probability) == pytest.approx(0.5 * 0.2)


def test_equal_probabilities_share_a_calibration_bin():
    # In ten bins of two rows each, the error would be 0.5.
    labels = np.array([1, 1, 0, 0] * 5)
    assert expected_calibration_error(labels, np.full(20, 0.5)) == 0


def test_calibration_error_of_ten_bins():
    labels = np.array([0, 1] * 5)
    probability = np.arange(0.05, 1, 0.1)
    expected = np.abs(labels - probability).mean()
    assert expected_calibration_error(labels, probability) == pytest.approx(expected)


def test_lift_of_a_top_decile_of_buyers():
    labels = np.array([1, 1] + [0] * 15 + [1] * 3)
    assert lift_top_tenth(labels, np.linspace(1, 0, 20)) == pytest.approx(1 / 0.25)


def test_lift_of_a_constant_probability_is_one_in_any_row_order():
    labels = np.array([1, 1] + [0] * 18)
    assert lift_top_tenth(labels, np.full(20, 0.3)) == pytest.approx(1)
    assert lift_top_tenth(labels[::-1].copy(), np.full(20, 0.3)) == pytest.approx(1)


def test_best_f1_threshold_by_hand():
    # F1 of reaching one, two, ... customers: 2/3, 2/4, 4/5, 4/6, 4/7.
    assert best_f1_threshold(LABELS, PROBABILITY) == 0.5


def test_best_f1_threshold_prefers_the_highest_of_ties():
    # Reaching one: 2*1/(1+2) = 2/3. Reaching four: 2*2/(4+2) = 2/3.
    assert best_f1_threshold(np.array([1, 0, 0, 1]), np.array([0.9, 0.7, 0.6, 0.5])) == 0.9


def test_best_f1_threshold_of_a_constant_is_zero():
    assert best_f1_threshold(LABELS, np.full(5, 0.4)) == 0


def curve(name, labels=LABELS, probability=PROBABILITY):
    return [
        (p.x, p.y, p.row_count) for p in curves("blend", labels, probability) if p.curve == name
    ]


def test_the_roc_curve_by_hand():
    thirds = [(0, 0, 0), (0, 1 / 2, 1), (1 / 3, 1 / 2, 2), (1 / 3, 1, 3), (2 / 3, 1, 4), (1, 1, 5)]
    assert curve("roc") == [pytest.approx(point) for point in thirds]


def test_the_precision_recall_curve_by_hand():
    expected = [(1 / 2, 1, 1), (1 / 2, 1 / 2, 2), (1, 2 / 3, 3), (1, 1 / 2, 4), (1, 2 / 5, 5)]
    assert curve("precision_recall") == [pytest.approx(point) for point in expected]


def test_the_gains_curve_by_hand():
    expected = [(0, 0, 0), (0.2, 0.5, 1), (0.4, 0.5, 2), (0.6, 1, 3), (0.8, 1, 4), (1, 1, 5)]
    assert curve("gains") == [pytest.approx(point) for point in expected]


def test_roc_curve_of_a_constant():
    assert curve("roc", probability=np.full(5, 0.4)) == [(0, 0, 0), (1, 1, 5)]


def test_calibration_curve_by_hand():
    labels = np.array([1] * 4 + [0] * 6 + [1] * 8 + [0] * 2)
    points = curve("calibration", labels, np.repeat([0.2, 0.8], 10))
    assert points == [pytest.approx((0.2, 0.4, 10)), pytest.approx((0.8, 0.8, 10))]


def test_curves_have_at_most_101_points():
    random = np.random.default_rng(0)
    probability = random.random(5_000)
    labels = (random.random(5_000) < probability).astype(np.int64)
    points = curves("blend", labels, probability)
    for name in ("roc", "precision_recall", "gains"):
        of_curve = [point for point in points if point.curve == name]
        assert 90 <= len(of_curve) <= 101
        assert [point.point for point in of_curve] == list(range(len(of_curve)))
    assert [p.row_count for p in points if p.curve == "calibration"] == [500] * 10


def test_permutation_importance_of_an_unused_feature_is_zero():
    random = np.random.default_rng(0)
    features = random.random((400, 2))
    labels = (random.random(400) < features[:, 0]).astype(np.int64)

    def reads_the_first(rows):
        return rows[:, 0]

    read, unread = permutation_importance(reads_the_first, features, labels, repeats=2, seed=0)
    assert read > 0.1
    assert unread == 0
