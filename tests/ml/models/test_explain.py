from __future__ import annotations

import numpy as np
import pytest

from ml.models.explain import moves, reasons, sentence, typical_customer
from ml.settings import FAMILIES, FEATURES, Settings

NAN = float("nan")
LATELY, ORDERS, TENURE, SPEND, BASKET, RETURNS = map(
    list(FAMILIES).index, ("lately", "orders", "tenure", "spend", "basket", "returns")
)


def customers(*rows):
    """Return features: those named, and 1 for all others."""
    return np.array([[row.get(name, 1.0) for name in FEATURES] for row in rows])


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_the_typical_customer_is_the_median_of_what_is_defined():
    typical = typical_customer(
        customers(
            {"recency": 1.0, "mean_gap_days": NAN},
            {"recency": 2.0, "mean_gap_days": 10.0},
            {"recency": 30.0, "mean_gap_days": 20.0},
        )
    )
    assert typical[FEATURES.index("recency")] == 2
    assert typical[FEATURES.index("mean_gap_days")] == 15


def test_nothing_is_typical_where_nothing_is_defined():
    typical = typical_customer(customers({"mean_gap_days": NAN}, {"mean_gap_days": NAN}))
    assert np.isnan(typical[FEATURES.index("mean_gap_days")])


def recent_is_good(features):
    """Say 0.9 of a recency below ten days, else 0.2."""
    return np.where(column(features, "recency") < 10, 0.9, 0.2)


def test_a_value_better_than_typical_raises_and_a_worse_one_lowers():
    typical = customers({"recency": 40.0})[0]
    features = customers({"recency": 3.0}, {"recency": 40.0}, {"recency": 50.0})
    moved = moves(recent_is_good, features, recent_is_good(features), typical)
    assert moved[:, LATELY].tolist() == pytest.approx([0.7, 0.0, 0.0])
    typical = customers({"recency": 5.0})[0]
    moved = moves(recent_is_good, features, recent_is_good(features), typical)
    assert moved[:, LATELY].tolist() == pytest.approx([0.0, -0.7, -0.7])


def test_a_family_that_the_model_does_not_read_moves_nothing():
    features = customers({"recency": 3.0, "monetary": 9999.0})
    typical = customers({"recency": 40.0})[0]
    moved = moves(recent_is_good, features, recent_is_good(features), typical)
    assert np.flatnonzero(moved[0]).tolist() == [LATELY]


def test_what_is_not_defined_stays_so():
    seen = []

    def remember(features):
        seen.append(features)
        return np.full(len(features), 0.5)

    moves(remember, customers({"mean_gap_days": NAN}), np.array([0.5]), customers({})[0])
    assert all(np.isnan(column(features, "mean_gap_days")).all() for features in seen)
    assert len(seen) == len(FAMILIES)


def test_recency_and_tenure_of_one_day_are_one_date():
    seen = {}

    def remember(features):
        seen[len(seen)] = column(features, "recency")[0], column(features, "tenure_days")[0]
        return np.full(len(features), 0.5)

    one_day = customers({"recency": 80.0, "tenure_days": 80.0, "mean_gap_days": NAN})
    typical = customers({"recency": 20.0, "tenure_days": 200.0})[0]
    moves(remember, one_day, np.array([0.5]), typical)
    assert seen[LATELY] == (20, 20)
    assert seen[TENURE] == (80, 80)


ONE = {
    "recency": 12.0,
    "frequency": 4.0,
    "orders_last_90_days": 3.0,
    "orders_last_180_days": 3.0,
    "mean_gap_days": 21.4,
    "longest_gap_days": 60.0,
    "tenure_days": 400.0,
    "monetary": 1234.5,
    "average_order_value": 308.6,
    "lines_per_order": 12.2,
    "share_returned": 0.124,
}


def test_the_strongest_reasons_come_first():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, [ORDERS, TENURE, SPEND, RETURNS, BASKET]] = [-0.04, 0.2, 0.004, 0.05, 0.03]
    assert reasons(customers(ONE), moved, Settings()) == [
        [
            "First order was 400 days ago (raises)",
            "Returned 12% of the money spent (raises)",
            "Ordered 4 times, 3 of them in the last 180 days (lowers)",
        ]
    ]


