"""The command line `tillsight`: its commands, and the entry point."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from scripts.cli import (
    backup_commands,
    console,
    doctor_command,
    error_handling,
    model_commands,
    pipeline_commands,
    report_commands,
    server_commands,
)

app = typer.Typer(
    name="tillsight",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="RFM segments, an honest purchase forecast and a page from a shop's sales.",
    epilog="Begin with [bold]tillsight demo[/], or with [bold]tillsight run sales.csv[/].",
)
app.add_typer(pipeline_commands.app)
app.add_typer(report_commands.app)
app.add_typer(model_commands.app, name="model")
app.add_typer(server_commands.app)
app.add_typer(backup_commands.app)
app.add_typer(doctor_command.app)


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
    """Declare the options before a command."""


def main() -> None:
    """Run the command line."""
    # a pipe or a file can be ASCII by locale, names of customers are not
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text files here
    try:
        app()
    except OSError as error:  # while printing a help text or the version
        console.complain(error_handling.sentence(error))
        sys.exit(1)
    finally:
        console.forget_unwritten()
