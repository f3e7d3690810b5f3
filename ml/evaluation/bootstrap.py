"""How far a figure could be off by chance: bootstrap intervals. Arrays in, numbers out; no I/O.

Customers are drawn anew with replacement, as many as there are, many times; the middle 95% of
a figure over the draws is its interval. To draw a million customers as quickly as a thousand,
those alike in probability share a cell, and a draw says how often each cell comes up.

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
MIDDLE: Final = (0.025, 0.975)
UNBOUNDED: Final = frozenset({"log_loss", "lift_top_tenth"})
"""All other measures are at most 1."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Cells:
    """Customers alike, from the lowest probability to the highest.

    Attributes
    ----------
    others, buyers : array of float, shape (k,)
        Customers without and with an order.
    probability : array of float, shape (k,)
        Mean of the cell.
    is_marked : array of bool, shape (k,)
        Whether the cell reaches the threshold.
    """

    others: FloatArray
    buyers: FloatArray
    probability: FloatArray
    is_marked: FloatArray


@dataclass(frozen=True)
class Draws:
    """The cells, drawn anew `b` times.

    Attributes
    ----------
    others, buyers : array of float, shape (b, k)
        How many of each cell came up.
    """

    others: FloatArray
    buyers: FloatArray

    @property
    def rows(self) -> FloatArray:
        """Customers of each cell, shape (b, k)."""
        return self.others + self.buyers

    @property
    def before(self) -> FloatArray:
        """Customers of higher probability than each cell's, shape (b, k)."""
        return _from_the_top(self.rows) - self.rows


