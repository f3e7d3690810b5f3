"""The commands backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.cli import console, output_place
from scripts.cli.options import DataDir, Overwrite, Quiet, Target
from scripts.cli.runner import examples, running
from scripts.project import Project, locked
from scripts.settings import Settings
from scripts.storage import backup as backups

app = typer.Typer()


@app.command(
    epilog=examples("tillsight backup", "tillsight backup --out /mnt/backups/tillsight.db")
)
def backup(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write. [dim]Default: in backups/, named after its content.[/]",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    data_dir: DataDir = None,
) -> None:
    """Copy raw.db, the only file that cannot be rebuilt, and check the copy."""
    with running("backup", data_dir=data_dir, quiet=quiet) as (settings, steps):
        Project.open(settings, "backup")
        if out:
            output_place.require_for_backup(settings, steps, out, overwrite=overwrite)
        with locked(settings):
            steps.start("Backing up")
            copy = backups.back_up(
                settings.raw_db,
                settings.backups_dir,
                out=out and out.expanduser().absolute(),
                progress=steps.report,
            )
            steps.count(copy.rows)
        console.say(f"Backup: {copy.path} ({_content(copy)})")
        _say_where_sales_are(settings)


@app.command(epilog=examples("tillsight restore data/backups/raw_00012_00034_0f3a9c51d2e8.db"))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    data_dir: DataDir = None,
    target: Target = None,
) -> None:
    """Replace raw.db by a backup; the present raw.db is backed up first."""
    with running("restore", data_dir=data_dir, target=target) as (settings, steps):
        with locked(settings):
            steps.start("Restoring")
            copy, previous = backups.restore(
                settings.raw_db,
                settings.backups_dir,
                file.expanduser().absolute(),
                progress=steps.report,
            )
            Project.create(settings)
            steps.count(copy.rows)
        console.say(f"Restored: {copy.path} ({_content(copy)})")
        _say_where_sales_are(settings)
        if previous:
            console.say(f"Backup of the previous one: {previous}")
        console.say("Next: 'tillsight run' publishes from it; the marts are unchanged until then.")


def _say_where_sales_are(settings: Settings) -> None:
    if settings.target != "sqlite":
        console.say(
            f"It holds models and forecasts. The loaded files are on {settings.target}; back them "
            "up with its own tools."
        )


def _content(copy: backups.Copy) -> str:
    return f"{copy.rows:,} rows of {copy.loads:,} files, {copy.forecasts:,} forecasts"
