"""Fit, choose, judge, fit again: each on its own past windows. Pure: windows in, a model out.

1. Candidates are fitted on the older windows; the next window chooses one and its threshold,
   and tells how far the level has drifted.
2. The candidates are fitted again up to the eve of the last whole window, which judges them.
   Nothing is chosen there, so the figures are those of the recipe that scores customers.
3. The chosen one is fitted on the newest windows, to score customers as they are today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml import evaluate, explain, pipeline, split
from ml.model_file import Model
from ml.pipeline import Forecast, ModelForecast
from ml.settings import FEATURES, Settings
from ml.split import FloatArray, IntArray, Plan, Window, WindowSummary
from ml.tables import CurveRow, MetricRow


@dataclass(frozen=True)
class Judged:
    """Probabilities that several models gave for the same customers.

    Attributes
    ----------
    labels : array of int, shape (n,)
        What happened.
    one_time_buyers : array of bool, shape (n,)
        Customers who had ordered once.
    probability : mapping of str to array of float, shape (n,)
        What each model had said.
    """

    labels: IntArray
    one_time_buyers: npt.NDArray[np.bool_]
    probability: Mapping[str, FloatArray]


@dataclass(frozen=True)
class Choice:
    """What the choosing window decided.

    Attributes
    ----------
    judged : Judged
        Its rows, or those of the cross-validation where there is no such window.
    model : str
        Candidate with the lowest log loss.
    thresholds : mapping of str to float
        Of each model, the one with the highest F1.
    level_shifts : mapping of str to float
        Of each candidate, in log-odds; 0 where no later window tells a drift.
    """

    judged: Judged
    model: str
    thresholds: Mapping[str, float]
    level_shifts: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """What training gives.

    Attributes
    ----------
    model : Model
        Scores customers as they are today.
    metrics : list of MetricRow
        Of all candidates and baselines, on both windows.
    curves : list of CurveRow
        Of the chosen model and the baselines, on the last whole window.
    training_rows : int
        Rows that `model` was fitted on.
    evaluation_rows : int
        Rows that it was judged on.
    base_rate : float
        Share of buyers among those.
    """

    model: Model
    metrics: list[MetricRow]
    curves: list[CurveRow]
    training_rows: int
    evaluation_rows: int
    base_rate: float

    def figure(self, split_name: str, model: str, metric: str) -> float:
        """Return a measure of a model on all customers.

        Parameters
        ----------
        split_name : str
            `choose` or `report`.
        model : str
            Candidate or baseline.
        metric : str
            Name of the measure, which must be defined.

        Returns
        -------
        float
            Its value.
        """
        wanted = (split_name, model, "all", metric)
        return next(
            row.value
            for row in self.metrics
            if (row.split, row.model, row.slice, row.metric) == wanted
        )


def choose(roles: Plan, windows: Mapping[int, Window], settings: Settings) -> Choice:
    """Choose the candidate, its threshold and its level, without the reporting window.

    Parameters
    ----------
    roles : Plan
        Which windows fit and which chooses.
    windows : mapping of int to Window
        Rows by snapshot number.
    settings : Settings
        Candidates and limits.

    Returns
    -------
    Choice
        From the choosing window, or from cross-validation by customer within the fit.

    Raises
    ------
    TooLittleDataError
        If cross-validation is needed and there are too few customers for it.
    """
    ids, features, labels = _pool(roles.fit, windows, settings)
    if roles.choose is None:
        judged = _cross_validated(ids, features, labels, settings)
        shifts = dict.fromkeys(settings.candidates, 0.0)
    else:
        judged = _judge(_fitted(features, labels, settings), windows[roles.choose.snapshot_number])
        shifts = {
            name: pipeline.level_drift(judged.labels, judged.probability[name], settings)
            for name in settings.candidates
        }
    losses = {
        name: evaluate.log_loss(judged.labels, judged.probability[name])
        for name in settings.candidates
    }
    return Choice(
        judged=judged,
        model=min(losses, key=lambda name: losses[name]),
        thresholds={
            name: evaluate.best_f1_threshold(judged.labels, probability)
            for name, probability in judged.probability.items()
        },
        level_shifts=shifts,
    )


def report(
    roles: Plan, windows: Mapping[int, Window], choice: Choice, settings: Settings
) -> tuple[Judged, ModelForecast]:
    """Judge the candidates on the last whole window, as they would have been used then.

    Parameters
    ----------
    roles : Plan
        Which windows fit and which reports.
    windows : mapping of int to Window
        Rows by snapshot number.
    choice : Choice
        Decided before.
    settings : Settings
        Candidates and limits.

    Returns
    -------
    Judged, ModelForecast
        What all models said, and the chosen one itself.
    """
    _, features, labels = _pool(roles.refit, windows, settings)
    forecasts = _fitted(features, labels, settings)
    candidates = {
        name: forecast.shifted(choice.level_shifts[name])
        for name, forecast in forecasts.items()
        if isinstance(forecast, ModelForecast)
    }
    judged = _judge(forecasts | candidates, windows[roles.report.snapshot_number])
    return judged, candidates[choice.model]


def learn(roles: Plan, windows: Mapping[int, Window], settings: Settings) -> Outcome:
    """Choose, judge, and fit the model that scores customers as they are today.

    Parameters
    ----------
    roles : Plan
        Which windows do what.
    windows : mapping of int to Window
        Rows by snapshot number.
    settings : Settings
        Candidates and limits.

    Returns
    -------
    Outcome
        The same for the same input.

    Raises
    ------
    TooLittleDataError
        If there are too few customers to choose with.
    """
    choice = choose(roles, windows, settings)
    reported, forecast = report(roles, windows, choice, settings)
    last = windows[roles.report.snapshot_number]
    unshifted = forecast.shifted(0.0).probability(last.features)
    shift = pipeline.level_drift(last.labels, unshifted, settings)
    _, features, labels = _pool(roles.final, windows, settings)
    members = pipeline.fit_members([choice.model], features, labels, settings)
    return Outcome(
        model=Model(
            forecast=pipeline.assemble(choice.model, members).shifted(shift),
            threshold=choice.thresholds[choice.model],
            typical=explain.typical_customer(features),
            horizon_days=roles.report.horizon_days,
        ),
        metrics=[
            *_metrics("choose", choice.judged, choice),
            *_metrics("report", reported, choice),
            *_importance(forecast, last, settings),
        ],
        curves=_curves(reported, (choice.model, *pipeline.BASELINES)),
        training_rows=labels.size,
        evaluation_rows=reported.labels.size,
        base_rate=float(reported.labels.mean()),
    )


def _pool(
    summaries: Sequence[WindowSummary], windows: Mapping[int, Window], settings: Settings
) -> tuple[list[str], FloatArray, IntArray]:
    """Return the rows of some windows as one, each window sampled to its part of the limit."""
    limit = settings.fit_row_limit // settings.fit_windows
    parts = []
    for summary in summaries:
        window = windows[summary.snapshot_number]
        seed = settings.seed + summary.snapshot_number
        rows = split.sample(window.customer_ids, window.labels, limit=limit, seed=seed)
        parts.append(split.take(window, rows))
    return (
        [customer_id for part in parts for customer_id in part.customer_ids],
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _fitted(features: FloatArray, labels: IntArray, settings: Settings) -> dict[str, Forecast]:
    """Return all candidates and baselines, fitted."""
    members = pipeline.fit_members(settings.candidates, features, labels, settings)
    models = {name: pipeline.assemble(name, members) for name in settings.candidates}
    return {**models, **pipeline.fit_baselines(features, labels, settings)}


def _judge(forecasts: Mapping[str, Forecast], window: Window) -> Judged:
    """Ask all models about a window."""
    return Judged(
        labels=window.labels,
        one_time_buyers=_ordered_once(window.features),
        probability={
            name: forecast.probability(window.features) for name, forecast in forecasts.items()
        },
    )


def _cross_validated(
    ids: Sequence[str], features: FloatArray, labels: IntArray, settings: Settings
) -> Judged:
    """Ask models about customers whom they were not fitted on, part by part."""
    parts = split.folds(ids, labels, count=settings.folds)
    names = (*settings.candidates, *pipeline.BASELINES)
    probability = {name: np.empty(labels.size) for name in names}
    for part in range(settings.folds):
        inside, outside = parts == part, parts != part
        for name, forecast in _fitted(features[outside], labels[outside], settings).items():
            probability[name][inside] = forecast.probability(features[inside])
    return Judged(labels, _ordered_once(features), probability)


def _ordered_once(features: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which rows are of customers with one order."""
    return np.asarray(features[:, FEATURES.index("frequency")] == 1)


