from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ml.backtest import STEPS, choose, history, learn, report
from ml.data.sampling import take
from ml.data.windows import plan
from ml.evaluation.metrics import best_f1_threshold, log_loss
from ml.models import estimators
from ml.models.baselines import BASELINES
from ml.settings import FEATURES, LABEL

pytestmark = pytest.mark.usefixtures("one_thread")

MODEL = "logistic_regression"


@pytest.fixture(scope="module")
def past(shop_rows, make_windows, quick):
    """Return the roles of a shop's windows, and their rows."""
    summaries, windows = make_windows(shop_rows)
    return plan(summaries, quick), windows


def turned(windows, number):
    """Return the windows with buyers and others of one window changed over."""
    return windows | {
        number: dataclasses.replace(windows[number], labels=1 - windows[number].labels)
    }


def other_customers(windows, number):
    """Return the windows with the histories of one of them dealt to other customers."""
    features = np.roll(windows[number].features, 1, axis=0)
    return windows | {number: dataclasses.replace(windows[number], features=features)}


def said(roles, windows, settings):
    """Return what was said of each judged window before the report, by its number."""
    judged = history(roles, windows, choose(roles, windows, settings), settings)
    numbers = [step.judged.snapshot_number for step in reversed(roles.history)]
    return dict(zip(numbers, judged, strict=True))


def differing(before, after):
    """Return the windows of which something else is said."""
    return {
        number
        for number in before
        for model in before[number].probability
        if before[number].probability[model].tolist() != after[number].probability[model].tolist()
    }


def log_odds(probability):
    return np.log(probability / (1 - probability))


@pytest.fixture(scope="module")
def before(past, quick):
    return said(*past, quick)


def test_each_window_before_the_report_is_judged_by_the_model_and_the_baselines(past, before):
    _, windows = past
    assert sorted(before) == [2, 3, 4, 5, 6, 7]
    for number, judged in before.items():
        assert tuple(judged.probability) == (MODEL, *BASELINES)
        assert judged.as_of_date == windows[number].summary.as_of_date
        assert judged.labels.tolist() == windows[number].labels.tolist()


def test_the_past_is_told_oldest_first(past, quick):
    roles, windows = past
    dates = [
        judged.as_of_date
        for judged in history(roles, windows, choose(roles, windows, quick), quick)
    ]
    assert dates == sorted(dates)


@pytest.mark.parametrize("number", [2, 4, 7])
def test_what_customers_did_next_changes_nothing_said_of_them_or_before(
    past, quick, before, number
):
    roles, windows = past
    after = said(roles, turned(windows, number), quick)
    assert differing(before, after) == {newer for newer in before if newer < number}


@pytest.mark.parametrize("number", [2, 4, 7])
def test_later_customers_change_nothing_said_before(past, quick, before, number):
    roles, windows = past
    after = said(roles, other_customers(windows, number), quick)
    assert differing(before, after) == {newer for newer in before if newer <= number}


@pytest.mark.parametrize("change", [turned, other_customers])
def test_the_report_window_changes_nothing_of_the_choice_or_the_past(past, quick, before, change):
    roles, windows = past
    changed = change(windows, 1)
    assert differing(before, said(roles, changed, quick)) == set()
    first, second = (choose(roles, rows, quick) for rows in (windows, changed))
    assert first.thresholds == second.thresholds
    assert first.level_shifts == second.level_shifts


def test_what_customers_did_after_the_report_changes_nothing_said_of_them(past, quick):
    roles, windows = past
    choice = choose(roles, windows, quick)
    first, _ = report(roles, windows, choice, quick)
    second, _ = report(roles, turned(windows, 1), choice, quick)
    assert differing({1: first}, {1: second}) == set()
    assert first.labels.tolist() == (1 - second.labels).tolist()


def test_the_level_of_a_past_window_drifts_by_what_the_one_before_showed(past, quick, before):
    roles, windows = past
    still = said(roles, windows, dataclasses.replace(quick, level_drift_share=0.0))
    assert before[7].probability[MODEL].tolist() == still[7].probability[MODEL].tolist()
    for number in range(2, 7):
        older = still[number + 1]
        drift = estimators.level_drift(older.labels, older.probability[MODEL], quick)
        shift = log_odds(before[number].probability[MODEL]) - log_odds(
            still[number].probability[MODEL]
        )
        assert abs(drift) > 0.001
        assert shift == pytest.approx(np.full(shift.size, drift), abs=0.001)
        for baseline in BASELINES:
            unchanged = still[number].probability[baseline].tolist()
            assert before[number].probability[baseline].tolist() == unchanged


def test_the_report_is_judged_with_the_drift_of_the_choosing_window(past, quick):
    roles, windows = past
    choice = choose(roles, windows, quick)
    chosen_on = choice.judged
    drift = estimators.level_drift(chosen_on.labels, chosen_on.probability[MODEL], quick)
    assert choice.level_shifts == {MODEL: drift}
    _, forecast = report(roles, windows, choice, quick)
    assert forecast.level_shift == drift


