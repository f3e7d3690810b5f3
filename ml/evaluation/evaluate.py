"""Evaluation of models on one window: rows of metrics and curves. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data import sampling
from ml.data.schema import CurveRow, MetricRow, Split
from ml.data.windows import FloatArray, IntArray, Window
from ml.evaluation import bootstrap, metrics
from ml.models.estimators import FittedCandidate
from ml.settings import FEATURES, Settings

ALL = "all"
ONE_TIME_BUYERS = "one_time_buyers"


@dataclass(frozen=True)
class Predictions:
    """Out-of-sample probabilities of several models for the same customers.

    Attributes
    ----------
    as_of_date : str
        Date of the window; of the newest one if several are pooled.
    labels : array of int, shape (n,)
    is_one_time_buyer : array of bool, shape (n,)
    probability : mapping of str to array of float, shape (n,)
        Probabilities by model.
    """

    as_of_date: str
    labels: IntArray
    is_one_time_buyer: npt.NDArray[np.bool_]
    probability: Mapping[str, FloatArray]


def is_one_time_buyer(features: FloatArray) -> npt.NDArray[np.bool_]:
    """Return whether customers have one order, shape (n,)."""
    return np.asarray(features[:, FEATURES.index("frequency")] == 1)


def metric_rows(
    split: Split,
    predictions: Predictions,
    thresholds: Mapping[str, float],
    settings: Settings,
    *,
    slices: Sequence[str] = (ALL, ONE_TIME_BUYERS),
    with_intervals: bool = True,
) -> list[MetricRow]:
    """Return all metrics of all models by slice; undefined metrics are left out.

    `thresholds` holds the classification threshold of each model.
    """
    everybody = np.ones(predictions.labels.size, dtype=np.bool_)
    masks = {ALL: everybody, ONE_TIME_BUYERS: predictions.is_one_time_buyer}
    return [
        MetricRow(split, predictions.as_of_date, model, name, metric, value, low, high)
        for model, probability in predictions.probability.items()
        for name in slices
        for metric, value, low, high in _metrics_with_intervals(
            predictions.labels[masks[name]],
            probability[masks[name]],
            thresholds[model],
            settings,
            with_intervals=with_intervals,
        )
    ]


def loss_differences(
    split: Split,
    predictions: Predictions,
    models: Sequence[str],
    reference: str,
    settings: Settings,
) -> list[MetricRow]:
    """Return the paired difference in log loss of each model to a reference model.

    Below 0 the model is better. The interval is bootstrapped over customers.
    """
    labels, probability = predictions.labels, predictions.probability
    reference_losses = metrics.losses(labels, probability[reference])
    rows = []
    for model in models:
        gap = metrics.losses(labels, probability[model]) - reference_losses
        low, high = bootstrap.mean_interval(
            gap, repeats=settings.bootstrap_repeats, seed=settings.seed
        )
        rows.append(
            MetricRow(
                split=split,
                as_of_date=predictions.as_of_date,
                model=model,
                slice=ALL,
                metric=f"log_loss_minus_{reference}",
                value=float(gap.mean()),
                low=low,
                high=high,
            )
        )
    return rows


def importance_rows(model: FittedCandidate, window: Window, settings: Settings) -> list[MetricRow]:
    """Return the permutation importance of each feature on a sample of the report window."""
    limit, seed = settings.importance_rows, settings.seed
    rows = sampling.stratified_sample(window.customer_ids, window.labels, limit=limit, seed=seed)
    values = metrics.permutation_importance(
        model.probability,
        window.features[rows],
        window.labels[rows],
        repeats=settings.importance_repeats,
        seed=seed,
    )
    as_of_date, metric = window.summary.as_of_date, "permutation_importance"
    return [
        MetricRow("report", as_of_date, model.name, f"feature:{feature}", metric, value)
        for feature, value in zip(FEATURES, values, strict=True)
    ]


def curve_rows(predictions: Predictions, models: Sequence[str]) -> list[CurveRow]:
    """Return the ROC, precision-recall, gains and calibration curves of some models."""
    return [
        point
        for model in models
        for point in metrics.curves(model, predictions.labels, predictions.probability[model])
    ]


def _metrics_with_intervals(
    labels: IntArray,
    probability: FloatArray,
    threshold: float,
    settings: Settings,
    *,
    with_intervals: bool,
) -> Iterator[tuple[str, float, float | None, float | None]]:
    """Yield name, value and interval of each defined metric."""
    values = metrics.measure(labels, probability, threshold=threshold)
    intervals: dict[str, bootstrap.Interval] = {}
    if with_intervals and 0 < values["positives"] < values["rows"]:
        intervals = bootstrap.intervals(
            labels,
            probability,
            values,
            threshold=threshold,
            repeats=settings.bootstrap_repeats,
            seed=settings.seed,
        )
    if settings.contact_cost is not None and settings.contact_benefit is not None:
        buyers = values.get("true_positive", 0.0)
        contacts = buyers + values.get("false_positive", 0.0)
        values["contact_profit"] = (
            settings.contact_benefit * buyers - settings.contact_cost * contacts
        )
    for name, value in values.items():
        low, high = intervals.get(name, (None, None))
        yield name, value, low, high
