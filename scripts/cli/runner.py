"""What every command has in common: settings, progress, log, error messages and exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import typer

from scripts.cli import console, error_handling
from scripts.cli.run_log import RunLog
from scripts.settings import Settings, read_settings


def examples(*lines: str) -> str:
    """Format examples for the epilog of a command's help."""
    return "[bold]Examples[/]\n\n" + "\n\n".join(f"  {line}" for line in lines)


@contextmanager
def running(
    command: str,
    *,
    data_dir: Path | None = None,
    as_of: str | None = None,
    target: str | None = None,
    quiet: bool = False,
    is_logged: bool = True,
) -> Iterator[tuple[Settings, console.Steps]]:
    """Run the body of a command: read its settings, show its progress, log it, explain its errors.

    Parameters
    ----------
    command : str
        Name in the log.
    data_dir, as_of, target
        Options of the command.
    quiet : bool
        Whether to print errors only.
    is_logged : bool
        False writes no log, and leaves signals to the body.

    Yields
    ------
    Settings, Steps

    Raises
    ------
    typer.Exit
        With 1 after an error that the user can fix, with 128 + its number after a signal.
    """
    try:
        with error_handling.private_files(), console.quiet(is_quiet=quiet):
            settings = read_settings(data_dir=data_dir, as_of=as_of, target=target)
            log = RunLog(settings.logs_dir, command, console.warn) if is_logged else None
            with (
                _logged(log) if log else nullcontext(),
                console.steps(log.step if log else _ignore_step) as steps,
            ):
                yield settings, steps
    except KeyboardInterrupt as error:
        console.complain(error_handling.sentence(error))
        raise typer.Exit(error_handling.exit_code(error)) from None
    except error_handling.EXPLAINED as error:
        console.complain(error_handling.sentence(error))
        raise typer.Exit(1) from None


@contextmanager
def _logged(log: RunLog) -> Iterator[None]:
    """Log the outcome of a command, which signals interrupt."""
    try:
        with error_handling.interruptible():
            yield
    except KeyboardInterrupt as error:
        log.end("interrupted", error_handling.sentence(error))
        raise
    except error_handling.EXPLAINED as error:
        log.end("failed", error_handling.sentence(error))
        raise
    except Exception as error:
        log.end("failed", type(error).__name__)  # the text of a bug can contain personal data
        raise
    log.end("done")


def _ignore_step(_step: str, _rows: int | None, _seconds: float, _outcome: str) -> None:
    """Log nothing."""
