"""Bootstrap confidence intervals of metrics. Arrays in, numbers out; no I/O.

Customers are resampled with replacement; the 2.5% and 97.5% quantiles of a metric over the
replicates are its interval. Customers with similar probabilities share a cell, and a replicate is
one multinomial draw of cell counts: the time does not grow with the number of customers. For the
same reason all replicates of a metric are computed at once, without scikit-learn's metrics.

Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray
from ml.evaluation.metrics import CALIBRATION_BINS, CLIP

CELLS: Final = 500
QUANTILES: Final = (0.025, 0.975)
UNBOUNDED: Final = frozenset({"log_loss", "lift_top_tenth"})
"""All other metrics are at most 1."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Cells:
    """Groups of customers with similar probabilities, in ascending order of probability.

    Attributes
    ----------
    others, buyers : array of float, shape (k,)
        Customers by label, 0 and 1.
    probability : array of float, shape (k,)
        Mean probability.
    is_marked : array of float, shape (k,)
        1 if the probabilities of the cell reach the threshold.
    """

    others: FloatArray
    buyers: FloatArray
    probability: FloatArray
    is_marked: FloatArray


@dataclass(frozen=True)
class Replicates:
    """Resampled counts of customers by label, shape (replicates, cells)."""

    others: FloatArray
    buyers: FloatArray

    @property
    def rows(self) -> FloatArray:
        """Customers of each cell."""
        return self.others + self.buyers

    @property
    def before(self) -> FloatArray:
        """Customers with a higher probability than those of each cell."""
        return _from_the_top(self.rows) - self.rows


def intervals(
    labels: IntArray,
    probability: FloatArray,
    values: Mapping[str, float],
    *,
    threshold: float,
    repeats: int,
    seed: int,
) -> dict[str, Interval]:
    """Return the 95% interval of each metric in `values` that varies between replicates.

    Intervals are centred on the values themselves, because resampling biases some metrics, such as
    a small calibration error.

    Parameters
    ----------
    labels, probability : arrays of shape (n,)
        As in `ml.evaluation.metrics`; `labels` contain both classes.
    values : mapping of str to float
        Result of `ml.evaluation.metrics.measure`.
    threshold : float
        Classification threshold.
    repeats : int
        Number of replicates.
    seed : int
        Seed of the random numbers.
    """
    cells = make_cells(labels, probability, threshold=threshold)
    replicates = _resample(cells, repeats=repeats, seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            **_losses(cells, replicates),
            **_ranking_metrics(replicates),
            **_classification_metrics(cells, replicates),
        }
        found["expected_calibration_error"] = _calibration_error(cells, replicates)
    return {
        name: _centred(values[name], draws, highest=np.inf if name in UNBOUNDED else 1.0)
        for name, draws in found.items()
        if name in values and not np.isnan(draws).all()
    }


def mean_interval(values: FloatArray, *, repeats: int, seed: int) -> Interval:
    """Return the 95% interval of the mean of one value per customer, shape (n,)."""
    ordered = np.sort(values)
    starts = sampling.evenly_spaced(ordered.size, limit=CELLS)
    sums = np.add.reduceat(ordered, starts)
    sizes = np.diff(np.append(starts, ordered.size))
    draws = np.random.default_rng(seed).multinomial(ordered.size, sizes / ordered.size, repeats)
    return _quantiles(draws @ (sums / sizes) / ordered.size)


def make_cells(labels: IntArray, probability: FloatArray, *, threshold: float) -> Cells:
    """Group customers into at most `CELLS` + 1 cells.

    Equal probabilities share a cell, and the threshold separates cells.
    """
    lowest_first = np.argsort(probability, kind="stable")
    ranked, outcome = probability[lowest_first], labels[lowest_first].astype(np.float64)
    edges = np.searchsorted(
        ranked, np.append(ranked[sampling.evenly_spaced(ranked.size, limit=CELLS)], threshold)
    )
    starts = np.unique(edges[edges < ranked.size])
    rows = np.diff(np.append(starts, ranked.size)).astype(np.float64)
    buyers = np.add.reduceat(outcome, starts)
    return Cells(
        others=rows - buyers,
        buyers=buyers,
        probability=np.add.reduceat(ranked, starts) / rows,
        is_marked=(ranked[starts] >= threshold).astype(np.float64),
    )


