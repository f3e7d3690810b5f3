from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import log_loss

from ml.backtest import STEPS, evaluate_history, evaluate_report, run, select
from ml.data.sampling import subset
from ml.data.windows import split_windows
from ml.evaluation.metrics import best_f1_threshold
from ml.models import estimators
from ml.models.baselines import BASELINES
from ml.settings import FEATURES, LABEL

pytestmark = pytest.mark.usefixtures("one_thread")

MODEL = "logistic_regression"


@pytest.fixture(scope="module")
def shop_split(shop_rows, make_windows, fast_settings):
    """Return the split of a shop's windows, and their rows."""
    summaries, windows = make_windows(shop_rows)
    return split_windows(summaries, fast_settings), windows


def with_flipped_labels(windows, number):
    return windows | {
        number: dataclasses.replace(windows[number], labels=1 - windows[number].labels)
    }


def with_permuted_features(windows, number):
    features = np.roll(windows[number].features, 1, axis=0)
    return windows | {number: dataclasses.replace(windows[number], features=features)}


def history_by_window(split, windows, settings):
    predictions = evaluate_history(split, windows, select(split, windows, settings), settings)
    numbers = [fold.test.snapshot_number for fold in reversed(split.history)]
    return dict(zip(numbers, predictions, strict=True))


def changed_windows(history, after):
    return {
        number
        for number in history
        for model in history[number].probability
        if history[number].probability[model].tolist() != after[number].probability[model].tolist()
    }


def log_odds(probability):
    return np.log(probability / (1 - probability))


@pytest.fixture(scope="module")
def history(shop_split, fast_settings):
    return history_by_window(*shop_split, fast_settings)


def test_each_backtest_window_is_predicted_by_the_model_and_the_baselines(shop_split, history):
    _, windows = shop_split
    assert sorted(history) == [2, 3, 4, 5, 6, 7]
    for number, predictions in history.items():
        assert tuple(predictions.probability) == (MODEL, *BASELINES)
        assert predictions.as_of_date == windows[number].summary.as_of_date
        assert predictions.labels.tolist() == windows[number].labels.tolist()


def test_backtest_windows_are_oldest_first(shop_split, fast_settings):
    split, windows = shop_split
    dates = [
        predictions.as_of_date
        for predictions in evaluate_history(
            split, windows, select(split, windows, fast_settings), fast_settings
        )
    ]
    assert dates == sorted(dates)


@pytest.mark.parametrize("number", [2, 4, 7])
def test_labels_of_a_window_change_predictions_of_later_windows_only(
    shop_split, fast_settings, history, number
):
    split, windows = shop_split
    after = history_by_window(split, with_flipped_labels(windows, number), fast_settings)
    assert changed_windows(history, after) == {newer for newer in history if newer < number}


@pytest.mark.parametrize("number", [2, 4, 7])
def test_features_of_a_window_change_predictions_of_this_and_later_windows_only(
    shop_split, fast_settings, history, number
):
    split, windows = shop_split
    after = history_by_window(split, with_permuted_features(windows, number), fast_settings)
    assert changed_windows(history, after) == {newer for newer in history if newer <= number}


@pytest.mark.parametrize("change", [with_flipped_labels, with_permuted_features])
def test_the_report_window_changes_neither_selection_nor_backtest(
    shop_split, fast_settings, history, change
):
    split, windows = shop_split
    changed = change(windows, 1)
    assert changed_windows(history, history_by_window(split, changed, fast_settings)) == set()
    first, second = (select(split, rows, fast_settings) for rows in (windows, changed))
    assert first.thresholds == second.thresholds
    assert first.level_shifts == second.level_shifts


def test_labels_of_the_report_window_do_not_change_its_predictions(shop_split, fast_settings):
    split, windows = shop_split
    selection = select(split, windows, fast_settings)
    first, _ = evaluate_report(split, windows, selection, fast_settings)
    second, _ = evaluate_report(split, with_flipped_labels(windows, 1), selection, fast_settings)
    assert changed_windows({1: first}, {1: second}) == set()
    assert first.labels.tolist() == (1 - second.labels).tolist()


