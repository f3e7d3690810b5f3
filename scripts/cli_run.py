"""How a command is carried out, whatever it does."""

from __future__ import annotations

from pathlib import Path

import typer

from ml.errors import ModelError
from reports.errors import ReportError
from scripts import commands, console
from scripts.errors import TillsightError
from scripts.settings import read_settings


def examples(*lines: str) -> str:
    """Format examples for the foot of a command's help."""
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


def carry_out(
    command: str, data_dir: Path | None, as_of: str | None, target: str | None, **options: object
) -> None:
    """Run the command of this name; what a user can mend becomes a sentence and exit code 1."""
    try:
        settings = read_settings(data_dir=data_dir, as_of=as_of, target=target)
        with console.steps() as steps:
            getattr(commands, command)(settings, steps, **options)
    except (TillsightError, ModelError, ReportError) as error:
        console.complain(str(error))
        raise typer.Exit(1) from None
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        console.complain(
            f"{error.strerror or error}{place}. What was published before is untouched."
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.complain(
            "interrupted. What was published before is untouched; files that had been loaded stay."
        )
        raise typer.Exit(130) from None
