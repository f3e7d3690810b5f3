"""BG/NBD, the standard probability model of repeat buying, as a baseline. Pure: no I/O.

While a customer is active, orders come at random at a rate of the customer's own; after each
order the customer may drop out. Rates are gamma-distributed over customers, the probabilities
of dropping out beta-distributed. The four parameters come from histories alone: no label is
needed, so it is fitted on the very customers whom it forecasts.

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
"""Logarithms of the parameters stay within this: a shop without repeat orders has no optimum."""


@dataclass(frozen=True)
class Histories:
    """What the model knows of customers; several orders on one day are one purchase.

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
    """The fitted model.

    Attributes
    ----------
    r, alpha : float
        Shape, and rate in days, of the gamma distribution of order rates.
    a, b : float
        Of the beta distribution of the probability to drop out.
    horizon_days : int
        Days that the forecast looks ahead.
    """

    r: float
    alpha: float
    a: float
    b: float
    horizon_days: int

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of ordering within the horizon.

        Parameters
        ----------
        features : array of float, shape (n, len(FEATURES))
            Customers as they are.

        Returns
        -------
        array of float, shape (n,)
            That of being active, times that of an order within the horizon if active.
        """
        known = histories(features)
        active = np.exp(-_log_odds_of_lost(known, self.r, self.alpha, self.a, self.b))
        waited = self.alpha + known.age
        silent = np.exp((self.r + known.repeats) * np.log(waited / (waited + self.horizon_days)))
        return np.asarray(active * (1 - silent))


def histories(features: FloatArray) -> Histories:
    """Take from the features what the model knows.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Customers as they are.

    Returns
    -------
    Histories
        Of the same customers.
    """
    age = features[:, FEATURES.index("tenure_days")]
    # customers made up for the reasons can have half an order, or be silent for longer than known
    return Histories(
        repeats=np.floor(features[:, FEATURES.index("order_days")]) - 1,
        last=np.maximum(0.0, age - features[:, FEATURES.index("recency")]),
        age=age,
    )


def fit(features: FloatArray, *, horizon_days: int) -> BgNbd:
    """Fit the model by maximum likelihood.

    Parameters
    ----------
    features : array of float, shape (n, len(FEATURES))
        Customers as they are.
    horizon_days : int
        Days that the forecast will look ahead.

    Returns
    -------
    BgNbd
        The same for the same customers in the same order.
    """
    known = histories(features)
    unit = max(1.0, float(known.age.mean()))
    scaled = Histories(known.repeats, known.last / unit, known.age / unit)

    def cost(logarithms: FloatArray) -> float:
        return -float(log_likelihood(scaled, *np.exp(logarithms)).mean())

    bounds = [(-_BOUND, _BOUND)] * 4
    found = minimize(cost, np.zeros(4), method="L-BFGS-B", bounds=bounds)
    r, alpha, a, b = np.exp(found.x).tolist()
    return BgNbd(r, alpha * unit, a, b, horizon_days)


def log_likelihood(known: Histories, r: float, alpha: float, a: float, b: float) -> FloatArray:
    """Return the logarithm of the likelihood of each history.

    Parameters
    ----------
    known : Histories
        In any unit of time.
    r, alpha, a, b : float
        Parameters, `alpha` in that unit; all above 0.

    Returns
    -------
    array of float, shape (n,)
        Equation 6 of the paper, with its sum written as the case "still active" times one
        plus the odds of having been lost.
    """
    repeats = known.repeats
    drop_out = betaln(a, b + repeats) - betaln(a, b)
    orders = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    silence = -(r + repeats) * np.log(alpha + known.age)
    return np.asarray(drop_out + orders + silence + _log_odds_of_lost(known, r, alpha, a, b))


def _log_odds_of_lost(known: Histories, r: float, alpha: float, a: float, b: float) -> FloatArray:
    """Return log(1 + odds of having dropped out after the last order); 0 after the first."""
    again = known.repeats > 0
    repeats = np.where(again, known.repeats, 1.0)
    ratio = np.log((alpha + known.age) / (alpha + known.last))
    log_odds = np.log(a / (b + repeats - 1)) + (r + repeats) * ratio
    return np.asarray(np.where(again, np.logaddexp(0.0, log_odds), 0.0))