def test_a_backtest_window_is_shifted_by_the_drift_of_the_previous_window(
    shop_split, fast_settings, history
):
    split, windows = shop_split
    still = history_by_window(
        split, windows, dataclasses.replace(fast_settings, level_drift_share=0.0)
    )
    assert history[7].probability[MODEL].tolist() == still[7].probability[MODEL].tolist()
    for number in range(2, 7):
        older = still[number + 1]
        drift = estimators.level_drift(older.labels, older.probability[MODEL], fast_settings)
        shift = log_odds(history[number].probability[MODEL]) - log_odds(
            still[number].probability[MODEL]
        )
        assert abs(drift) > 0.001
        assert shift == pytest.approx(np.full(shift.size, drift), abs=0.001)
        for baseline in BASELINES:
            unchanged = still[number].probability[baseline].tolist()
            assert history[number].probability[baseline].tolist() == unchanged


def test_the_report_window_is_shifted_by_the_drift_of_the_selection_window(
    shop_split, fast_settings
):
    split, windows = shop_split
    selection = select(split, windows, fast_settings)
    chosen_on = selection.predictions
    drift = estimators.level_drift(chosen_on.labels, chosen_on.probability[MODEL], fast_settings)
    assert selection.level_shifts == {MODEL: drift}
    _, forecast = evaluate_report(split, windows, selection, fast_settings)
    assert forecast.level_shift == drift


@pytest.mark.parametrize("earlier", [1, 3])
def test_the_backtest_equals_the_report_of_that_time(
    shop_rows, make_windows, fast_settings, history, earlier
):
    # The data of the shop as they were some windows ago.
    rows = [
        row | {"snapshot_number": row["snapshot_number"] - earlier}
        for row in shop_rows
        if row["snapshot_number"] >= earlier
    ]
    summaries, windows = make_windows(rows)
    split = split_windows(summaries, fast_settings)
    then, _ = evaluate_report(split, windows, select(split, windows, fast_settings), fast_settings)
    now = history[1 + earlier]
    assert then.as_of_date == now.as_of_date
    assert then.labels.tolist() == now.labels.tolist()
    for model in (MODEL, *BASELINES):
        assert then.probability[model].tolist() == now.probability[model].tolist()


def test_backtest_windows_are_sampled(shop_split, fast_settings):
    split, windows = shop_split
    few = history_by_window(
        split, windows, dataclasses.replace(fast_settings, history_row_limit=50)
    )
    assert {predictions.labels.size for predictions in few.values()} <= {50, 51}


def test_all_candidates_predict_the_selection_window(shop_split, fast_settings):
    split, windows = shop_split
    names = ("blend", MODEL)
    selection = select(split, windows, dataclasses.replace(fast_settings, candidates=names))
    assert selection.predictions.as_of_date == split.choose.as_of_date
    assert tuple(selection.predictions.probability) == (*names, *BASELINES)


@pytest.mark.parametrize(
    "names",
    [("hist_gradient_boosting", "random_forest"), ("random_forest", "hist_gradient_boosting")],
)
def test_an_insignificant_difference_selects_the_first_candidate(shop_split, fast_settings, names):
    # In one of the two orders the second candidate has a lower loss, but not significantly.
    split, windows = shop_split
    few = windows | {2: subset(windows[2], np.arange(0, 231, 9))}
    settings = dataclasses.replace(fast_settings, candidates=names, bootstrap_repeats=200)
    selection = select(split, few, settings)
    (gap,) = selection.differences
    assert gap.low < 0 < gap.high
    assert selection.model == names[0]


@pytest.fixture(scope="module")
def nonlinear_windows(shop_split):
    """Return windows with labels that depend on one feature non-monotonically."""
    random = np.random.default_rng(0)
    _, windows = shop_split
    found = {}
    for number, window in windows.items():
        noise = random.random(window.labels.size)
        features = window.features.copy()
        features[:, FEATURES.index("share_returned")] = noise
        labels = (np.abs(noise - 0.5) > 0.25).astype(np.int64)
        found[number] = dataclasses.replace(window, features=features, labels=labels)
    return found


