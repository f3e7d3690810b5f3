"""The tables of the forecast: how they are read, their DDL, and their rows as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.settings import FEATURES, LABEL

SUMMARIES: Final = f"""
    select
        snapshot_number,
        min(as_of_date) as as_of_date,
        min(horizon_days) as horizon_days,
        count(*) as row_count,
        case when count({LABEL}) = count(*) then sum({LABEL}) end as buyers,
        max(tenure_days) as history_days
    from customer_features
    group by snapshot_number
    order by snapshot_number
"""  # noqa: S608  a constant's name

LATEST: Final = SUMMARIES.replace("group by", "where snapshot_number = 0\n    group by")

LABELS: Final = f"""
    select customer_id, {LABEL}
    from customer_features
    where snapshot_number = ?
    order by customer_id
"""  # noqa: S608  a constant's name

ROWS: Final = f"""
    select customer_id, {LABEL}, {", ".join(FEATURES)}
    from customer_features
    where snapshot_number = ?
    order by customer_id
"""  # noqa: S608  names from constants

DRAWN_ROWS: Final = ROWS.replace(
    "order by", "and customer_id in (select customer_id from drawn) order by"
)

CONTACT: Final = "select contact_cost, contact_benefit from forecast_settings"

TABLES: Final[Mapping[str, str]] = {
    "raw_model_runs": """
        model_run_id text not null primary key,
        status text not null check (status in ('trained', 'unavailable')),
        message text not null,
        verdict text check (verdict in ('use', 'use_with_care', 'do_not_use')),
        verdict_reason text,
        verdict_rules text not null,
        as_of_date text,
        horizon_days integer,
        chosen_model text,
        threshold real,
        threshold_rule text check (threshold_rule in ('best_f1', 'cost_and_benefit')),
        training_rows integer,
        training_windows integer,
        first_training_date text,
        last_training_date text,
        evaluated_as_of_date text,
        evaluation_rows integer,
        base_rate real,
        windows text not null,
        feature_names text not null,
        settings text not null,
        library_versions text not null,
        data_fingerprint text not null,
        card text,
        model_file text,
        run_number integer not null,
        is_pinned integer not null default 0 check (is_pinned in (0, 1))
    """,
    "raw_model_metrics": """
        model_run_id text not null,
        split text not null check (split in ('choose', 'report', 'history')),
        as_of_date text not null,
        model text not null,
        slice text not null,
        metric text not null,
        value real not null,
        low real,
        high real,
        primary key (model_run_id, split, as_of_date, model, slice, metric)
    """,
    "raw_model_curves": """
        model_run_id text not null,
        model text not null,
        curve text not null
            check (curve in ('roc', 'precision_recall', 'calibration', 'gains')),
        point integer not null,
        x real not null,
        y real not null,
        row_count integer not null,
        primary key (model_run_id, model, curve, point)
    """,
    "raw_predictions": """
        model_run_id text not null,
        customer_id text not null primary key,
        purchase_probability real not null,
        predicted_label integer not null,
        confidence real not null,
        prediction_date text not null,
        reasons text not null
    """,
    "raw_prediction_log": """
        prediction_date text not null,
        customer_id text not null,
        model_run_id text not null,
        horizon_days integer not null,
        purchase_probability real not null,
        predicted_label integer not null,
        log_number integer not null,
        primary key (prediction_date, customer_id, model_run_id)
    """,
}
"""Columns by table. All but the log can be made again by training and scoring."""

LOG: Final = "raw_prediction_log"

LOG_PREDICTIONS: Final = """
    insert into raw_prediction_log
    select
        prediction_date,
        customer_id,
        model_run_id,
        :horizon_days as horizon_days,
        purchase_probability,
        predicted_label,
        :log_number as log_number
    from raw_predictions
"""


@dataclass(frozen=True)
class RunRow:
    """A row of `raw_model_runs`, but for `run_number` and `is_pinned`; lists are JSON texts."""

    model_run_id: str
    status: str
    message: str
    verdict: str | None
    verdict_reason: str | None
    verdict_rules: str
    as_of_date: str | None
    horizon_days: int | None
    chosen_model: str | None
    threshold: float | None
    threshold_rule: str | None
    training_rows: int | None
    training_windows: int | None
    first_training_date: str | None
    last_training_date: str | None
    evaluated_as_of_date: str | None
    evaluation_rows: int | None
    base_rate: float | None
    windows: str
    feature_names: str
    settings: str
    library_versions: str
    data_fingerprint: str
    card: str | None
    model_file: str | None


@dataclass(frozen=True)
class MetricRow:
    """A row of `raw_model_metrics`, but for the run; `low` and `high` end its 95% interval."""

    split: str
    as_of_date: str
    model: str
    slice: str
    metric: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurveRow:
    """A row of `raw_model_curves`, but for the run."""

    model: str
    curve: str
    point: int
    x: float
    y: float
    row_count: int


@dataclass(frozen=True)
class PredictionRow:
    """A row of `raw_predictions`, but for the run."""

    customer_id: str
    purchase_probability: float
    predicted_label: int
    confidence: float
    prediction_date: str
    reasons: str
