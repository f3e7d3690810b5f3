"""The commands of the pipeline: demo, run, load, build, train and predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reports.formatting import without_email
from scripts import pipeline, preconditions
from scripts.cli import console
from scripts.cli.options import AsOf, DataDir, Encoding, FormatName, Open, Quiet, Target
from scripts.cli.runner import examples, running
from scripts.demo.files import DEFAULT_SEED, write_demo
from scripts.ingest.load import LoadResult, new_rows
from scripts.project import Project, locked

if TYPE_CHECKING:
    from scripts.settings import Settings

app = typer.Typer()


@app.command(
    epilog=examples(
        "tillsight demo --open", "tillsight demo --customers 20000 --truth --data-dir /tmp/shop"
    )
)
def demo(
    customers: Annotated[int, typer.Option(min=1, help="Number of customers.")] = 2000,
    seed: Annotated[
        int | None, typer.Option(help="Another seed gives another shop.", show_default=False)
    ] = None,
    truth: Annotated[
        bool,
        typer.Option("--truth", help="Also write each customer's true probability to truth.csv."),
    ] = False,
    open_page: Open = False,
    quiet: Quiet = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Generate a shop, then load and run it, in the folder demo of the data folder.

    On another engine than SQLite the folder is named after it, like demo_duckdb.
    """
    with running("demo", data_dir=data_dir, as_of=as_of, target=target, quiet=quiet) as (
        settings,
        steps,
    ):
        folder = "demo" if settings.target == "sqlite" else f"demo_{settings.target}"
        demo_settings = replace(settings, data_dir=settings.data_dir / folder)
        with locked(demo_settings):
            steps.start("Generating the shop")
            files = write_demo(
                demo_settings.demo_dir,
                customers=customers,
                seed=DEFAULT_SEED if seed is None else seed,
                with_truth=truth,
                progress=steps.report,
            )
            shop = [files.customers, files.products, files.transactions]
            project = Project.create(demo_settings)
            preconditions.require_own_folder(demo_settings, project.engine, shop)
            if files.truth:
                console.say(f"True probabilities: {files.truth}")
            page = _run(project, steps, shop)
        if open_page:
            console.open_page(page)


