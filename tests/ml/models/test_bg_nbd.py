from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from ml.models.bg_nbd import BgNbd, Histories, fit, histories, log_likelihood
from ml.settings import FEATURES

# An order every 20 to 40 days; a quarter of the customers drop out after each.
TRUE = BgNbd(r=1.5, alpha=45.0, a=1.2, b=3.6, horizon_days=30)


def as_features(repeats, last, age):
    """Return features with these histories; unused features are NaN."""
    features = np.full((len(age), len(FEATURES)), np.nan)
    features[:, FEATURES.index("order_days")] = np.asarray(repeats) + 1
    features[:, FEATURES.index("recency")] = np.asarray(age) - np.asarray(last)
    features[:, FEATURES.index("tenure_days")] = age
    return features


def simulate(model, customers, *, days, seed):
    """Simulate customers of the model; return histories, and whether they order next.

    First orders lie evenly over `days`. Each customer has a rate and a probability to drop out
    after every order but the first, as the paper has it.
    """
    random = np.random.default_rng(seed)
    age = random.uniform(1, days, customers)
    rate = random.gamma(model.r, 1 / model.alpha, customers)
    leaves = random.beta(model.a, model.b, customers)
    repeats, last = np.zeros(customers), np.zeros(customers)
    orders_next = np.zeros(customers, dtype=bool)
    now, active = np.zeros(customers), np.ones(customers, dtype=bool)
    while active.any():
        now = now + random.exponential(1 / rate)
        seen = active & (now <= age)
        repeats, last = repeats + seen, np.where(seen, now, last)
        orders_next |= active & (now > age) & (now <= age + model.horizon_days)
        active = seen & (random.random(customers) >= leaves)
    return as_features(repeats, last, age), orders_next


@pytest.mark.parametrize(
    ("repeats", "last", "age"),
    [(0, 0.0, 38.86), (0, 0.0, 0.0), (1, 1.71, 38.86), (2, 30.43, 38.86), (7, 29.0, 29.0)],
)
@pytest.mark.parametrize(
    "parameters", [(0.25, 4.4, 0.8, 2.4), (1.5, 10.0, 1.2, 3.6), (3.0, 60.0, 2.0, 1.5)]
)
def test_likelihood_equals_the_numerically_integrated_process(repeats, last, age, parameters):
    r, alpha, a, b = parameters

    def over_rates(silent_since):
        def times_density(rate):
            return (
                rate**repeats * np.exp(-rate * silent_since) * gamma.pdf(rate, r, scale=1 / alpha)
            )

        return sum(quad(times_density, *part, limit=200)[0] for part in ((0, 1), (1, np.inf)))

    def over_drop_outs(chance):
        return quad(lambda p: chance(p) * beta.pdf(p, a, b), 0, 1, limit=200)[0]

    # Active: no drop-out after any repeat, no order until the as-of date. Inactive: drop-out after
    # the last repeat, so the time after it has no likelihood.
    expected = over_drop_outs(lambda p: (1 - p) ** repeats) * over_rates(age)
    if repeats:
        lost = over_drop_outs(lambda p: p * (1 - p) ** (repeats - 1))
        expected += lost * over_rates(last)
    known = Histories(np.array([float(repeats)]), np.array([last]), np.array([age]))
    assert log_likelihood(known, *parameters) == pytest.approx(np.log(expected), abs=1e-6)


