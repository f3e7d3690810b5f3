from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ml.data.sampling import folds
from ml.errors import TooLittleDataError
from ml.evaluation.metrics import measure
from ml.fit import cross_validate, fit_all, judge, limited, pool
from ml.models import bg_nbd
from ml.models.baselines import BASELINES
from ml.settings import FEATURES, LABEL, Settings

pytestmark = pytest.mark.usefixtures("one_thread")


class Remembers:
    """A forecast that says one half of everybody and keeps what it was asked."""

    def __init__(self):
        self.asked = None

    def probability(self, features):
        self.asked = features
        return np.full(len(features), 0.5)


@pytest.fixture(scope="module")
def past(shop_rows, make_windows):
    return make_windows(shop_rows)


@pytest.fixture(scope="module")
def tossed(shop_rows, make_windows):
    """Return the shop with labels that nothing tells."""
    random = np.random.default_rng(0)
    return make_windows([row | {LABEL: int(random.random() < 0.4)} for row in shop_rows])


def test_a_window_that_is_small_enough_is_taken_whole(past, quick):
    summaries, windows = past
    found = limited(windows, summaries[1], 10_000, quick)
    assert found.customer_ids == windows[1].customer_ids
    np.testing.assert_array_equal(found.features, windows[1].features)


def test_fewer_rows_of_a_window_are_a_part_of_more(past, quick):
    summaries, windows = past
    few, more = (
        set(limited(windows, summaries[1], limit, quick).customer_ids) for limit in (50, 100)
    )
    assert len(few) <= 51
    assert few < more < set(windows[1].customer_ids)


def test_pooled_windows_stand_one_after_the_other_each_with_its_part(past):
    summaries, windows = past
    settings = Settings(fit_windows=3)
    ids, features, labels = pool(summaries[1:4], windows, 150, settings)
    parts = [limited(windows, summary, 50, settings) for summary in summaries[1:4]]
    assert ids == [one for part in parts for one in part.customer_ids]
    np.testing.assert_array_equal(features, np.concatenate([part.features for part in parts]))
    assert labels.tolist() == [one for part in parts for one in part.labels]
    assert 150 <= len(ids) <= 153


def test_one_window_of_six_has_a_sixth_of_the_rows(past, quick):
    # A fit on fewer windows is not a fit on more customers of each.
    summaries, windows = past
    ids, _, _ = pool(summaries[1:2], windows, 600, quick)
    assert 100 <= len(ids) <= 101


def test_candidates_and_baselines_are_fitted_by_name(past):
    _, windows = past
    names = ("logistic_regression", "blend")
    candidates, rules = fit_all(
        names,
        windows[2].features,
        windows[2].labels,
        windows[1].features,
        Settings(),
        horizon_days=30,
    )
    assert tuple(candidates) == names
    assert tuple(rules) == BASELINES
    assert [candidates[name].name for name in names] == list(names)
    assert {forecast.level_shift for forecast in candidates.values()} == {0}


def test_models_are_asked_about_all_rows_of_a_window_and_held_against_its_labels(past):
    _, windows = past
    forecast = Remembers()
    judged = judge({"half": forecast}, windows[1])
    np.testing.assert_array_equal(forecast.asked, windows[1].features)
    assert judged.as_of_date == windows[1].summary.as_of_date
    assert judged.labels.tolist() == windows[1].labels.tolist()
    assert judged.probability["half"].tolist() == [0.5] * len(windows[1].labels)
    frequency = windows[1].features[:, FEATURES.index("frequency")]
    assert judged.one_time_buyers.tolist() == (frequency == 1).tolist()


def test_cross_validation_asks_every_model_about_every_row(past, quick):
    summaries, windows = past
    judged = cross_validate(summaries[1:3], windows, quick)
    assert tuple(judged.probability) == (*quick.candidates, *BASELINES)
    together = [*windows[1].labels, *windows[2].labels]
    assert judged.labels.tolist() == together
    assert judged.as_of_date == summaries[1].as_of_date
    for probability in judged.probability.values():
        assert probability.shape == (len(together),)
        assert ((probability > 0) & (probability < 1)).all()


def test_cross_validation_asks_about_customers_who_were_not_fitted_on(tossed):
    # A forest and boosting could recall the labels of rows that they have seen.
    summaries, windows = tossed
    settings = Settings(candidates=("random_forest", "hist_gradient_boosting"))
    judged = cross_validate(summaries[1:3], windows, settings)
    for name in settings.candidates:
        area = measure(judged.labels, judged.probability[name], threshold=0.5)["roc_auc"]
        assert area == pytest.approx(0.5, abs=0.1)


def test_cross_validation_fits_on_all_other_customers(past, quick):
    # The base rate tells on whom it was fitted: on nobody of the customer's own part.
    summaries, windows = past
    judged = cross_validate(summaries[1:3], windows, quick)
    ids = [*windows[1].customer_ids, *windows[2].customer_ids]
    part = folds(ids, judged.labels, count=quick.folds)
    for number in range(quick.folds):
        expected = round(judged.labels[part != number].mean(), 6)
        assert set(judged.probability["base_rate"][part == number]) == {expected}


def test_bg_nbd_is_cross_validated_as_it_is_used_on_the_customers_asked_about(past, quick):
    summaries, windows = past
    judged = cross_validate(summaries[1:2], windows, quick)
    part = folds(windows[1].customer_ids, judged.labels, count=quick.folds)
    inside = windows[1].features[part == 0]
    expected = bg_nbd.fit(inside, horizon_days=30).probability(inside)
    assert judged.probability["bg_nbd"][part == 0] == pytest.approx(expected, abs=1e-6)


def test_too_few_buyers_for_cross_validation_is_a_sentence(past, quick):
    summaries, windows = past
    labels = np.zeros(len(windows[1].labels), dtype=np.int64)
    labels[:4] = 1
    few = {1: dataclasses.replace(windows[1], labels=labels)}
    with pytest.raises(TooLittleDataError, match="4 customers of the past windows ordered"):
        cross_validate(summaries[1:2], few, quick)
