"""Endpoints of the service and of the model."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from reports.api import build_cache, queries, schemas
from reports.api.build_cache import Build
from reports.api.error_handlers import logger
from reports.api.responses import current_build, error_responses, json_response, to_json
from reports.errors import ReportError
from reports.page.forecast.metrics import BASELINES

router = APIRouter(prefix="/api")
METRICS = {
    "accuracy": "accuracy",
    "f1_score": "f1",
    "precision": "precision",
    "recall": "recall",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "brier": "brier",
}
"""Name of each metric in the marts."""
COUNTS = ("true_positive", "true_negative", "false_positive", "false_negative")


@router.get(
    "/health",
    tags=["service"],
    response_model=schemas.Health,
    response_model_exclude_unset=True,
    responses={
        503: {"model": schemas.Health, "description": "The marts do not exist or cannot be read"}
    },
)
async def health(request: Request) -> Response:
    """Return whether the marts can be read, and their build. No token is needed."""
    moment = build_cache.utc_now().isoformat(timespec="seconds")
    try:
        build = await current_build(request)
    except ReportError as error:
        logger.error("The marts cannot be read: %s", error)
        return JSONResponse({"status": "unavailable", "timestamp": moment}, 503)
    source = build.source
    return JSONResponse(
        {
            "status": "healthy",
            "timestamp": moment,
            "as_of_date": source.facts.as_of_date,
            "build": source.fingerprint,
        },
        headers={"X-Tillsight-Build": source.fingerprint},
    )


@router.get(
    "/model/metrics",
    tags=["model"],
    response_model=schemas.Metrics,
    responses=error_responses(401, 500, 503),
)
async def metrics(request: Request) -> Response:
    """Return the metrics of the model in use and of baselines, on a later window."""
    build = await current_build(request)
    return json_response(request, build, build.cached("metrics", lambda: _metrics(build)))


def _metrics(build: Build) -> str:
    runs = build.query(queries.RunInUse, queries.MODEL_RUN)
    if not runs or runs[0].status != "trained":
        raise HTTPException(503, "Model unavailable")
    run = runs[0]
    model = run.chosen_model
    rows = build.query(queries.ModelMetric, queries.MODEL_METRICS, model_run_id=run.model_run_id)
    found = {(row.model, row.metric): row for row in rows}
    response: dict[str, Any] = {
        **_metrics_of_model(found, model),
        "intervals": _intervals(found, model),
        "confusion_matrix": {name: int(cast("float", found[model, name].value)) for name in COUNTS},
        "baselines": {
            name: _metrics_of_model(found, name)
            for name in BASELINES
            if (name, "log_loss") in found
        },
        "model": model,
        "model_run_id": run.model_run_id,
        "verdict": run.verdict,
        "threshold": run.threshold,
        "model_trained_date": run.as_of_date,
        "training_samples": run.training_rows,
        "evaluated_as_of_date": run.evaluated_as_of_date,
        "evaluated_customers": run.evaluation_rows,
    }
    return to_json(response)


Found = dict[tuple[str, str], queries.ModelMetric]
"""Metrics by model and name."""


def _metrics_of_model(found: Found, model: str) -> dict[str, float | None]:
    rows = {name: found.get((model, metric)) for name, metric in METRICS.items()}
    return {name: row.value if row else None for name, row in rows.items()}


def _intervals(found: Found, model: str) -> dict[str, list[float]]:
    rows = {name: found.get((model, metric)) for name, metric in METRICS.items()}
    return {
        name: [row.low, row.high]
        for name, row in rows.items()
        if row is not None and row.low is not None and row.high is not None
    }
