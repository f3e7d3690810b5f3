from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest

from ml.errors import TooLittleDataError
from ml.settings import DEFAULTS
from ml.split import Window, WindowSummary, fingerprint, folds, plan, sample, take


def snapshots(labelled, *, buyers=30, rows=100, history_days=None):
    """Return the latest snapshot and some labelled ones, 30 days apart."""
    history = history_days if history_days is not None else 30 * (labelled + 1)
    return [
        WindowSummary(
            snapshot_number=number,
            as_of_date=(date(2024, 6, 30) - timedelta(days=30 * number)).isoformat(),
            horizon_days=30,
            rows=rows,
            buyers=buyers if number else None,
            history_days=history - 30 * number,
        )
        for number in range(labelled + 1)
    ]


def with_buyers(summaries, number, buyers):
    """Return the snapshots with another number of buyers in one of them."""
    return [
        dataclasses.replace(summary, buyers=buyers)
        if summary.snapshot_number == number
        else summary
        for summary in summaries
    ]


def numbers(windows):
    return [window.snapshot_number for window in windows]


def test_many_windows_fit_choose_and_report_apart():
    roles = plan(snapshots(12), DEFAULTS)
    assert numbers(roles.fit) == [3, 4, 5, 6, 7, 8]
    assert roles.choose.snapshot_number == 2
    assert numbers(roles.refit) == [2, 3, 4, 5, 6, 7]
    assert roles.report.snapshot_number == 1
    assert numbers(roles.final) == [1, 2, 3, 4, 5, 6]
    assert numbers(roles.windows()) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_three_windows_have_one_role_each():
    roles = plan(snapshots(3), DEFAULTS)
    assert numbers(roles.fit) == [3]
    assert roles.choose.snapshot_number == 2
    assert numbers(roles.refit) == [2, 3]
    assert numbers(roles.final) == [1, 2, 3]


def test_two_windows_leave_the_choice_to_cross_validation():
    roles = plan(snapshots(2), DEFAULTS)
    assert roles.choose is None
    assert numbers(roles.fit) == numbers(roles.refit) == [2]
    assert roles.report.snapshot_number == 1
    assert numbers(roles.final) == [1, 2]


@pytest.mark.parametrize("labelled", range(2, 13))
def test_what_reports_is_later_than_all_that_is_fitted_or_chosen_on(labelled):
    roles = plan(snapshots(labelled), DEFAULTS)
    assert min(numbers(roles.refit)) > roles.report.snapshot_number
    if roles.choose is not None:
        assert min(numbers(roles.fit)) > roles.choose.snapshot_number > roles.report.snapshot_number


def test_a_past_date_without_a_horizon_of_history_is_left_out():
    roles = plan(snapshots(4, history_days=4 * 30 + 13), DEFAULTS)
    assert numbers(roles.windows()) == [1, 2, 3]


def test_one_window_says_how_long_the_history_is_and_how_long_it_should_be():
    with pytest.raises(TooLittleDataError, match="history is 60 days long; 90 are needed"):
        plan(snapshots(1, history_days=60), DEFAULTS)


def test_the_latest_snapshot_alone_says_so_too():
    with pytest.raises(TooLittleDataError, match="history is 24 days long; 90 are needed"):
        plan(snapshots(0, history_days=24), DEFAULTS)


def test_a_long_history_in_few_snapshots_asks_for_more_snapshots():
    with pytest.raises(TooLittleDataError, match="snapshot_count"):
        plan(snapshots(1, history_days=400), DEFAULTS)


def test_no_snapshot_says_that_nobody_ordered():
    with pytest.raises(TooLittleDataError, match="no customer with an order"):
        plan([], DEFAULTS)


def test_one_customer_is_too_few():
    with pytest.raises(
        TooLittleDataError,
        match=r"there are 6 rows .* in the windows 2023-12-03 to 2024-05-01; 50 are",
    ):
        plan(snapshots(12, rows=1, buyers=1), DEFAULTS)