def test_likelihood_of_the_published_example():
    # CDNOW in weeks, the first three customers of the spreadsheet of Fader, Hardie and Lee
    # that accompanies the paper, with its estimates.
    known = Histories(
        repeats=np.array([2.0, 1.0, 0.0]),
        last=np.array([30.43, 1.71, 0.0]),
        age=np.array([38.86, 38.86, 38.86]),
    )
    found = log_likelihood(known, r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    assert found == pytest.approx([-9.4596, -4.4711, -0.5538], abs=1e-3)


def test_orders_of_the_same_day_count_as_one_purchase(make_features):
    customers = make_features(
        {"frequency": 5.0, "order_days": 1.0, "recency": 12.0, "tenure_days": 12.0},
        {"frequency": 9.0, "order_days": 4.0, "recency": 2.0, "tenure_days": 100.0},
    )
    known = histories(customers)
    assert known.repeats.tolist() == [0, 3]
    assert known.last.tolist() == [0, 98]
    assert known.age.tolist() == [12, 100]


def test_customers_without_repeat_orders_are_active():
    # A drop-out follows a repeat order, so a customer without one is active.
    (found,) = TRUE.probability(as_features([0], [0.0], [60.0]))
    assert found == pytest.approx(1 - (105 / 135) ** 1.5)


def test_probability_after_one_repeat_by_hand():
    # Active with probability 1 / (1 + a/b * ((alpha+T)/(alpha+tx))^(r+1)), r + 1 orders' worth.
    (found,) = TRUE.probability(as_features([1], [15.0], [75.0]))
    active = 1 / (1 + 1.2 / 3.6 * (120 / 60) ** 2.5)
    assert found == pytest.approx(active * (1 - (120 / 150) ** 2.5))


def test_probabilities_are_calibrated_on_simulated_customers():
    features, orders_next = simulate(TRUE, 60_000, days=300, seed=3)
    said = TRUE.probability(features)
    for tenth in np.array_split(np.argsort(said, kind="stable"), 10):
        noise = np.sqrt(said[tenth].mean() * (1 - said[tenth].mean()) / tenth.size)
        assert orders_next[tenth].mean() == pytest.approx(said[tenth].mean(), abs=4 * noise)


def test_probabilities_are_calibrated_by_history():
    features, orders_next = simulate(TRUE, 60_000, days=300, seed=4)
    known, said = histories(features), TRUE.probability(features)
    silent = known.age - known.last
    for repeats in range(4):
        for shortest, longest in ((0, 30), (30, 90), (90, 300)):
            alike = (known.repeats == repeats) & (silent >= shortest) & (silent < longest)
            noise = np.sqrt(said[alike].mean() * (1 - said[alike].mean()) / alike.sum())
            assert alike.sum() > 100
            assert orders_next[alike].mean() == pytest.approx(said[alike].mean(), abs=4 * noise)


def test_fit_recovers_the_parameters_of_a_simulation():
    features, _ = simulate(TRUE, 20_000, days=600, seed=5)
    found = fit(features, horizon_days=30)
    assert found.r == pytest.approx(TRUE.r, rel=0.15)
    assert found.alpha == pytest.approx(TRUE.alpha, rel=0.15)
    assert found.a == pytest.approx(TRUE.a, rel=0.25)
    assert found.b == pytest.approx(TRUE.b, rel=0.25)
    assert found.probability(features) == pytest.approx(TRUE.probability(features), abs=0.03)


def test_fitted_parameters_maximise_the_likelihood():
    features, _ = simulate(TRUE, 2_000, days=300, seed=6)
    found = fit(features, horizon_days=30)
    known = histories(features)

    def likelihood(r, alpha, a, b):
        return log_likelihood(known, r, alpha, a, b).sum()

    best = likelihood(found.r, found.alpha, found.a, found.b)
    assert best > likelihood(TRUE.r, TRUE.alpha, TRUE.a, TRUE.b)
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.9, 1.1):
            near = {one: getattr(found, one) for one in ("r", "alpha", "a", "b")}
            near[name] *= factor
            assert likelihood(**near) < best


def test_the_time_unit_does_not_change_probabilities():
    features, _ = simulate(TRUE, 1_000, days=300, seed=7)
    known = histories(features)
    in_weeks = as_features(known.repeats, known.last / 7, known.age / 7)
    by_day, by_week = fit(features, horizon_days=28), fit(in_weeks, horizon_days=4)
    assert by_week.alpha * 7 == pytest.approx(by_day.alpha, rel=1e-3)
    assert by_week.probability(in_weeks) == pytest.approx(by_day.probability(features), abs=1e-4)


def test_fit_is_deterministic():
    features, _ = simulate(TRUE, 500, days=300, seed=8)
    assert fit(features, horizon_days=30) == fit(features, horizon_days=30)


@pytest.mark.parametrize(
    ("repeats", "last", "age"),
    [
        pytest.param([0] * 50, [0.0] * 50, np.arange(50.0), id="one-time buyers"),
        pytest.param([0] * 3, [0.0] * 3, [0.0] * 3, id="all on the last day"),
        pytest.param([0], [0.0], [200.0], id="one customer"),
        pytest.param([40] * 20, [299.0] * 20, [300.0] * 20, id="nobody was ever lost"),
        pytest.param([1] * 20, [1.0] * 20, [900.0] * 20, id="all came back once and left"),
        pytest.param([5000], [3649.0], [3650.0], id="a reseller of ten years"),
    ],
)
def test_degenerate_histories_have_finite_probabilities(repeats, last, age):
    features = as_features(repeats, last, age)
    said = fit(features, horizon_days=30).probability(features)
    assert np.isfinite(said).all()
    assert ((said >= 0) & (said <= 1)).all()


def test_one_time_buyers_only_give_probabilities_near_0():
    features = as_features([0] * 500, [0.0] * 500, np.linspace(30, 400, 500))
    assert fit(features, horizon_days=30).probability(features).sum() < 1


@pytest.mark.parametrize("b", [0.001, 0.4, 3.6])
@pytest.mark.parametrize(
    ("repeats", "last", "age"),
    [
        pytest.param(3.0, -20.0, 40.0, id="silent for longer than known"),
        pytest.param(0.5, 10.0, 40.0, id="half a repeat"),
        pytest.param(2.0, 0.0, 40.0, id="all repeats on the first day"),
    ],
)
def test_implausible_histories_have_a_probability(repeats, last, age, b):
    # Explanations combine a customer with medians, which can be halves.
    model = BgNbd(r=0.5, alpha=20.0, a=0.1, b=b, horizon_days=30)
    (found,) = model.probability(as_features([repeats], [last], [age]))
    assert 0 < found < 1


def test_probability_decreases_with_recency_and_increases_with_the_horizon():
    features = as_features([3] * 4, [200.0, 190.0, 150.0, 100.0], [200.0] * 4)
    said = TRUE.probability(features)
    assert (np.diff(said) < 0).all()
    shorter = BgNbd(TRUE.r, TRUE.alpha, TRUE.a, TRUE.b, horizon_days=7)
    assert (shorter.probability(features) < said).all()