def _metrics(split_name: str, judged: Judged, choice: Choice) -> list[MetricRow]:
    """Measure all models on all customers and on one-time buyers."""
    everybody = np.ones(judged.labels.size, dtype=np.bool_)
    slices = {"all": everybody, "one_time_buyers": judged.one_time_buyers}
    return [
        MetricRow(split_name, model, name, metric, value)
        for model, probability in judged.probability.items()
        for name, rows in slices.items()
        for metric, value in evaluate.measure(
            judged.labels[rows], probability[rows], threshold=choice.thresholds[model]
        ).items()
    ]


def _importance(forecast: ModelForecast, window: Window, settings: Settings) -> list[MetricRow]:
    """Measure how much the model leans on each feature, on some rows of the last window."""
    limit, seed = settings.importance_rows, settings.seed
    rows = split.sample(window.customer_ids, window.labels, limit=limit, seed=seed)
    values = evaluate.permutation_importance(
        forecast.probability,
        window.features[rows],
        window.labels[rows],
        repeats=settings.importance_repeats,
        seed=seed,
    )
    return [
        MetricRow("report", forecast.name, f"feature:{feature}", "permutation_importance", value)
        for feature, value in zip(FEATURES, values, strict=True)
    ]


def _curves(judged: Judged, models: Sequence[str]) -> list[CurveRow]:
    """Draw the curves of some models."""
    return [
        CurveRow(model, point.curve, point.point, point.x, point.y, point.rows)
        for model in models
        for point in evaluate.curves(judged.labels, judged.probability[model])
    ]
