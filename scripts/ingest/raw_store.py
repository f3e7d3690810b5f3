"""The interface of an engine's raw tables that loading uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any, Protocol

from scripts.ingest.formats import Format
from scripts.ingest.table import Run


@dataclass(frozen=True)
class LoadRow:
    """A row of `raw_loads`: a file, or a sheet of a workbook, that has landed.

    Attributes
    ----------
    load_id : int
        Counts up from 1.
    file_name, sheet : str
        Name of the file without its folder; name of the sheet, empty for files without sheets.
    format : str
        Name of the format.
    file_sha256 : str
        Hash of the file's bytes.
    row_count : int
        Number of rows, header excluded.
    input_fingerprint : str
        Hash of everything loaded up to and including this load.
    """

    load_id: int
    file_name: str
    sheet: str
    format: str
    file_sha256: str
    row_count: int
    input_fingerprint: str


# raw_loads of version 0.1.0 calls the format "form".
STORED_NAMES = {field.name: field.name for field in fields(LoadRow)} | {"format": "form"}
LOAD_COLUMNS = tuple(STORED_NAMES.values())
SELECT_LOADS = "select " + ", ".join(f"{stored} as {name}" for name, stored in STORED_NAMES.items())
"""Ends before `from`: the table's schema differs by engine."""


def load_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[LoadRow]:
    """Return rows of a query that begins with `SELECT_LOADS`, given the names of its columns."""
    return [LoadRow(**dict(zip(names, row, strict=True))) for row in rows]


class Landing(Protocol):
    """Raw tables within a transaction."""

    def loads(self, file_sha256: str | None = None) -> list[LoadRow]:
        """Return the loads in order; of all files, or of one."""

    def insert(
        self, file_format: Format, columns: tuple[str, ...], load_id: int, runs: Iterator[Run]
    ) -> int:
        """Insert the rows of a table and return their number."""

    def register(self, load: LoadRow) -> None:
        """Insert a row into `raw_loads`."""


class RawStore(Protocol):
    """The raw tables of an engine."""

    def loads(self) -> list[LoadRow]:
        """Return the committed loads in order, also while a landing is open."""

    def landing(self) -> AbstractContextManager[Landing]:
        """Begin a transaction, which is rolled back on an exception."""
