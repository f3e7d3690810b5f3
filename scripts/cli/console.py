"""Output of the command line: results on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
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
from scripts.errors import TillsightError

StepEnded = Callable[[str, int | None, float, str], None]


class _Output(Console):
    """A console that explains a closed pipe, as after `| head`, in a sentence."""

    def on_broken_pipe(self) -> NoReturn:
        """Discard further output and stop."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise TillsightError(
            "the program that read the output has ended, so that the rest was not shown; "
            "published files are complete"
        )


out = _Output(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Steps:
    """A progress bar for the current step, and a line for each finished one.

    Parameters
    ----------
    progress : Progress
        The bar.
    ended : callable
        Called at the end of each step with its name, its number of rows (None if not counted), its
        seconds, and `done` or `stopped`.
    """

    def __init__(self, progress: Progress, ended: StepEnded) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, detail="")
        self._ended = ended
        self._step = ""
        self._rows: int | None = None
        self._began = 0.0

    def start(self, step: str) -> None:
        """Finish the current step and start the next one."""
        self.finish()
        self._step, self._rows, self._began = step, None, time.monotonic()
        self._progress.reset(self._task, description=escape(step), total=None, detail="")

    def count(self, rows: int) -> None:
        """Set the number of rows of the current step."""
        self._rows = rows

    def report(self, detail: str, done: int, total: int) -> None:
        """Update the bar; see `scripts.progress.Progress`."""
        self._progress.update(
            self._task, detail=escape(detail)[:40], completed=done, total=total or None
        )

    def finish(self, outcome: str = "done") -> None:
        """Finish the current step, if there is one."""
        if not self._step:
            return
        step, self._step = self._step, ""
        seconds = time.monotonic() - self._began
        if outcome == "done" and _shows_progress():
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
        """Remove the bar."""
        self._progress.stop()


@contextmanager
def steps(ended: StepEnded) -> Iterator[Steps]:
    """Show the progress of steps on standard error, if it is a terminal.

    Parameters
    ----------
    ended : callable
        See `Steps`.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    progress = Progress(*columns, console=err, transient=True, disable=not _shows_progress())
    with progress:
        progress_steps = Steps(progress, ended)
        try:
            yield progress_steps
        except BaseException:
            progress_steps.finish("stopped")
            raise
        progress_steps.finish()


@contextmanager
def quiet(*, is_quiet: bool) -> Iterator[None]:
    """Print errors only, if `is_quiet`: neither results nor progress nor warnings."""
    before, out.quiet = out.quiet, is_quiet
    try:
        yield
    finally:
        out.quiet = before


def _shows_progress() -> bool:
    return err.is_terminal and not out.quiet


def open_page(page: Path) -> None:
    """Open a page in the browser, or print where it is."""
    try:
        is_open = webbrowser.open(page.as_uri())
    except webbrowser.Error:
        is_open = False
    if not is_open:
        say(f"No browser was found; open {page} yourself.")


def forget_unwritten() -> None:
    """Discard unwritten output: at exit Python would try to write it again, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(sentence: str) -> None:
    """Print a sentence as a result."""
    out.print(escape(sentence))


def say_markdown(text: str) -> None:
    """Print Markdown: rendered on a terminal, as source in a file or a pipe."""
    out.print(Markdown(text) if out.is_terminal else escape(text))


def complain(sentence: str) -> None:
    """Print an error, e-mail addresses hidden."""
    _print_error(f"[bold red]Error:[/] {escape(without_email(sentence))}")


def warn(sentence: str) -> None:
    """Print a warning, e-mail addresses hidden."""
    if not out.quiet:
        _print_error(f"[yellow]Note:[/] {escape(without_email(sentence))}")


def _print_error(markup: str) -> None:
    with suppress(OSError):  # the terminal can be closed
        err.print(markup)


def show_table(
    headers: list[str], rows: list[list[str]], *, numeric: frozenset[int] = frozenset()
) -> None:
    """Print a table; columns whose index is in `numeric` are right-aligned."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number in numeric else "left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)
