"""What models said of customers, held against what happened: figures and curves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data import sampling
from ml.data.schema import CurveRow, MetricRow
from ml.data.windows import FloatArray, IntArray, Window
from ml.evaluation import bootstrap
from ml.evaluation import metrics as measures
from ml.models.estimators import ModelForecast
from ml.settings import FEATURES, Settings

ALL = "all"
ONE_TIME_BUYERS = "one_time_buyers"


@dataclass(frozen=True)
class Judged:
    """Probabilities that several models gave for the same customers.

    Attributes
    ----------
    as_of_date : str
        Of the window; of the newest one where customers of several are judged.
    labels : array of int, shape (n,)
        What happened.
    one_time_buyers : array of bool, shape (n,)
        Customers who had ordered once.
    probability : mapping of str to array of float, shape (n,)
        What each model had said.
    """

    as_of_date: str
    labels: IntArray
    one_time_buyers: npt.NDArray[np.bool_]
    probability: Mapping[str, FloatArray]


def ordered_once(features: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which rows are of customers with one order.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Customers.

    Returns
    -------
    array of bool, shape (n,)
        True for one order.
    """
    return np.asarray(features[:, FEATURES.index("frequency")] == 1)


def metrics(
    split_name: str,
    judged: Judged,
    thresholds: Mapping[str, float],
    settings: Settings,
    *,
    slices: Sequence[str] = (ALL, ONE_TIME_BUYERS),
    with_intervals: bool = True,
) -> list[MetricRow]:
    """Measure all models.

    Parameters
    ----------
    split_name : str
        `choose`, `report` or `history`.
    judged : Judged
        What the models said, and what happened.
    thresholds : mapping of str to float
        Of each model.
    settings : Settings
        Cost and benefit of a contact; draws of the intervals.
    slices : sequence of str
        Whom to measure on: `all`, `one_time_buyers`.
    with_intervals : bool
        Whether to say how far each figure could be off by chance.

    Returns
    -------
    list of MetricRow
        A measure that is not defined is left out.
    """
    everybody = np.ones(judged.labels.size, dtype=np.bool_)
    masks = {ALL: everybody, ONE_TIME_BUYERS: judged.one_time_buyers}
    return [
        MetricRow(split_name, judged.as_of_date, model, name, metric, value, low, high)
        for model, probability in judged.probability.items()
        for name in slices
        for metric, value, low, high in _measured(
            judged.labels[masks[name]],
            probability[masks[name]],
            thresholds[model],
            settings,
            with_intervals=with_intervals,
        )
    ]


def differences(
    split_name: str, judged: Judged, models: Sequence[str], other: str, settings: Settings
) -> list[MetricRow]:
    """Measure by how much models surprise less than another one, customer by customer.

    Parameters
    ----------
    split_name : str
        `choose`, `report` or `history`.
    judged : Judged
        What the models said, and what happened.
    models : sequence of str
        Candidates.
    other : str
        Candidate or baseline that they are compared with.
    settings : Settings
        Draws of the intervals.

    Returns
    -------
    list of MetricRow
        Mean log loss less that of the other, one row a model; below 0 the model is better.
    """
    base = measures.losses(judged.labels, judged.probability[other])
    rows = []
    for model in models:
        gap = measures.losses(judged.labels, judged.probability[model]) - base
        low, high = bootstrap.difference(
            gap, repeats=settings.bootstrap_repeats, seed=settings.seed
        )
        metric, value = f"log_loss_minus_{other}", float(gap.mean())
        rows.append(MetricRow(split_name, judged.as_of_date, model, ALL, metric, value, low, high))
    return rows


def importance(forecast: ModelForecast, window: Window, settings: Settings) -> list[MetricRow]:
    """Measure how much a model leans on each feature, on some rows of the last window.

    Parameters
    ----------
    forecast : ModelForecast
        Not fitted on that window.
    window : Window
        The last whole one.
    settings : Settings
        Rows and shuffles.

    Returns
    -------
    list of MetricRow
        Growth of the log loss, one row a feature.
    """
    limit, seed = settings.importance_rows, settings.seed
    rows = sampling.sample(window.customer_ids, window.labels, limit=limit, seed=seed)
    values = measures.permutation_importance(
        forecast.probability,
        window.features[rows],
        window.labels[rows],
        repeats=settings.importance_repeats,
        seed=seed,
    )
    as_of_date, metric = window.summary.as_of_date, "permutation_importance"
    return [
        MetricRow("report", as_of_date, forecast.name, f"feature:{feature}", metric, value)
        for feature, value in zip(FEATURES, values, strict=True)
    ]


def curves(judged: Judged, models: Sequence[str]) -> list[CurveRow]:
    """Draw the curves of some models.

    Parameters
    ----------
    judged : Judged
        What the models said, and what happened.
    models : sequence of str
        Which of them.

    Returns
    -------
    list of CurveRow
        ROC, precision-recall, gains, calibration.
    """
    return [
        CurveRow(model, point.curve, point.point, point.x, point.y, point.rows)
        for model in models
        for point in measures.curves(judged.labels, judged.probability[model])
    ]


def _measured(
    labels: IntArray,
    probability: FloatArray,
    threshold: float,
    settings: Settings,
    *,
    with_intervals: bool,
) -> Iterator[tuple[str, float, float | None, float | None]]:
    """Yield name, value and interval of each measure that is defined."""
    values = measures.measure(labels, probability, threshold=threshold)
    found: dict[str, bootstrap.Interval] = {}
    if with_intervals and 0 < values["positives"] < values["rows"]:
        found = bootstrap.intervals(
            labels,
            probability,
            values,
            threshold=threshold,
            repeats=settings.bootstrap_repeats,
            seed=settings.seed,
        )
    if settings.contact_cost is not None and settings.contact_benefit is not None:
        hits = values.get("true_positive", 0.0)
        contacts = hits + values.get("false_positive", 0.0)
        profit = settings.contact_benefit * hits - settings.contact_cost * contacts
        values["contact_profit"] = profit
    for name, value in values.items():
        low, high = found.get(name, (None, None))
        yield name, value, low, high
