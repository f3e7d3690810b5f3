"""The commands on trained models: model list, model show and model use."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from sqlite3 import Row
from typing import TYPE_CHECKING, Annotated

import typer

from scripts import preconditions
from scripts.cli import console
from scripts.cli.options import DataDir
from scripts.cli.runner import examples, running
from scripts.errors import TillsightError
from scripts.project import Project, locked
from scripts.settings import Settings
from scripts.storage import sqlite

if TYPE_CHECKING:
    from ml.registry.runs import ListedRun

LATEST = "latest"
LOG_LOSSES = """
    select runs.model_run_id, metrics.value as log_loss
    from raw_model_runs as runs
    inner join raw_model_metrics as metrics
        on runs.model_run_id = metrics.model_run_id and runs.chosen_model = metrics.model
    where metrics.split = 'report' and metrics.slice = 'all' and metrics.metric = 'log_loss'
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="List the trained models, show the card of one, choose the one that scores customers.",
    epilog=examples("tillsight model list", "tillsight model use 3f9a"),
)


@dataclass(frozen=True)
class StoredRun:
    """A training run and its model.

    Attributes
    ----------
    listed : ListedRun
        The run.
    has_file : bool
        Whether its model file exists.
    log_loss : float or None
        Log loss of the model in the final evaluation.
    """

    listed: ListedRun
    has_file: bool
    log_loss: float | None


@app.command("list", epilog=examples("tillsight model list"))
def model_list(data_dir: DataDir = None) -> None:
    """List the training runs, latest first, and mark the one in use."""
    with running("model_list", data_dir=data_dir) as (settings, _):
        runs = stored_runs(Project.open(settings, "model list").settings)
        if not runs:
            console.say(preconditions.no_model(settings, "model list"))
            return
        console.show_table(
            ["Run", "", "Trained as of", "Method", "Log loss", "Verdict", "File"],
            [_described(stored) for stored in runs],
            numeric=frozenset({4}),
        )


@app.command("show", epilog=examples("tillsight model show", "tillsight model show 3f9a"))
def model_show(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="Id of a run, or its beginning. [dim]Default: the run in use.[/]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Show the card of a model: data, method, figures, limits."""
    with running("model_show", data_dir=data_dir) as (settings, _):
        found = find_run(Project.open(settings, "model show").settings, run).listed.run
        console.say_markdown(found.card or found.message)


@app.command("use", epilog=examples("tillsight model use 3f9a", "tillsight model use latest"))
def model_use(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="Id of a run, or its beginning; or [bold]latest[/]."),
    ],
    data_dir: DataDir = None,
) -> None:
    """Choose the model that scores customers, until [bold]latest[/] is chosen."""
    with running("model_use", data_dir=data_dir) as (settings, _):
        Project.open(settings, "model use")
        with locked(settings):
            chosen = use_run(settings, run).listed.run
        if chosen.status == "unavailable":
            console.say(f"The latest run is in use, and has no model. {chosen.message}")
            return
        console.say(
            f"The model {chosen.model_run_id} is in use. "
            "Type 'tillsight run' to score with it and publish."
        )


def stored_runs(settings: Settings) -> list[StoredRun]:
    """Return all training runs, latest first; empty before the first training."""
    import ml.registry.runs  # noqa: PLC0415  with scikit-learn it takes seconds to import
    from ml.registry import folders  # noqa: PLC0415

    if not settings.raw_db.exists():
        return []
    kept = folders.kept(settings.models_dir)
    with (
        closing(sqlite.connect_read_only(settings.raw_db)) as connection,
        sqlite.explained(settings.raw_db),
    ):
        listed = ml.registry.runs.listed(connection)
        connection.row_factory = Row
        losses = {row["model_run_id"]: row["log_loss"] for row in connection.execute(LOG_LOSSES)}
    return [
        StoredRun(one, one.run.model_run_id in kept, losses.get(one.run.model_run_id))
        for one in listed
    ]


def find_run(settings: Settings, name: str | None) -> StoredRun:
    """Return a run by the beginning of its id, the latest one, or (None) the one in use.

    Raises
    ------
    TillsightError
        If no run or several runs match.
    """
    runs = stored_runs(settings)
    if not runs:
        raise TillsightError(preconditions.no_model(settings, "model list"))
    if name is None:
        return next(stored for stored in runs if stored.listed.is_in_use)
    if name == LATEST:
        return runs[0]
    found = [stored for stored in runs if stored.listed.run.model_run_id.startswith(name)]
    if len(found) != 1:
        wrong = "no run begins" if not found else f"{len(found)} runs begin"
        raise TillsightError(f"{wrong} with '{name}'; 'tillsight model list' lists the runs")
    return found[0]


def use_run(settings: Settings, name: str) -> StoredRun:
    """Pin the model that scores customers, or unpin it (`latest`); return the run in use.

    Raises
    ------
    TillsightError, ModelError
        If there is no such run, or its model file is missing, damaged or does not fit.
    """
    import ml.registry.runs  # noqa: PLC0415  as above
    from ml.registry import folders, serialization  # noqa: PLC0415
    from ml.registry.database import writing  # noqa: PLC0415

    chosen = find_run(settings, name)
    run = chosen.listed.run
    if name != LATEST:
        if not chosen.has_file or run.horizon_days is None:
            raise TillsightError(
                f"the model of the run {run.model_run_id} is not in {settings.models_dir}; choose "
                "one that 'tillsight model list' shows as kept"
            )
        files = folders.read(settings.models_dir, run.model_run_id, folders.NEEDED_FILES)
        serialization.unpack(files, horizon_days=run.horizon_days)
    with writing(settings.raw_db) as connection:
        ml.registry.runs.pin(connection, None if name == LATEST else run.model_run_id)
    return find_run(settings, None)


def _described(stored: StoredRun) -> list[str]:
    """Return the cells of a run in the list."""
    run = stored.listed.run
    use = ", chosen by hand" if stored.listed.is_pinned else ""
    return [
        run.model_run_id,
        f"in use{use}" if stored.listed.is_in_use else "",
        run.as_of_date or "-",
        (run.chosen_model or "none").replace("_", " "),
        "-" if stored.log_loss is None else f"{stored.log_loss:.4f}",
        (run.verdict or run.status).replace("_", " "),
        "kept" if stored.has_file else "-",
    ]
