from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest

from ml.data.windows import Window, WindowSummary, describe_window, fingerprint, split_windows
from ml.errors import TooLittleDataError
from ml.settings import DEFAULTS, Settings


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


def with_buyers(summaries, wanted, buyers):
    """Return the snapshots with another number of buyers in some of them."""
    return [
        dataclasses.replace(summary, buyers=buyers)
        if summary.snapshot_number in wanted
        else summary
        for summary in summaries
    ]


def numbers(windows):
    return [window.snapshot_number for window in windows]


def steps(split):
    return {fold.test.snapshot_number: numbers(fold.fit) for fold in split.history}


def test_split_of_many_windows():
    split = split_windows(snapshots(12), DEFAULTS)
    assert numbers(split.fit) == [3, 4, 5, 6, 7, 8]
    assert split.choose.snapshot_number == 2
    assert numbers(split.refit) == [2, 3, 4, 5, 6, 7]
    assert split.report.snapshot_number == 1
    assert numbers(split.final) == [1, 2, 3, 4, 5, 6]


def test_split_of_three_windows():
    split = split_windows(snapshots(3), DEFAULTS)
    assert numbers(split.fit) == [3]
    assert split.choose.snapshot_number == 2
    assert numbers(split.refit) == [2, 3]
    assert numbers(split.final) == [1, 2, 3]
    assert steps(split) == {2: [3]}


def test_two_windows_have_no_selection_window():
    split = split_windows(snapshots(2), DEFAULTS)
    assert split.choose is None
    assert numbers(split.fit) == numbers(split.refit) == [2]
    assert split.report.snapshot_number == 1
    assert numbers(split.final) == [1, 2]
    assert split.history == ()


@pytest.mark.parametrize("labelled", range(2, 13))
def test_the_report_window_is_later_than_training_and_selection_windows(labelled):
    split = split_windows(snapshots(labelled), DEFAULTS)
    assert min(numbers(split.refit)) > split.report.snapshot_number
    if split.choose is not None:
        assert min(numbers(split.fit)) > split.choose.snapshot_number > split.report.snapshot_number


def test_every_window_before_the_report_window_but_the_oldest_is_backtested():
    assert steps(split_windows(snapshots(9), DEFAULTS)) == {
        2: [3, 4, 5, 6, 7, 8],
        3: [4, 5, 6, 7, 8, 9],
        4: [5, 6, 7, 8, 9],
        5: [6, 7, 8, 9],
        6: [7, 8, 9],
        7: [8, 9],
        8: [9],
    }


@pytest.mark.parametrize("labelled", range(2, 20))
def test_training_windows_of_a_backtest_fold_end_before_its_test_window(labelled):
    for fold in split_windows(snapshots(labelled), DEFAULTS).history:
        for learned in fold.fit:
            end = date.fromisoformat(learned.as_of_date) + timedelta(days=learned.horizon_days)
            assert end.isoformat() <= fold.test.as_of_date


def test_the_number_of_backtest_folds_can_be_limited():
    split = split_windows(snapshots(12), Settings(history_windows=3))
    assert list(steps(split)) == [2, 3, 4]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"buyers": 0}, id="nobody ordered"),
        pytest.param({"buyers": 100}, id="all ordered"),
        pytest.param({"rows": 19, "buyers": 9}, id="hardly a customer"),
    ],
)
def test_a_window_that_cannot_be_evaluated_is_still_a_training_window(changed):
    summaries = snapshots(9)
    summaries[4] = dataclasses.replace(summaries[4], **changed)
    found = steps(split_windows(summaries, DEFAULTS))
    assert sorted(found) == [2, 3, 5, 6, 7, 8]
    assert 4 in found[3]


def test_a_window_with_too_few_training_rows_is_not_backtested():
    # Windows 9 and 10 have 40 rows together, and a fit needs 50; window 7 has 60 from 8, 9 and 10.
    summaries = [
        dataclasses.replace(summary, rows=20, buyers=10 if summary.buyers else None)
        for summary in snapshots(10)
    ]
    assert sorted(steps(split_windows(summaries, DEFAULTS))) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("settings", "closed"),
    [
        pytest.param(DEFAULTS, [], id="usual"),
        pytest.param(DEFAULTS, [3, 4, 5, 6, 7, 8, 9], id="closed for most of the year"),
        pytest.param(Settings(fit_windows=1), [], id="one window a fit"),
        pytest.param(Settings(fit_windows=2), [4, 5], id="two windows a fit"),
    ],
)
def test_windows_includes_every_window_with_a_role(settings, closed):
    # Training reads these windows only.
    split = split_windows(with_buyers(snapshots(12), closed, 0), settings)
    read = set(numbers(split.windows()))
    predictions = {fold.test.snapshot_number for fold in split.history}
    chosen = {split.choose.snapshot_number} if split.choose else set()
    assert predictions | chosen | {split.report.snapshot_number} <= read
    for learned in (split.fit, split.refit, split.final, *(fold.fit for fold in split.history)):
        assert set(numbers(learned)) <= read