def test_a_small_last_window_cannot_report():
    summaries = snapshots(12)
    summaries[1] = dataclasses.replace(summaries[1], rows=19, buyers=5)
    with pytest.raises(
        TooLittleDataError, match=r"there are 19 rows .* in the window of 2024-05-31; 20"
    ):
        plan(summaries, DEFAULTS)


@pytest.mark.parametrize(
    ("buyers", "who"),
    [pytest.param(0, "no customer", id="nobody"), pytest.param(100, "every customer", id="all")],
)
def test_a_last_window_of_one_kind_cannot_report(buyers, who):
    with pytest.raises(TooLittleDataError, match=f"{who} of the window of 2024-05-31"):
        plan(with_buyers(snapshots(12), 1, buyers), DEFAULTS)


def test_fitting_windows_of_one_kind_cannot_fit():
    summaries = snapshots(12, buyers=0)
    with pytest.raises(TooLittleDataError, match="no customer of the windows"):
        plan(with_buyers(summaries, 1, 30), DEFAULTS)


def test_a_choosing_window_of_one_kind_joins_the_fit():
    roles = plan(with_buyers(snapshots(12), 2, 0), DEFAULTS)
    assert roles.choose is None
    assert numbers(roles.fit) == [2, 3, 4, 5, 6, 7]


IDS = [f"c{number}" for number in range(1000)]
LABELS = np.array([int(number % 4 == 0) for number in range(1000)])


def test_a_sample_keeps_the_share_of_buyers():
    rows = sample(IDS, LABELS, limit=200, seed=1)
    assert len(rows) == 200
    assert LABELS[rows].sum() == 50


def test_a_smaller_sample_lies_within_a_larger_one():
    small, large = (set(sample(IDS, LABELS, limit=limit, seed=1)) for limit in (100, 400))
    assert small < large


def test_another_seed_draws_other_customers():
    first, second = (set(sample(IDS, LABELS, limit=200, seed=seed)) for seed in (1, 2))
    assert len(first & second) < 100


def test_the_draw_depends_on_the_customer_not_on_the_place():
    backwards = sample(IDS[::-1], LABELS[::-1], limit=200, seed=1)
    forwards = sample(IDS, LABELS, limit=200, seed=1)
    assert {IDS[::-1][row] for row in backwards} == {IDS[row] for row in forwards}


def test_taking_rows_keeps_customers_features_and_labels_together():
    window = Window(snapshots(1)[1], ["a", "b", "c"], np.arange(6.0).reshape(3, 2), np.arange(3))
    taken = take(window, np.array([0, 2]))
    assert taken.customer_ids == ["a", "c"]
    assert taken.features.tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert taken.labels.tolist() == [0, 2]


def test_no_customer_is_in_two_folds_and_each_fold_has_both_kinds():
    ids = [f"c{number % 50:02d}" for number in range(150)]
    labels = np.array([int(number % 50 < 10) for number in range(150)])
    part = folds(ids, labels, count=5)
    for customer in set(ids):
        assert len({part[row] for row in range(150) if ids[row] == customer}) == 1
    for fold in range(5):
        assert labels[part == fold].tolist().count(1) == 6
        assert (part == fold).sum() == 30


def test_too_few_buyers_cannot_be_dealt_into_folds():
    labels = np.array([1] * 4 + [0] * 46)
    with pytest.raises(TooLittleDataError, match="4 customers of the past windows ordered"):
        folds([f"c{number}" for number in range(50)], labels, count=5)


def test_the_fingerprint_changes_with_any_value():
    window = Window(snapshots(1)[1], ["a", "b"], np.array([[1.0], [np.nan]]), np.array([0, 1]))
    changed = [
        window,
        dataclasses.replace(window, customer_ids=["a", "c"]),
        dataclasses.replace(window, features=np.array([[1.0], [2.0]])),
        dataclasses.replace(window, labels=np.array([1, 1])),
    ]
    assert len({fingerprint(snapshots(1), [one]) for one in changed}) == 4
    assert fingerprint(snapshots(1), [window]) != fingerprint(snapshots(2), [window])
