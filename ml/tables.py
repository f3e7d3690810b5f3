"""The tables of the forecast: how they are read, their DDL, and their rows as values."""

from __future__ import annotations

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
    "order by", "and customer_id in (select customer_id from temp.drawn) order by"
)

TABLES: Final = (
    """
    create table if not exists raw_model_runs (
        model_run_id text not null primary key,
        status text not null check (status in ('trained', 'unavailable')),
        message text not null,
        as_of_date text,
        horizon_days integer,
        chosen_model text,
        threshold real,
        training_rows integer,
        training_windows integer,
        first_training_date text,
        last_training_date text,
        evaluated_as_of_date text,
        evaluation_rows integer,
        base_rate real,
        feature_names text not null,
        library_versions text not null,
        data_fingerprint text not null,
        model_file text,
        run_number integer not null
    )
    """,
    """
    create table if not exists raw_model_metrics (
        model_run_id text not null,
        split text not null check (split in ('choose', 'report')),
        model text not null,
        slice text not null,
        metric text not null,
        value real not null,
        primary key (model_run_id, split, model, slice, metric)
    )
    """,
    """
    create table if not exists raw_model_curves (
        model_run_id text not null,
        model text not null,
        curve text not null
            check (curve in ('roc', 'precision_recall', 'calibration', 'gains')),
        point integer not null,
        x real not null,
        y real not null,
        row_count integer not null,
        primary key (model_run_id, model, curve, point)
    )
    """,
    """
    create table if not exists raw_predictions (
        model_run_id text not null,
        customer_id text not null primary key,
        purchase_probability real not null,
        predicted_label integer not null,
        confidence real not null,
        prediction_date text not null,
        reasons text not null
    )
    """,
)


@dataclass(frozen=True)
class RunRow:
    """A row of `raw_model_runs`, but for `run_number`; JSON texts are written from values."""

    model_run_id: str
    status: str
    message: str
    as_of_date: str | None
    horizon_days: int | None
    chosen_model: str | None
    threshold: float | None
    training_rows: int | None
    training_windows: int | None
    first_training_date: str | None
    last_training_date: str | None
    evaluated_as_of_date: str | None
    evaluation_rows: int | None
    base_rate: float | None
    feature_names: str
    library_versions: str
    data_fingerprint: str
    model_file: str | None


@dataclass(frozen=True)
class MetricRow:
    """A row of `raw_model_metrics`, but for the run."""

    split: str
    model: str
    slice: str
    metric: str
    value: float


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
