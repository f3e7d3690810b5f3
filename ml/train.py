"""Train a model on the features and store it with its metrics."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from ml import backtest
from ml.backtest import BacktestResult
from ml.data import sampling
from ml.data.features import (
    Features,
    FeatureSource,
    open_features,
    read_contact,
    read_labels,
    read_summaries,
    read_window,
)
from ml.data.schema import ModelRun
from ml.data.windows import (
    Window,
    WindowSplit,
    WindowSummary,
    describe_window,
    fingerprint,
    split_windows,
)
from ml.errors import ModelError, TooLittleDataError
from ml.evaluation import verdict
from ml.evaluation.model_card import write_card
from ml.progress import Progress, silent
from ml.registry import database, folders, runs, serialization
from ml.settings import DEFAULTS, FEATURES, MODELS_KEPT, Settings

_STEP = "Training the model"
_STEPS = 2 + backtest.STEPS


@dataclass(frozen=True)
class TrainResult:
    """Result of a training run.

    Attributes
    ----------
    model_run_id : str
        Twelve hexadecimal digits: a hash of data, settings and library versions.
    status : str
        `trained`, or `unavailable` if there is too little data.
    message : str
        The verdict on the model, or the missing data.
    chosen_model : str or None
        Name of the selected candidate.
    training_rows : int or None
        Rows (customer and window) that it was fitted on.
    is_new : bool
        False if an existing model was kept.
    """

    model_run_id: str
    status: str
    message: str
    chosen_model: str | None
    training_rows: int | None
    is_new: bool = True


def train(
    source: FeatureSource,
    raw_db: Path,
    models_dir: Path,
    *,
    progress: Progress | None = None,
    settings: Settings = DEFAULTS,
    only_if_changed: bool = False,
    models_kept: int = MODELS_KEPT,
) -> TrainResult:
    """Train a model on the past windows and store it as the latest run.

    The same data, settings and library versions give the same bytes on any number of cores: linear
    algebra and boosting run on one thread, because the partition of a sum changes its last bits.

    Parameters
    ----------
    source : FeatureSource
        Features and forecast settings built by dbt.
    raw_db : Path
        Receives the run, its metrics and curves in one transaction.
    models_dir : Path
        Receives a folder named by the run id, with model, details and card.
    progress : callable, optional
    settings : Settings, optional
        Cost and benefit of a contact are replaced by those in the source.
    only_if_changed : bool, optional
        Keep the pinned model, or else the model of the same data, settings and library versions
        if this version can load it.
    models_kept : int, optional
        Model folders to keep: the newest ones, and the one in use.

    Returns
    -------
    TrainResult
        With status `unavailable` if there is too little data; predictions are deleted then.

    Raises
    ------
    ModelError
        If the features cannot be read or the result cannot be written.
    """
    report = progress or silent
    report(_STEP, 0, _STEPS)
    if only_if_changed and (pinned := _pinned(raw_db)):
        report(_STEP, _STEPS, _STEPS)
        return pinned
    windows: dict[int, Window] = {}
    with threadpool_limits(limits=1), open_features(source) as features:
        settings = replace(settings, **read_contact(features))
        summaries = read_summaries(features)
        try:
            split = split_windows(summaries, settings)
            windows = _read_windows(features, split, settings)
            run = _untrained_run(summaries, windows, settings, split=split)
            if only_if_changed and _can_be_loaded(raw_db, models_dir, run.model_run_id):
                report(_STEP, _STEPS, _STEPS)
                return _keep_existing(raw_db, run.model_run_id)
            report(_STEP, 1, _STEPS)
            result = backtest.run(split, windows, settings, on_step=_counter(report))
        except TooLittleDataError as error:
            run = _untrained_run(summaries, windows, settings, message=str(error))
            return _store(raw_db, run, None, report)
    run = _trained_run(run, split, result, settings)
    folders.save(models_dir, run.model_run_id, _files(run, result, settings))
    stored = _store(raw_db, run, result, report)
    _delete_old_models(raw_db, models_dir, models_kept)
    return stored


def _read_windows(features: Features, split: WindowSplit, settings: Settings) -> dict[int, Window]:
    """Read the windows of the split; large ones are sampled before they are read."""
    windows = {}
    for summary in split.windows():
        only = None
        limit = _row_limit(summary, split, settings)
        if summary.rows > limit:
            ids, labels = read_labels(features, summary)
            seed = settings.seed + summary.snapshot_number
            rows = sampling.stratified_sample(ids, labels, limit=limit, seed=seed)
            only = [ids[row] for row in rows]
        windows[summary.snapshot_number] = read_window(features, summary, only)
    return windows


def _row_limit(summary: WindowSummary, split: WindowSplit, settings: Settings) -> int:
    """Return the maximum number of rows of a window that its roles use."""
    if summary == split.report:
        return settings.report_row_limit
    if summary == split.choose:
        return settings.choose_row_limit
    return max(settings.fit_row_limit // settings.fit_windows, settings.history_row_limit)


def _pinned(raw_db: Path) -> TrainResult | None:
    with database.writing(raw_db) as connection:
        pinned = [one.run for one in runs.listed(connection) if one.is_pinned]
    if not pinned:
        return None
    run = pinned[0]
    message = (
        f"The model {run.model_run_id} was chosen by hand, so none was trained; "
        "'tillsight model use latest' goes back."
    )
    return TrainResult(
        run.model_run_id, run.status, message, run.chosen_model, run.training_rows, is_new=False
    )


def _can_be_loaded(raw_db: Path, models_dir: Path, model_run_id: str) -> bool:
    """Return whether a run exists and this version can load its model."""
    with database.writing(raw_db) as connection:
        run = runs.find(connection, model_run_id)
    if run is None or run.status != "trained" or run.horizon_days is None:
        return False
    try:
        files = folders.read(models_dir, model_run_id, folders.NEEDED_FILES)
        serialization.unpack(files, horizon_days=run.horizon_days)
    except ModelError:
        return False
    return True


def _keep_existing(raw_db: Path, model_run_id: str) -> TrainResult:
    """Make an existing run the latest."""
    with database.writing(raw_db) as connection:
        runs.make_latest(connection, model_run_id)
        run = runs.find(connection, model_run_id)
    assert run is not None  # noqa: S101  _can_be_loaded found it, and runs are never deleted
    message = f"Neither sales nor settings have changed, so the model is kept. {run.message}"
    return TrainResult(
        run.model_run_id, run.status, message, run.chosen_model, run.training_rows, is_new=False
    )


def _store(
    raw_db: Path, run: ModelRun, result: BacktestResult | None, report: Progress
) -> TrainResult:
    """Write a run with its metrics and curves into raw.db."""
    metrics = result.metrics if result else []
    curves = result.curves if result else []
    with database.writing(raw_db) as connection:
        runs.write_run(connection, run, metrics, curves)
        used = runs.in_use(connection).model_run_id
    report(_STEP, _STEPS, _STEPS)
    message = run.message
    if used != run.model_run_id:
        message += (
            f" The model {used}, chosen by hand, stays in use; 'tillsight model use latest' "
            "takes the new one."
        )
    return TrainResult(run.model_run_id, run.status, message, run.chosen_model, run.training_rows)


def _delete_old_models(raw_db: Path, models_dir: Path, models_kept: int) -> None:
    """Delete the oldest model folders, except that of the run in use."""
    with database.writing(raw_db) as connection:
        listed = runs.listed(connection)
    stored = folders.kept(models_dir)
    trained = [one for one in listed if one.run.model_run_id in stored]
    old = {one.run.model_run_id for one in trained[models_kept:] if not one.is_in_use}
    folders.remove(models_dir, old)


def _counter(report: Progress) -> Callable[[], None]:
    """Return a callback that reports one step more at each call."""
    steps = itertools.count(2)
    return lambda: report(_STEP, next(steps), _STEPS)


def _untrained_run(
    summaries: Sequence[WindowSummary],
    windows: Mapping[int, Window],
    settings: Settings,
    *,
    split: WindowSplit | None = None,
    message: str = "",
) -> ModelRun:
    """Return a run with its id, which is a hash of data, settings and versions."""
    data = fingerprint(summaries, windows.values())
    versions = serialization.library_versions()
    identity = json.dumps([data, settings.as_json(), versions], sort_keys=True)
    latest = summaries[0] if summaries else None
    return ModelRun(
        model_run_id=hashlib.sha256(identity.encode()).hexdigest()[:12],
        status="unavailable",
        message=message,
        verdict=None,
        verdict_reason=None,
        verdict_rules=json.dumps(verdict.RULES),
        as_of_date=latest.as_of_date if latest else None,
        horizon_days=latest.horizon_days if latest else None,
        chosen_model=None,
        threshold=None,
        threshold_rule=None,
        training_rows=None,
        training_windows=None,
        first_training_date=None,
        last_training_date=None,
        evaluated_as_of_date=None,
        evaluation_rows=None,
        base_rate=None,
        windows=json.dumps([describe_window(summary, split) for summary in summaries]),
        feature_names=json.dumps(list(FEATURES)),
        settings=json.dumps(settings.as_json()),
        library_versions=json.dumps(versions),
        data_fingerprint=data,
        card=None,
        model_file=None,
    )


def _trained_run(
    run: ModelRun, split: WindowSplit, result: BacktestResult, settings: Settings
) -> ModelRun:
    """Return the run with model, verdict and card."""
    candidate = result.model.candidate
    name = candidate.name
    found = verdict.decide(result.metrics, name)
    has_contact = settings.contact_cost is not None and settings.contact_benefit is not None
    run = replace(
        run,
        status="trained",
        message=f"The model is a {name.replace('_', ' ')}. {found.reason}",
        verdict=found.label,
        verdict_reason=found.reason,
        chosen_model=name,
        threshold=result.model.threshold,
        threshold_rule="cost_and_benefit" if has_contact else "best_f1",
        training_rows=result.training_rows,
        training_windows=len(split.final),
        first_training_date=split.final[-1].as_of_date,
        last_training_date=split.final[0].as_of_date,
        evaluated_as_of_date=split.report.as_of_date,
        evaluation_rows=result.evaluation_rows,
        base_rate=result.base_rate,
        model_file=f"{run.model_run_id}/{folders.MODEL_FILE}",
    )
    return replace(run, card=write_card(run, result.metrics, candidate.level_shift))


def _files(run: ModelRun, result: BacktestResult, settings: Settings) -> dict[str, bytes]:
    """Return the content of the model folder by file name."""
    metrics = [vars(row) for row in result.metrics]
    facts = {name: value for name, value in vars(run).items() if name != "card"}
    about = {"run": facts, "settings": settings.as_json(), "metrics": metrics}
    card = str(run.card).encode()
    return {**serialization.pack(result.model, about), folders.CARD_FILE: card}
