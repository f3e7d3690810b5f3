"""Where files land: what loading asks of an engine's raw tables, and SQLite's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Protocol

from scripts.ingest.formats import Form
from scripts.ingest.table import Run

# One statement for many rows costs SQLite a third less than one for each; more bring nothing.
ROWS_PER_STATEMENT = 100


@dataclass(frozen=True)
class LoadRow:
    """A row of `raw_loads`: a file, or a sheet of a workbook, that has landed.

    Attributes
    ----------
    load_id : int
        Counts up from 1.
    file_name, sheet : str
        Its name without the folder; the sheet is empty where a file has none.
    form : str
        Name of the form it was read as.
    file_sha256 : str
        What its bytes are known by.
    row_count : int
        Rows that it holds, header excluded.
    input_fingerprint : str
        Names everything loaded up to it.
    """

    load_id: int
    file_name: str
    sheet: str
    form: str
    file_sha256: str
    row_count: int
    input_fingerprint: str


LOAD_COLUMNS = tuple(field.name for field in fields(LoadRow))


class Landing(Protocol):
    """Raw tables within a transaction: all that is done to them stays, or nothing."""

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return what has landed, in order; of all files, or of one."""

    def insert(
        self, form: Form, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Land the rows of a table, and return how many they are."""

    def register(self, load: LoadRow) -> None:
        """Add a row of `raw_loads`."""


class RawStore(Protocol):
    """The raw tables of an engine."""

    def ensure(self) -> None:
        """Create the raw tables that are not there yet."""

    def loads(self) -> list[LoadRow]:
        """Return what has landed, in order, also while others land."""

    def landing(self) -> AbstractContextManager[Landing]:
        """Begin a transaction; a failure inside undoes all of it."""


def reported(runs: Iterator[Run], report: Callable[[int], None]) -> Iterator[Run]:
    """Pass runs of rows on, and tell after each how far the table has been read."""
    for run in runs:
        yield run
        report(run.done)