@pytest.mark.parametrize(
    "names",
    [
        (MODEL, "hist_gradient_boosting", "random_forest"),
        (MODEL, "random_forest", "hist_gradient_boosting"),
    ],
)
def test_a_significantly_better_candidate_is_selected(
    shop_split, fast_settings, nonlinear_windows, names
):
    split, _ = shop_split
    selection = select(
        split, nonlinear_windows, dataclasses.replace(fast_settings, candidates=names)
    )
    assert all(gap.high < 0 for gap in selection.differences)
    losses = {
        name: log_loss(selection.predictions.labels, selection.predictions.probability[name])
        for name in names
    }
    assert selection.model == min(losses, key=losses.get) != MODEL


def test_metrics_contain_the_differences_of_the_candidates(
    shop_split, fast_settings, nonlinear_windows
):
    split, _ = shop_split
    settings = dataclasses.replace(fast_settings, candidates=(MODEL, "hist_gradient_boosting"))
    rows = run(split, nonlinear_windows, settings).metrics
    (gap,) = (row for row in rows if row.metric == f"log_loss_minus_{MODEL}")
    assert (gap.split, gap.as_of_date) == ("choose", split.choose.as_of_date)
    assert gap.model == "hist_gradient_boosting"


@pytest.mark.parametrize(("limit", "large"), [(1_132, False), (1_131, True)])
def test_a_large_shop_has_other_candidates(shop_split, fast_settings, limit, large):
    # The newest six windows have 1,132 rows.
    settings = dataclasses.replace(
        fast_settings,
        candidates_of_large_shops=("hist_gradient_boosting",),
        forest_row_limit=limit,
    )
    outcome = run(*shop_split, settings)
    chosen = "hist_gradient_boosting" if large else MODEL
    assert outcome.model.candidate.name == chosen
    assert {row.model for row in outcome.metrics} == {chosen, *BASELINES}


def test_a_baseline_is_never_selected(shop_split, fast_settings):
    # Labels that are independent of the features.
    split, windows = shop_split
    random = np.random.default_rng(0)
    random_labels = {
        number: dataclasses.replace(window, labels=random.integers(0, 2, window.labels.size))
        for number, window in windows.items()
    }
    selection = select(split, random_labels, fast_settings)
    chosen, base_rate = (
        log_loss(selection.predictions.labels, selection.predictions.probability[name])
        for name in (MODEL, "base_rate")
    )
    assert chosen > base_rate
    assert selection.model == MODEL


def test_thresholds_maximise_f1_without_cost_and_benefit(shop_split, fast_settings):
    selection = select(*shop_split, fast_settings)
    assert set(selection.thresholds) == {MODEL, *BASELINES}
    for name, threshold in selection.thresholds.items():
        assert threshold == best_f1_threshold(
            selection.predictions.labels, selection.predictions.probability[name]
        )


@pytest.mark.parametrize(("cost", "benefit", "threshold"), [(1, 4, 0.25), (0, 3, 0.0)])
def test_thresholds_are_cost_over_benefit(shop_split, fast_settings, cost, benefit, threshold):
    settings = dataclasses.replace(fast_settings, contact_cost=cost, contact_benefit=benefit)
    selection = select(*shop_split, settings)
    assert selection.thresholds == dict.fromkeys([MODEL, *BASELINES], threshold)


@pytest.fixture(scope="module")
def outcome(shop_split, fast_settings):
    reported = []
    return run(*shop_split, fast_settings, on_step=lambda: reported.append(1)), reported


def metrics_of(outcome):
    return outcome[0].metrics


def test_each_step_is_reported(outcome):
    assert len(outcome[1]) == STEPS