@app.command(
    epilog=examples(
        "tillsight run sales.csv.gz",
        "tillsight run customers.csv products.csv transactions.csv",
        "tillsight run --open",
    )
)
def run(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="Files to load first.", show_default=False),
    ] = None,
    format_name: FormatName = None,
    encoding: Encoding = "utf-8",
    open_page: Open = False,
    quiet: Quiet = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Run all steps: load, build, train, predict, and publish marts, exports and page."""
    with running("run", data_dir=data_dir, as_of=as_of, target=target, quiet=quiet) as (
        settings,
        steps,
    ):
        if not files:
            preconditions.require_shop(settings, "run")
        with locked(settings):
            project = Project.create(settings)
            page = _run(project, steps, files or [], format_name=format_name, encoding=encoding)
        if open_page:
            console.open_page(page)


@app.command(
    epilog=examples(
        "tillsight load transactions.csv",
        "tillsight load customers.csv products.csv transactions.csv.gz",
    )
)
def load(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="CSV, CSV.gz, Parquet or XLSX. Without files the raw tables are created, empty.",
            show_default=False,
        ),
    ] = None,
    format_name: FormatName = None,
    encoding: Encoding = "utf-8",
    quiet: Quiet = False,
    data_dir: DataDir = None,
    target: Target = None,
) -> None:
    """Load files, each atomically; loading the same file again changes nothing."""
    with running("load", data_dir=data_dir, target=target, quiet=quiet) as (settings, steps):
        with locked(settings):
            steps.start("Loading")
            loads = pipeline.load_files(
                Project.create(settings),
                files or [],
                format_name=format_name,
                encoding=encoding,
                progress=steps.report,
            )
            steps.count(new_rows(loads))
        _list_loads(loads)
        console.say("Next: 'tillsight run' for everything, or 'tillsight build' for the marts.")


@app.command(epilog=examples("tillsight build", "tillsight build --as-of 2011-11-09"))
def build(
    quiet: Quiet = False, data_dir: DataDir = None, as_of: AsOf = None, target: Target = None
) -> None:
    """Build and test the marts with dbt, and publish them if every test passes."""
    with running("build", data_dir=data_dir, as_of=as_of, target=target, quiet=quiet) as (
        settings,
        steps,
    ):
        with locked(settings):
            steps.start("Building with dbt")
            pipeline.build(Project.create(settings), progress=steps.report)
            steps.count(sum(pipeline.ledger_counts(settings.marts_db).values()))
        _say_ledger(settings)
        console.say(f"Marts: {settings.marts_db}")


@app.command(epilog=examples("tillsight train"))
def train(
    quiet: Quiet = False, data_dir: DataDir = None, as_of: AsOf = None, target: Target = None
) -> None:
    """Train the forecast on past snapshots, and evaluate it on later ones."""
    with running("train", data_dir=data_dir, as_of=as_of, target=target, quiet=quiet) as (
        settings,
        steps,
    ):
        with locked(settings):
            steps.start("Training")
            training = pipeline.train(Project.create(settings), progress=steps.report)
            steps.count(training.training_rows or 0)
        console.say(training.message)


@app.command(epilog=examples("tillsight predict && tillsight build"))
def predict(
    quiet: Quiet = False, data_dir: DataDir = None, as_of: AsOf = None, target: Target = None
) -> None:
    """Score the latest snapshot; the next build publishes the predictions."""
    with running("predict", data_dir=data_dir, as_of=as_of, target=target, quiet=quiet) as (
        settings,
        steps,
    ):
        with locked(settings):
            steps.start("Scoring")
            result = pipeline.predict(Project.create(settings), progress=steps.report)
            steps.count(result.customers)
        if result.customers == 0:
            console.say(result.message)
            return
        console.say(
            f"{result.customers:,} customers scored as of {result.prediction_date}; "
            f"{result.expected_buyers:,.0f} are expected to order. "
            "Type 'tillsight build' to publish them."
        )


def _run(
    project: Project,
    steps: console.Steps,
    files: Sequence[Path],
    *,
    format_name: str | None = None,
    encoding: str = "utf-8",
) -> Path:
    """Run all steps, print their results and return the page."""
    result = pipeline.run(
        project,
        files,
        format_name=format_name,
        encoding=encoding,
        step=steps.start,
        count=steps.count,
        progress=steps.report,
    )
    settings = project.settings
    _list_loads(result.loads)
    _say_ledger(settings)
    console.say(result.training.message)
    console.say(f"Marts:   {settings.marts_db}")
    console.say(f"Exports: {settings.exports_dir}")
    console.say(f"Page:    {result.site.index}")
    return result.site.index


def _list_loads(loads: Sequence[LoadResult]) -> None:
    rows = [
        [
            without_email(f"{load.file_name} ({load.sheet})" if load.sheet else load.file_name),
            load.format,
            f"{load.row_count:,}",
            "loaded" if load.is_new else "already loaded",
        ]
        for load in loads
    ]
    if rows:
        console.show_table(["File", "Format", "Rows", ""], rows, numeric=frozenset({2}))


def _say_ledger(settings: Settings) -> None:
    """Print the number of kept transaction lines, and the reasons of the others."""
    reasons = pipeline.ledger_counts(settings.marts_db)
    kept = reasons.pop("kept", 0)
    total = kept + sum(reasons.values())
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    console.say(
        f"{kept:,} of {total:,} transaction lines kept"
        + (f"; left out: {left_out}." if left_out else ".")
    )
    if reasons.get("unreadable_invoice_date", 0) > total / 100:
        console.say(
            "Dates are read as YYYY-MM-DD; if yours are like 3/4/2024, set date_order in "
            f"{settings.settings_yml}. The lines are in the mart rejected_rows."
        )
