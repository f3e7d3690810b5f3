"""How good probabilities are, in figures and curves. Arrays in, numbers out; no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ml.data.windows import FloatArray, IntArray

CLIP = 1e-6
CALIBRATION_BINS = 10
CURVE_POINTS = 101


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve.

    Attributes
    ----------
    curve : str
        `roc`, `precision_recall`, `calibration` or `gains`.
    point : int
        Place along the curve, from 0.
    x, y : float
        Shares, 0 to 1: false and true positive rate; recall and precision; mean
        probability and share of buyers; share of customers and share of buyers reached.
    rows : int
        Customers reached at this point, or, for `calibration`, in this bin.
    """

    curve: str
    point: int
    x: float
    y: float
    rows: int


def losses(labels: IntArray, probability: FloatArray) -> FloatArray:
    """Return -log of the probability given to what happened, of each customer.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered.
    probability : array of float, shape (n,)
        Of ordering, 0 to 1; clipped at 1e-6 from either end.

    Returns
    -------
    array of float, shape (n,)
        0 where it was certain and right.
    """
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    return np.asarray(-np.log(np.where(labels == 1, clipped, 1 - clipped)))


def log_loss(labels: IntArray, probability: FloatArray) -> float:
    """Return the mean of -log of the probability given to what happened.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered.
    probability : array of float, shape (n,)
        Of ordering, 0 to 1; clipped at 1e-6 from either end.

    Returns
    -------
    float
        0 is perfect; lower is better.

    Examples
    --------
    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return float(losses(labels, probability).mean())


def expected_calibration_error(labels: IntArray, probability: FloatArray) -> float:
    """Return the mean distance of probability and outcome over ten bins of equal size.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered.
    probability : array of float, shape (n,)
        Of ordering; equal probabilities share a bin.

    Returns
    -------
    float
        Weighted by the rows of the bins; 0 is perfect.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015; bins of equal mass instead of equal width.
    """
    points = _calibration(labels, probability)
    return sum(point.rows * abs(point.x - point.y) for point in points) / labels.size


def lift_top_tenth(labels: IntArray, probability: FloatArray) -> float:
    """Return how many times the average the best-ranked tenth orders.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered; somebody must have.
    probability : array of float, shape (n,)
        Of ordering. Customers tied at the edge of the tenth count with their mean rate, so
        that the order of the rows does not matter.

    Returns
    -------
    float
        1 is no better than chance, 10 the most it can be.

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
    """Return the probability from which saying "will order" gives the highest F1.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered; somebody must have.
    probability : array of float, shape (n,)
        Of ordering.

    Returns
    -------
    float
        One of the probabilities, of equally good ones the highest, which says so of fewer;
        0 where it is best to say so of everybody, whatever their probability.

    Examples
    --------
    >>> best_f1_threshold(np.array([1, 0, 1, 0]), np.array([0.9, 0.2, 0.6, 0.1]))
    0.6
    """
    reached, hits = _cuts(labels, probability)
    f1 = 2 * hits / (reached + labels.sum())
    best = int(np.argmax(f1[1:])) + 1
    if reached[best] == labels.size:
        return 0.0
    return float(np.sort(probability)[::-1][reached[best] - 1])


def measure(labels: IntArray, probability: FloatArray, *, threshold: float) -> dict[str, float]:
    """Measure probabilities against what happened.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered within the horizon.
    probability : array of float, shape (n,)
        Of that, given beforehand.
    threshold : float
        Probability from which the customer is said to order.

    Returns
    -------
    dict of str to float
        Measures by name. One that is not defined is left out: all that need both kinds of
        customer when there is one kind, precision when nobody is said to order.
    """
    if labels.size == 0:
        return {"rows": 0.0, "positives": 0.0}
    values = {
        "rows": float(labels.size),
        "positives": float(labels.sum()),
        "log_loss": log_loss(labels, probability),
        "brier": float(np.mean((probability - labels) ** 2)),
        "expected_calibration_error": expected_calibration_error(labels, probability),
    }
    values |= _decisions(labels, probability >= threshold)
    reached, hits = _cuts(labels, probability)
    if labels.any():
        values["average_precision"] = float(np.diff(hits) @ (hits[1:] / reached[1:]) / hits[-1])
        values["lift_top_tenth"] = lift_top_tenth(labels, probability)
    if labels.any() and not labels.all():
        values["roc_auc"] = float(np.trapezoid(hits, reached - hits) / hits[-1])
        values["roc_auc"] /= labels.size - hits[-1]
    return values


