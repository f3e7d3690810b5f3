from __future__ import annotations

import numpy as np
import pytest

from ml.evaluation.bootstrap import CELLS, intervals, make_cells, mean_interval
from ml.evaluation.metrics import losses, measure

SHARES = (
    "brier",
    "expected_calibration_error",
    "roc_auc",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "f1",
)
METRICS = ("log_loss", "lift_top_tenth", *SHARES)


def customers(count, seed=0, *, decimals=6):
    """Return labels and slightly overconfident probabilities."""
    random = np.random.default_rng(seed)
    chance = random.beta(1.2, 2.5, count)
    labels = (random.random(count) < chance).astype(np.int64)
    log_odds = np.log(chance / (1 - chance)) * 1.3
    return labels, np.round(np.clip(1 / (1 + np.exp(-log_odds)), 1e-6, 1 - 1e-6), decimals)


def intervals_of(labels, probability, *, threshold=0.4, repeats=400, seed=1):
    values = measure(labels, probability, threshold=threshold)
    found = intervals(labels, probability, values, threshold=threshold, repeats=repeats, seed=seed)
    return values, found


def resample_rows(labels, draw_figures, *, repeats, seed=2):
    """Resample rows with replacement and compute the metrics of each replicate."""
    random = np.random.default_rng(seed)
    return [draw_figures(random.integers(0, labels.size, labels.size)) for _ in range(repeats)]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(lambda probability: probability, id="hardly a tie"),
        pytest.param(
            lambda probability: probability.round(1) * 0.98 + 0.01, id="eleven probabilities"
        ),
        pytest.param(lambda probability: np.where(probability > 0.4, 0.5, 0.2), id="two"),
    ],
)
def test_intervals_match_resampling_of_single_customers(known):
    labels, probability = customers(1_000)
    probability = known(probability)
    values, found = intervals_of(labels, probability, repeats=2_000)
    draws = resample_rows(
        labels, lambda rows: measure(labels[rows], probability[rows], threshold=0.4), repeats=500
    )
    assert set(found) == set(METRICS)
    for name in METRICS:
        drawn = np.array([figures[name] for figures in draws])
        spread = drawn.std()
        low, high = np.quantile(drawn, (0.025, 0.975)) - drawn.mean() + values[name]
        # The ends of an interval from 500 replicates have an error of an eighth of its width.
        assert found[name] == pytest.approx((max(0, low), high), abs=0.45 * spread), name
        # Ties move the edges of the calibration bins.
        wide = 0.25 if name == "expected_calibration_error" else 0.15
        assert found[name][1] - found[name][0] == pytest.approx(high - low, rel=wide), name


def test_the_interval_of_a_mean_matches_resampling_of_single_customers():
    labels, probability = customers(1_000)
    values = losses(labels, probability) - losses(labels, np.full(1_000, labels.mean()))
    low, high = mean_interval(values, repeats=2_000, seed=1)
    means = resample_rows(labels, lambda rows: values[rows].mean(), repeats=2_000)
    expected = np.quantile(means, (0.025, 0.975))
    assert (low, high) == pytest.approx(tuple(expected), abs=0.3 * np.std(means))
    assert high - low == pytest.approx(expected[1] - expected[0], rel=0.12)


