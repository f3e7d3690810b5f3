"""Rows of the marts about the forecast: its runs, their figures, and what came of it.

Field names are the marts' column names; dates, shares and NULL are as in `rows`.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.withheld import Count, Figure


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A row of `model_runs`; `card` is read for the run in use alone."""

    model_run_id: str
    run_number: int
    status: str
    message: str | None
    verdict: str | None
    verdict_reason: str | None
    verdict_rules: str | None
    as_of_date: str | None
    horizon_days: int | None
    chosen_model: str | None
    threshold: float | None
    threshold_rule: str | None
    contact_cost: float | None
    contact_benefit: float | None
    training_rows: Count | None
    training_windows: int | None
    first_training_date: str | None
    last_training_date: str | None
    evaluated_as_of_date: str | None
    evaluation_rows: Count | None
    base_rate: Figure | None
    feature_names: str | None
    library_versions: str | None
    card: str | None
    is_in_use: int
    is_pinned: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of `model_metrics` of the run in use; `low` and `high` end its 95% interval."""

    split: str
    as_of_date: str
    model: str
    slice: str
    metric: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A row of `model_curves` of the run in use; `row_count` is the size of a calibration bin."""

    model: str
    curve: str
    point: int
    x: float
    y: float
    row_count: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the run in use; `roles` is a JSON array, `buyers` None while it is open."""

    as_of_date: str
    label_end_date: str
    label_days: int
    customers: Count
    buyers: Count | None
    buyer_share: Figure | None
    roles: str


@dataclass(frozen=True, slots=True)
class TrackDate:
    """What one past forecast expected and what came true, over all its customers."""

    prediction_date: str
    horizon_end_date: str
    run_number: int | None
    customers: Count
    expected_buyers: Figure
    buyers: Count
    marked: Count
    marked_buyers: Count
    marked_share: Figure | None
    brier: Figure


@dataclass(frozen=True, slots=True)
class TrackBand:
    """All past forecasts whose probability lay in one tenth of the scale, `band` 0 to 9."""

    band: int
    customers: Count
    mean_probability: Figure
    buyers: Count
    buyer_share: Figure


@dataclass(frozen=True, slots=True)
class TrackTotal:
    """All past forecasts together; `error` is the mean distance of the rates of the bands."""

    dates: int
    expected_buyers: Figure | None
    buyers: Count | None
    error: Figure | None
