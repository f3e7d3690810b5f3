"""The commands that write files from the published marts: report and export."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

import reports.exports.datasette
from reports.exports import customer_lists
from reports.exports.selection import Selection
from reports.site.options import SiteOptions
from scripts import pipeline, preconditions
from scripts.cli import console, error_handling, output_place
from scripts.cli.options import DataDir, Open, Overwrite, Quiet
from scripts.cli.runner import examples, running
from scripts.errors import TillsightError
from scripts.project import Project, locked

# Most mail services accept 25 MB, three quarters of it after encoding.
LARGEST_ATTACHMENT = 18_750_000

app = typer.Typer()


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
    quiet: Quiet = False,
    data_dir: DataDir = None,
) -> None:
    """Write the page from the published marts."""
    with running("report", data_dir=data_dir, quiet=quiet) as (settings, steps):
        project = Project.open(settings, "report")
        preconditions.require_marts(settings, "report")
        if title is not None and not title.strip():
            raise TillsightError("--title is empty; name the shop, or leave the option out")
        options = SiteOptions(
            title=title and title.strip(), privacy=privacy, single_file=single_file
        )
        if out:
            output_place.require_for_page(settings, steps, out, options, overwrite=overwrite)
        with locked(settings):
            steps.start("Writing the page")
            with _shared(out):
                written = pipeline.report(project, options=options, out=out, progress=steps.report)
            steps.count(written.customers)
        size = written.index.stat().st_size
        console.say(f"Page: {written.index}" + (f" ({size / 1e6:.1f} MB)" if single_file else ""))
        if single_file and size > LARGEST_ATTACHMENT:
            console.say(
                "This is too large for most mail, which is limited to 25 MB; share it in a folder."
            )
        if open_page:
            console.open_page(written.index)


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
            help="Only this segment or finer segment: Champions, Loyal, At-Risk, Lost …",
            show_default=False,
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
        typer.Option("--email/--no-email", help="With e-mail addresses."),
    ] = True,
    datasette: Annotated[
        bool,
        typer.Option(
            "--datasette",
            help="Instead of customers, write descriptions of tables and columns for Datasette "
            "0.65.",
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
    quiet: Quiet = False,
    data_dir: DataDir = None,
) -> None:
    """Write CSV files: all customers, each segment and finer segment, or one selection."""
    with running("export", data_dir=data_dir, quiet=quiet) as (settings, steps):
        project = Project.open(settings, "export")
        if out:
            out = out.expanduser()
            output_place.require_for_export(settings, steps, out, overwrite=overwrite)
        steps.start("Exporting")
        preconditions.require_marts(settings, "export")
        selection = Selection(
            segment=segment,
            start=start,
            end=end,
            include_predictions=predictions,
            include_email=email,
        )
        is_selected = selection != Selection()
        if datasette:
            _export_datasette(project, out, is_selected=is_selected)
            return
        with locked(settings):
            if out or is_selected:
                place = out or settings.exports_dir / selection.file_name
                with _shared(out):
                    files = [customer_lists.write_export(settings.marts_db, place, selection)]
            else:
                files = pipeline.export(project)
            steps.count(files[0].rows)
        console.show_table(
            ["File", "Customers"],
            [[str(file.path), f"{file.rows:,}"] for file in files],
            numeric=frozenset({1}),
        )


def _export_datasette(project: Project, out: Path | None, *, is_selected: bool) -> None:
    """Write the metadata for Datasette and print how to start it."""
    if is_selected:
        raise TillsightError(
            "--datasette describes tables and selects no customers; leave out the other options, "
            "or use them in a separate command"
        )
    settings = project.settings
    file = (out or settings.exports_dir / "datasette.json").absolute()
    with locked(settings), _shared(out):
        reports.exports.datasette.write_metadata(settings.marts_db, file)
    console.say(f"Metadata: {file}")
    console.say(reports.exports.datasette.how_to_open(settings.marts_db, file))


def _shared(out: Path | None) -> AbstractContextManager[None]:
    """Apply the user's umask to files that are written where the user chose."""
    return error_handling.shared_files() if out else nullcontext()
