"""Candidates: scikit-learn pipelines, or blends of them. Pure: no I/O.

A candidate is one estimator, or several whose log-odds are averaged. Its fitted form adds a level
shift, which recalibrates all probabilities to the latest window.
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

CANDIDATES: Final[Mapping[str, tuple[str, ...]]] = {
    "random_forest": ("random_forest",),
    "logistic_regression": ("logistic_regression",),
    "hist_gradient_boosting": ("hist_gradient_boosting",),
    "blend": ("logistic_regression", "hist_gradient_boosting", "random_forest"),
    "blend_without_forest": ("logistic_regression", "hist_gradient_boosting"),
}
"""Names of the estimators of each candidate."""

DECIMALS: Final = 6


class Estimator(Protocol):
    """The methods of a scikit-learn classifier that are used here."""

    def fit(self, features: FloatArray, labels: IntArray) -> Any:
        """Fit on labelled rows."""

    def predict_proba(self, features: FloatArray) -> Any:
        """Return the probabilities of the classes 0 and 1, shape (n, 2)."""


class ProbabilityModel(Protocol):
    """A fitted candidate or baseline."""

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the probability of an order within the horizon, shape (n,)."""


@dataclass(frozen=True)
class FittedCandidate:
    """A candidate with fitted estimators.

    Attributes
    ----------
    name : str
        Key of `CANDIDATES`.
    estimators : mapping of str to Estimator
        Fitted estimators by name.
    level_shift : float
        Added to the log-odds of every customer.
    """

    name: str
    estimators: Mapping[str, Estimator]
    level_shift: float = 0.0

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the rounded probability of an order within the horizon, shape (n,)."""
        # The order of CANDIDATES decides the last bits of the mean.
        log_odds = [
            _log_odds(self.estimators[name].predict_proba(features)[:, 1])
            for name in CANDIDATES[self.name]
        ]
        return round_probability(_sigmoid(np.mean(log_odds, axis=0) + self.level_shift))

    def with_level_shift(self, level_shift: float) -> FittedCandidate:
        """Return the same estimators with another level shift."""
        return replace(self, level_shift=level_shift)


class BgNbdLogOdds(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # ships no types
    """The log-odds of BG/NBD as a feature column.

    A linear model cannot derive them from recency, order days and tenure.

    Parameters
    ----------
    horizon_days : int
        Length of the forecast period.
    rows : int
        Maximum rows for fitting.
    """

    def __init__(self, horizon_days: int = 30, rows: int = 4_000) -> None:
        self.horizon_days = horizon_days
        self.rows = rows

    def fit(self, features: FloatArray, labels: IntArray | None = None) -> BgNbdLogOdds:
        """Fit BG/NBD on the histories in `features`; `labels` are ignored."""
        sample = sampling.evenly_spaced(len(features), limit=self.rows)
        model = bg_nbd.fit(features[sample], horizon_days=self.horizon_days)
        self.r_, self.alpha_, self.a_, self.b_ = model.r, model.alpha, model.a, model.b
        return self

    def transform(self, features: FloatArray) -> FloatArray:
        """Return the log-odds of an order within the horizon, shape (n, 1)."""
        model = BgNbd(self.r_, self.alpha_, self.a_, self.b_, self.horizon_days)
        return _log_odds(model.probability(features))[:, None]


def round_probability(probability: FloatArray) -> FloatArray:
    """Round to six decimals within [1e-6, 1 - 1e-6]: published and evaluated values are equal."""
    smallest = 10.0**-DECIMALS
    return np.asarray(np.clip(np.round(probability, DECIMALS), smallest, 1 - smallest))


def signed_log1p(values: FloatArray) -> FloatArray:
    """Signed log1p transform: sign(x) * log(1 + |x|); amounts can be negative after returns.

    Examples
    --------
    >>> signed_log1p(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.693, 0.0, 0.693]
    """
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def make_estimator(
    name: str, features: FloatArray, settings: Settings, *, horizon_days: int
) -> Estimator:
    """Return an unfitted estimator; the minimum leaf size depends on the number of rows."""
    if name == "logistic_regression":
        return _logistic_regression(settings, horizon_days)
    if name == "hist_gradient_boosting":
        return _hist_gradient_boosting(features, settings)
    return _random_forest(len(features), settings)


def fit_estimators(
    candidates: Sequence[str],
    features: FloatArray,
    labels: IntArray,
    settings: Settings,
    *,
    horizon_days: int,
) -> dict[str, Estimator]:
    """Fit the estimators of some candidates once each, by name.

    `features` have the shape (n, len(FEATURES)); `labels` contain both classes.
    """
    fitted: dict[str, Estimator] = {}
    for name in sorted({name for candidate in candidates for name in CANDIDATES[candidate]}):
        estimator = make_estimator(name, features, settings, horizon_days=horizon_days)
        estimator.fit(features, labels)
        if isinstance(estimator, RandomForestClassifier):
            # Several threads sum the trees in any order, which changes the last bits.
            estimator.set_params(n_jobs=1)
        fitted[name] = estimator
    return fitted


def combine(candidate: str, fitted: Mapping[str, Estimator]) -> FittedCandidate:
    """Return a candidate from fitted estimators, without a level shift."""
    return FittedCandidate(candidate, {name: fitted[name] for name in CANDIDATES[candidate]})


def level_drift(labels: IntArray, probability: FloatArray, settings: Settings) -> float:
    """Return the level shift in log-odds to carry to the next window.

    The shift that makes the expected number of buyers right (calibration-in-the-large) is shrunk
    towards 0 by its variance; `level_drift_share` of the rest is carried forward.

    Parameters
    ----------
    labels : array of int, shape (n,)
        Labels of a window later than the training windows; both classes.
    probability : array of float, shape (n,)
        Probabilities for that window without a level shift.
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
    shrinkage = settings.level_drift_scale**2 / (settings.level_drift_scale**2 + variance)
    return round(settings.level_drift_share * shrinkage * (low + high) / 2, DECIMALS)


