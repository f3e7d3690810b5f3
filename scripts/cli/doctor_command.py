"""The command doctor."""

from __future__ import annotations

import shlex

import typer

from scripts.cli import console
from scripts.cli.options import DataDir
from scripts.cli.runner import examples, running
from scripts.doctor.machine import examine
from scripts.errors import TillsightError

app = typer.Typer()


@app.command(epilog=examples("tillsight doctor"))
def doctor(data_dir: DataDir = None) -> None:
    """Check this machine and the data folder, and say how to fix what is wrong."""
    with running("doctor", data_dir=data_dir) as (settings, _):
        checks = examine(settings)
        console.show_table(
            ["", "Check", "Found"],
            [["ok" if check.is_ok else "!!", check.subject, check.found] for check in checks],
        )
        remedies = [check.remedy for check in checks if not check.is_ok]
        if remedies:
            place = f"; each with --data-dir {shlex.quote(str(data_dir))}" if data_dir else ""
            raise TillsightError("; ".join(remedies) + place)
