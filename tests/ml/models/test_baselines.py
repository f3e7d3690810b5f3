from __future__ import annotations

import numpy as np
import pytest

from ml.models.baselines import BASELINES, BaseRate, RecencyRule, fit_baselines, quartile_columns
from ml.settings import DEFAULTS, FEATURES, Settings

RECENCY, FREQUENCY, MONETARY = map(FEATURES.index, ("recency", "frequency", "monetary"))
READ_BY_RFM = (RECENCY, FREQUENCY, MONETARY)
READ_BY_BG_NBD = tuple(map(FEATURES.index, ("recency", "order_days", "tenure_days")))


def customers(count, seed=0):
    """Return plausible features, and labels that depend on recency."""
    random = np.random.default_rng(seed)
    features = random.gamma(2.0, 20.0, size=(count, len(FEATURES)))
    order_days = random.integers(1, 6, count)
    tenure = random.uniform(1, 300, count)
    features[:, FEATURES.index("order_days")] = order_days
    features[:, FEATURES.index("tenure_days")] = tenure
    features[:, RECENCY] = np.where(order_days > 1, tenure * random.random(count), tenure)
    chance = 1 / (1 + np.exp((features[:, RECENCY] - 60) / 30))
    return features, (random.random(count) < chance).astype(np.int64)


def fitted(features, labels, present=None, settings=DEFAULTS):
    present = features if present is None else present
    return fit_baselines(features, labels, present, settings, horizon_days=30)


def with_recency(*values):
    """Return customers who ordered once."""
    features, _ = customers(len(values))
    features[:, FEATURES.index("order_days")] = 1
    features[:, FEATURES.index("tenure_days")] = values
    features[:, RECENCY] = values
    return features


def test_names_of_the_baselines():
    assert tuple(fitted(*customers(50))) == BASELINES
    assert BASELINES == ("base_rate", "recency_rule", "rfm_quartiles", "bg_nbd")


def test_base_rate_by_hand():
    features, _ = customers(4)
    base_rate = fitted(features, np.array([1, 0, 0, 0]))["base_rate"]
    assert base_rate.probability(features).tolist() == [0.25] * 4


def test_base_rate_is_rounded():
    assert BaseRate(1 / 3).probability(np.zeros((1, len(FEATURES)))).tolist() == [0.333333]


def test_recency_rule_returns_the_rate_of_the_bin():
    features = with_recency(1, 2, 50, 60)
    rule = fitted(features, np.array([1, 1, 0, 0]), settings=Settings(recency_bins=2))
    # Two of two and none of two bought; each bin has a pseudo-count of one at the base rate 1/2.
    rates = rule["recency_rule"].probability(features)
    assert rates == pytest.approx([2.5 / 3, 2.5 / 3, 0.5 / 3, 0.5 / 3], abs=1e-6)


def test_recency_equal_to_an_edge_is_fitted_in_the_lower_bin():
    features = with_recency(10, 10, 10, 20)
    rule = fitted(features, np.array([1, 1, 1, 0]), settings=Settings(recency_bins=2))
    # Three of three and none of one bought; pseudo-count of one at the base rate 3/4.
    rates = rule["recency_rule"].probability(features[2:])
    assert rates == pytest.approx([3.75 / 4, 0.75 / 2], abs=1e-6)


def test_recency_equal_to_an_edge_is_predicted_from_the_lower_bin():
    rule = RecencyRule(edges=np.array([30.0]), rates=np.array([0.4, 0.1]))
    assert rule.probability(with_recency(30, 31)).tolist() == [0.4, 0.1]


def test_quartiles_by_hand(make_features):
    features = make_features(
        {"recency": 10.0, "frequency": 1.0, "monetary": -5.0},
        {"recency": 10.5, "frequency": 4.0, "monetary": 60.0},
        {"recency": 99.0, "frequency": 3.0, "monetary": 50.0},
    )
    edges = [
        np.array([10.0, 20.0, 30.0]),
        np.array([1.0, 2.0, 3.0]),
        np.array([0.0, 25.0, 50.0]),
    ]
    # A value on an edge is below it: recency 10 and frequency 1 are in the first quartile.
    first, second, third, fourth = np.eye(4).tolist()
    assert quartile_columns(features, edges).tolist() == [
        first + first + first,
        second + fourth + fourth,
        fourth + third + third,
    ]


