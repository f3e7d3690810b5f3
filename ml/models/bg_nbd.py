"""BG/NBD, a probability model of repeat buying, as a baseline. Pure: no I/O.

While a customer is active, orders follow a Poisson process with a rate of the customer's own;
after each order the customer becomes inactive with a probability of the customer's own. Rates are
gamma-distributed over customers, drop-out probabilities beta-distributed. The likelihood needs no
labels, so the model is fitted on the customers that it forecasts.

Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science 24, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from ml.data.windows import FloatArray
from ml.settings import FEATURES

_BOUND = 7.0
"""Bound of the log parameters: without repeat orders the likelihood has no maximum."""


@dataclass(frozen=True)
class Histories:
    """Sufficient statistics of customers; orders on the same day count as one purchase.

    Attributes
    ----------
    repeats : array of float, shape (n,)
        Days with an order after the first one.
    last : array of float, shape (n,)
        Days from the first order to the last.
    age : array of float, shape (n,)
        Days from the first order to the as-of date.
    """

    repeats: FloatArray
    last: FloatArray
    age: FloatArray


@dataclass(frozen=True)
class BgNbd:
    """A fitted model.

    Attributes
    ----------
    r, alpha : float
        Shape, and rate in days, of the gamma distribution of order rates.
    a, b : float
        Parameters of the beta distribution of the drop-out probability.
    horizon_days : int
        Length of the forecast period.
    """

    r: float
    alpha: float
    a: float
    b: float
    horizon_days: int

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of an order within the horizon, shape (n,).

        It is the probability of being active, times that of an order within the horizon if
        active.
        """
        known = histories(features)
        active = np.exp(-_log1p_odds_inactive(known, self.r, self.alpha, self.a, self.b))
        exposure = self.alpha + known.age
        no_order = np.exp(
            (self.r + known.repeats) * np.log(exposure / (exposure + self.horizon_days))
        )
        return np.asarray(active * (1 - no_order))


def histories(features: FloatArray) -> Histories:
    """Return the sufficient statistics for features of shape (n, len(FEATURES))."""
    age = features[:, FEATURES.index("tenure_days")]
    # The customers made up for explanations can have half an order, or a recency above the tenure.
    return Histories(
        repeats=np.floor(features[:, FEATURES.index("order_days")]) - 1,
        last=np.maximum(0.0, age - features[:, FEATURES.index("recency")]),
        age=age,
    )


def fit(features: FloatArray, *, horizon_days: int) -> BgNbd:
    """Fit the model by maximum likelihood; deterministic for the same rows in the same order."""
    known = histories(features)
    unit = max(1.0, float(known.age.mean()))
    scaled = Histories(known.repeats, known.last / unit, known.age / unit)

    def cost(log_parameters: FloatArray) -> float:
        return -float(log_likelihood(scaled, *np.exp(log_parameters)).mean())

    bounds = [(-_BOUND, _BOUND)] * 4
    found = minimize(cost, np.zeros(4), method="L-BFGS-B", bounds=bounds)
    r, alpha, a, b = np.exp(found.x).tolist()
    return BgNbd(r, alpha * unit, a, b, horizon_days)


def log_likelihood(known: Histories, r: float, alpha: float, a: float, b: float) -> FloatArray:
    """Return the log-likelihood of each history, shape (n,): equation 6 of the paper.

    `alpha` has the time unit of the histories. The sum of the equation is factorised into the
    active case times one plus the odds of being inactive.
    """
    repeats = known.repeats
    drop_out = betaln(a, b + repeats) - betaln(a, b)
    orders = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    exposure = -(r + repeats) * np.log(alpha + known.age)
    return np.asarray(drop_out + orders + exposure + _log1p_odds_inactive(known, r, alpha, a, b))


def _log1p_odds_inactive(
    known: Histories, r: float, alpha: float, a: float, b: float
) -> FloatArray:
    """Return log(1 + odds of being inactive); 0 without a repeat order."""
    has_repeats = known.repeats > 0
    repeats = np.where(has_repeats, known.repeats, 1.0)
    ratio = np.log((alpha + known.age) / (alpha + known.last))
    log_odds = np.log(a / (b + repeats - 1)) + (r + repeats) * ratio
    return np.asarray(np.where(has_repeats, np.logaddexp(0.0, log_odds), 0.0))