def intervals(
    labels: IntArray,
    probability: FloatArray,
    measured: Mapping[str, float],
    *,
    threshold: float,
    repeats: int,
    seed: int,
) -> dict[str, Interval]:
    """Return the interval of each measure of `evaluate.measure` that chance can move.

    Intervals are centred on the figures themselves: drawing with replacement makes a small
    calibration error look larger than it is.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered; both kinds must be there.
    probability : array of float, shape (n,)
        Of that, given beforehand.
    measured : mapping of str to float
        What `evaluate.measure` returned for them.
    threshold : float
        Probability from which the customer is said to order.
    repeats : int
        Draws.
    seed : int
        Of the draws.

    Returns
    -------
    dict of str to (float, float)
        Lower and upper end by measure; one that is not defined is left out.
    """
    cells = make_cells(labels, probability, threshold=threshold)
    drawn = _draw(cells, repeats=repeats, seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {**_losses(cells, drawn), **_ranking(drawn), **_decisions(cells, drawn)}
        values["expected_calibration_error"] = _calibration_error(cells, drawn)
    return {
        name: _around(measured[name], draws, highest=np.inf if name in UNBOUNDED else 1.0)
        for name, draws in values.items()
        if name in measured and not np.isnan(draws).all()
    }


def difference(values: FloatArray, *, repeats: int, seed: int) -> Interval:
    """Return the interval of a mean, such as that of one model's loss less another's.

    Parameters
    ----------
    values : array of float, shape (n,)
        One per customer.
    repeats : int
        Draws.
    seed : int
        Of the draws.

    Returns
    -------
    float, float
        Lower and upper end.
    """
    ordered = np.sort(values)
    starts = sampling.spread(ordered.size, limit=CELLS)
    sums = np.add.reduceat(ordered, starts)
    sizes = np.diff(np.append(starts, ordered.size))
    draws = np.random.default_rng(seed).multinomial(ordered.size, sizes / ordered.size, repeats)
    return _middle(draws @ (sums / sizes) / ordered.size)


def make_cells(labels: IntArray, probability: FloatArray, *, threshold: float) -> Cells:
    """Put customers alike into cells.

    Parameters
    ----------
    labels : array of int, shape (n,)
        1 where the customer ordered.
    probability : array of float, shape (n,)
        Of ordering; equal ones share a cell.
    threshold : float
        No cell lies on both sides of it.

    Returns
    -------
    Cells
        At most `CELLS` and one more.
    """
    lowest_first = np.argsort(probability, kind="stable")
    ranked, outcome = probability[lowest_first], labels[lowest_first].astype(np.float64)
    edges = np.searchsorted(
        ranked, np.append(ranked[sampling.spread(ranked.size, limit=CELLS)], threshold)
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


def _draw(cells: Cells, *, repeats: int, seed: int) -> Draws:
    """Draw as many customers as there are, many times."""
    counts = np.concatenate((cells.others, cells.buyers))
    total = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, repeats)
    others, buyers = np.split(drawn.astype(np.float64), 2, axis=1)
    return Draws(others, buyers)


def _losses(cells: Cells, drawn: Draws) -> Mapping[str, FloatArray]:
    """Return what follows from each customer's own probability."""
    clipped = np.clip(cells.probability, CLIP, 1 - CLIP)
    rows = drawn.rows.sum(axis=1)
    surprise = drawn.buyers @ np.log(clipped) + drawn.others @ np.log(1 - clipped)
    squares = drawn.buyers @ (1 - cells.probability) ** 2 + drawn.others @ cells.probability**2
    return {"log_loss": -surprise / rows, "brier": squares / rows}


def _ranking(drawn: Draws) -> Mapping[str, FloatArray]:
    """Return what follows from the order of the customers."""
    buyers, others = drawn.buyers.sum(axis=1), drawn.others.sum(axis=1)
    above = _from_the_top(drawn.others) - drawn.others
    beaten = others[:, None] - above - drawn.others / 2
    reached = drawn.before + drawn.rows
    precision = np.nan_to_num(_from_the_top(drawn.buyers) / reached)
    tenth = (buyers + others) / 10
    share = np.clip((tenth[:, None] - drawn.before) / drawn.rows, 0, 1)
    found = (drawn.buyers * np.nan_to_num(share)).sum(axis=1)
    return {
        "roc_auc": (drawn.buyers * beaten).sum(axis=1) / (buyers * others),
        "average_precision": (drawn.buyers * precision).sum(axis=1) / buyers,
        "lift_top_tenth": found / tenth / (buyers / (buyers + others)),
    }


def _decisions(cells: Cells, drawn: Draws) -> Mapping[str, FloatArray]:
    """Return what follows from who is said to order."""
    hits, false_alarms = drawn.buyers @ cells.is_marked, drawn.others @ cells.is_marked
    buyers, rows = drawn.buyers.sum(axis=1), drawn.rows.sum(axis=1)
    misses = buyers - hits
    return {
        "accuracy": 1 - (false_alarms + misses) / rows,
        "precision": hits / (hits + false_alarms),
        "recall": hits / buyers,
        "f1": 2 * hits / (2 * hits + false_alarms + misses),
    }


def _calibration_error(cells: Cells, drawn: Draws) -> FloatArray:
    """Return the mean distance of probability and outcome over ten bins of equal size."""
    rows = drawn.rows
    total = rows.sum(axis=1)
    middle = (np.cumsum(rows, axis=1) - rows / 2) / total[:, None]
    bins = np.minimum(middle * CALIBRATION_BINS, CALIBRATION_BINS - 1).astype(np.int64)
    gap = drawn.buyers - rows * cells.probability
    error = np.zeros(total.size)
    for place in range(CALIBRATION_BINS):
        error += np.abs((gap * (bins == place)).sum(axis=1))
    return np.asarray(error / total)


def _from_the_top(counts: FloatArray) -> FloatArray:
    """Return sums over each cell and those of higher probability."""
    return np.asarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1])


def _around(value: float, draws: FloatArray, *, highest: float) -> Interval:
    """Return the middle of the draws, moved to where the figure is their mean.

    The figure lies within it and it within what is possible, also where a few draws far from the
    others carry the mean away.

    Examples
    --------
    >>> _around(0.0, np.r_[np.zeros(990), np.full(10, 2.8)], highest=np.inf)
    (0.0, 0.0)
    """
    low, high = _middle(draws - np.nanmean(draws) + value)
    return max(0.0, min(low, value)), min(highest, max(high, value))


def _middle(draws: FloatArray) -> Interval:
    """Return the ends of the middle 95% of the draws."""
    low, high = np.nanquantile(draws, MIDDLE)
    return float(low), float(high)
