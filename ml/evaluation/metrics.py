"""Metrics and curves of probabilities. Arrays in, numbers out; no I/O.

In all functions `labels` is an array of int, shape (n,), 1 if the customer ordered within the
horizon, and `probability` an array of float, shape (n,), of an order.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    confusion_matrix_at_thresholds,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

from ml.data.schema import CurveName, CurveRow
from ml.data.windows import FloatArray, IntArray

CLIP = 1e-6
CALIBRATION_BINS = 10
CURVE_POINTS = 101
CLASSES = (0, 1)


def losses(labels: IntArray, probability: FloatArray) -> FloatArray:
    """Return the log loss of each customer, shape (n,); scikit-learn returns the mean only."""
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    return np.asarray(-np.log(np.where(labels == 1, clipped, 1 - clipped)))


def expected_calibration_error(labels: IntArray, probability: FloatArray) -> float:
    """Return the mean absolute calibration error over ten quantile bins.

    Equal probabilities share a bin, which scikit-learn's `calibration_curve` does not ensure.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015; with bins of equal mass instead of equal width.
    """
    bins = _calibration_bins(labels, probability)
    return sum(rows * abs(mean - rate) for mean, rate, rows in bins) / labels.size


def lift_top_tenth(labels: IntArray, probability: FloatArray) -> float:
    """Return the lift of the top decile: its share of buyers over the share among all customers.

    Customers tied at the edge of the decile count with their mean rate, so that the order of the
    rows does not matter. At least one label must be 1.

    Examples
    --------
    >>> lift_top_tenth(np.array([1] + [0] * 9), np.array([0.9] + [0.1] * 9))
    10.0
    """
    reached = max(1, round(labels.size / 10))
    edge = np.sort(probability)[-reached]
    above, tied = probability > edge, probability == edge
    bought = labels[above].sum() + labels[tied].mean() * (reached - above.sum())
    return float(bought / reached / labels.mean())


def best_f1_threshold(labels: IntArray, probability: FloatArray) -> float:
    """Return the highest of the probabilities that maximise F1 as a threshold.

    0 if the maximum marks all customers. At least one label must be 1.

    Examples
    --------
    >>> best_f1_threshold(np.array([1, 0, 1, 0]), np.array([0.9, 0.2, 0.6, 0.1]))
    0.6
    """
    _, false_positives, _, true_positives, thresholds = confusion_matrix_at_thresholds(
        labels, probability
    )
    marked = true_positives + false_positives
    best = int(np.argmax(2 * true_positives / (marked + labels.sum())))
    return 0.0 if marked[best] == labels.size else float(thresholds[best])


def measure(labels: IntArray, probability: FloatArray, *, threshold: float) -> dict[str, float]:
    """Return all metrics by name; customers from `threshold` on are marked as buyers.

    Undefined metrics are left out: ranking metrics with one class only, precision without a
    marked customer.
    """
    if labels.size == 0:
        return {"rows": 0.0, "positives": 0.0}
    values = {
        "rows": float(labels.size),
        "positives": float(labels.sum()),
        "log_loss": float(log_loss(labels, probability, labels=CLASSES)),
        "brier": float(brier_score_loss(labels, probability, labels=CLASSES)),
        "expected_calibration_error": expected_calibration_error(labels, probability),
    }
    values |= _classification_metrics(labels, probability >= threshold)
    if labels.any():
        values["average_precision"] = float(average_precision_score(labels, probability))
        values["lift_top_tenth"] = lift_top_tenth(labels, probability)
    if labels.any() and not labels.all():
        values["roc_auc"] = float(roc_auc_score(labels, probability))
    return values


def curves(model: str, labels: IntArray, probability: FloatArray) -> list[CurveRow]:
    """Return the ROC, precision-recall, gains and calibration curves of a model.

    All but the calibration curve are computed from the same at most 101 thresholds, evenly spaced
    in the number of customers reached. `labels` contain both classes.

    Returns
    -------
    list of CurveRow
        `x` and `y` are false and true positive rate; recall and precision; share of customers
        and share of buyers reached; mean probability and share of buyers of a bin. `row_count` is
        the number of customers reached, or in the bin.
    """
    reached, hits = _counts_at_thresholds(labels, probability)
    positives = labels.sum()
    recall = hits / positives
    false_positive_rate = (reached - hits) / (labels.size - positives)
    precision = hits[1:] / reached[1:]
    mean, rate, rows = (
        np.array(values) for values in zip(*_calibration_bins(labels, probability), strict=True)
    )
    return [
        *_curve(model, "roc", false_positive_rate, recall, reached),
        *_curve(model, "precision_recall", recall[1:], precision, reached[1:]),
        *_curve(model, "gains", reached / labels.size, recall, reached),
        *_curve(model, "calibration", mean, rate, rows),
    ]


def permutation_importance(
    predict: Callable[[FloatArray], FloatArray],
    features: FloatArray,
    labels: IntArray,
    *,
    repeats: int,
    seed: int,
) -> list[float]:
    """Return the mean increase of the log loss when a feature is permuted, for each feature.

    scikit-learn's function needs a fitted estimator and predicts once per permutation; this one
    takes any function from features, shape (n, k), to probabilities, shape (n,), and calls it once
    per feature.

    References
    ----------
    Breiman, "Random forests", Machine Learning 45, 2001, section 10.
    """
    random = np.random.default_rng(seed)
    orders = np.concatenate([random.permutation(labels.size) for _ in range(repeats)])
    unpermuted = losses(labels, predict(features)).mean()
    importance = []
    for column in range(features.shape[1]):
        permuted = np.tile(features, (repeats, 1))
        permuted[:, column] = features[orders, column]
        means = [losses(labels, part).mean() for part in np.split(predict(permuted), repeats)]
        importance.append(float(np.mean(means) - unpermuted))
    return importance


def _classification_metrics(labels: IntArray, is_marked: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return the confusion matrix and the metrics of a classification that are defined."""
    matrix = confusion_matrix(labels, is_marked, labels=CLASSES)
    true_negative, false_positive, false_negative, true_positive = matrix.ravel()
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, is_marked, average="binary", zero_division=np.nan
    )
    values = {
        "true_positive": true_positive,
        "false_positive": false_positive,
        "false_negative": false_negative,
        "true_negative": true_negative,
        "accuracy": accuracy_score(labels, is_marked),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }
    return {name: float(value) for name, value in values.items() if not np.isnan(value)}


