"""Constants of the forecast: features, candidates, sample sizes and limits.

Business definitions (horizon, as-of dates, the definition of an order) are made in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "recent_activity": (
        "recency",
        "recency_over_mean_gap",
        "share_gaps_shorter",
        "share_gaps_ended_soon",
        "orders_last_30_days",
        "orders_last_60_days",
        "orders_last_90_days",
        "decayed_orders_30",
        "decayed_orders_90",
        "spend_last_90_days",
    ),
    "order_gaps": ("mean_gap_days", "stddev_gap_days", "last_gap_days", "longest_gap_days"),
    "order_count": ("frequency", "order_days", "orders_last_180_days", "orders_last_365_days"),
    "tenure": ("tenure_days",),
    "spend": ("monetary", "spend_last_365_days"),
    "basket": ("average_order_value", "last_order_value", "lines_per_order"),
    "returns": ("share_returned",),
}
"""The feature columns of `customer_features` by family.

Explanations replace a whole family at once, so features that determine each other share a family.
"""

FEATURES: Final[tuple[str, ...]] = tuple(
    feature for family in FAMILIES.values() for feature in family
)

LABEL: Final = "bought_within_horizon"

MODELS_KEPT: Final = 10
"""Default number of model folders to keep."""


@dataclass(frozen=True)
class Settings:
    """Constants of training, evaluation and scoring.

    Hyperparameters were tuned on windows of the UCI Online Retail file that end before the three
    windows with published figures.

    Attributes
    ----------
    seed : int
        Seed of sampling, trees, folds, permutations and bootstrap.
    candidates, candidates_of_large_shops : tuple of str
        Candidates to compare, the default one first. Shops with more training rows than
        `forest_row_limit` use the second list: a forest takes most of the training time there.
    fit_windows : int
        Maximum number of windows pooled for one fit.
    minimum_windows : int
        Minimum number of labelled windows.
    lead_in_horizons : int
        Horizons of history required before a window.
    minimum_fit_rows, minimum_report_rows : int
        Minimum rows (customer and window) for fitting and for evaluation.
    folds : int
        Folds of the cross-validation that replaces a missing selection window; also the minimum
        number of customers of each class.
    fit_row_limit, choose_row_limit, report_row_limit : int
        Maximum rows for fitting, selection and reporting; larger windows are sampled.
    history_windows, history_fit_row_limit, history_row_limit : int
        Backtested windows before the report window; maximum rows for each fit and evaluation.
    bootstrap_repeats : int
        Bootstrap replicates of a confidence interval.
    contact_cost, contact_benefit : float or None
        Cost of contacting a customer and profit of the resulting order, from the dbt variables.
        None: the threshold maximises F1.
    regularisation : float
        `C` of the logistic regression.
    recency_bins : int
        Quantile bins of the recency baseline.
    bg_nbd_rows : int
        Maximum customers for fitting BG/NBD.
    level_drift_share, level_drift_scale : float
        Share of the latest calibration drift that is carried forward, 0 to 1; prior standard
        deviation of that drift in log-odds.
    importance_rows, importance_repeats : int
        Rows and permutations of the permutation importance.
    chunk_rows : int
        Customers scored per chunk.
    reason_limit : int
        Maximum reasons per customer.
    """

    seed: int = 20111209
    candidates: tuple[str, ...] = (
        "blend",
        "logistic_regression",
        "hist_gradient_boosting",
        "random_forest",
    )
    candidates_of_large_shops: tuple[str, ...] = (
        "blend_without_forest",
        "logistic_regression",
        "hist_gradient_boosting",
    )
    forest_row_limit: int = 30_000
    fit_windows: int = 6
    minimum_windows: int = 2
    lead_in_horizons: int = 1
    minimum_fit_rows: int = 50
    minimum_report_rows: int = 20
    folds: int = 5
    fit_row_limit: int = 60_000
    choose_row_limit: int = 60_000
    report_row_limit: int = 200_000
    history_windows: int = 12
    history_fit_row_limit: int = 20_000
    history_row_limit: int = 10_000
    bootstrap_repeats: int = 200
    contact_cost: float | None = None
    contact_benefit: float | None = None
    regularisation: float = 0.1
    recency_bins: int = 10
    bg_nbd_rows: int = 4_000
    level_drift_share: float = 0.5
    level_drift_scale: float = 0.2
    importance_rows: int = 4_000
    importance_repeats: int = 3
    chunk_rows: int = 20_000
    reason_limit: int = 3

    def as_json(self) -> dict[str, Any]:
        """Return the settings and the feature names as JSON-serialisable values."""
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        return values | {"features": list(FEATURES)}


DEFAULTS: Final = Settings()