def _logistic_regression(settings: Settings, horizon_days: int) -> Estimator:
    columns = [
        ("signed_log1p", FunctionTransformer(signed_log1p)),
        ("bg_nbd", BgNbdLogOdds(horizon_days, settings.bg_nbd_rows)),
    ]
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    pipeline: Estimator = Pipeline(
        [
            ("transform", FeatureUnion(columns)),
            ("impute", impute),
            ("standardise", StandardScaler()),
            ("classify", LogisticRegression(C=settings.regularisation, max_iter=2_000)),
        ]
    )
    return pipeline


def _hist_gradient_boosting(features: FloatArray, settings: Settings) -> Estimator:
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=50,
        max_leaf_nodes=6,
        min_samples_leaf=int(np.clip(len(features) // 100, 20, 200)),
        l2_regularization=10.0,
        early_stopping=False,
        random_state=settings.seed,
    )
    # An all-NaN column, such as the gaps of one-time buyers only, raises an error in the binning.
    defined = np.flatnonzero(~np.isnan(features).all(axis=0)).tolist()
    select = ColumnTransformer([("defined", "passthrough", defined)])
    pipeline: Estimator = Pipeline([("select", select), ("classify", boosting)])
    return pipeline


def _random_forest(rows: int, settings: Settings) -> Estimator:
    # Small leaves overfit to probabilities near 0 and 1; small bootstrap samples are fast.
    forest: Estimator = RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=int(np.clip(rows // 400, 20, 50)),
        max_samples=min(rows, 6_000),
        n_jobs=-1,
        random_state=settings.seed,
    )
    return forest


def _log_odds(probability: FloatArray) -> FloatArray:
    """Return log(p / (1 - p)), clipped to stay finite."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
