from __future__ import annotations

import numpy as np
import pytest

from ml.evaluation.bootstrap import CELLS, difference, intervals, make_cells
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
MEASURES = ("log_loss", "lift_top_tenth", *SHARES)


def customers(count, seed=0, *, decimals=6):
    """Return labels and probabilities that are a little too sure."""
    random = np.random.default_rng(seed)
    chance = random.beta(1.2, 2.5, count)
    labels = (random.random(count) < chance).astype(np.int64)
    log_odds = np.log(chance / (1 - chance)) * 1.3
    return labels, np.round(np.clip(1 / (1 + np.exp(-log_odds)), 1e-6, 1 - 1e-6), decimals)


def intervals_of(labels, probability, *, threshold=0.4, repeats=400, seed=1):
    measured = measure(labels, probability, threshold=threshold)
    found = intervals(
        labels, probability, measured, threshold=threshold, repeats=repeats, seed=seed
    )
    return measured, found


def plain(labels, draw_figures, *, repeats, seed=2):
    """Draw whole customers with replacement and compute the figures of each draw."""
    random = np.random.default_rng(seed)
    return [draw_figures(random.integers(0, labels.size, labels.size)) for _ in range(repeats)]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(lambda probability: probability, id="hardly a tie"),
        pytest.param(lambda probability: probability.round(1) + 0.01, id="eleven probabilities"),
        pytest.param(lambda probability: np.where(probability > 0.4, 0.5, 0.2), id="two"),
    ],
)
def test_intervals_are_those_of_drawing_customers_one_by_one(known):
    labels, probability = customers(1_000)
    probability = known(probability)
    measured, found = intervals_of(labels, probability, repeats=2_000)
    draws = plain(
        labels, lambda rows: measure(labels[rows], probability[rows], threshold=0.4), repeats=500
    )
    assert set(found) == set(MEASURES)
    for name in MEASURES:
        drawn = np.array([figures[name] for figures in draws])
        spread = drawn.std()
        low, high = np.quantile(drawn, (0.025, 0.975)) - drawn.mean() + measured[name]
        # The ends of a bootstrap with 500 draws are themselves off by an eighth of the spread.
        assert found[name] == pytest.approx((max(0, low), high), abs=0.45 * spread), name
        # Ten bins are cut a little differently where customers share a probability.
        wide = 0.25 if name == "expected_calibration_error" else 0.15
        assert found[name][1] - found[name][0] == pytest.approx(high - low, rel=wide), name


def test_the_interval_of_a_difference_is_that_of_drawing_customers_one_by_one():
    labels, probability = customers(1_000)
    values = losses(labels, probability) - losses(labels, np.full(1_000, labels.mean()))
    low, high = difference(values, repeats=2_000, seed=1)
    means = plain(labels, lambda rows: values[rows].mean(), repeats=2_000)
    expected = np.quantile(means, (0.025, 0.975))
    assert (low, high) == pytest.approx(tuple(expected), abs=0.3 * np.std(means))
    assert high - low == pytest.approx(expected[1] - expected[0], rel=0.12)