@pytest.mark.parametrize("threshold", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("count", [60, 500, 3_000])
def test_an_interval_contains_its_value(count, threshold):
    for seed in range(5):
        values, found = intervals_of(*customers(count, seed), threshold=threshold, repeats=100)
        for name, (low, high) in found.items():
            assert low <= values[name] <= high, name


@pytest.mark.parametrize("threshold", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("count", [40, 150, 1_000])
def test_intervals_of_rates_are_within_0_and_1(count, threshold):
    for seed in range(10):
        _, found = intervals_of(*customers(count, seed), threshold=threshold, repeats=100)
        for name in set(SHARES) & set(found):
            assert 0 <= found[name][0] <= found[name][1] <= 1, name
        for name in ("log_loss", "lift_top_tenth"):
            assert found[name][0] >= 0


def test_the_interval_of_a_perfect_ranking_ends_at_1():
    labels = np.repeat([0, 1], (1_300, 700))
    _, found = intervals_of(labels, np.linspace(0.01, 0.99, 2_000))
    assert found["roc_auc"] == pytest.approx((1, 1), abs=0.001)
    assert found["roc_auc"][1] <= 1


def test_coverage_of_the_intervals():
    # The metrics of 400,000 customers are the true values.
    labels, probability = customers(400_000, seed=99)
    truth = measure(labels, probability, threshold=0.4)
    names = ("log_loss", "brier", "roc_auc", "average_precision", "precision", "recall", "f1")
    held = dict.fromkeys(names, 0)
    for seed in range(100):
        _, found = intervals_of(*customers(400, seed), repeats=100)
        for name in names:
            held[name] += found[name][0] <= truth[name] <= found[name][1]
    for name in names:
        assert 0.88 <= held[name] / 100 <= 0.99, name


def test_coverage_of_the_interval_of_a_mean():
    held = 0
    for seed in range(200):
        values = np.random.default_rng(seed).normal(0.3, 1.0, 400)
        low, high = mean_interval(values, repeats=100, seed=1)
        held += low <= 0.3 <= high
    assert 0.89 <= held / 200 <= 0.985


def test_the_width_halves_with_four_times_as_many_customers():
    width = {}
    for count in (1_000, 4_000, 16_000):
        _, found = intervals_of(*customers(count), repeats=600)
        width[count] = {name: high - low for name, (low, high) in found.items()}
    for name in ("log_loss", "brier", "roc_auc", "average_precision", "precision", "recall", "f1"):
        assert width[1_000][name] / width[4_000][name] == pytest.approx(2, rel=0.25), name
        assert width[4_000][name] / width[16_000][name] == pytest.approx(2, rel=0.25), name


def test_intervals_are_deterministic_and_similar_for_another_seed():
    labels, probability = customers(1_000)
    _, first = intervals_of(labels, probability)
    _, again = intervals_of(labels, probability)
    _, other = intervals_of(labels, probability, seed=7)
    assert first == again
    assert first != other
    for name, (low, high) in first.items():
        assert other[name] == pytest.approx((low, high), abs=(high - low) / 3), name


def test_intervals_do_not_depend_on_the_row_order():
    labels, probability = customers(1_000, decimals=2)
    mixed = np.random.default_rng(0).permutation(1_000)
    _, found = intervals_of(labels, probability)
    _, in_other_order = intervals_of(labels[mixed], probability[mixed])
    assert found == in_other_order
    values = losses(labels, probability)
    assert mean_interval(values, repeats=50, seed=1) == mean_interval(
        values[mixed], repeats=50, seed=1
    )


def test_an_undefined_metric_has_no_interval():
    values, found = intervals_of(*customers(500), threshold=1.0)
    assert "precision" not in values
    assert "precision" not in found
    assert found["recall"] == (0, 0)


def test_one_buyer_among_few_has_finite_intervals():
    # A third of the replicates have no buyer, so their ranking metrics are undefined.
    labels = np.array([1] + [0] * 30)
    _, found = intervals_of(labels, np.linspace(0.9, 0.1, 31))
    assert set(found) == set(METRICS)
    assert np.isfinite(list(found.values())).all()


def test_a_constant_probability_has_an_auc_of_a_half_in_every_replicate():
    labels, _ = customers(500)
    _, found = intervals_of(labels, np.full(500, 0.3))
    assert found["roc_auc"] == (0.5, 0.5)
    assert found["lift_top_tenth"] == pytest.approx((1, 1))


@pytest.mark.parametrize(
    "threshold", [0.0, 0.05, 0.2, 0.333, 0.4, 0.77, 1.0], ids=lambda value: f"from {value}"
)
@pytest.mark.parametrize("decimals", [6, 2, 1])
def test_the_threshold_separates_cells(threshold, decimals):
    labels, probability = customers(3_000, decimals=decimals)
    cells = make_cells(labels, probability, threshold=threshold)
    rows = (cells.others + cells.buyers).astype(np.int64)
    ranked = np.sort(probability)
    parts = np.split(ranked, np.cumsum(rows)[:-1])
    assert [part.size for part in parts] == rows.tolist()
    for part, is_marked in zip(parts, cells.is_marked, strict=True):
        assert set(part >= threshold) == {bool(is_marked)}
    assert (rows * cells.is_marked).sum() == (probability >= threshold).sum()


def test_cells_contain_all_customers_in_order_of_probability():
    labels, probability = customers(3_000)
    cells = make_cells(labels, probability, threshold=0.4)
    rows = cells.others + cells.buyers
    assert cells.buyers.sum() == labels.sum()
    assert rows.sum() == 3_000
    assert CELLS / 2 < rows.size <= CELLS + 1
    assert (rows > 0).all()
    assert (np.diff(cells.probability) > 0).all()
    assert (rows * cells.probability).sum() == pytest.approx(probability.sum())


def test_equal_probabilities_share_a_cell():
    labels, probability = customers(3_000, decimals=1)
    cells = make_cells(labels, probability, threshold=0.4)
    assert cells.probability.tolist() == pytest.approx(sorted(set(probability)))
    for chance, buyers in zip(cells.probability, cells.buyers, strict=True):
        assert buyers == labels[np.isclose(probability, chance)].sum()


def test_few_customers_have_one_cell_each():
    labels, probability = customers(40)
    cells = make_cells(labels, probability, threshold=0.4)
    assert cells.probability.tolist() == sorted(probability)


@pytest.mark.parametrize("count", [1, 7, 499, 501, 5_000])
def test_the_interval_of_a_mean_contains_the_mean(count):
    values = np.random.default_rng(count).normal(0.1, 1.0, count)
    low, high = mean_interval(values, repeats=400, seed=1)
    assert low <= values.mean() <= high


def test_the_interval_of_a_constant_has_no_width():
    assert mean_interval(np.full(1_234, -0.5), repeats=50, seed=1) == pytest.approx((-0.5, -0.5))


def test_the_interval_of_a_mean_narrows_with_more_customers():
    values = np.random.default_rng(0).normal(0.1, 1.0, 16_000)
    few, many = (mean_interval(values[:count], repeats=1_000, seed=1) for count in (1_000, 16_000))
    assert (few[1] - few[0]) / (many[1] - many[0]) == pytest.approx(4, rel=0.15)
    assert many[1] - many[0] == pytest.approx(2 * 1.96 / np.sqrt(16_000), rel=0.1)


def test_the_interval_of_a_mean_is_deterministic():
    values = np.random.default_rng(0).normal(0.1, 1.0, 800)
    first, again, other = (mean_interval(values, repeats=200, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
