"""Fit candidates and baselines on pooled windows and predict others. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray, Window, WindowSummary
from ml.evaluation.evaluate import Predictions, is_one_time_buyer
from ml.models import baselines, estimators
from ml.models.baselines import BASELINES
from ml.models.estimators import FittedCandidate, ProbabilityModel
from ml.settings import Settings

Windows = Mapping[int, Window]
"""Rows of the windows by snapshot number."""


def sample_window(
    windows: Windows, summary: WindowSummary, limit: int, settings: Settings
) -> Window:
    """Return a stratified sample of at most `limit` rows of a window."""
    window = windows[summary.snapshot_number]
    seed = settings.seed + summary.snapshot_number
    rows = sampling.stratified_sample(window.customer_ids, window.labels, limit=limit, seed=seed)
    return sampling.subset(window, rows)


def pool_windows(
    summaries: Sequence[WindowSummary], windows: Windows, limit: int, settings: Settings
) -> tuple[list[str], FloatArray, IntArray]:
    """Return customer ids, features and labels of several windows as one training set.

    Each window contributes at most `limit / fit_windows` rows, also where there are fewer windows.
    """
    limit_per_window = limit // settings.fit_windows
    parts = [sample_window(windows, summary, limit_per_window, settings) for summary in summaries]
    return (
        [customer_id for part in parts for customer_id in part.customer_ids],
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def fit_all(
    names: Sequence[str],
    features: FloatArray,
    labels: IntArray,
    forecast_features: FloatArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> tuple[dict[str, FittedCandidate], dict[str, ProbabilityModel]]:
    """Fit candidates and all baselines on the same rows.

    Parameters
    ----------
    names : sequence of str
        Candidates.
    features, labels : arrays of shape (n, len(FEATURES)) and (n,)
        Training rows; both classes.
    forecast_features : array of float, shape (m, len(FEATURES))
        Rows to forecast, on which BG/NBD is fitted.
    """
    fitted = estimators.fit_estimators(names, features, labels, settings, horizon_days=horizon_days)
    candidates = {name: estimators.combine(name, fitted) for name in names}
    return candidates, baselines.fit_baselines(
        features, labels, forecast_features, settings, horizon_days=horizon_days
    )


def predict_window(models: Mapping[str, ProbabilityModel], window: Window) -> Predictions:
    """Predict a window that the models were not fitted on."""
    return Predictions(
        as_of_date=window.summary.as_of_date,
        labels=window.labels,
        is_one_time_buyer=is_one_time_buyer(window.features),
        probability={name: model.probability(window.features) for name, model in models.items()},
    )


def cross_validate(
    summaries: Sequence[WindowSummary], windows: Windows, settings: Settings
) -> Predictions:
    """Predict the pooled rows of some windows by stratified group k-fold cross-validation.

    Raises
    ------
    TooLittleDataError
        If there are fewer customers of one class than folds.
    """
    ids, features, labels = pool_windows(summaries, windows, settings.fit_row_limit, settings)
    folds = sampling.stratified_group_folds(ids, labels, count=settings.folds)
    names = (*settings.candidates, *BASELINES)
    probability = {name: np.empty(labels.size) for name in names}
    for fold in range(settings.folds):
        test, train = folds == fold, folds != fold
        candidates, fitted_baselines = fit_all(
            settings.candidates,
            features[train],
            labels[train],
            features[test],
            settings,
            horizon_days=summaries[0].horizon_days,
        )
        for name, model in {**candidates, **fitted_baselines}.items():
            probability[name][test] = model.probability(features[test])
    return Predictions(summaries[0].as_of_date, labels, is_one_time_buyer(features), probability)
