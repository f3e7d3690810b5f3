"""Train: read past windows, learn from them, and keep the model with its figures."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from ml import backtest
from ml.backtest import Outcome
from ml.data import sampling
from ml.data.features import (
    Features,
    FeatureSource,
    read_contact,
    read_labels,
    read_summaries,
    read_window,
    reading,
)
from ml.data.schema import RunRow
from ml.data.windows import Plan, Window, WindowSummary, describe, fingerprint, plan
from ml.errors import ModelError, TooLittleDataError
from ml.evaluation import verdict
from ml.evaluation.model_card import write_card
from ml.registry import database, folders, runs, serialization
from ml.settings import DEFAULTS, FEATURES, MODELS_KEPT, Progress, Settings, silent

_WHAT = "Training the model"
_STEPS = 2 + backtest.STEPS


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
    is_new : bool
        False where a model that was there already was kept.
    """

    model_run_id: str
    status: str
    message: str
    chosen_model: str | None
    training_rows: int | None
    is_new: bool = True


def train(
    work: Path | FeatureSource,
    raw_db: Path,
    models_dir: Path,
    *,
    progress: Progress | None = None,
    settings: Settings = DEFAULTS,
    only_if_changed: bool = False,
    models_kept: int = MODELS_KEPT,
) -> TrainResult:
    """Train a model on the past windows of customer_features and keep it.

    The same data, settings and library versions give the same bytes on any number of
    threads: linear algebra and boosting run on one, since a sum depends on how it is split.

    Parameters
    ----------
    work : Path or FeatureSource
        work.db as written by dbt, or another engine; only read.
    raw_db : Path
        Takes the run, its metrics and curves, in one transaction.
    models_dir : Path
        Takes a folder named by the run: model file, details, card.
    progress : callable, optional
        Told of each step.
    settings : Settings, optional
        Constants; cost and benefit of a contact are read from work.db.
    only_if_changed : bool, optional
        Keep the model that was chosen by hand, or else the one that was trained on the same
        data with the same settings and library versions, if its files are whole.
    models_kept : int, optional
        Model folders that stay: the newest ones, and the one in use.

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
    tell(_WHAT, 0, _STEPS)
    if only_if_changed and (pinned := _pinned(raw_db)):
        tell(_WHAT, _STEPS, _STEPS)
        return pinned
    windows: dict[int, Window] = {}
    with threadpool_limits(limits=1), reading(work) as features:
        cost, benefit = read_contact(features)
        settings = replace(settings, contact_cost=cost, contact_benefit=benefit)
        summaries = read_summaries(features)
        try:
            roles = plan(summaries, settings)
            windows = _read(features, roles, settings)
            run = _nameless(summaries, windows, settings, roles=roles)
            if only_if_changed and _is_whole(raw_db, models_dir, run.model_run_id):
                tell(_WHAT, _STEPS, _STEPS)
                return _kept(raw_db, run.model_run_id)
            tell(_WHAT, 1, _STEPS)
            outcome = backtest.learn(roles, windows, settings, tell=_counted(tell))
        except TooLittleDataError as error:
            run = _nameless(summaries, windows, settings, message=str(error))
            return _keep(raw_db, run, None, tell)
    run = _trained(run, roles, outcome, settings)
    folders.save(models_dir, run.model_run_id, _files(run, outcome, settings))
    result = _keep(raw_db, run, outcome, tell)
    _prune(raw_db, models_dir, models_kept)
    return result


def _read(features: Features, roles: Plan, settings: Settings) -> dict[int, Window]:
    """Read each window in use, or as many of its rows as its roles need."""
    windows = {}
    for summary in roles.windows():
        only = None
        limit = _limit(summary, roles, settings)
        if summary.rows > limit:
            ids, labels = read_labels(features, summary)
            seed = settings.seed + summary.snapshot_number
            only = [ids[row] for row in sampling.sample(ids, labels, limit=limit, seed=seed)]
        windows[summary.snapshot_number] = read_window(features, summary, only)
    return windows


def _limit(summary: WindowSummary, roles: Plan, settings: Settings) -> int:
    """Return the most rows of a window that are needed."""
    if summary == roles.report:
        return settings.report_row_limit
    if summary == roles.choose:
        return settings.choose_row_limit
    return max(settings.fit_row_limit // settings.fit_windows, settings.history_row_limit)


def _pinned(raw_db: Path) -> TrainResult | None:
    """Return the run that was chosen by hand."""
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


def _is_whole(raw_db: Path, models_dir: Path, model_run_id: str) -> bool:
    """Tell whether a run is there, and its model can be read."""
    with database.writing(raw_db) as connection:
        run = runs.find(connection, model_run_id)
    if run is None or run.status != "trained" or run.horizon_days is None:
        return False
    try:
        files = folders.read(models_dir, model_run_id, serialization.NEEDED_FILES)
        serialization.unpack(files, horizon_days=run.horizon_days)
    except ModelError:
        return False
    return True


def _kept(raw_db: Path, model_run_id: str) -> TrainResult:
    """Make a run that is there the latest one."""
    with database.writing(raw_db) as connection:
        runs.make_latest(connection, model_run_id)
        run = runs.find(connection, model_run_id)
    assert run is not None  # noqa: S101  it was found a moment ago, and nobody deletes runs
    message = f"Neither sales nor settings have changed, so the model is kept. {run.message}"
    return TrainResult(
        run.model_run_id, run.status, message, run.chosen_model, run.training_rows, is_new=False
    )


def _keep(raw_db: Path, run: RunRow, outcome: Outcome | None, tell: Progress) -> TrainResult:
    """Write a run into raw.db and say what came of it."""
    metrics = outcome.metrics if outcome else []
    curves = outcome.curves if outcome else []
    with database.writing(raw_db) as connection:
        runs.write_run(connection, run, metrics, curves)
        used = runs.in_use(connection).model_run_id
    tell(_WHAT, _STEPS, _STEPS)
    message = run.message
    if used != run.model_run_id:
        message += (
            f" The model {used}, chosen by hand, stays in use; 'tillsight model use latest' "
            "takes the new one."
        )
    return TrainResult(run.model_run_id, run.status, message, run.chosen_model, run.training_rows)


def _prune(raw_db: Path, models_dir: Path, models_kept: int) -> None:
    """Delete the folders of old models, but not that of the one in use."""
    with database.writing(raw_db) as connection:
        listed = runs.listed(connection)
    there = folders.kept(models_dir)
    trained = [one for one in listed if one.run.model_run_id in there]
    old = {one.run.model_run_id for one in trained[models_kept:] if not one.is_in_use}
    folders.remove(models_dir, old)


def _counted(tell: Progress) -> Callable[[], None]:
    """Return what tells of one step after another, the first after reading."""
    steps = itertools.count(2)
    return lambda: tell(_WHAT, next(steps), _STEPS)


def _nameless(
    summaries: Sequence[WindowSummary],
    windows: Mapping[int, Window],
    settings: Settings,
    *,
    roles: Plan | None = None,
    message: str = "",
) -> RunRow:
    """Name a run by what it read, its settings and versions; nothing is trained yet."""
    data = fingerprint(summaries, windows.values())
    versions = serialization.library_versions()
    name = json.dumps([data, settings.as_json(), versions], sort_keys=True)
    latest = summaries[0] if summaries else None
    return RunRow(
        model_run_id=hashlib.sha256(name.encode()).hexdigest()[:12],
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
        windows=json.dumps([describe(summary, roles) for summary in summaries]),
        feature_names=json.dumps(list(FEATURES)),
        settings=json.dumps(settings.as_json()),
        library_versions=json.dumps(versions),
        data_fingerprint=data,
        card=None,
        model_file=None,
    )


def _trained(run: RunRow, roles: Plan, outcome: Outcome, settings: Settings) -> RunRow:
    """Add to a run what was trained, and the card that says so."""
    name = outcome.model.forecast.name
    found = verdict.judge(outcome.metrics, name)
    has_contact = settings.contact_cost is not None and settings.contact_benefit is not None
    run = replace(
        run,
        status="trained",
        message=f"The model is a {name.replace('_', ' ')}. {found.reason}",
        verdict=found.label,
        verdict_reason=found.reason,
        chosen_model=name,
        threshold=outcome.model.threshold,
        threshold_rule="cost_and_benefit" if has_contact else "best_f1",
        training_rows=outcome.training_rows,
        training_windows=len(roles.final),
        first_training_date=roles.final[-1].as_of_date,
        last_training_date=roles.final[0].as_of_date,
        evaluated_as_of_date=roles.report.as_of_date,
        evaluation_rows=outcome.evaluation_rows,
        base_rate=outcome.base_rate,
        model_file=f"{run.model_run_id}/{serialization.MODEL_FILE}",
    )
    return replace(run, card=write_card(run, outcome.metrics, outcome.model.forecast.level_shift))


def _files(run: RunRow, outcome: Outcome, settings: Settings) -> dict[str, bytes]:
    """Return the content of the model's folder by file name."""
    metrics = [vars(row) for row in outcome.metrics]
    facts = {name: value for name, value in vars(run).items() if name != "card"}
    about = {"run": facts, "settings": settings.as_json(), "metrics": metrics}
    card = str(run.card).encode()
    return {**serialization.pack(outcome.model, about), serialization.CARD_FILE: card}