def _counts_at_thresholds(labels: IntArray, probability: FloatArray) -> tuple[IntArray, IntArray]:
    """Return customers and buyers reached at thresholds from high to low, from no customer on."""
    _, false_positives, _, true_positives, _ = confusion_matrix_at_thresholds(labels, probability)
    hits = np.concatenate(([0], true_positives)).astype(np.int64)
    reached = hits + np.concatenate(([0], false_positives)).astype(np.int64)
    wanted = np.linspace(0, reached[-1], CURVE_POINTS)
    kept = np.unique(np.minimum(np.searchsorted(reached, wanted), reached.size - 1))
    return reached[kept], hits[kept]


def _curve(
    model: str, curve: CurveName, x: FloatArray, y: FloatArray, rows: IntArray
) -> list[CurveRow]:
    return [
        CurveRow(model, curve, point, float(x[point]), float(y[point]), int(rows[point]))
        for point in range(x.size)
    ]


def _calibration_bins(labels: IntArray, probability: FloatArray) -> list[tuple[float, float, int]]:
    """Return mean probability, share of buyers and rows of ten quantile bins, lowest first."""
    lowest_first = np.argsort(probability, kind="stable")
    ranked, outcome = probability[lowest_first], labels[lowest_first]
    wanted = np.round(np.linspace(0, ranked.size, CALIBRATION_BINS + 1)[1:-1]).astype(np.int64)
    starts = np.searchsorted(ranked, ranked[np.minimum(wanted, ranked.size - 1)], side="left")
    edges = np.unique(np.concatenate(([0], starts, [ranked.size])))
    return [
        (float(ranked[start:end].mean()), float(outcome[start:end].mean()), int(end - start))
        for start, end in pairwise(edges)
    ]