@pytest.mark.parametrize("earlier", [1, 3])
def test_the_past_is_judged_as_it_was_reported_then(
    shop_rows, make_windows, quick, before, earlier
):
    # The shop as it was some windows ago: what came later is not in it at all.
    rows = [
        row | {"snapshot_number": row["snapshot_number"] - earlier}
        for row in shop_rows
        if row["snapshot_number"] >= earlier
    ]
    summaries, windows = make_windows(rows)
    roles = plan(summaries, quick)
    then, _ = report(roles, windows, choose(roles, windows, quick), quick)
    now = before[1 + earlier]
    assert then.as_of_date == now.as_of_date
    assert then.labels.tolist() == now.labels.tolist()
    for model in (MODEL, *BASELINES):
        assert then.probability[model].tolist() == now.probability[model].tolist()


def test_the_past_is_judged_on_few_enough_rows(past, quick):
    roles, windows = past
    few = said(roles, windows, dataclasses.replace(quick, history_row_limit=50))
    assert {judged.labels.size for judged in few.values()} <= {50, 51}


def test_all_candidates_are_asked_about_the_choosing_window(past, quick):
    roles, windows = past
    names = ("blend", MODEL)
    choice = choose(roles, windows, dataclasses.replace(quick, candidates=names))
    assert choice.judged.as_of_date == roles.choose.as_of_date
    assert tuple(choice.judged.probability) == (*names, *BASELINES)


@pytest.mark.parametrize(
    "names",
    [("hist_gradient_boosting", "random_forest"), ("random_forest", "hist_gradient_boosting")],
)
def test_few_customers_choose_nothing_but_the_first_candidate(past, quick, names):
    # In one of the two orders the second does better, by no more than chance explains.
    roles, windows = past
    few = windows | {2: take(windows[2], np.arange(0, 231, 9))}
    settings = dataclasses.replace(quick, candidates=names, bootstrap_repeats=200)
    choice = choose(roles, few, settings)
    (gap,) = choice.gaps
    assert gap.low < 0 < gap.high
    assert choice.model == names[0]


@pytest.fixture(scope="module")
def for_trees(past):
    """Return the windows with labels that trees learn and a line does not: little or much."""
    random = np.random.default_rng(0)
    _, windows = past
    found = {}
    for number, window in windows.items():
        tossed = random.random(window.labels.size)
        features = window.features.copy()
        features[:, FEATURES.index("share_returned")] = tossed
        labels = (np.abs(tossed - 0.5) > 0.25).astype(np.int64)
        found[number] = dataclasses.replace(window, features=features, labels=labels)
    return found


@pytest.mark.parametrize(
    "names",
    [
        (MODEL, "hist_gradient_boosting", "random_forest"),
        (MODEL, "random_forest", "hist_gradient_boosting"),
    ],
)
def test_a_candidate_that_is_clearly_better_than_the_first_is_chosen(past, quick, for_trees, names):
    roles, _ = past
    choice = choose(roles, for_trees, dataclasses.replace(quick, candidates=names))
    assert all(gap.high < 0 for gap in choice.gaps)
    losses = {
        name: log_loss(choice.judged.labels, choice.judged.probability[name]) for name in names
    }
    assert choice.model == min(losses, key=losses.get) != MODEL


def test_how_much_better_each_candidate_is_than_the_first_is_told(past, quick, for_trees):
    roles, _ = past
    settings = dataclasses.replace(quick, candidates=(MODEL, "hist_gradient_boosting"))
    rows = learn(roles, for_trees, settings).metrics
    (gap,) = (row for row in rows if row.metric == f"log_loss_minus_{MODEL}")
    assert (gap.split, gap.as_of_date) == ("choose", roles.choose.as_of_date)
    assert gap.model == "hist_gradient_boosting"


@pytest.mark.parametrize(("limit", "large"), [(1_132, False), (1_131, True)])
def test_a_large_shop_has_candidates_of_its_own(past, quick, limit, large):
    # The newest six windows hold 1,132 rows.
    settings = dataclasses.replace(
        quick,
        candidates_of_large_shops=("hist_gradient_boosting",),
        forest_row_limit=limit,
    )
    outcome = learn(*past, settings)
    chosen = "hist_gradient_boosting" if large else MODEL
    assert outcome.model.forecast.name == chosen
    assert {row.model for row in outcome.metrics} == {chosen, *BASELINES}


def test_a_baseline_is_never_chosen(past, quick):
    # Labels that nothing but the base rate tells.
    roles, windows = past
    random = np.random.default_rng(0)
    tossed = {
        number: dataclasses.replace(window, labels=random.integers(0, 2, window.labels.size))
        for number, window in windows.items()
    }
    choice = choose(roles, tossed, quick)
    chosen, base_rate = (
        log_loss(choice.judged.labels, choice.judged.probability[name])
        for name in (MODEL, "base_rate")
    )
    assert chosen > base_rate
    assert choice.model == MODEL


