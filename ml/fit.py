"""Rows of windows, sampled and pooled; candidates and baselines fitted on them. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray, Window, WindowSummary
from ml.evaluation import evaluate
from ml.evaluation.evaluate import Judged
from ml.models import baselines, estimators
from ml.models.baselines import BASELINES
from ml.models.estimators import Forecast, ModelForecast
from ml.settings import Settings


def limited(
    windows: Mapping[int, Window], summary: WindowSummary, limit: int, settings: Settings
) -> Window:
    """Return a window with at most so many rows.

    Parameters
    ----------
    windows : mapping of int to Window
        Rows by snapshot number.
    summary : WindowSummary
        Which window.
    limit : int
        Most rows; above them customers are sampled.
    settings : Settings
        Seed.

    Returns
    -------
    Window
        The same rows for the same seed, and a part of those of a higher limit.
    """
    window = windows[summary.snapshot_number]
    seed = settings.seed + summary.snapshot_number
    rows = sampling.sample(window.customer_ids, window.labels, limit=limit, seed=seed)
    return sampling.take(window, rows)


def pool(
    summaries: Sequence[WindowSummary],
    windows: Mapping[int, Window],
    limit: int,
    settings: Settings,
) -> tuple[list[str], FloatArray, IntArray]:
    """Return the rows of some windows as one.

    Parameters
    ----------
    summaries : sequence of WindowSummary
        Which windows.
    windows : mapping of int to Window
        Rows by snapshot number.
    limit : int
        Most rows of as many windows as a model is ever fitted on; each has its part of it.
    settings : Settings
        Windows that a model is fitted on, seed.

    Returns
    -------
    list of str, array of float, array of int
        Customer ids, features of shape (n, len(FEATURES)) and labels.
    """
    own = limit // settings.fit_windows
    parts = [limited(windows, summary, own, settings) for summary in summaries]
    return (
        [customer_id for part in parts for customer_id in part.customer_ids],
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def fit_all(
    names: Sequence[str],
    features: FloatArray,
    labels: IntArray,
    present: FloatArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> tuple[dict[str, ModelForecast], dict[str, Forecast]]:
    """Fit candidates and baselines on the same rows.

    Parameters
    ----------
    names : sequence of str
        Candidates.
    features : array of float, shape (n, len(FEATURES))
        Rows of past windows.
    labels : array of int, shape (n,)
        1 where the customer ordered; both kinds must be there.
    present : array of float, shape (m, len(FEATURES))
        Customers to be forecast, as they are.
    settings : Settings
        Constants of the estimators.
    horizon_days : int
        Days that the forecasts look ahead.

    Returns
    -------
    dict of str to ModelForecast, dict of str to Forecast
        Candidates, their level as fitted; baselines.
    """
    members = estimators.fit_members(names, features, labels, settings, horizon_days=horizon_days)
    candidates = {name: estimators.assemble(name, members) for name in names}
    return candidates, baselines.fit_baselines(
        features, labels, present, settings, horizon_days=horizon_days
    )


def judge(forecasts: Mapping[str, Forecast], window: Window) -> Judged:
    """Ask models about a window.

    Parameters
    ----------
    forecasts : mapping of str to Forecast
        Models by name.
    window : Window
        None of them was fitted on it.

    Returns
    -------
    Judged
        What they say, and what happened.
    """
    return Judged(
        as_of_date=window.summary.as_of_date,
        labels=window.labels,
        one_time_buyers=evaluate.ordered_once(window.features),
        probability={
            name: forecast.probability(window.features) for name, forecast in forecasts.items()
        },
    )


def cross_validate(
    summaries: Sequence[WindowSummary], windows: Mapping[int, Window], settings: Settings
) -> Judged:
    """Ask models about customers whom they were not fitted on, part by part.

    Parameters
    ----------
    summaries : sequence of WindowSummary
        Windows whose customers are dealt into parts.
    windows : mapping of int to Window
        Rows by snapshot number.
    settings : Settings
        Candidates, limits, number of parts.

    Returns
    -------
    Judged
        All rows of those windows.

    Raises
    ------
    TooLittleDataError
        If there are fewer buyers or others than parts.
    """
    ids, features, labels = pool(summaries, windows, settings.fit_row_limit, settings)
    parts = sampling.folds(ids, labels, count=settings.folds)
    names = (*settings.candidates, *BASELINES)
    probability = {name: np.empty(labels.size) for name in names}
    for part in range(settings.folds):
        inside, outside = parts == part, parts != part
        candidates, rules = fit_all(
            settings.candidates,
            features[outside],
            labels[outside],
            features[inside],
            settings,
            horizon_days=summaries[0].horizon_days,
        )
        for name, forecast in {**candidates, **rules}.items():
            probability[name][inside] = forecast.probability(features[inside])
    return Judged(summaries[0].as_of_date, labels, evaluate.ordered_once(features), probability)
