"""What the command line shows: results on standard output, progress on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Steps:
    """One bar for the step at work; a step that has ended leaves a line behind.

    Parameters
    ----------
    progress : Progress
        The bar.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, detail="")

    def start(self, step: str) -> None:
        """Begin a step: `step` says what is being done."""
        self._progress.reset(self._task, description=escape(step), total=None, detail="")

    def report(self, detail: str, done: int, total: int) -> None:
        """Move the bar: what is at work, how much is done, out of how much."""
        self._progress.update(
            self._task, detail=escape(detail)[:40], completed=done, total=total or None
        )

    def end(self) -> None:
        """Take the bar away: what follows has no end to show."""
        self._progress.stop()


@contextmanager
def steps() -> Iterator[Steps]:
    """Show a bar on standard error while something long runs; nothing where that is no terminal."""
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
        progress_steps = Steps(progress)
        progress_steps.start("")
        yield progress_steps


def say(sentence: str) -> None:
    """Print a sentence as a result."""
    out.print(escape(sentence))


def say_markdown(text: str) -> None:
    """Print Markdown: laid out on a terminal, as it is into a file or a pipe."""
    out.print(Markdown(text) if out.is_terminal else escape(text))


def complain(sentence: str) -> None:
    """Print a sentence as an error."""
    err.print(f"[bold red]Error:[/] {escape(sentence)}")


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
