"""The trained models of a data folder: which there are, and which one scores customers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import ml.registry.runs
from ml.registry import folders
from ml.registry.runs import ListedRun
from scripts import pipeline, preconditions
from scripts.errors import TillsightError
from scripts.settings import Settings
from scripts.storage import sqlite

LATEST = "latest"


@dataclass(frozen=True)
class KeptRun:
    """A training run, and whether its model can still be used.

    Attributes
    ----------
    listed : ListedRun
        The run.
    is_kept : bool
        Whether its model file is there.
    log_loss : float or None
        Of the model, on the window that nothing was tuned on.
    """

    listed: ListedRun
    is_kept: bool
    log_loss: float | None


def list_runs(settings: Settings) -> list[KeptRun]:
    """Return all training runs, the latest first.

    Parameters
    ----------
    settings : Settings
        Where things lie.

    Returns
    -------
    list of KeptRun
        Empty before the first training.
    """
    pipeline.ensure_raw(settings)
    there = folders.kept(settings.models_dir)
    with closing(sqlite.connect_read_only(settings.raw_db)) as connection:
        losses = dict(
            connection.execute(
                "select runs.model_run_id, metrics.value from raw_model_runs as runs "
                "inner join raw_model_metrics as metrics "
                "on runs.model_run_id = metrics.model_run_id and runs.chosen_model = metrics.model "
                "where metrics.split = 'report' and metrics.slice = 'all' "
                "and metrics.metric = 'log_loss'"
            ).fetchall()
        )
        return [
            KeptRun(one, one.run.model_run_id in there, losses.get(one.run.model_run_id))
            for one in ml.registry.runs.listed(connection)
        ]


def find_run(settings: Settings, name: str | None) -> KeptRun:
    """Return a run by its name or the beginning of it.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    name : str or None
        `latest`, or as many digits of the run as make it one of its kind; None is the run in use.

    Returns
    -------
    KeptRun

    Raises
    ------
    TillsightError
        If there is none, or several that begin so.
    """
    every = list_runs(settings)
    if not every:
        raise TillsightError(preconditions.no_model(settings, "model list"))
    if name is None:
        return next(one for one in every if one.listed.is_in_use)
    if name == LATEST:
        return every[0]
    found = [one for one in every if one.listed.run.model_run_id.startswith(name)]
    if len(found) != 1:
        wrong = "no run begins" if not found else f"{len(found)} runs begin"
        raise TillsightError(f"{wrong} with '{name}'; 'tillsight model list' shows what there is")
    return found[0]


def use_run(settings: Settings, name: str) -> KeptRun:
    """Choose the model that scores customers by hand.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    name : str
        As in `find_run`; `latest` goes back to the latest training.

    Returns
    -------
    KeptRun
        The run that is now in use.

    Raises
    ------
    TillsightError
        If there is no such run, or its model is not there any more.
    ModelError
        If the model file is damaged or does not fit.
    """
    from ml.registry import serialization as model_file  # noqa: PLC0415  imports scikit-learn, which takes seconds
    from ml.registry.database import writing  # noqa: PLC0415  as above

    chosen = find_run(settings, name)
    run = chosen.listed.run
    if name != LATEST:
        if not chosen.is_kept or run.horizon_days is None:
            raise TillsightError(
                f"the model of the run {run.model_run_id} is not in {settings.models_dir}; choose "
                "one that 'tillsight model list' shows as kept"
            )
        files = folders.read(settings.models_dir, run.model_run_id, model_file.NEEDED_FILES)
        model_file.unpack(files, horizon_days=run.horizon_days)
    with writing(settings.raw_db) as connection:
        ml.registry.runs.pin(connection, None if name == LATEST else run.model_run_id)
    return find_run(settings, None)
