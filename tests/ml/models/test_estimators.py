from __future__ import annotations

import math

import numpy as np
import pytest

from ml.models import bg_nbd
from ml.models.estimators import (
    CANDIDATES,
    BgNbdLogOdds,
    FittedCandidate,
    combine,
    fit_estimators,
    level_drift,
    round_probability,
    signed_log1p,
)
from ml.settings import DEFAULTS, FEATURES, Settings

pytestmark = pytest.mark.usefixtures("one_thread")

GAPS = [FEATURES.index(name) for name in FEATURES if "gap" in name]
RECENCY, ORDER_DAYS = FEATURES.index("recency"), FEATURES.index("order_days")


class ConstantEstimator:
    """An estimator with a constant probability."""

    def __init__(self, probability):
        self.probability = probability

    def predict_proba(self, features):
        return np.tile([1 - self.probability, self.probability], (len(features), 1))


def customers(count, seed=0):
    """Return features, with one order for every third row, and labels that depend on recency."""
    random = np.random.default_rng(seed)
    features = random.gamma(2.0, 20.0, size=(count, len(FEATURES)))
    features[:, ORDER_DAYS] = random.integers(2, 9, count)
    features[::3, ORDER_DAYS] = 1
    features[::3, GAPS] = np.nan
    chance = 1 / (1 + np.exp((features[:, RECENCY] - 40) / 10))
    return features, (random.random(count) < chance).astype(np.int64)


def fitted(name, features, labels):
    members = fit_estimators([name], features, labels, DEFAULTS, horizon_days=30)
    return combine(name, members)


def log_odds(probability):
    return math.log(probability / (1 - probability))


def test_signed_log1p_by_hand():
    assert signed_log1p(np.array([math.e - 1, 1 - math.e])).tolist() == pytest.approx([1, -1])


def test_a_blend_averages_the_log_odds():
    members = dict.fromkeys(CANDIDATES["blend_without_forest"], ConstantEstimator(0.5))
    blend = FittedCandidate(
        "blend_without_forest", members | {"logistic_regression": ConstantEstimator(0.8)}
    )
    # The mean of log(1) and log(4) is log(2), which is the log-odds of 2/3.
    assert blend.probability(np.zeros((1, len(FEATURES)))) == pytest.approx([0.666667])


def test_a_level_shift_is_added_to_the_log_odds():
    model = FittedCandidate("random_forest", {"random_forest": ConstantEstimator(0.5)})
    shifted = model.with_level_shift(math.log(3)).probability(np.zeros((2, len(FEATURES))))
    assert shifted.tolist() == [0.75, 0.75]


@pytest.mark.parametrize(("said", "published"), [(0.0, 1e-6), (1.0, 1 - 1e-6)])
def test_a_probability_is_never_0_or_1(said, published):
    model = FittedCandidate("random_forest", {"random_forest": ConstantEstimator(said)})
    assert model.probability(np.zeros((1, len(FEATURES)))).tolist() == [published]


def test_probabilities_are_rounded_to_six_decimals():
    assert round_probability(np.array([0.1234565, 1 / 3, 0.0, 1.0])).tolist() == [
        0.123456,
        0.333333,
        1e-6,
        1 - 1e-6,
    ]


def test_level_drift_by_hand():
    # 1000 customers with 0.2 each, of whom 500 bought: the log-odds were log(4) too low.
    labels = np.repeat([0, 1], 500)
    settings = Settings(level_drift_share=0.5, level_drift_scale=0.2)
    trust = 0.2**2 / (0.2**2 + 1 / (1000 * 0.2 * 0.8))
    drift = level_drift(labels, np.full(1000, 0.2), settings)
    assert drift == pytest.approx(0.5 * trust * math.log(4), abs=1e-6)


def test_level_drift_of_few_customers_is_shrunk():
    few = level_drift(np.repeat([0, 1], 5), np.full(10, 0.2), DEFAULTS)
    many = level_drift(np.repeat([0, 1], 500), np.full(1000, 0.2), DEFAULTS)
    assert 0 < few < many / 10


def test_level_drift_of_a_calibrated_model_is_0():
    drift = level_drift(np.array([0, 0, 0, 1] * 50), np.full(200, 0.25), DEFAULTS)
    assert drift == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_each_candidate_separates_the_classes(name):
    features, labels = customers(600)
    model = fitted(name, features, labels)
    later, outcome = customers(600, seed=1)
    probability = model.probability(later)
    assert probability[outcome == 1].mean() > probability[outcome == 0].mean() + 0.2


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_each_candidate_is_deterministic(name):
    features, labels = customers(200)
    first, second = (fitted(name, features, labels) for _ in range(2))
    assert (first.probability(features) == second.probability(features)).all()


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_candidates_can_be_fitted_without_defined_gaps(name):
    features, labels = customers(200)
    features[:, GAPS] = np.nan
    model = fitted(name, features, labels)
    with_gaps, _ = customers(200, seed=1)
    assert np.isfinite(model.probability(with_gaps)).all()


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_a_probability_does_not_depend_on_the_other_rows(name):
    features, labels = customers(200)
    model = fitted(name, features, labels)
    together = model.probability(features)
    apart = [model.probability(features[row : row + 1])[0] for row in range(0, 200, 20)]
    assert together[::20].tolist() == apart


def test_estimators_shared_by_candidates_are_fitted_once():
    features, labels = customers(100)
    members = fit_estimators(
        ["blend_without_forest", "logistic_regression"], features, labels, DEFAULTS, horizon_days=30
    )
    assert sorted(members) == ["hist_gradient_boosting", "logistic_regression"]


def test_bg_nbd_log_odds_equal_those_of_the_model():
    features, labels = customers(300)
    model = bg_nbd.fit(features, horizon_days=60)
    (column,) = BgNbdLogOdds(horizon_days=60).fit(features, labels).transform(features).T
    expected = np.clip(model.probability(features), 1e-6, 1 - 1e-6)
    assert column == pytest.approx(np.log(expected / (1 - expected)))


def test_bg_nbd_log_odds_are_fitted_on_a_limited_number_of_rows_without_labels():
    features, labels = customers(300)
    few = BgNbdLogOdds(rows=100).fit(features, labels)
    every_third = BgNbdLogOdds().fit(features[::3])
    assert few.transform(features).tolist() == every_third.transform(features).tolist()


def test_the_horizon_changes_the_logistic_regression():
    features, labels = customers(300)
    month, quarter = (
        combine(
            "logistic_regression",
            fit_estimators(["logistic_regression"], features, labels, DEFAULTS, horizon_days=days),
        ).probability(features)
        for days in (30, 90)
    )
    assert month.tolist() != quarter.tolist()


def test_the_forest_is_calibrated_in_the_large():
    features, labels = customers(600)
    model = fitted("random_forest", features, labels)
    expected = model.probability(features).mean()
    assert log_odds(expected) == pytest.approx(log_odds(labels.mean()), abs=0.1)


def test_a_fitted_forest_predicts_on_one_thread():
    # The order of summation differs with several threads, and with it the last bits.
    forest = fitted("random_forest", *customers(100)).estimators["random_forest"]
    assert forest.n_jobs == 1