def test_a_weak_reason_is_told_where_there_is_no_stronger_one():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, [ORDERS, TENURE, SPEND]] = [-1e-6, 0.2, 2e-6]
    assert reasons(customers(ONE), moved, Settings()) == [
        [
            "First order was 400 days ago (raises)",
            "Spent 1,234 in all (raises)",
            "Ordered 4 times, 3 of them in the last 180 days (lowers)",
        ]
    ]


def test_a_family_that_moves_nothing_is_no_reason():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, TENURE] = 0.2
    assert reasons(customers(ONE), moved, Settings()) == [["First order was 400 days ago (raises)"]]


def test_equally_strong_reasons_stand_in_the_order_of_the_families():
    moved = np.full((1, len(FAMILIES)), 0.1)
    (told,) = reasons(customers(ONE), moved, Settings())
    expected = [sentence(family, ONE, raises=True) for family in list(FAMILIES)[:3]]
    assert told == expected


def test_as_many_reasons_are_told_as_are_wanted():
    moved = np.full((2, len(FAMILIES)), 0.1)
    told = reasons(customers(ONE, ONE), moved, Settings(reason_limit=1))
    assert [len(sentences) for sentences in told] == [1, 1]


def test_a_typical_customer_has_no_reasons():
    assert reasons(customers(ONE), np.zeros((1, len(FAMILIES))), Settings()) == [[]]


@pytest.mark.parametrize(
    ("family", "values", "raises", "expected"),
    [
        ("lately", {}, True, "Ordered 3 times in the last 90 days, most recently 12 days ago"),
        ("lately", {}, False, "12 days since the last order, usually every 21 days"),
        (
            "lately",
            {"mean_gap_days": 1.2},
            False,
            "12 days since the last order, usually every day",
        ),
        ("lately", {"recency": 1.0, "mean_gap_days": NAN}, False, "1 day since the last order"),
        (
            "lately",
            {"recency": 0.0, "orders_last_90_days": 2.0},
            True,
            "Ordered twice in the last 90 days, most recently on the last day of the data",
        ),
        (
            "lately",
            {"recency": 0.0, "mean_gap_days": NAN},
            False,
            "Ordered on the last day of the data",
        ),
        (
            "lately",
            {"frequency": 1.0, "orders_last_90_days": 1.0, "mean_gap_days": NAN},
            True,
            "12 days since the only order",
        ),
        ("rhythm", {}, True, "21 days between orders on average, 60 days at the longest"),
        ("rhythm", {"longest_gap_days": 21.0}, True, "21 days between orders"),
        ("rhythm", {"mean_gap_days": NAN}, True, "Ordered on one day only"),
        ("orders", {}, True, "Ordered 4 times, 3 of them in the last 180 days"),
        ("orders", {"frequency": 3.0}, True, "Ordered 3 times, all in the last 180 days"),
        (
            "orders",
            {"frequency": 2.0, "orders_last_180_days": 0.0},
            False,
            "Ordered twice, none in the last 180 days",
        ),
        ("orders", {"frequency": 1.0}, False, "Ordered only once"),
        ("tenure", {}, True, "First order was 400 days ago"),
        ("tenure", {"tenure_days": 0.0}, True, "First order was on the last day of the data"),
        ("spend", {"monetary": 12345.6}, True, "Spent 12,346 in all"),
        ("spend", {"monetary": -0.4}, False, "Spent 0 in all"),
        ("basket", {}, True, "Spends 309 per order on 12 lines"),
        ("basket", {"lines_per_order": 1.0}, True, "Spends 309 per order on 1 line"),
        ("returns", {}, False, "Returned 12% of the money spent"),
        ("returns", {"share_returned": 0.001}, False, "Returned less than 1% of the money spent"),
        ("returns", {"share_returned": 0.0}, True, "Never returned anything"),
    ],
)
def test_sentences(family, values, raises, expected):
    direction = "raises" if raises else "lowers"
    assert sentence(family, ONE | values, raises=raises) == f"{expected} ({direction})"