def test_rfm_quartiles_use_the_quartiles_only():
    features, labels = customers(400)
    model = fitted(features, labels)["rfm_quartiles"]
    said = model.probability(features)
    quartiles = quartile_columns(features, model.edges)
    alike = np.unique(np.column_stack((quartiles, said)), axis=0)
    assert len(alike) == len(np.unique(quartiles, axis=0)) <= 64
    other = np.random.default_rng(1).random(features.shape)
    other[:, READ_BY_RFM] = features[:, READ_BY_RFM]
    assert model.probability(other).tolist() == said.tolist()


def test_each_rfm_quartile_contains_a_quarter_of_the_training_rows():
    features, labels = customers(400)
    quartiles = quartile_columns(features, fitted(features, labels)["rfm_quartiles"].edges)
    assert quartiles.sum(axis=0).tolist() == [100] * 12


def test_rfm_quartiles_fit_the_rate_of_each_quartile():
    # Customers in the first quartile of recency order with 0.8, others with 0.2.
    random = np.random.default_rng(0)
    features = with_recency(*random.uniform(0, 100, 8_000))
    chance = np.where(features[:, RECENCY] < 25, 0.8, 0.2)
    labels = (random.random(8_000) < chance).astype(np.int64)
    said = fitted(features, labels)["rfm_quartiles"].probability(features)
    assert said[features[:, RECENCY] < 24].mean() == pytest.approx(0.8, abs=0.02)
    assert said[features[:, RECENCY] > 26].mean() == pytest.approx(0.2, abs=0.02)


def test_rfm_quartiles_of_equal_customers_are_defined(make_features):
    features = make_features(*[{"recency": 5.0, "tenure_days": 5.0}] * 10)
    said = fitted(features, np.array([1] * 3 + [0] * 7))["rfm_quartiles"].probability(features)
    assert said == pytest.approx(np.full(10, 0.3), abs=0.01)


def test_bg_nbd_does_not_read_labels():
    features, labels = customers(300)
    present, _ = customers(300, seed=1)
    said = [
        fitted(features, given, present)["bg_nbd"].probability(present).tolist()
        for given in (labels, 1 - labels)
    ]
    assert said[0] == said[1]


def test_bg_nbd_is_fitted_on_the_rows_to_forecast_only():
    features, labels = customers(300)
    present, _ = customers(300, seed=1)
    other, _ = customers(300, seed=2)
    said = [
        fitted(past, labels, now)["bg_nbd"].probability(present).tolist()
        for past, now in ((features, present), (other, present), (features, other))
    ]
    assert said[0] == said[1] != said[2]


def test_bg_nbd_uses_the_histories_only():
    features, labels = customers(300)
    model = fitted(features, labels)["bg_nbd"]
    other = np.full(features.shape, np.nan)
    other[:, READ_BY_BG_NBD] = features[:, READ_BY_BG_NBD]
    assert model.probability(other).tolist() == model.probability(features).tolist()


def test_bg_nbd_is_fitted_on_a_limited_number_of_customers():
    features, labels = customers(300)
    few = fitted(features, labels, settings=Settings(bg_nbd_rows=100))["bg_nbd"]
    every_third = fitted(features, labels, features[::3])["bg_nbd"]
    assert few == every_third
    assert few != fitted(features, labels)["bg_nbd"]


def test_bg_nbd_uses_the_given_horizon():
    features, labels = customers(300)
    month, quarter = (
        fit_baselines(features, labels, features, DEFAULTS, horizon_days=days)["bg_nbd"]
        for days in (30, 90)
    )
    # Probabilities at the lower bound do not increase with the horizon.
    longer = quarter.probability(features) - month.probability(features)
    assert (longer >= 0).all()
    assert (longer > 0).mean() > 0.9


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_are_rounded_and_never_0_or_1(name):
    features, labels = customers(300)
    said = fitted(features, labels)[name].probability(features)
    assert said.tolist() == np.round(said, 6).tolist()
    assert ((said >= 1e-6) & (said <= 1 - 1e-6)).all()
