"""The command line: `tillsight`, one verb a command."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from scripts.cli import backup_commands, console, error_handling, server_commands
from scripts.cli.options import AsOf, DataDir, Encoding, Form, Open, Overwrite, Target
from scripts.cli.runner import carry_out, examples

app = typer.Typer(
    name="tillsight",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="RFM segments, an honest purchase forecast and a page from a shop's sales.",
    epilog="Begin with [bold]tillsight demo[/], or with [bold]tillsight run sales.csv[/].",
)


def _version(value: bool) -> None:
    if value:
        console.say(f"tillsight {version('tillsight')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


@app.command(
    epilog=examples(
        "tillsight demo --open", "tillsight demo --customers 20000 --truth --data-dir /tmp/shop"
    )
)
def demo(
    customers: Annotated[int, typer.Option(min=1, help="How many customers the shop has.")] = 2000,
    seed: Annotated[
        int | None, typer.Option(help="Another seed makes another shop.", show_default=False)
    ] = None,
    truth: Annotated[
        bool,
        typer.Option("--truth", help="Also write each customer's true probability to truth.csv."),
    ] = False,
    open_page: Open = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Make up a shop, then load and run it, in the folder demo of the data folder.

    On another engine than SQLite the folder is named after it too, like demo_duckdb.
    """
    carry_out(
        "demo",
        data_dir,
        as_of,
        target,
        customers=customers,
        seed=seed,
        with_truth=truth,
        open_page=open_page,
    )


@app.command(
    epilog=examples(
        "tillsight load transactions.csv",
        "tillsight load customers.csv products.csv transactions.csv.gz",
    )
)
def load(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, CSV.gz, Parquet or XLSX.")
    ],
    form: Form = None,
    encoding: Encoding = "utf-8",
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Land files in raw.db. A file lands whole or not at all; loading it twice changes nothing."""
    carry_out("load", data_dir, as_of, target, files=files, form=form, encoding=encoding)


@app.command(epilog=examples("tillsight build", "tillsight build --as-of 2011-11-09"))
def build(data_dir: DataDir = None, as_of: AsOf = None, target: Target = None) -> None:
    """Build and test the marts with dbt, and publish them if every test passes."""
    carry_out("build", data_dir, as_of, target)


@app.command(epilog=examples("tillsight train"))
def train(data_dir: DataDir = None, as_of: AsOf = None, target: Target = None) -> None:
    """Learn from past snapshots who orders within the next 30 days, and judge the model."""
    carry_out("train", data_dir, as_of, target)


model = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="List the trained models, show the card of one, choose which one scores customers.",
    epilog=examples("tillsight model list", "tillsight model use 3f9a"),
)
app.add_typer(model, name="model")


@model.command("list", epilog=examples("tillsight model list"))
def model_list(data_dir: DataDir = None, as_of: AsOf = None, target: Target = None) -> None:
    """List the training runs, the latest first, and say which one is in use."""
    carry_out("model_list", data_dir, as_of, target)


@model.command("show", epilog=examples("tillsight model show", "tillsight model show 3f9a"))
def model_show(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="Name of a run, or the beginning of it. [dim]Default: the one in use.[/]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Show the card of a model: data, protocol, figures, limits."""
    carry_out("model_show", data_dir, as_of, target, name=run)


@model.command("use", epilog=examples("tillsight model use 3f9a", "tillsight model use latest"))
def model_use(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Name of a run, or the beginning of it; or [bold]latest[/]."
        ),
    ],
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Choose the model that scores customers; it stays until [bold]latest[/] is chosen."""
    carry_out("model_use", data_dir, as_of, target, name=run)


@app.command(epilog=examples("tillsight predict && tillsight build"))
def predict(data_dir: DataDir = None, as_of: AsOf = None, target: Target = None) -> None:
    """Score the latest snapshot; the next build publishes the predictions."""
    carry_out("predict", data_dir, as_of, target)


@app.command(
    epilog=examples(
        "tillsight report --open",
        "tillsight report --single-file --out sales.html",
        'tillsight report --privacy public --single-file --title "Sales of the north"',
    )
)
def report(
    single_file: Annotated[
        bool,
        typer.Option(
            "--single-file",
            help="One file to mail, site.html, instead of the folder site.",
        ),
    ] = False,
    privacy: Annotated[
        Literal["team", "public"],
        typer.Option(
            "--privacy",
            help="[bold]public[/] shows no single customer and no group under 5, and is written to "
            "site_public.",
        ),
    ] = "team",
    title: Annotated[
        str | None,
        typer.Option(
            "--title",
            help="Name of the shop on the page. [dim]Default: the setting shop_name.[/]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder or, with --single-file, file to write. [dim]Default: in the data "
            "folder.[/]",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    open_page: Open = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Write the page from the published marts."""
    carry_out(
        "report",
        data_dir,
        as_of,
        target,
        single_file=single_file,
        privacy=privacy,
        title=title,
        out=out,
        overwrite=overwrite,
        open_page=open_page,
    )


@app.command(
    epilog=examples(
        "tillsight export",
        "tillsight export --segment Champions --out champions.csv",
        "tillsight export --segment Lost --no-email",
        "tillsight export --from 2011-11-01 --to 2011-11-30 --no-predictions --out november.csv",
        "tillsight export --datasette",
    )
)
def export(
    segment: Annotated[
        str | None,
        typer.Option(
            help="Only this segment: Champions, Loyal, At-Risk or Lost.", show_default=False
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="Only customers with an order on this day or later.",
            show_default=False,
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DATE",
            help="Only customers with an order on this day or earlier; with --from one between "
            "the two.",
            show_default=False,
        ),
    ] = None,
    predictions: Annotated[
        bool,
        typer.Option("--predictions/--no-predictions", help="With the probability of an order."),
    ] = True,
    email: Annotated[
        bool,
        typer.Option("--email/--no-email", help="With e-mail addresses, for who may see them."),
    ] = True,
    datasette: Annotated[
        bool,
        typer.Option(
            "--datasette",
            help="Instead of customers, what the tables and columns mean, for Datasette 0.65.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write. [dim]Default: a name in the exports folder.[/]",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Write CSV files: one of all customers and one per segment, or the one you choose."""
    carry_out(
        "export",
        data_dir,
        as_of,
        target,
        segment=segment,
        start=start,
        end=end,
        include_predictions=predictions,
        include_email=email,
        datasette=datasette,
        out=out,
        overwrite=overwrite,
    )


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
    form: Form = None,
    encoding: Encoding = "utf-8",
    open_page: Open = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Do everything in order: load, build, train, predict, publish, page, exports."""
    carry_out(
        "run",
        data_dir,
        as_of,
        target,
        files=files or [],
        form=form,
        encoding=encoding,
        open_page=open_page,
    )


server_commands.add_to(app)
backup_commands.add_to(app)


@app.command(epilog=examples("tillsight doctor"))
def doctor(data_dir: DataDir = None, as_of: AsOf = None, target: Target = None) -> None:
    """Look whether this machine and the data folder have what is needed; make the raw tables."""
    carry_out("doctor", data_dir, as_of, target)


def main() -> None:
    """Enter from the shell."""
    # a pipe or a file may be ASCII by locale; names of customers are not
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text files here
    try:
        app()
    except OSError as error:  # where a help text or the version goes
        console.complain(error_handling.sentence(error))
        sys.exit(1)
    finally:
        console.forget_unwritten()
