from __future__ import annotations

import numpy as np
import pytest

from ml.data.sampling import (
    evenly_spaced,
    stratified_group_folds,
    stratified_sample,
    subset,
)
from ml.data.windows import Window, WindowSummary
from ml.errors import TooLittleDataError

IDS = [f"c{number}" for number in range(1000)]
LABELS = np.array([int(number % 4 == 0) for number in range(1000)])


def test_a_sample_keeps_the_share_of_buyers():
    rows = stratified_sample(IDS, LABELS, limit=200, seed=1)
    assert len(rows) == 200
    assert LABELS[rows].sum() == 50


def test_the_only_buyer_is_always_sampled():
    labels = np.zeros(1000, dtype=np.int64)
    labels[700] = 1
    rows = stratified_sample(IDS, labels, limit=100, seed=1)
    assert 700 in rows
    assert len(rows) == 101


def test_a_smaller_sample_is_a_subset_of_a_larger_one():
    small, large = (
        set(stratified_sample(IDS, LABELS, limit=limit, seed=1)) for limit in (100, 400)
    )
    assert small < large


def test_sampling_a_sample_gives_the_same_rows_as_sampling_once():
    # Windows are sampled when they are read, and again for a fit.
    read = stratified_sample(IDS, LABELS, limit=400, seed=1)
    again = stratified_sample([IDS[row] for row in read], LABELS[read], limit=100, seed=1)
    assert read[again].tolist() == stratified_sample(IDS, LABELS, limit=100, seed=1).tolist()


def test_another_seed_samples_other_customers():
    first, second = (set(stratified_sample(IDS, LABELS, limit=200, seed=seed)) for seed in (1, 2))
    assert len(first & second) < 100


def test_a_sample_does_not_depend_on_the_row_order():
    backwards = stratified_sample(IDS[::-1], LABELS[::-1], limit=200, seed=1)
    forwards = stratified_sample(IDS, LABELS, limit=200, seed=1)
    assert {IDS[::-1][row] for row in backwards} == {IDS[row] for row in forwards}


def test_a_limit_above_the_number_of_rows_returns_all_rows():
    assert stratified_sample(IDS, LABELS, limit=1000, seed=1).tolist() == list(range(1000))


@pytest.mark.parametrize(
    ("rows", "limit", "places"),
    [(3, 5, [0, 1, 2]), (5, 5, [0, 1, 2, 3, 4]), (10, 5, [0, 2, 4, 6, 8]), (7, 3, [0, 2, 4])],
)
def test_evenly_spaced_indices(rows, limit, places):
    assert evenly_spaced(rows, limit=limit).tolist() == places


def test_a_subset_has_matching_customers_features_and_labels():
    summary = WindowSummary(1, "2024-05-31", 30, rows=3, buyers=1, history_days=60)
    window = Window(summary, ["a", "b", "c"], np.arange(6.0).reshape(3, 2), np.arange(3))
    taken = subset(window, np.array([0, 2]))
    assert taken.summary == summary
    assert taken.customer_ids == ["a", "c"]
    assert taken.features.tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert taken.labels.tolist() == [0, 2]


def test_folds_are_grouped_by_customer_and_stratified_by_label():
    ids = [f"c{number % 50:02d}" for number in range(150)]
    labels = np.array([int(number % 50 < 10) for number in range(150)])
    part = stratified_group_folds(ids, labels, count=5)
    for customer in set(ids):
        assert len({part[row] for row in range(150) if ids[row] == customer}) == 1
    for fold in range(5):
        assert labels[part == fold].tolist().count(1) == 6
        assert (part == fold).sum() == 30


@pytest.mark.parametrize(
    ("buyers", "sentence"),
    [
        pytest.param(4, "4 customers of the past windows ordered within", id="buyers"),
        pytest.param(46, "4 customers of the past windows did not order within", id="others"),
    ],
)
def test_too_few_customers_of_a_class_raise(buyers, sentence):
    labels = np.array([1] * buyers + [0] * (50 - buyers))
    with pytest.raises(TooLittleDataError, match=sentence):
        stratified_group_folds([f"c{number}" for number in range(50)], labels, count=5)