def test_windows_are_unique_and_newest_first():
    assert numbers(split_windows(snapshots(12), DEFAULTS).windows()) == list(range(1, 13))


def test_roles_of_each_window():
    summaries = snapshots(9)
    split = split_windows(summaries, DEFAULTS)
    assert [split.roles_of(summary) for summary in summaries] == [
        [],
        ["report", "final"],
        ["choose", "refit", "final", "history"],
        *[["fit", "refit", "final", "history"]] * 4,
        ["fit", "refit", "history"],
        ["fit", "history"],
        [],
    ]


def test_roles_without_a_selection_window():
    summaries = snapshots(2)
    split = split_windows(summaries, DEFAULTS)
    assert [split.roles_of(summary) for summary in summaries] == [
        [],
        ["report", "final"],
        ["fit", "refit", "final"],
    ]


def test_description_of_a_window():
    summaries = snapshots(3)
    split = split_windows(summaries, DEFAULTS)
    assert describe_window(summaries[2], split) == {
        "as_of_date": "2024-05-01",
        "label_end_date": "2024-05-31",
        "customers": 100,
        "buyers": 30,
        "roles": ["choose", "refit", "final", "history"],
    }


def test_description_of_the_latest_window():
    summaries = snapshots(3)
    assert describe_window(summaries[0], split_windows(summaries, DEFAULTS)) == {
        "as_of_date": "2024-06-30",
        "label_end_date": "2024-07-30",
        "customers": 100,
        "buyers": None,
        "roles": ["score"],
    }


def test_without_a_split_windows_have_no_roles():
    assert [describe_window(summary, None)["roles"] for summary in snapshots(1)] == [[], []]


def test_a_window_without_a_horizon_of_history_is_excluded():
    split = split_windows(snapshots(4, history_days=4 * 30 + 13), DEFAULTS)
    assert numbers(split.windows()) == [1, 2, 3]


def test_one_window_raises_with_the_available_and_required_history():
    with pytest.raises(TooLittleDataError, match="history is 60 days long; 90 are needed"):
        split_windows(snapshots(1, history_days=60), DEFAULTS)


def test_the_latest_snapshot_alone_raises_with_the_required_history():
    with pytest.raises(TooLittleDataError, match="history is 24 days long; 90 are needed"):
        split_windows(snapshots(0, history_days=24), DEFAULTS)


def test_a_long_history_in_few_snapshots_raises_with_the_dbt_variable():
    with pytest.raises(TooLittleDataError, match="snapshot_count"):
        split_windows(snapshots(1, history_days=400), DEFAULTS)


def test_no_snapshot_raises():
    with pytest.raises(TooLittleDataError, match="no customer with an order"):
        split_windows([], DEFAULTS)


def test_too_few_training_rows_raise():
    with pytest.raises(
        TooLittleDataError,
        match=r"there are 6 rows .* in the windows 2023-12-03 to 2024-05-01; 50 are",
    ):
        split_windows(snapshots(12, rows=1, buyers=1), DEFAULTS)


def test_a_small_report_window_raises():
    summaries = snapshots(12)
    summaries[1] = dataclasses.replace(summaries[1], rows=19, buyers=5)
    with pytest.raises(
        TooLittleDataError, match=r"there are 19 rows .* in the window of 2024-05-31; 20"
    ):
        split_windows(summaries, DEFAULTS)


@pytest.mark.parametrize(
    ("buyers", "who"),
    [pytest.param(0, "no customer", id="nobody"), pytest.param(100, "every customer", id="all")],
)
def test_a_report_window_with_one_class_raises(buyers, who):
    with pytest.raises(TooLittleDataError, match=f"{who} of the window of 2024-05-31"):
        split_windows(with_buyers(snapshots(12), [1], buyers), DEFAULTS)


def test_training_windows_with_one_class_raise():
    summaries = snapshots(12, buyers=0)
    with pytest.raises(TooLittleDataError, match="no customer of the windows"):
        split_windows(with_buyers(summaries, [1], 30), DEFAULTS)


def test_a_selection_window_with_one_class_becomes_a_training_window():
    split = split_windows(with_buyers(snapshots(12), [2], 0), DEFAULTS)
    assert split.choose is None
    assert numbers(split.fit) == [2, 3, 4, 5, 6, 7]


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
