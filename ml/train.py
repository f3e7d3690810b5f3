"""Train: read past windows, learn from them, and keep the model with its figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from sqlite3 import Connection

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from ml import model_file, protocol, split, store
from ml.card import write_card
from ml.errors import TooLittleDataError
from ml.pipeline import BASELINES
from ml.protocol import Outcome
from ml.settings import DEFAULTS, FEATURES, Progress, Settings, silent
from ml.split import Plan, Window, WindowSummary
from ml.tables import RunRow

_WHAT = "Training the model"
_STEPS = 4


@dataclass(frozen=True)
class TrainResult:
    """What came of training.

    Attributes
    ----------
    model_run_id : str
        Twelve hexadecimal digits that name data, settings and library versions.
    status : str
        `trained`, or `unavailable` where the data cannot carry a model.
    message : str
        How good the model is, or what is missing.
    chosen_model : str or None
        The candidate in use.
    training_rows : int or None
        Rows, customer and window, that it was fitted on.
    """

    model_run_id: str
    status: str
    message: str
    chosen_model: str | None
    training_rows: int | None


def train(
    work_db: Path,
    raw_db: Path,
    models_dir: Path,
    *,
    progress: Progress | None = None,
    settings: Settings = DEFAULTS,
) -> TrainResult:
    """Train a model on the past windows of customer_features and keep it.

    The same data, settings and library versions give the same bytes on any number of
    threads: linear algebra and boosting run on one, since a sum depends on how it is split.

    Parameters
    ----------
    work_db : Path
        Written by dbt; only read.
    raw_db : Path
        Takes the run, its metrics and curves, in one transaction.
    models_dir : Path
        Takes a folder named by the run: model file, details, card.
    progress : callable, optional
        Told of each step.
    settings : Settings, optional
        Constants.

    Returns
    -------
    TrainResult
        With status `unavailable`, and no exception, where the data cannot carry a model;
        the predictions of earlier models are removed then.

    Raises
    ------
    ModelError
        If work.db is missing or damaged, or something cannot be written.
    """
    tell = progress or silent
    windows: dict[int, Window] = {}
    tell(_WHAT, 0, _STEPS)
    with threadpool_limits(limits=1), store.reading(work_db) as connection:
        summaries = store.read_summaries(connection)
        try:
            roles = split.plan(summaries, settings)
            windows = _read(connection, roles, settings)
            tell(_WHAT, 1, _STEPS)
            outcome = protocol.learn(roles, windows, settings)
        except TooLittleDataError as error:
            run = _run_without_model(summaries, windows, settings, message=str(error))
            return _keep(raw_db, run, None, tell)
    tell(_WHAT, 3, _STEPS)
    nameless = _run_without_model(summaries, windows, settings, message=_finding(outcome))
    run = _run_with_model(nameless, roles, outcome)
    store.save_model(models_dir, run.model_run_id, _files(run, outcome, settings))
    return _keep(raw_db, run, outcome, tell)


def _read(connection: Connection, roles: Plan, settings: Settings) -> dict[int, Window]:
    """Read each window in use, or as many of its rows as its roles need."""
    windows = {}
    for summary in roles.windows():
        only = None
        limit = _limit(summary, roles, settings)
        if summary.rows > limit:
            ids, labels = store.read_labels(connection, summary)
            seed = settings.seed + summary.snapshot_number
            only = [ids[row] for row in split.sample(ids, labels, limit=limit, seed=seed)]
        windows[summary.snapshot_number] = store.read_window(connection, summary, only)
    return windows


def _limit(summary: WindowSummary, roles: Plan, settings: Settings) -> int:
    """Return the most rows of a window that are needed."""
    if summary == roles.report:
        return settings.report_row_limit
    if summary == roles.choose:
        return settings.choose_row_limit
    return settings.fit_row_limit // settings.fit_windows


def _keep(raw_db: Path, run: RunRow, outcome: Outcome | None, tell: Progress) -> TrainResult:
    """Write a run into raw.db and say what came of it."""
    metrics = outcome.metrics if outcome else []
    curves = outcome.curves if outcome else []
    with store.writing(raw_db) as connection:
        store.write_run(connection, run, metrics, curves)
    tell(_WHAT, _STEPS, _STEPS)
    return TrainResult(
        run.model_run_id, run.status, run.message, run.chosen_model, run.training_rows
    )


def _run_without_model(
    summaries: Sequence[WindowSummary],
    windows: Mapping[int, Window],
    settings: Settings,
    *,
    message: str,
) -> RunRow:
    """Name a run by what it read, its settings and versions; nothing is trained yet."""
    data = split.fingerprint(summaries, windows.values())
    versions = model_file.library_versions()
    name = json.dumps([data, settings.as_json(), versions], sort_keys=True)
    latest = summaries[0] if summaries else None
    return RunRow(
        model_run_id=hashlib.sha256(name.encode()).hexdigest()[:12],
        status="unavailable",
        message=message,
        as_of_date=latest.as_of_date if latest else None,
        horizon_days=latest.horizon_days if latest else None,
        chosen_model=None,
        threshold=None,
        training_rows=None,
        training_windows=None,
        first_training_date=None,
        last_training_date=None,
        evaluated_as_of_date=None,
        evaluation_rows=None,
        base_rate=None,
        feature_names=json.dumps(list(FEATURES)),
        library_versions=json.dumps(versions),
        data_fingerprint=data,
        model_file=None,
    )


def _run_with_model(run: RunRow, roles: Plan, outcome: Outcome) -> RunRow:
    """Add to a run what was trained."""
    return replace(
        run,
        status="trained",
        chosen_model=outcome.model.forecast.name,
        threshold=outcome.model.threshold,
        training_rows=outcome.training_rows,
        training_windows=len(roles.final),
        first_training_date=roles.final[-1].as_of_date,
        last_training_date=roles.final[0].as_of_date,
        evaluated_as_of_date=roles.report.as_of_date,
        evaluation_rows=outcome.evaluation_rows,
        base_rate=outcome.base_rate,
        model_file=f"{run.model_run_id}/{model_file.MODEL_FILE}",
    )


def _finding(outcome: Outcome) -> str:
    """Say in a sentence whether the model beats its baselines."""
    name = outcome.model.forecast.name
    loss = {model: outcome.figure("report", model, "log_loss") for model in (name, *BASELINES)}
    best = min(BASELINES, key=lambda model: loss[model])
    verdict = "beats" if loss[name] < loss[best] else "does not beat"
    return (
        f"The model in use, {name}, {verdict} the {best} on the last whole window: "
        f"log loss {loss[name]:.4f} against {loss[best]:.4f}."
    )


def _files(run: RunRow, outcome: Outcome, settings: Settings) -> dict[str, bytes]:
    """Return the content of the model's folder by file name."""
    metrics = [asdict(row) for row in outcome.metrics]
    about = {"run": asdict(run), "settings": settings.as_json(), "metrics": metrics}
    card = write_card(run, outcome.metrics, outcome.model.forecast.level_shift)
    return {**model_file.pack(outcome.model, about), model_file.CARD_FILE: card.encode()}
