"""What the command line shows: results on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from reports.formatting import without_email
from scripts.cli import clock
from scripts.errors import TillsightError

StepEnded = Callable[[str, int | None, float, str], None]


class _Output(Console):
    """A console that says in a sentence that its reader has gone, as that of `| head` does."""

    def on_broken_pipe(self) -> NoReturn:
        """Send what else is printed nowhere, and stop."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise TillsightError(
            "the program that read the output has gone, so the rest of it was not shown; "
            "what was published is whole"
        )


out = _Output(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Steps:
    """One bar for the step at work; a step that has ended leaves a line behind.

    Parameters
    ----------
    progress : Progress
        The bar.
    ended : callable
        Told of each step that has ended: its name, the rows it handled (None where nothing is
        counted), its seconds, and `done` or `stopped`.
    """

    def __init__(self, progress: Progress, ended: StepEnded) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, detail="")
        self._ended = ended
        self._step = ""
        self._rows: int | None = None
        self._began = 0.0

    def start(self, step: str) -> None:
        """Begin a step, and so end the one before: `step` says what is being done."""
        self.finish()
        self._step, self._rows, self._began = step, None, clock.seconds()
        self._progress.reset(self._task, description=escape(step), total=None, detail="")

    def count(self, rows: int) -> None:
        """Say how many rows the step at work handled."""
        self._rows = rows

    def report(self, detail: str, done: int, total: int) -> None:
        """Move the bar: what is at work, how much is done, out of how much."""
        self._progress.update(
            self._task, detail=escape(detail)[:40], completed=done, total=total or None
        )

    def finish(self, outcome: str = "done") -> None:
        """End the step at work, if one is."""
        if not self._step:
            return
        step, self._step = self._step, ""
        seconds = clock.seconds() - self._began
        if outcome == "done" and err.is_terminal:
            rows = "" if self._rows is None else f"{self._rows:,} rows"
            self._progress.console.print(f"{step:<24}{rows:>20}{seconds:>10.1f} s")
        self._ended(step, self._rows, seconds, outcome)

    def ask(self, question: str) -> bool:
        """Return the user's answer to a question; False where nobody is at the terminal."""
        if not (sys.stdin.isatty() and err.is_terminal):
            return False
        self._progress.stop()
        try:
            return typer.confirm(question, err=True)
        finally:
            self._progress.start()

    def end(self) -> None:
        """Take the bar away: what follows has no end to show."""
        self._progress.stop()


@contextmanager
def steps(ended: StepEnded) -> Iterator[Steps]:
    """Show a bar on standard error while something long runs, and a line for each step it did.

    Nothing is shown where standard error is no terminal.

    Parameters
    ----------
    ended : callable
        Told of each step that has ended, as `Steps` says.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
    with progress:
        progress_steps = Steps(progress, ended)
        try:
            yield progress_steps
        except BaseException:
            progress_steps.finish("stopped")
            raise
        progress_steps.finish()


def forget_unwritten() -> None:
    """Drop what could not be written: Python would try once more at its end, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(sentence: str) -> None:
    """Print a sentence as a result."""
    out.print(escape(sentence))


def say_markdown(text: str) -> None:
    """Print Markdown: laid out on a terminal, as it is into a file or a pipe."""
    out.print(Markdown(text) if out.is_terminal else escape(text))


def complain(sentence: str) -> None:
    """Print a sentence as an error, without the e-mail addresses of a file that it may quote."""
    _tell(f"[bold red]Error:[/] {escape(without_email(sentence))}")


def warn(sentence: str) -> None:
    """Print a sentence about something that stops nothing."""
    _tell(f"[yellow]Note:[/] {escape(without_email(sentence))}")


def _tell(markup: str) -> None:
    with suppress(OSError):  # the terminal may be gone, and nobody is left to tell
        err.print(markup)


def show_table(
    headers: list[str], rows: list[list[str]], *, numeric: frozenset[int] = frozenset()
) -> None:
    """Print rows as a table; the columns whose numbers are in `numeric` are right-aligned."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number in numeric else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)