def test_backtest_metrics_of_the_model_and_the_baselines(outcome, history):
    found = [row for row in metrics_of(outcome) if row.split == "history"]
    dates = {predictions.as_of_date for predictions in history.values()}
    assert {(row.as_of_date, row.model, row.slice) for row in found} == {
        (day, model, "all") for day in dates for model in (MODEL, *BASELINES)
    }


def test_metrics_have_the_split_and_date_of_their_window(outcome, shop_split):
    split, _ = shop_split
    dates = {(row.split, row.as_of_date) for row in metrics_of(outcome)}
    assert {day for split, day in dates if split == "report"} == {split.report.as_of_date}
    assert {day for split, day in dates if split == "choose"} == {split.choose.as_of_date}
    assert split.report.as_of_date not in {day for split, day in dates if split == "history"}


def test_loss_differences_to_the_baselines_on_report_and_backtest_windows(
    outcome, history, shop_split
):
    split, _ = shop_split
    leads = [row for row in metrics_of(outcome) if row.metric.startswith("log_loss_minus_")]
    dates = {("history", predictions.as_of_date) for predictions in history.values()}
    dates.add(("report", split.report.as_of_date))
    assert {(row.split, row.as_of_date, row.metric, row.model, row.slice) for row in leads} == {
        (split, day, f"log_loss_minus_{name}", MODEL, "all")
        for split, day in dates
        for name in BASELINES
    }
    value = {
        (row.as_of_date, row.model): row.value
        for row in metrics_of(outcome)
        if row.metric == "log_loss" and row.slice == "all" and row.split != "choose"
    }
    for row in leads:
        baseline = row.metric.removeprefix("log_loss_minus_")
        gap = value[row.as_of_date, MODEL] - value[row.as_of_date, baseline]
        assert row.value == pytest.approx(gap)
        assert row.low <= row.value <= row.high


def test_only_selection_metrics_have_no_intervals(outcome):
    for row in metrics_of(outcome):
        if row.metric == "log_loss":
            assert (row.low is None) == (row.split == "choose")


def test_the_result_counts_the_rows_and_buyers_of_the_report_window(outcome, shop_split):
    split, windows = shop_split
    labels = windows[split.report.snapshot_number].labels
    assert outcome[0].base_rate == labels.mean()
    assert outcome[0].evaluation_rows == labels.size


def test_the_final_model_is_fitted_on_the_newest_windows_and_carries_the_drift(
    outcome, shop_split, fast_settings
):
    split, windows = shop_split
    assert outcome[0].training_rows == sum(summary.rows for summary in split.final)
    selection = select(split, windows, fast_settings)
    reported, forecast = evaluate_report(split, windows, selection, fast_settings)
    plain = forecast.with_level_shift(0.0).probability(windows[1].features)
    drift = estimators.level_drift(reported.labels, plain, fast_settings)
    assert outcome[0].model.candidate.level_shift == drift
    everybody = np.concatenate([windows[one.snapshot_number].features for one in split.final])
    typical = outcome[0].model.typical[FEATURES.index("recency")]
    assert typical == np.median(everybody[:, FEATURES.index("recency")])


def test_two_windows_have_no_backtest(shop_rows, make_windows, fast_settings):
    summaries, windows = make_windows([row for row in shop_rows if row["snapshot_number"] <= 2])
    outcome = run(split_windows(summaries, fast_settings), windows, fast_settings)
    assert {row.split for row in outcome.metrics} == {"choose", "report"}


def test_windows_without_buyers_can_be_training_windows(shop_rows, make_windows, fast_settings):
    closed = [row | {LABEL: 0} if 3 <= row["snapshot_number"] <= 6 else row for row in shop_rows]
    summaries, windows = make_windows(closed)
    settings = dataclasses.replace(fast_settings, fit_windows=4)
    split = split_windows(summaries, settings)
    numbers = [summary.snapshot_number for summary in split.windows()]
    read = {number: windows[number] for number in numbers}
    rows = run(split, read, settings).metrics
    predictions = {row.as_of_date for row in rows if row.split == "history"}
    assert predictions == {windows[7].summary.as_of_date}
