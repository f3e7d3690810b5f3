"""Row classes of the tables that `ml` writes to raw.db; the DDL is derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

Split: TypeAlias = Literal["choose", "report", "history"]
CurveName: TypeAlias = Literal["roc", "precision_recall", "calibration", "gains"]
VerdictLabel: TypeAlias = Literal["use", "use_with_care", "do_not_use"]


@dataclass(frozen=True)
class ModelRun:
    """One training run: a row of `raw_model_runs`. Lists and mappings are JSON."""

    model_run_id: str
    status: Literal["trained", "unavailable"]
    message: str
    verdict: VerdictLabel | None
    verdict_reason: str | None
    verdict_rules: str
    as_of_date: str | None
    horizon_days: int | None
    chosen_model: str | None
    threshold: float | None
    threshold_rule: Literal["best_f1", "cost_and_benefit"] | None
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
    """One metric of a run; `low` and `high` bound its 95% bootstrap interval."""

    split: Split
    as_of_date: str
    model: str
    slice: str
    metric: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurveRow:
    """One point of a curve of a run."""

    model: str
    curve: CurveName
    point: int
    x: float
    y: float
    row_count: int


@dataclass(frozen=True)
class PredictionRow:
    """The current prediction for a customer."""

    customer_id: str
    purchase_probability: float
    predicted_label: int
    confidence: float
    prediction_date: str
    reasons: str


@dataclass(frozen=True)
class LoggedPrediction:
    """A prediction as it was made; the log is compared with later orders."""

    prediction_date: str
    customer_id: str
    model_run_id: str
    horizon_days: int
    purchase_probability: float
    predicted_label: int
    log_number: int


_SQL_TYPES: Final = {str: "text", int: "integer", float: "real"}
_RUN_ID: Final = {"model_run_id": "text not null"}
_RUN_STATE: Final = {
    "run_number": "integer not null",
    "is_pinned": "integer not null default 0 check (is_pinned in (0, 1))",
}


def column_names(row: type) -> tuple[str, ...]:
    """Return the columns of a row class."""
    return tuple(field.name for field in fields(row))


def _column_ddl(name: str, hint: Any) -> str:
    """Return SQL type and constraints for a type hint: a `Literal` becomes a check."""
    options = [option for option in get_args(hint) if option is not NoneType]
    is_optional = NoneType in get_args(hint)
    inner = options[0] if is_optional else hint
    null = "" if is_optional else " not null"
    if get_origin(inner) is not Literal:
        return f"{_SQL_TYPES[inner]}{null}"
    words = ", ".join(f"'{word}'" for word in get_args(inner))
    return f"text{null} check ({name} in ({words}))"


def _columns(row: type) -> dict[str, str]:
    return {name: _column_ddl(name, hint) for name, hint in get_type_hints(row).items()}


def _table(columns: Mapping[str, str], key: Sequence[str]) -> str:
    """Return the column list of a `create table` statement."""
    lines = [
        f"{name} {ddl}{' primary key' * (tuple(key) == (name,))}" for name, ddl in columns.items()
    ]
    if len(key) > 1:
        lines.append(f"primary key ({', '.join(key)})")
    return "\n    " + ",\n    ".join(lines) + "\n"


LOG: Final = "raw_prediction_log"

TABLES: Final[Mapping[str, str]] = {
    "raw_model_runs": _table(_columns(ModelRun) | _RUN_STATE, ["model_run_id"]),
    "raw_model_metrics": _table(
        _RUN_ID | _columns(MetricRow),
        ["model_run_id", "split", "as_of_date", "model", "slice", "metric"],
    ),
    "raw_model_curves": _table(
        _RUN_ID | _columns(CurveRow), ["model_run_id", "model", "curve", "point"]
    ),
    "raw_predictions": _table(_RUN_ID | _columns(PredictionRow), ["customer_id"]),
    LOG: _table(_columns(LoggedPrediction), ["prediction_date", "customer_id", "model_run_id"]),
}
"""Column definitions by table. Training and scoring can recreate all tables except the log."""
