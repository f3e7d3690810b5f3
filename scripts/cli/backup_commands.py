"""The commands for raw.db itself: `tillsight backup` and `tillsight restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.cli.options import AsOf, DataDir, Overwrite, Target
from scripts.cli.runner import carry_out, examples


def add_to(app: typer.Typer) -> None:
    """Put the commands where the others are."""
    app.command(
        epilog=examples("tillsight backup", "tillsight backup --out /mnt/backups/tillsight.db")
    )(backup)
    app.command(epilog=examples("tillsight restore data/backups/raw_00012_00034_0f3a9c51d2e8.db"))(
        restore
    )


def backup(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write. [dim]Default: in backups/, named by what is in it.[/]",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Copy raw.db, the only file that cannot be made again, and look whether the copy is whole."""
    carry_out("backup", data_dir, as_of, target, out=out, overwrite=overwrite)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Put a backup in the place of raw.db; the present one is backed up before."""
    carry_out("restore", data_dir, as_of, target, file=file)
