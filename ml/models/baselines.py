"""Baselines: base rate, recency rule, RFM quartiles and BG/NBD. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray
from ml.models import bg_nbd
from ml.models.bg_nbd import BgNbd
from ml.models.estimators import Estimator, ProbabilityModel, round_probability
from ml.settings import FEATURES, Settings

BASE_RATE: Final = "base_rate"
RECENCY_RULE: Final = "recency_rule"
RFM_QUARTILES: Final = "rfm_quartiles"
BG_NBD: Final = "bg_nbd"
BASELINES: Final = (BASE_RATE, RECENCY_RULE, RFM_QUARTILES, BG_NBD)

RFM: Final = tuple(FEATURES.index(name) for name in ("recency", "frequency", "monetary"))


@dataclass(frozen=True)
class BaseRate:
    """The share of buyers in the training rows, for every customer."""

    rate: float

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the same probability for each row."""
        return round_probability(np.full(len(features), self.rate))


@dataclass(frozen=True)
class RecencyRule:
    """The share of buyers by quantile bin of recency.

    Attributes
    ----------
    edges : array of float, shape (bins - 1,)
        Days; a recency equal to an edge belongs to the lower bin.
    rates : array of float, shape (bins,)
        Share of buyers in each bin.
    """

    edges: FloatArray
    rates: FloatArray

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the rate of each row's bin."""
        recency = features[:, FEATURES.index("recency")]
        return round_probability(self.rates[np.searchsorted(self.edges, recency, side="left")])


@dataclass(frozen=True)
class RfmQuartiles:
    """Logistic regression on the one-hot encoded quartiles of recency, frequency and monetary."""

    edges: list[FloatArray]
    regression: Estimator

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of the regression."""
        quartiles = quartile_columns(features, self.edges)
        return round_probability(self.regression.predict_proba(quartiles)[:, 1])


@dataclass(frozen=True)
class RepeatBuying:
    """BG/NBD with rounded probabilities."""

    model: BgNbd

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of the model."""
        return round_probability(self.model.probability(features))


def fit_baselines(
    features: FloatArray,
    labels: IntArray,
    forecast_features: FloatArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> dict[str, ProbabilityModel]:
    """Fit all baselines.

    Parameters
    ----------
    features, labels : arrays of shape (n, len(FEATURES)) and (n,)
        Training rows.
    forecast_features : array of float, shape (m, len(FEATURES))
        Rows to forecast; BG/NBD is fitted on these, without labels.
    """
    rate = float(labels.mean())
    sample = sampling.evenly_spaced(len(forecast_features), limit=settings.bg_nbd_rows)
    return {
        BASE_RATE: BaseRate(rate),
        RECENCY_RULE: _recency_rule(features, labels, settings),
        RFM_QUARTILES: _rfm_quartiles(features, labels),
        BG_NBD: RepeatBuying(bg_nbd.fit(forecast_features[sample], horizon_days=horizon_days)),
    }


def quartile_columns(features: FloatArray, edges: list[FloatArray]) -> FloatArray:
    """Return one-hot quartiles of recency, frequency and monetary, shape (n, 12).

    `edges` holds the three quartiles of each; a value equal to an edge belongs to the lower one.
    """
    columns = [
        np.searchsorted(cuts, features[:, column], side="left")[:, None] == np.arange(4)
        for column, cuts in zip(RFM, edges, strict=True)
    ]
    return np.concatenate(columns, axis=1).astype(np.float64)


def _recency_rule(features: FloatArray, labels: IntArray, settings: Settings) -> RecencyRule:
    rate = float(labels.mean())
    recency = features[:, FEATURES.index("recency")]
    inner = np.linspace(0, 1, settings.recency_bins + 1)[1:-1]
    edges = np.unique(np.quantile(recency, inner))
    bins = np.searchsorted(edges, recency, side="left")
    rows = np.bincount(bins, minlength=edges.size + 1)
    buyers = np.bincount(bins, weights=labels, minlength=edges.size + 1)
    # A pseudo-count of one customer with the base rate defines the rate of an empty bin.
    return RecencyRule(edges, (buyers + rate) / (rows + 1))


def _rfm_quartiles(features: FloatArray, labels: IntArray) -> RfmQuartiles:
    edges = [np.quantile(features[:, column], (0.25, 0.5, 0.75)) for column in RFM]
    regression = LogisticRegression(max_iter=1_000)
    return RfmQuartiles(edges, regression.fit(quartile_columns(features, edges), labels))