def curves(labels: IntArray, probability: FloatArray) -> list[CurvePoint]:
    """Return the ROC, precision-recall, gains and calibration curves.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered; both kinds must be there.
    probability : array of float, shape (n,)
        Of ordering. A point lies between two different probabilities only.

    Returns
    -------
    list of CurvePoint
        At most 101 points a curve, ten for calibration.
    """
    reached, hits = _thinned(*_cuts(labels, probability))
    positives = labels.sum()
    misses = reached - hits
    true_rate = hits / positives
    points = _points("roc", misses / (labels.size - positives), true_rate, reached)
    points += _points("precision_recall", true_rate[1:], hits[1:] / reached[1:], reached[1:])
    points += _points("gains", reached / labels.size, true_rate, reached)
    return points + _calibration(labels, probability)


def permutation_importance(
    predict: Callable[[FloatArray], FloatArray],
    features: FloatArray,
    labels: IntArray,
    *,
    repeats: int,
    seed: int,
) -> list[float]:
    """Return by how much the log loss grows when a feature is dealt out anew.

    Parameters
    ----------
    predict : callable
        From features, shape (n, k), to probabilities, shape (n,).
    features : array of float, shape (n, k)
        Rows on which to judge, unseen in fitting.
    labels : array of int, shape (n,)
        What happened.
    repeats : int
        Shuffles per feature, of which the mean is taken.
    seed : int
        Of the shuffles.

    Returns
    -------
    list of float, length k
        Around 0, below as well, for a feature that the model could do without.

    References
    ----------
    Breiman, "Random forests", Machine Learning 45, 2001, section 10.
    """
    random = np.random.default_rng(seed)
    orders = np.concatenate([random.permutation(labels.size) for _ in range(repeats)])
    before = log_loss(labels, predict(features))
    importance = []
    for column in range(features.shape[1]):
        shuffled = np.tile(features, (repeats, 1))
        shuffled[:, column] = features[orders, column]
        losses = [log_loss(labels, part) for part in np.split(predict(shuffled), repeats)]
        importance.append(float(np.mean(losses)) - before)
    return importance


def _decisions(labels: IntArray, says_yes: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Count right and wrong decisions, and what follows from the counts."""
    hit = int((says_yes & (labels == 1)).sum())
    false_alarm = int(says_yes.sum()) - hit
    miss = int(labels.sum()) - hit
    values = {
        "true_positive": float(hit),
        "false_positive": float(false_alarm),
        "false_negative": float(miss),
        "true_negative": float(labels.size - hit - false_alarm - miss),
        "accuracy": 1 - (false_alarm + miss) / labels.size,
    }
    if hit + false_alarm:
        values["precision"] = hit / (hit + false_alarm)
    if hit + miss:
        values["recall"] = hit / (hit + miss)
    if hit + false_alarm + miss:
        values["f1"] = 2 * hit / (2 * hit + false_alarm + miss)
    return values


def _cuts(labels: IntArray, probability: FloatArray) -> tuple[IntArray, IntArray]:
    """Return customers and buyers reached at each place where the best-first list can be cut."""
    best_first = np.argsort(-probability, kind="stable")
    ranked = probability[best_first]
    ends = np.append(np.flatnonzero(np.diff(ranked)) + 1, ranked.size)
    reached = np.concatenate(([0], ends)).astype(np.int64)
    hits = np.concatenate(([0], np.cumsum(labels[best_first])))[reached]
    return reached, hits.astype(np.int64)


def _thinned(reached: IntArray, hits: IntArray) -> tuple[IntArray, IntArray]:
    """Keep the cuts nearest to even shares of the customers."""
    wanted = np.linspace(0, reached[-1], CURVE_POINTS)
    kept = np.unique(np.minimum(np.searchsorted(reached, wanted), reached.size - 1))
    return reached[kept], hits[kept]


def _points(curve: str, x: FloatArray, y: FloatArray, rows: IntArray) -> list[CurvePoint]:
    """Return the points of a curve, numbered."""
    return [
        CurvePoint(curve, point, float(x[point]), float(y[point]), int(rows[point]))
        for point in range(x.size)
    ]


def _calibration(labels: IntArray, probability: FloatArray) -> list[CurvePoint]:
    """Return mean probability and share of buyers by tenth, lowest probability first."""
    lowest_first = np.argsort(probability, kind="stable")
    ranked, outcome = probability[lowest_first], labels[lowest_first]
    wanted = np.round(np.linspace(0, ranked.size, CALIBRATION_BINS + 1)[1:-1]).astype(np.int64)
    starts = np.searchsorted(ranked, ranked[np.minimum(wanted, ranked.size - 1)], side="left")
    edges = np.unique(np.concatenate(([0], starts, [ranked.size])))
    return [
        CurvePoint(
            "calibration",
            point,
            float(ranked[start:end].mean()),
            float(outcome[start:end].mean()),
            int(end - start),
        )
        for point, (start, end) in enumerate(pairwise(edges))
    ]