def _resample(cells: Cells, *, repeats: int, seed: int) -> Replicates:
    counts = np.concatenate((cells.others, cells.buyers))
    total = int(counts.sum())
    replicates = np.random.default_rng(seed).multinomial(total, counts / total, repeats)
    others, buyers = np.split(replicates.astype(np.float64), 2, axis=1)
    return Replicates(others, buyers)


def _losses(cells: Cells, replicates: Replicates) -> Mapping[str, FloatArray]:
    clipped = np.clip(cells.probability, CLIP, 1 - CLIP)
    rows = replicates.rows.sum(axis=1)
    log_likelihood = replicates.buyers @ np.log(clipped) + replicates.others @ np.log(1 - clipped)
    squares = (
        replicates.buyers @ (1 - cells.probability) ** 2 + replicates.others @ cells.probability**2
    )
    return {"log_loss": -log_likelihood / rows, "brier": squares / rows}


def _ranking_metrics(replicates: Replicates) -> Mapping[str, FloatArray]:
    buyers, others = replicates.buyers.sum(axis=1), replicates.others.sum(axis=1)
    above = _from_the_top(replicates.others) - replicates.others
    ranked_below = others[:, None] - above - replicates.others / 2
    reached = replicates.before + replicates.rows
    precision = np.nan_to_num(_from_the_top(replicates.buyers) / reached)
    tenth = (buyers + others) / 10
    share = np.clip((tenth[:, None] - replicates.before) / replicates.rows, 0, 1)
    found = (replicates.buyers * np.nan_to_num(share)).sum(axis=1)
    return {
        "roc_auc": (replicates.buyers * ranked_below).sum(axis=1) / (buyers * others),
        "average_precision": (replicates.buyers * precision).sum(axis=1) / buyers,
        "lift_top_tenth": found / tenth / (buyers / (buyers + others)),
    }


def _classification_metrics(cells: Cells, replicates: Replicates) -> Mapping[str, FloatArray]:
    hits, false_positives = replicates.buyers @ cells.is_marked, replicates.others @ cells.is_marked
    buyers, rows = replicates.buyers.sum(axis=1), replicates.rows.sum(axis=1)
    misses = buyers - hits
    return {
        "accuracy": 1 - (false_positives + misses) / rows,
        "precision": hits / (hits + false_positives),
        "recall": hits / buyers,
        "f1": 2 * hits / (2 * hits + false_positives + misses),
    }


def _calibration_error(cells: Cells, replicates: Replicates) -> FloatArray:
    """Return the expected calibration error over ten quantile bins."""
    rows = replicates.rows
    total = rows.sum(axis=1)
    middle = (np.cumsum(rows, axis=1) - rows / 2) / total[:, None]
    bins = np.minimum(middle * CALIBRATION_BINS, CALIBRATION_BINS - 1).astype(np.int64)
    gap = replicates.buyers - rows * cells.probability
    error = np.zeros(total.size)
    for place in range(CALIBRATION_BINS):
        error += np.abs((gap * (bins == place)).sum(axis=1))
    return np.asarray(error / total)


def _from_the_top(counts: FloatArray) -> FloatArray:
    """Return cumulative sums from the highest probability down."""
    return np.asarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1])


def _centred(value: float, draws: FloatArray, *, highest: float) -> Interval:
    """Return the interval of the draws, shifted so that their mean is `value`.

    It is widened to include `value` and clipped to the range of the metric.

    Examples
    --------
    >>> _centred(0.0, np.r_[np.zeros(990), np.full(10, 2.8)], highest=np.inf)
    (0.0, 0.0)
    """
    low, high = _quantiles(draws - np.nanmean(draws) + value)
    return max(0.0, min(low, value)), min(highest, max(high, value))


def _quantiles(draws: FloatArray) -> Interval:
    low, high = np.nanquantile(draws, QUANTILES)
    return float(low), float(high)
