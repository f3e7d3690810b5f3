from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest

from ml.data.windows import Window, WindowSummary, describe, fingerprint, plan
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


def steps(roles):
    return {step.judged.snapshot_number: numbers(step.fit) for step in roles.history}


def test_many_windows_fit_choose_and_report_apart():
    roles = plan(snapshots(12), DEFAULTS)
    assert numbers(roles.fit) == [3, 4, 5, 6, 7, 8]
    assert roles.choose.snapshot_number == 2
    assert numbers(roles.refit) == [2, 3, 4, 5, 6, 7]
    assert roles.report.snapshot_number == 1
    assert numbers(roles.final) == [1, 2, 3, 4, 5, 6]


def test_three_windows_have_one_role_each():
    roles = plan(snapshots(3), DEFAULTS)
    assert numbers(roles.fit) == [3]
    assert roles.choose.snapshot_number == 2
    assert numbers(roles.refit) == [2, 3]
    assert numbers(roles.final) == [1, 2, 3]
    assert steps(roles) == {2: [3]}


def test_two_windows_leave_the_choice_to_cross_validation():
    roles = plan(snapshots(2), DEFAULTS)
    assert roles.choose is None
    assert numbers(roles.fit) == numbers(roles.refit) == [2]
    assert roles.report.snapshot_number == 1
    assert numbers(roles.final) == [1, 2]
    assert roles.history == ()


@pytest.mark.parametrize("labelled", range(2, 13))
def test_what_reports_is_later_than_all_that_is_fitted_or_chosen_on(labelled):
    roles = plan(snapshots(labelled), DEFAULTS)
    assert min(numbers(roles.refit)) > roles.report.snapshot_number
    if roles.choose is not None:
        assert min(numbers(roles.fit)) > roles.choose.snapshot_number > roles.report.snapshot_number


def test_every_window_before_the_report_but_the_oldest_is_judged_as_well():
    assert steps(plan(snapshots(9), DEFAULTS)) == {
        2: [3, 4, 5, 6, 7, 8],
        3: [4, 5, 6, 7, 8, 9],
        4: [5, 6, 7, 8, 9],
        5: [6, 7, 8, 9],
        6: [7, 8, 9],
        7: [8, 9],
        8: [9],
    }


@pytest.mark.parametrize("labelled", range(2, 20))
def test_a_past_window_is_judged_by_earlier_ones_alone(labelled):
    for step in plan(snapshots(labelled), DEFAULTS).history:
        for learned in step.fit:
            end = date.fromisoformat(learned.as_of_date) + timedelta(days=learned.horizon_days)
            assert end.isoformat() <= step.judged.as_of_date


def test_the_history_can_be_cut_short():
    roles = plan(snapshots(12), Settings(history_windows=3))
    assert list(steps(roles)) == [2, 3, 4]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"buyers": 0}, id="nobody ordered"),
        pytest.param({"buyers": 100}, id="all ordered"),
        pytest.param({"rows": 19, "buyers": 9}, id="hardly a customer"),
    ],
)
def test_a_past_window_that_says_nothing_is_not_judged_and_still_learned_from(changed):
    summaries = snapshots(9)
    summaries[4] = dataclasses.replace(summaries[4], **changed)
    found = steps(plan(summaries, DEFAULTS))
    assert sorted(found) == [2, 3, 5, 6, 7, 8]
    assert 4 in found[3]


def test_a_past_window_with_too_little_before_it_is_not_judged():
    # Windows 8 and 9 hold 40 rows, and 50 are needed to fit; window 7 has 60 from 8, 9 and 10.
    summaries = [
        dataclasses.replace(summary, rows=20, buyers=10 if summary.buyers else None)
        for summary in snapshots(10)
    ]
    assert sorted(steps(plan(summaries, DEFAULTS))) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("settings", "closed"),
    [
        pytest.param(DEFAULTS, [], id="usual"),
        pytest.param(DEFAULTS, [3, 4, 5, 6, 7, 8, 9], id="closed for most of the year"),
        pytest.param(Settings(fit_windows=1), [], id="one window a fit"),
        pytest.param(Settings(fit_windows=2), [4, 5], id="two windows a fit"),
    ],
)
def test_every_window_with_a_role_is_read(settings, closed):
    # A window that was planned but not read would stop the training.
    roles = plan(with_buyers(snapshots(12), closed, 0), settings)
    read = set(numbers(roles.windows()))
    judged = {step.judged.snapshot_number for step in roles.history}
    chosen = {roles.choose.snapshot_number} if roles.choose else set()
    assert judged | chosen | {roles.report.snapshot_number} <= read
    for learned in (roles.fit, roles.refit, roles.final, *(step.fit for step in roles.history)):
        assert set(numbers(learned)) <= read


def test_windows_in_use_are_listed_once_and_newest_first():
    assert numbers(plan(snapshots(12), DEFAULTS).windows()) == list(range(1, 13))


def test_roles_are_told_in_the_order_of_the_protocol():
    summaries = snapshots(9)
    roles = plan(summaries, DEFAULTS)
    assert [roles.roles(summary) for summary in summaries] == [
        [],
        ["report", "final"],
        ["choose", "refit", "final", "history"],
        *[["fit", "refit", "final", "history"]] * 4,
        ["fit", "refit", "history"],
        ["fit", "history"],
        [],
    ]


def test_without_a_choosing_window_nothing_has_that_role():
    summaries = snapshots(2)
    roles = plan(summaries, DEFAULTS)
    assert [roles.roles(summary) for summary in summaries] == [
        [],
        ["report", "final"],
        ["fit", "refit", "final"],
    ]


def test_a_window_is_described_by_dates_counts_and_roles():
    summaries = snapshots(3)
    roles = plan(summaries, DEFAULTS)
    assert describe(summaries[2], roles) == {
        "as_of_date": "2024-05-01",
        "label_end_date": "2024-05-31",
        "customers": 100,
        "buyers": 30,
        "roles": ["choose", "refit", "final", "history"],
    }


def test_the_latest_window_is_scored_and_its_buyers_are_not_known():
    summaries = snapshots(3)
    assert describe(summaries[0], plan(summaries, DEFAULTS)) == {
        "as_of_date": "2024-06-30",
        "label_end_date": "2024-07-30",
        "customers": 100,
        "buyers": None,
        "roles": ["score"],
    }


def test_without_a_model_no_window_has_a_role():
    assert [describe(summary, None)["roles"] for summary in snapshots(1)] == [[], []]


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
        plan(with_buyers(snapshots(12), [1], buyers), DEFAULTS)


def test_fitting_windows_of_one_kind_cannot_fit():
    summaries = snapshots(12, buyers=0)
    with pytest.raises(TooLittleDataError, match="no customer of the windows"):
        plan(with_buyers(summaries, [1], 30), DEFAULTS)


def test_a_choosing_window_of_one_kind_joins_the_fit():
    roles = plan(with_buyers(snapshots(12), [2], 0), DEFAULTS)
    assert roles.choose is None
    assert numbers(roles.fit) == [2, 3, 4, 5, 6, 7]


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
