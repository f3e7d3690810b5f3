"""Every constant of the forecast in one place: what is read, tried, sampled and shown.

What a number *means* (the horizon, the as-of dates, what an order is) is decided in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "lately": (
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
    "rhythm": ("mean_gap_days", "stddev_gap_days", "last_gap_days", "longest_gap_days"),
    "orders": ("frequency", "order_days", "orders_last_180_days", "orders_last_365_days"),
    "tenure": ("tenure_days",),
    "spend": ("monetary", "spend_last_365_days"),
    "basket": ("average_order_value", "last_order_value", "lines_per_order"),
    "returns": ("share_returned",),
}
"""The columns of `customer_features`, grouped by what they tell about a customer.

What follows from one another stands together: who was silent for 60 days cannot have ordered
in the last 30.
"""

FEATURES: Final[tuple[str, ...]] = tuple(
    feature for family in FAMILIES.values() for feature in family
)

LABEL: Final = "bought_within_horizon"

MODELS_KEPT: Final = 10
"""Model folders that stay when nothing else is said."""


@dataclass(frozen=True)
class Settings:
    """Constants of training, judging and scoring.

    The numbers that shape a model were chosen on windows of the UCI Online Retail file that
    end before the three on which the published figures are reported.

    Attributes
    ----------
    seed : int
        Feeds every draw: samples, trees, folds, shuffles.
    candidates : tuple of str
        The first is taken, unless another has a log loss on the choosing window that is lower
        by more than chance explains.
    candidates_of_large_shops : tuple of str
        The same above `forest_row_limit`: a forest costs most of the time there.
    forest_row_limit : int
        Rows of the fit up to which a forest is tried.
    fit_windows : int
        Most past windows that are pooled to fit one model.
    minimum_windows : int
        Labelled windows without which there is no model.
    lead_in_horizons : int
        Horizons of history that a past as-of date must have before it.
    minimum_fit_rows, minimum_report_rows : int
        Rows (customer and window) below which fitting or judging says nothing.
    folds : int
        Parts of the cross-validation that chooses where there is no window to choose on;
        also the fewest customers of each class.
    fit_row_limit, choose_row_limit, report_row_limit : int
        Most rows used; above them customers are sampled, by window and label alike.
    history_windows : int
        Most windows before the report that the model is judged on as well.
    history_fit_row_limit, history_row_limit : int
        Most rows to fit and to judge on for each of them.
    bootstrap_repeats : int
        Draws of a bootstrap interval.
    contact_cost, contact_benefit : float or None
        What contacting a customer costs, and what the order of a contacted one brings: dbt
        variables. None leaves the threshold to F1.
    regularisation : float
        `C` of the logistic regression on standardised features.
    recency_bins : int
        Bins of the rule that knows recency alone.
    bg_nbd_rows : int
        Most customers that BG/NBD is fitted on.
    level_drift_share : float
        Share of the newest window's drift of the level that is carried forward, 0 to 1.
    level_drift_scale : float
        Usual size of that drift in log-odds; a noisier estimate than this is shrunk.
    importance_rows, importance_repeats : int
        Rows and shuffles of the permutation importance.
    chunk_rows : int
        Customers scored at once.
    reason_limit : int
        Most sentences about one customer.
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
        """Return the settings and the feature list as plain values for JSON.

        Returns
        -------
        dict of str to number, string or list
            One item per setting, and `features`.
        """
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        return values | {"features": list(FEATURES)}


DEFAULTS: Final = Settings()
