from __future__ import annotations

import numpy as np
import pytest

from ml.models.explain import contributions, reasons, sentence, typical_customer
from ml.settings import FAMILIES, FEATURES, Settings

NAN = float("nan")
RECENT_ACTIVITY, ORDER_COUNT, TENURE, SPEND, BASKET, RETURNS = map(
    list(FAMILIES).index, ("recent_activity", "order_count", "tenure", "spend", "basket", "returns")
)


def customers(*rows):
    """Return features; those that are not given are 1."""
    return np.array([[row.get(name, 1.0) for name in FEATURES] for row in rows])


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_the_typical_customer_has_the_medians_of_defined_values():
    typical = typical_customer(
        customers(
            {"recency": 1.0, "mean_gap_days": NAN},
            {"recency": 2.0, "mean_gap_days": 10.0},
            {"recency": 30.0, "mean_gap_days": 20.0},
        )
    )
    assert typical[FEATURES.index("recency")] == 2
    assert typical[FEATURES.index("mean_gap_days")] == 15


def test_the_typical_value_of_an_undefined_feature_is_nan():
    typical = typical_customer(customers({"mean_gap_days": NAN}, {"mean_gap_days": NAN}))
    assert np.isnan(typical[FEATURES.index("mean_gap_days")])


def recent_is_good(features):
    """Return 0.9 for a recency below ten days, else 0.2."""
    return np.where(column(features, "recency") < 10, 0.9, 0.2)


def test_contributions_are_positive_above_and_negative_below_the_typical_probability():
    typical = customers({"recency": 40.0})[0]
    features = customers({"recency": 3.0}, {"recency": 40.0}, {"recency": 50.0})
    moved = contributions(recent_is_good, features, recent_is_good(features), typical)
    assert moved[:, RECENT_ACTIVITY].tolist() == pytest.approx([0.7, 0.0, 0.0])
    typical = customers({"recency": 5.0})[0]
    moved = contributions(recent_is_good, features, recent_is_good(features), typical)
    assert moved[:, RECENT_ACTIVITY].tolist() == pytest.approx([0.0, -0.7, -0.7])


def test_the_contribution_of_an_unused_family_is_0():
    features = customers({"recency": 3.0, "monetary": 9999.0})
    typical = customers({"recency": 40.0})[0]
    moved = contributions(recent_is_good, features, recent_is_good(features), typical)
    assert np.flatnonzero(moved[0]).tolist() == [RECENT_ACTIVITY]


def test_undefined_values_are_not_replaced():
    seen = []

    def remember(features):
        seen.append(features)
        return np.full(len(features), 0.5)

    contributions(remember, customers({"mean_gap_days": NAN}), np.array([0.5]), customers({})[0])
    assert all(np.isnan(column(features, "mean_gap_days")).all() for features in seen)
    assert len(seen) == len(FAMILIES)


def test_recency_and_tenure_are_replaced_together_for_one_order_day():
    seen = {}

    def remember(features):
        seen[len(seen)] = column(features, "recency")[0], column(features, "tenure_days")[0]
        return np.full(len(features), 0.5)

    one_day = customers({"recency": 80.0, "tenure_days": 80.0, "mean_gap_days": NAN})
    typical = customers({"recency": 20.0, "tenure_days": 200.0})[0]
    contributions(remember, one_day, np.array([0.5]), typical)
    assert seen[RECENT_ACTIVITY] == (20, 20)
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


def test_reasons_are_sorted_by_strength():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, [ORDER_COUNT, TENURE, SPEND, RETURNS, BASKET]] = [-0.04, 0.2, 0.004, 0.05, 0.03]
    assert reasons(customers(ONE), moved, Settings()) == [
        [
            "First order was 400 days ago (raises)",
            "Returned 12% of the money spent (raises)",
            "Ordered 4 times, 3 of them in the last 180 days (lowers)",
        ]
    ]


def test_weak_contributions_are_reasons_too():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, [ORDER_COUNT, TENURE, SPEND]] = [-1e-6, 0.2, 2e-6]
    assert reasons(customers(ONE), moved, Settings()) == [
        [
            "First order was 400 days ago (raises)",
            "Spent 1,234 in all (raises)",
            "Ordered 4 times, 3 of them in the last 180 days (lowers)",
        ]
    ]


def test_a_contribution_of_0_is_not_a_reason():
    moved = np.zeros((1, len(FAMILIES)))
    moved[0, TENURE] = 0.2
    assert reasons(customers(ONE), moved, Settings()) == [["First order was 400 days ago (raises)"]]


def test_ties_are_sorted_by_family():
    moved = np.full((1, len(FAMILIES)), 0.1)
    (reported,) = reasons(customers(ONE), moved, Settings())
    expected = [sentence(family, ONE, raises=True) for family in list(FAMILIES)[:3]]
    assert reported == expected


def test_the_number_of_reasons_is_limited():
    moved = np.full((2, len(FAMILIES)), 0.1)
    reported = reasons(customers(ONE, ONE), moved, Settings(reason_limit=1))
    assert [len(sentences) for sentences in reported] == [1, 1]


def test_a_typical_customer_has_no_reasons():
    assert reasons(customers(ONE), np.zeros((1, len(FAMILIES))), Settings()) == [[]]


@pytest.mark.parametrize(
    ("family", "values", "raises", "expected"),
    [
        (
            "recent_activity",
            {},
            True,
            "Ordered 3 times in the last 90 days, most recently 12 days ago",
        ),
        ("recent_activity", {}, False, "12 days since the last order, usually every 21 days"),
        (
            "recent_activity",
            {"mean_gap_days": 1.2},
            False,
            "12 days since the last order, usually every day",
        ),
        (
            "recent_activity",
            {"recency": 1.0, "mean_gap_days": NAN},
            False,
            "1 day since the last order",
        ),
        (
            "recent_activity",
            {"recency": 0.0, "orders_last_90_days": 2.0},
            True,
            "Ordered twice in the last 90 days, most recently on the last day of the data",
        ),
        (
            "recent_activity",
            {"recency": 0.0, "mean_gap_days": NAN},
            False,
            "Ordered on the last day of the data",
        ),
        (
            "recent_activity",
            {"frequency": 1.0, "orders_last_90_days": 1.0, "mean_gap_days": NAN},
            True,
            "12 days since the only order",
        ),
        ("order_gaps", {}, True, "21 days between orders on average, 60 days at the longest"),
        ("order_gaps", {"longest_gap_days": 21.0}, True, "21 days between orders"),
        ("order_gaps", {"mean_gap_days": NAN}, True, "Ordered on one day only"),
        ("order_count", {}, True, "Ordered 4 times, 3 of them in the last 180 days"),
        ("order_count", {"frequency": 3.0}, True, "Ordered 3 times, all in the last 180 days"),
        (
            "order_count",
            {"frequency": 2.0, "orders_last_180_days": 0.0},
            False,
            "Ordered twice, none in the last 180 days",
        ),
        ("order_count", {"frequency": 1.0}, False, "Ordered only once"),
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
