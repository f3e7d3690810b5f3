from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ml.data.sampling import stratified_group_folds
from ml.errors import TooLittleDataError
from ml.evaluation.metrics import measure
from ml.fit import cross_validate, fit_all, pool_windows, predict_window, sample_window
from ml.models import bg_nbd
from ml.models.baselines import BASELINES
from ml.settings import FEATURES, LABEL, Settings

pytestmark = pytest.mark.usefixtures("one_thread")


class RecordingModel:
    """A model with a constant probability that records the features it receives."""

    def __init__(self):
        self.asked = None

    def probability(self, features):
        self.asked = features
        return np.full(len(features), 0.5)


@pytest.fixture(scope="module")
def shop_windows(shop_rows, make_windows):
    return make_windows(shop_rows)


@pytest.fixture(scope="module")
def shop_with_random_labels(shop_rows, make_windows):
    """Return the shop with labels that are independent of the features."""
    random = np.random.default_rng(0)
    return make_windows([row | {LABEL: int(random.random() < 0.4)} for row in shop_rows])


def test_a_window_below_the_limit_is_not_sampled(shop_windows, fast_settings):
    summaries, windows = shop_windows
    found = sample_window(windows, summaries[1], 10_000, fast_settings)
    assert found.customer_ids == windows[1].customer_ids
    np.testing.assert_array_equal(found.features, windows[1].features)


def test_a_smaller_window_sample_is_a_subset_of_a_larger_one(shop_windows, fast_settings):
    summaries, windows = shop_windows
    few, more = (
        set(sample_window(windows, summaries[1], limit, fast_settings).customer_ids)
        for limit in (50, 100)
    )
    assert len(few) <= 51
    assert few < more < set(windows[1].customer_ids)


def test_pooled_windows_are_concatenated_samples(shop_windows):
    summaries, windows = shop_windows
    settings = Settings(fit_windows=3)
    ids, features, labels = pool_windows(summaries[1:4], windows, 150, settings)
    parts = [sample_window(windows, summary, 50, settings) for summary in summaries[1:4]]
    assert ids == [one for part in parts for one in part.customer_ids]
    np.testing.assert_array_equal(features, np.concatenate([part.features for part in parts]))
    assert labels.tolist() == [one for part in parts for one in part.labels]
    assert 150 <= len(ids) <= 153


def test_one_window_contributes_its_share_of_the_limit_only(shop_windows, fast_settings):
    # Fewer windows must not mean more rows of each.
    summaries, windows = shop_windows
    ids, _, _ = pool_windows(summaries[1:2], windows, 600, fast_settings)
    assert 100 <= len(ids) <= 101


def test_candidates_and_baselines_are_fitted_by_name(shop_windows):
    _, windows = shop_windows
    names = ("logistic_regression", "blend")
    candidates, fitted_baselines = fit_all(
        names,
        windows[2].features,
        windows[2].labels,
        windows[1].features,
        Settings(),
        horizon_days=30,
    )
    assert tuple(candidates) == names
    assert tuple(fitted_baselines) == BASELINES
    assert [candidates[name].name for name in names] == list(names)
    assert {model.level_shift for model in candidates.values()} == {0}


def test_predictions_of_a_window_have_its_rows_and_labels(shop_windows):
    _, windows = shop_windows
    model = RecordingModel()
    predictions = predict_window({"half": model}, windows[1])
    np.testing.assert_array_equal(model.asked, windows[1].features)
    assert predictions.as_of_date == windows[1].summary.as_of_date
    assert predictions.labels.tolist() == windows[1].labels.tolist()
    assert predictions.probability["half"].tolist() == [0.5] * len(windows[1].labels)
    frequency = windows[1].features[:, FEATURES.index("frequency")]
    assert predictions.is_one_time_buyer.tolist() == (frequency == 1).tolist()


def test_cross_validation_predicts_every_row_with_every_model(shop_windows, fast_settings):
    summaries, windows = shop_windows
    predictions = cross_validate(summaries[1:3], windows, fast_settings)
    assert tuple(predictions.probability) == (*fast_settings.candidates, *BASELINES)
    together = [*windows[1].labels, *windows[2].labels]
    assert predictions.labels.tolist() == together
    assert predictions.as_of_date == summaries[1].as_of_date
    for probability in predictions.probability.values():
        assert probability.shape == (len(together),)
        assert ((probability > 0) & (probability < 1)).all()


def test_cross_validation_predicts_unseen_customers(shop_with_random_labels):
    # Tree models memorise the labels of their training rows.
    summaries, windows = shop_with_random_labels
    settings = Settings(candidates=("random_forest", "hist_gradient_boosting"))
    predictions = cross_validate(summaries[1:3], windows, settings)
    for name in settings.candidates:
        area = measure(predictions.labels, predictions.probability[name], threshold=0.5)["roc_auc"]
        assert area == pytest.approx(0.5, abs=0.1)


def test_cross_validation_fits_on_the_other_folds(shop_windows, fast_settings):
    # The base rate reveals the training rows: those of the other folds.
    summaries, windows = shop_windows
    predictions = cross_validate(summaries[1:3], windows, fast_settings)
    ids = [*windows[1].customer_ids, *windows[2].customer_ids]
    part = stratified_group_folds(ids, predictions.labels, count=fast_settings.folds)
    for number in range(fast_settings.folds):
        expected = round(predictions.labels[part != number].mean(), 6)
        assert set(predictions.probability["base_rate"][part == number]) == {expected}


def test_cross_validation_fits_bg_nbd_on_the_test_fold(shop_windows, fast_settings):
    summaries, windows = shop_windows
    predictions = cross_validate(summaries[1:2], windows, fast_settings)
    part = stratified_group_folds(
        windows[1].customer_ids, predictions.labels, count=fast_settings.folds
    )
    inside = windows[1].features[part == 0]
    expected = bg_nbd.fit(inside, horizon_days=30).probability(inside)
    assert predictions.probability["bg_nbd"][part == 0] == pytest.approx(expected, abs=1e-6)


def test_cross_validation_with_too_few_buyers_raises(shop_windows, fast_settings):
    summaries, windows = shop_windows
    labels = np.zeros(len(windows[1].labels), dtype=np.int64)
    labels[:4] = 1
    few = {1: dataclasses.replace(windows[1], labels=labels)}
    with pytest.raises(TooLittleDataError, match="4 customers of the past windows ordered"):
        cross_validate(summaries[1:2], few, fast_settings)