@pytest.mark.parametrize("threshold", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("count", [60, 500, 3_000])
def test_an_interval_holds_its_figure(count, threshold):
    for seed in range(5):
        measured, found = intervals_of(*customers(count, seed), threshold=threshold, repeats=100)
        for name, (low, high) in found.items():
            assert low <= measured[name] <= high, name


@pytest.mark.parametrize("threshold", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("count", [40, 150, 1_000])
def test_no_share_is_below_0_or_above_1(count, threshold):
    for seed in range(10):
        _, found = intervals_of(*customers(count, seed), threshold=threshold, repeats=100)
        for name in set(SHARES) & set(found):
            assert 0 <= found[name][0] <= found[name][1] <= 1, name
        for name in ("log_loss", "lift_top_tenth"):
            assert found[name][0] >= 0


def test_a_perfect_ranking_is_not_better_than_perfect():
    labels = np.repeat([0, 1], (1_300, 700))
    _, found = intervals_of(labels, np.linspace(0.01, 0.99, 2_000))
    assert found["roc_auc"] == pytest.approx((1, 1), abs=0.001)
    assert found["roc_auc"][1] <= 1


def test_nineteen_of_twenty_intervals_hold_the_truth():
    # The truth is known here: that of 400,000 customers.
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


def test_nineteen_of_twenty_intervals_of_a_difference_hold_the_truth():
    held = 0
    for seed in range(200):
        values = np.random.default_rng(seed).normal(0.3, 1.0, 400)
        low, high = difference(values, repeats=100, seed=1)
        held += low <= 0.3 <= high
    assert 0.89 <= held / 200 <= 0.985


def test_four_times_as_many_customers_halve_the_interval():
    width = {}
    for count in (1_000, 4_000, 16_000):
        _, found = intervals_of(*customers(count), repeats=600)
        width[count] = {name: high - low for name, (low, high) in found.items()}
    for name in ("log_loss", "brier", "roc_auc", "average_precision", "precision", "recall", "f1"):
        assert width[1_000][name] / width[4_000][name] == pytest.approx(2, rel=0.25), name
        assert width[4_000][name] / width[16_000][name] == pytest.approx(2, rel=0.25), name


def test_the_same_seed_gives_the_same_interval_and_another_seed_a_near_one():
    labels, probability = customers(1_000)
    _, first = intervals_of(labels, probability)
    _, again = intervals_of(labels, probability)
    _, other = intervals_of(labels, probability, seed=7)
    assert first == again
    assert first != other
    for name, (low, high) in first.items():
        assert other[name] == pytest.approx((low, high), abs=(high - low) / 3), name


def test_the_order_of_the_customers_changes_nothing():
    labels, probability = customers(1_000, decimals=2)
    mixed = np.random.default_rng(0).permutation(1_000)
    _, found = intervals_of(labels, probability)
    _, in_other_order = intervals_of(labels[mixed], probability[mixed])
    assert found == in_other_order
    values = losses(labels, probability)
    assert difference(values, repeats=50, seed=1) == difference(values[mixed], repeats=50, seed=1)


def test_a_measure_that_is_not_defined_has_no_interval():
    measured, found = intervals_of(*customers(500), threshold=1.0)
    assert "precision" not in measured
    assert "precision" not in found
    assert found["recall"] == (0, 0)


def test_one_buyer_among_few_has_finite_intervals():
    # A third of the draws leave the buyer out, and then there is no ranking to measure.
    labels = np.array([1] + [0] * 30)
    _, found = intervals_of(labels, np.linspace(0.9, 0.1, 31))
    assert set(found) == set(MEASURES)
    assert np.isfinite(list(found.values())).all()


def test_a_constant_ranks_nobody_in_any_draw():
    labels, _ = customers(500)
    _, found = intervals_of(labels, np.full(500, 0.3))
    assert found["roc_auc"] == (0.5, 0.5)
    assert found["lift_top_tenth"] == pytest.approx((1, 1))


@pytest.mark.parametrize(
    "threshold", [0.0, 0.05, 0.2, 0.333, 0.4, 0.77, 1.0], ids=lambda value: f"from {value}"
)
@pytest.mark.parametrize("decimals", [6, 2, 1])
def test_no_cell_lies_on_both_sides_of_the_threshold(threshold, decimals):
    labels, probability = customers(3_000, decimals=decimals)
    cells = make_cells(labels, probability, threshold=threshold)
    rows = (cells.others + cells.buyers).astype(np.int64)
    ranked = np.sort(probability)
    parts = np.split(ranked, np.cumsum(rows)[:-1])
    assert [part.size for part in parts] == rows.tolist()
    for part, is_marked in zip(parts, cells.is_marked, strict=True):
        assert set(part >= threshold) == {bool(is_marked)}
    assert (rows * cells.is_marked).sum() == (probability >= threshold).sum()


def test_cells_hold_all_customers_from_the_lowest_probability_to_the_highest():
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


def test_few_customers_have_a_cell_each():
    labels, probability = customers(40)
    cells = make_cells(labels, probability, threshold=0.4)
    assert cells.probability.tolist() == sorted(probability)


@pytest.mark.parametrize("count", [1, 7, 499, 501, 5_000])
def test_the_interval_of_a_difference_holds_the_mean(count):
    values = np.random.default_rng(count).normal(0.1, 1.0, count)
    low, high = difference(values, repeats=400, seed=1)
    assert low <= values.mean() <= high


def test_a_difference_that_is_the_same_for_all_is_certain():
    assert difference(np.full(1_234, -0.5), repeats=50, seed=1) == pytest.approx((-0.5, -0.5))


def test_more_customers_narrow_the_interval_of_a_difference():
    values = np.random.default_rng(0).normal(0.1, 1.0, 16_000)
    few, many = (difference(values[:count], repeats=1_000, seed=1) for count in (1_000, 16_000))
    assert (few[1] - few[0]) / (many[1] - many[0]) == pytest.approx(4, rel=0.15)
    assert many[1] - many[0] == pytest.approx(2 * 1.96 / np.sqrt(16_000), rel=0.1)


def test_the_same_seed_gives_the_same_interval_of_a_difference():
    values = np.random.default_rng(0).normal(0.1, 1.0, 800)
    first, again, other = (difference(values, repeats=200, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