def test_without_cost_and_benefit_each_model_has_the_threshold_of_its_best_f1(past, quick):
    choice = choose(*past, quick)
    assert set(choice.thresholds) == {MODEL, *BASELINES}
    for name, threshold in choice.thresholds.items():
        assert threshold == best_f1_threshold(choice.judged.labels, choice.judged.probability[name])


@pytest.mark.parametrize(("cost", "benefit", "threshold"), [(1, 4, 0.25), (0, 3, 0.0)])
def test_with_cost_and_benefit_each_model_contacts_who_pays_for_it(
    past, quick, cost, benefit, threshold
):
    settings = dataclasses.replace(quick, contact_cost=cost, contact_benefit=benefit)
    choice = choose(*past, settings)
    assert choice.thresholds == dict.fromkeys([MODEL, *BASELINES], threshold)


@pytest.fixture(scope="module")
def outcome(past, quick):
    told = []
    return learn(*past, quick, tell=lambda: told.append(1)), told


def figures(outcome):
    return outcome[0].metrics


def test_learning_tells_of_each_step(outcome):
    assert len(outcome[1]) == STEPS


def test_the_past_has_figures_of_the_model_and_the_baselines_on_all_customers(outcome, before):
    found = [row for row in figures(outcome) if row.split == "history"]
    dates = {judged.as_of_date for judged in before.values()}
    assert {(row.as_of_date, row.model, row.slice) for row in found} == {
        (day, model, "all") for day in dates for model in (MODEL, *BASELINES)
    }


def test_each_window_is_judged_under_one_split_and_its_own_date(outcome, past):
    roles, _ = past
    dates = {(row.split, row.as_of_date) for row in figures(outcome)}
    assert {day for split, day in dates if split == "report"} == {roles.report.as_of_date}
    assert {day for split, day in dates if split == "choose"} == {roles.choose.as_of_date}
    assert roles.report.as_of_date not in {day for split, day in dates if split == "history"}


def test_the_lead_is_told_for_the_report_and_the_past(outcome, before, past):
    roles, _ = past
    leads = [row for row in figures(outcome) if row.metric.startswith("log_loss_minus_")]
    dates = {("history", judged.as_of_date) for judged in before.values()}
    dates.add(("report", roles.report.as_of_date))
    assert {(row.split, row.as_of_date, row.metric, row.model, row.slice) for row in leads} == {
        (split, day, f"log_loss_minus_{name}", MODEL, "all")
        for split, day in dates
        for name in BASELINES
    }
    value = {
        (row.as_of_date, row.model): row.value
        for row in figures(outcome)
        if row.metric == "log_loss" and row.slice == "all" and row.split != "choose"
    }
    for row in leads:
        baseline = row.metric.removeprefix("log_loss_minus_")
        gap = value[row.as_of_date, MODEL] - value[row.as_of_date, baseline]
        assert row.value == pytest.approx(gap)
        assert row.low <= row.value <= row.high


def test_only_the_choice_is_without_intervals(outcome):
    for row in figures(outcome):
        if row.metric == "log_loss":
            assert (row.low is None) == (row.split == "choose")


def test_a_figure_is_found_by_its_name(outcome, past):
    roles, windows = past
    labels = windows[roles.report.snapshot_number].labels
    assert outcome[0].figure("report", "base_rate", "positives") == labels.sum()
    assert outcome[0].base_rate == labels.mean()
    assert outcome[0].evaluation_rows == labels.size


def test_the_model_in_use_learned_from_the_newest_windows_and_carries_their_drift(
    outcome, past, quick
):
    roles, windows = past
    assert outcome[0].training_rows == sum(summary.rows for summary in roles.final)
    choice = choose(roles, windows, quick)
    reported, forecast = report(roles, windows, choice, quick)
    plain = forecast.shifted(0.0).probability(windows[1].features)
    drift = estimators.level_drift(reported.labels, plain, quick)
    assert outcome[0].model.forecast.level_shift == drift
    everybody = np.concatenate([windows[one.snapshot_number].features for one in roles.final])
    typical = outcome[0].model.typical[FEATURES.index("recency")]
    assert typical == np.median(everybody[:, FEATURES.index("recency")])


def test_two_windows_have_no_past_to_judge(shop_rows, make_windows, quick):
    summaries, windows = make_windows([row for row in shop_rows if row["snapshot_number"] <= 2])
    outcome = learn(plan(summaries, quick), windows, quick)
    assert {row.split for row in outcome.metrics} == {"choose", "report"}


def test_a_shop_that_was_closed_for_half_a_year_is_learned_from(shop_rows, make_windows, quick):
    # Nobody ordered in as many windows as a fit has, so that hardly a past one can be judged.
    closed = [row | {LABEL: 0} if 3 <= row["snapshot_number"] <= 6 else row for row in shop_rows]
    summaries, windows = make_windows(closed)
    settings = dataclasses.replace(quick, fit_windows=4)
    roles = plan(summaries, settings)
    read = {
        summary.snapshot_number: windows[summary.snapshot_number] for summary in roles.windows()
    }
    rows = learn(roles, read, settings).metrics
    judged = {row.as_of_date for row in rows if row.split == "history"}
    assert judged == {windows[7].summary.as_of_date}
