"""Endpoints of the service and of the model."""

from __future__ import annotations

from typing import Any

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
    runs = build.query(queries.MODEL_RUN)
    if not runs or runs[0][1] != "trained":
        raise HTTPException(503, "Model unavailable")
    run_id, _, model, threshold, verdict, trained, samples, judged, customers = runs[0]
    found = {
        (name, metric): figures
        for name, metric, *figures in build.query(queries.MODEL_METRICS, model_run_id=run_id)
    }
    response: dict[str, Any] = {
        **_metrics_of_model(found, model),
        "intervals": _intervals(found, model),
        "confusion_matrix": {name: int(found[model, name][0]) for name in COUNTS},
        "baselines": {
            name: _metrics_of_model(found, name)
            for name in BASELINES
            if (name, "log_loss") in found
        },
        "model": model,
        "model_run_id": run_id,
        "verdict": verdict,
        "threshold": threshold,
        "model_trained_date": trained,
        "training_samples": samples,
        "evaluated_as_of_date": judged,
        "evaluated_customers": customers,
    }
    return to_json(response)


def _metrics_of_model(found: dict[tuple[str, str], Any], model: str) -> dict[str, float | None]:
    return {name: found.get((model, metric), (None,))[0] for name, metric in METRICS.items()}


def _intervals(found: dict[tuple[str, str], Any], model: str) -> dict[str, list[float]]:
    pairs = {name: found.get((model, metric)) for name, metric in METRICS.items()}
    return {
        name: [low, high]
        for name, (_, low, high) in ((name, pair) for name, pair in pairs.items() if pair)
        if low is not None
    }
