"""The scikit-learn pipelines. Pure: no I/O.

A candidate is one estimator, or several whose log-odds are averaged. A forecast is such a
candidate, fitted, plus the drift of the level that is carried from the newest window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ml.data import sampling
from ml.data.windows import FloatArray, IntArray
from ml.models import bg_nbd
from ml.models.bg_nbd import BgNbd
from ml.settings import Settings

MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "random_forest": ("random_forest",),
    "logistic_regression": ("logistic_regression",),
    "hist_gradient_boosting": ("hist_gradient_boosting",),
    "blend": ("logistic_regression", "hist_gradient_boosting", "random_forest"),
    "blend_without_forest": ("logistic_regression", "hist_gradient_boosting"),
}
"""The estimators of each candidate; several are averaged in log-odds."""

DECIMALS: Final = 6


class Estimator(Protocol):
    """What we use of a scikit-learn classifier."""

    def fit(self, features: FloatArray, labels: IntArray) -> Any:
        """Learn from rows whose outcome is known."""

    def predict_proba(self, features: FloatArray) -> Any:
        """Return the probabilities of 0 and of 1, shape (n, 2)."""


class Forecast(Protocol):
    """Anything that gives a probability of ordering."""

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of ordering within the horizon, shape (n,)."""


@dataclass(frozen=True)
class ModelForecast:
    """A fitted candidate.

    Attributes
    ----------
    name : str
        One of `MEMBERS`.
    members : mapping of str to estimator
        Its fitted estimators by name.
    level_shift : float
        Added to the log-odds of every customer.
    """

    name: str
    members: Mapping[str, Estimator]
    level_shift: float = 0.0

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of ordering within the horizon.

        Parameters
        ----------
        features : array of float, shape (n, len(FEATURES))
            NaN where a feature is not defined.

        Returns
        -------
        array of float, shape (n,)
            Six decimals, so that a published probability is the one that was judged;
            never exactly 0 or 1.
        """
        log_odds = [_log_odds(member.predict_proba(features)[:, 1]) for member in _in_order(self)]
        return rounded(_sigmoid(np.mean(log_odds, axis=0) + self.level_shift))

    def shifted(self, level_shift: float) -> ModelForecast:
        """Return the same forecast with another level.

        Parameters
        ----------
        level_shift : float
            Added to the log-odds of every customer.

        Returns
        -------
        ModelForecast
            Same members.
        """
        return replace(self, level_shift=level_shift)


class RepeatBuyingOdds(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # ships no types
    """What BG/NBD says of each customer, as one column of log-odds.

    It is fitted on the rows that the model is fitted on: a linear model cannot make of recency,
    orders and tenure what a model of buying and dropping out makes of them.

    Parameters
    ----------
    horizon_days : int
        Days that the forecast looks ahead.
    rows : int
        Most rows that it is fitted on.
    """

    def __init__(self, horizon_days: int = 30, rows: int = 4_000) -> None:
        self.horizon_days = horizon_days
        self.rows = rows

    def fit(self, features: FloatArray, labels: IntArray | None = None) -> RepeatBuyingOdds:
        """Fit BG/NBD on the histories in `features`; `labels` are not looked at."""
        few = sampling.spread(len(features), limit=self.rows)
        model = bg_nbd.fit(features[few], horizon_days=self.horizon_days)
        self.r_, self.alpha_, self.a_, self.b_ = model.r, model.alpha, model.a, model.b
        return self

    def transform(self, features: FloatArray) -> FloatArray:
        """Return the log-odds of an order within the horizon, shape (n, 1)."""
        model = BgNbd(self.r_, self.alpha_, self.a_, self.b_, self.horizon_days)
        return _log_odds(model.probability(features))[:, None]


def rounded(probability: FloatArray) -> FloatArray:
    """Round to the decimals that are published, short of 0 and 1.

    Parameters
    ----------
    probability : array of float
        0 to 1.

    Returns
    -------
    array of float
        1e-6 to 1 - 1e-6.
    """
    smallest = 10.0**-DECIMALS
    return np.asarray(np.clip(np.round(probability, DECIMALS), smallest, 1 - smallest))


def signed_log1p(values: FloatArray) -> FloatArray:
    """Draw in heavy tails on both sides of zero.

    Parameters
    ----------
    values : array of float
        Days, counts or money; money can be negative after returns.

    Returns
    -------
    array of float
        sign(x) * log(1 + |x|); NaN stays NaN.

    Examples
    --------
    >>> signed_log1p(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.693, 0.0, 0.693]
    """
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def build(name: str, features: FloatArray, settings: Settings, *, horizon_days: int) -> Estimator:
    """Return an estimator that is not fitted yet, sized to the rows it will see.

    Parameters
    ----------
    name : str
        `random_forest`, `logistic_regression` or `hist_gradient_boosting`.
    features : array of float, shape (n, len(FEATURES))
        Rows of the fit: leaves grow with them, from 20.
    settings : Settings
        Seed and regularisation.
    horizon_days : int
        Days that the forecast looks ahead.

    Returns
    -------
    Estimator
        Gives the same model for the same rows, whatever the number of threads.
    """
    if name == "logistic_regression":
        return _logistic_regression(settings, horizon_days)
    if name == "hist_gradient_boosting":
        return _hist_gradient_boosting(features, settings)
    return _random_forest(len(features), settings)


def fit_members(
    names: Sequence[str],
    features: FloatArray,
    labels: IntArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> dict[str, Estimator]:
    """Fit the estimators that some candidates are made of, each once.

    Parameters
    ----------
    names : sequence of str
        Candidates, keys of `MEMBERS`.
    features : array of float, shape (n, len(FEATURES))
        Rows of past windows.
    labels : array of int, shape (n,)
        1 where the customer ordered; both kinds must be there.
    settings : Settings
        Seed and regularisation.
    horizon_days : int
        Days that the forecast looks ahead.

    Returns
    -------
    dict of str to Estimator
        By estimator name.
    """
    fitted: dict[str, Estimator] = {}
    for member in sorted({member for name in names for member in MEMBERS[name]}):
        estimator = build(member, features, settings, horizon_days=horizon_days)
        estimator.fit(features, labels)
        fitted[member] = _for_one_thread(estimator)
    return fitted


def assemble(name: str, fitted: Mapping[str, Estimator]) -> ModelForecast:
    """Return a candidate made of fitted estimators.

    Parameters
    ----------
    name : str
        One of `MEMBERS`.
    fitted : mapping of str to Estimator
        At least its members.

    Returns
    -------
    ModelForecast
        With its level as fitted.
    """
    return ModelForecast(name, {member: fitted[member] for member in MEMBERS[name]})


def level_drift(labels: IntArray, probability: FloatArray, settings: Settings) -> float:
    """Return the part of a window's surprise that is carried to the next window.

    Levels drift with season and trend. The shift that would have made the expected number
    of buyers right is shrunk where few customers tell it, and a share of it is carried on.

    Parameters
    ----------
    labels : array of int, shape (n,)
        What happened in a window later than those of the fit; both kinds must be there.
    probability : array of float, shape (n,)
        What had been forecast for it, without any shift.
    settings : Settings
        `level_drift_share` and `level_drift_scale`.

    Returns
    -------
    float
        In log-odds; above 0 where more customers ordered than expected.
    """
    log_odds = _log_odds(probability)
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        if _sigmoid(log_odds + middle).sum() < labels.sum():
            low = middle
        else:
            high = middle
    variance = 1 / float((probability * (1 - probability)).sum())
    trust = settings.level_drift_scale**2 / (settings.level_drift_scale**2 + variance)
    return round(settings.level_drift_share * trust * (low + high) / 2, DECIMALS)


def _logistic_regression(settings: Settings, horizon_days: int) -> Estimator:
    """Linear in drawn-in, standardised features; what is not defined is usual, and marked."""
    columns = [
        ("drawn_in", FunctionTransformer(signed_log1p)),
        ("repeat_buying", RepeatBuyingOdds(horizon_days, settings.bg_nbd_rows)),
    ]
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    pipeline: Estimator = Pipeline(
        [
            ("describe", FeatureUnion(columns)),
            ("fill", fill),
            ("standardise", StandardScaler()),
            ("classify", LogisticRegression(C=settings.regularisation, max_iter=2_000)),
        ]
    )
    return pipeline


def _hist_gradient_boosting(features: FloatArray, settings: Settings) -> Estimator:
    """Few, small, well-filled trees: boosting that does not chase single customers."""
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=50,
        max_leaf_nodes=6,
        min_samples_leaf=int(np.clip(len(features) // 100, 20, 200)),
        l2_regularization=10.0,
        early_stopping=False,
        random_state=settings.seed,
    )
    # A column without one defined value, as the gaps in a shop of one-time buyers, stops it.
    defined = np.flatnonzero(~np.isnan(features).all(axis=0)).tolist()
    keep = ColumnTransformer([("defined", "passthrough", defined)])
    pipeline: Estimator = Pipeline([("keep", keep), ("classify", boosting)])
    return pipeline


def _random_forest(rows: int, settings: Settings) -> Estimator:
    """Full leaves, without which a forest says 0 and 1 too often; small draws keep it quick."""
    forest: Estimator = RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=int(np.clip(rows // 400, 20, 50)),
        max_samples=min(rows, 6_000),
        n_jobs=-1,
        random_state=settings.seed,
    )
    return forest


def _for_one_thread(estimator: Estimator) -> Estimator:
    """Make a forest add up its trees in order; several threads add them in any."""
    if isinstance(estimator, RandomForestClassifier):
        estimator.set_params(n_jobs=1)
    return estimator


def _in_order(forecast: ModelForecast) -> list[Estimator]:
    """Return the members in the order of `MEMBERS`, in which their log-odds are added."""
    return [forecast.members[member] for member in MEMBERS[forecast.name]]


def _log_odds(probability: FloatArray) -> FloatArray:
    """Return log(p / (1 - p)), kept finite."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    """Return the probability of these log-odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))
