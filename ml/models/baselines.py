"""What a model has to beat: two rules of thumb, RFM scores, and BG/NBD. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray
from ml.models import bg_nbd
from ml.models.bg_nbd import BgNbd
from ml.models.estimators import Estimator, Forecast, rounded
from ml.settings import FEATURES, Settings

BASE_RATE: Final = "base_rate"
RECENCY_RULE: Final = "recency_rule"
RFM_QUARTILES: Final = "rfm_quartiles"
BG_NBD: Final = "bg_nbd"
BASELINES: Final = (BASE_RATE, RECENCY_RULE, RFM_QUARTILES, BG_NBD)

RFM: Final = tuple(FEATURES.index(name) for name in ("recency", "frequency", "monetary"))


@dataclass(frozen=True)
class BaseRate:
    """Everybody orders as often as customers did in the windows of the fit."""

    rate: float

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the same probability for each row of `features`."""
        return rounded(np.full(len(features), self.rate))


@dataclass(frozen=True)
class RecencyRule:
    """A customer orders as often as those with a recency alike did.

    Attributes
    ----------
    edges : array of float, shape (bins - 1,)
        Days; a recency up to and including the first edge is in the first bin.
    rates : array of float, shape (bins,)
        Share of buyers in each bin.
    """

    edges: FloatArray
    rates: FloatArray

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the rate of the bin that each row's recency falls into."""
        recency = features[:, FEATURES.index("recency")]
        return rounded(self.rates[np.searchsorted(self.edges, recency, side="left")])


@dataclass(frozen=True)
class RfmQuartiles:
    """The twelve quartiles of recency, frequency and monetary value, weighted by a regression.

    Attributes
    ----------
    edges : list of array of float, shape (3,)
        Quartiles of each of the three.
    regression : Estimator
        On twelve columns of 0 and 1.
    """

    edges: list[FloatArray]
    regression: Estimator

    def probability(self, features: FloatArray) -> FloatArray:
        """Return what the regression says of each row's quartiles."""
        quartiles = quartile_columns(features, self.edges)
        return rounded(self.regression.predict_proba(quartiles)[:, 1])


@dataclass(frozen=True)
class RepeatBuying:
    """BG/NBD, with probabilities as they are published."""

    model: BgNbd

    def probability(self, features: FloatArray) -> FloatArray:
        """Return what the model says of each row."""
        return rounded(self.model.probability(features))


def fit_baselines(
    features: FloatArray,
    labels: IntArray,
    present: FloatArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> dict[str, Forecast]:
    """Fit all that a model has to beat.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Rows of past windows.
    labels : array of int, shape (n,)
        1 where the customer ordered.
    present : array of float, shape (m, len(FEATURES))
        Customers to be forecast, as they are. BG/NBD learns from their histories, as it is
        used; no baseline sees what they do next.
    settings : Settings
        Number of recency bins, rows of BG/NBD, seed.
    horizon_days : int
        Days that the forecasts look ahead.

    Returns
    -------
    dict of str to Forecast
        By name, in the order of `BASELINES`.
    """
    rate = float(labels.mean())
    few = sampling.spread(len(present), limit=settings.bg_nbd_rows)
    return {
        BASE_RATE: BaseRate(rate),
        RECENCY_RULE: _recency_rule(features, labels, settings),
        RFM_QUARTILES: _rfm_quartiles(features, labels),
        BG_NBD: RepeatBuying(bg_nbd.fit(present[few], horizon_days=horizon_days)),
    }


def quartile_columns(features: FloatArray, edges: list[FloatArray]) -> FloatArray:
    """Return 1 in the column of each row's quartile, of recency, frequency and monetary value.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Customers.
    edges : list of array of float, shape (3,)
        Quartiles of each of the three; a value on an edge is below it.

    Returns
    -------
    array of float, shape (n, 12)
        Three ones a row.
    """
    columns = [
        np.searchsorted(cuts, features[:, column], side="left")[:, None] == np.arange(4)
        for column, cuts in zip(RFM, edges, strict=True)
    ]
    return np.concatenate(columns, axis=1).astype(np.float64)


def _recency_rule(features: FloatArray, labels: IntArray, settings: Settings) -> RecencyRule:
    """Count buyers by tenth of recency."""
    rate = float(labels.mean())
    recency = features[:, FEATURES.index("recency")]
    inner = np.linspace(0, 1, settings.recency_bins + 1)[1:-1]
    edges = np.unique(np.quantile(recency, inner))
    bins = np.searchsorted(edges, recency, side="left")
    rows = np.bincount(bins, minlength=edges.size + 1)
    buyers = np.bincount(bins, weights=labels, minlength=edges.size + 1)
    # One imagined customer of the average rate per bin keeps an empty bin defined.
    return RecencyRule(edges, (buyers + rate) / (rows + 1))


def _rfm_quartiles(features: FloatArray, labels: IntArray) -> RfmQuartiles:
    """Weigh the quartiles by how they foretold the label."""
    edges = [np.quantile(features[:, column], (0.25, 0.5, 0.75)) for column in RFM]
    regression = LogisticRegression(max_iter=1_000)
    return RfmQuartiles(edges, regression.fit(quartile_columns(features, edges), labels))
