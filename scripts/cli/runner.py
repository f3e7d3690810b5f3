"""How a command is carried out, whatever it does."""

from __future__ import annotations

from pathlib import Path

import typer

from scripts.cli import commands, console, error_handling
from scripts.cli.run_log import RunLog
from scripts.settings import Settings, read_settings

# These change nothing in the data folder, which may not be theirs to write to; the server catches
# signals itself, to answer what was asked before it ends.
READ_ALONE = frozenset({"serve", "token"})


def examples(*lines: str) -> str:
    """Format examples for the foot of a command's help."""
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


def carry_out(
    command: str, data_dir: Path | None, as_of: str | None, target: str | None, **options: object
) -> None:
    """Run the command of this name; what a user can mend becomes a sentence and exit code 1.

    A signal that ends it becomes the exit code that shells expect: 128 and its number.
    """
    try:
        with error_handling.private_files():
            settings = read_settings(data_dir=data_dir, as_of=as_of, target=target)
            if command in READ_ALONE:
                _shown(command, settings, options, ended=_unlogged)
            else:
                _logged(command, settings, options)
    except KeyboardInterrupt as error:
        console.complain(error_handling.sentence(error))
        raise typer.Exit(error_handling.exit_code(error)) from None
    except error_handling.EXPLAINED as error:
        console.complain(error_handling.sentence(error))
        raise typer.Exit(1) from None


def _shown(
    command: str, settings: Settings, options: dict[str, object], *, ended: console.StepEnded
) -> None:
    """Run a command with a bar for its steps."""
    with console.steps(ended) as steps:
        getattr(commands, command)(settings, steps, **options)


def _logged(command: str, settings: Settings, options: dict[str, object]) -> None:
    """Run a command until a signal comes, and write into the log what became of it."""
    log = RunLog(settings.logs_dir, command, console.warn)
    try:
        with error_handling.interruptible():
            _shown(command, settings, options, ended=log.step)
    except KeyboardInterrupt as error:
        log.end("interrupted", error_handling.sentence(error))
        raise
    except error_handling.EXPLAINED as error:
        log.end("failed", error_handling.sentence(error))
        raise
    except Exception as error:
        log.end("failed", type(error).__name__)  # a fault of ours, whose text may name somebody
        raise
    log.end("done")


def _unlogged(_step: str, _rows: int | None, _seconds: float, _outcome: str) -> None:
    """Keep no log."""
