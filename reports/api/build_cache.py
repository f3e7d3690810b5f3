"""The build that is served: read once, used by every request, replaced when another is published.

A published file takes the place of the one before by a rename. A connection stays with the file
that it opened, so that an answer comes from one build whatever happens to the path meanwhile. A
new file is noticed by the next request and read aside; until that has ended the build before is
served.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import os
import sqlite3
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TypeVar

from reports.api import queries
from reports.errors import ReportError
from reports.formatting import public_id
from reports.marts import reader
from reports.marts.build import BuildInfo, read_build
from reports.marts.customers import read_email_numbers

Row = TypeVar("Row")
SECONDS_TO_LIVE = 3600
"""How long counts are kept, if no other build comes first."""
SECONDS_TO_READ = 5
STEPS_BETWEEN_LOOKS = 100_000
SECONDS_TO_WAIT_FOR_WRITER = 0.1


@dataclass(frozen=True)
class Mark:
    """What tells one published file from the next."""

    device: int
    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, path: Path) -> Mark:
        """Look at a file; a `ReportError` where there is none."""
        try:
            found = os.stat(path)  # noqa: PTH116  asked on every request, and half the time
        except OSError as error:
            raise ReportError(f"{path} cannot be read ({error.strerror}).") from error
        return cls(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


@dataclass(frozen=True)
class Source:
    """A connection to one published file, for reading only, with what names its build.

    Attributes
    ----------
    connection : sqlite3.Connection
        For one thread at a time.
    mark : Mark
        The file that it reads.
    facts : BuildInfo
        What the build was made from.
    fingerprint : str
        16 hexadecimal digits, those of the page and of `build.json`.
    """

    connection: sqlite3.Connection
    mark: Mark
    facts: BuildInfo
    fingerprint: str


def open_source(marts_db: Path) -> Source:
    """Open the file that lies there now; a `ReportError` or `sqlite3.Error` where that fails."""
    mark, connection = Mark.of(marts_db), _opened(marts_db)
    while (now := Mark.of(marts_db)) != mark:  # published in between
        connection.close()
        mark, connection = now, _opened(marts_db)
    try:
        facts = read_build(connection)
    except BaseException:
        connection.close()
        raise
    return Source(connection, mark, facts, facts.build_fingerprint or _stand_in(facts, mark))


def _stand_in(facts: BuildInfo, mark: Mark) -> str:
    """Name a build that dbt wrote in place, which has no fingerprint."""
    told = repr((astuple(facts), astuple(mark)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _opened(marts_db: Path) -> sqlite3.Connection:
    return reader.open_connection(
        marts_db, timeout=SECONDS_TO_WAIT_FOR_WRITER, check_same_thread=False
    )


class Build:
    """A build with what every request needs of it in memory.

    Parameters
    ----------
    source : Source
        An open file; the build closes it at its end.

    Attributes
    ----------
    segments : mapping of str to int
        Customers of each segment, the best one first.
    email_numbers : mapping of str to int
        For each id that is an e-mail the number that stands for it.
    hidden_ids : mapping of str to str
        Which of them is meant by the id that is shown instead.
    """

    def __init__(self, source: Source) -> None:
        connection = source.connection
        self.source = source
        self.opened = seconds()
        counts = reader.read_rows(connection, queries.SegmentCount, queries.SEGMENT_COUNTS)
        self.segments = {row.segment: row.customers for row in counts}
        self.email_numbers = read_email_numbers(connection)
        self.hidden_ids = {public_id(key, self.email_numbers): key for key in self.email_numbers}
        self._sorted_rows = _read_sorted_rows(connection)
        self._kept: dict[str, str] = {}
        self._end = 0.0
        connection.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)

    def sorted_rows(self, measure: str, segment: str | None) -> Sequence[int]:
        """Return the rows of `customer_360` of a segment, or of all, the best one first.

        A page deep in a million customers is a slice of it, where SQL would walk to it.
        """
        return self._sorted_rows.get((measure, segment), ())

    def ask(self, row_class: type[Row], statement: str, **bound: object) -> Sequence[Row]:
        """Return all rows of a statement; a `sqlite3.OperationalError` where it takes too long."""
        self._end = seconds() + SECONDS_TO_READ
        return list(reader.read_rows(self.source.connection, row_class, statement, bound))

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """Return an answer that is the same for everybody; made once, it lives as long as this."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def is_current(self, mark: Mark) -> bool:
        """Return whether this is the build of the file, and has not been kept for too long."""
        return self.source.mark == mark and seconds() - self.opened < SECONDS_TO_LIVE

    def close(self) -> None:
        """Let go of the file."""
        self.source.connection.close()

    def _is_late(self) -> bool:
        return seconds() > self._end


def _read_sorted_rows(
    connection: sqlite3.Connection,
) -> Mapping[tuple[str, str | None], array[int]]:
    found: dict[tuple[str, str | None], array[int]] = defaultdict(lambda: array("q"))
    for measure, statement in queries.SORTED_ROWS.items():
        everyone = found[measure, None]
        for row in reader.read_rows(connection, queries.RankedCustomer, statement):
            everyone.append(row.row_id)
            found[measure, row.segment].append(row.row_id)
    return found


def open_build(marts_db: Path) -> Build:
    """Open and read the file that lies there now; raises as `open_source` does."""
    source = open_source(marts_db)
    try:
        return Build(source)
    except BaseException:
        source.connection.close()
        raise


class Marts:
    """The path of the marts, and the build that lies there.

    Parameters
    ----------
    path : Path
        The published file; it may come, go and be replaced at any time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._build: Build | None = None
        self._error = ReportError(f"{path} has not been read yet.")
        self._loading: asyncio.Task[None] | None = None

    async def build(self) -> Build:
        """Return the build to answer from.

        Raises
        ------
        ReportError
            If there is no file, or it cannot be read.
        """
        try:
            mark = Mark.of(self.path)
        except ReportError as error:
            self._replace(None, error)
            raise
        if self._build is not None and self._build.is_current(mark):
            return self._build
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        if self._build is None:
            await asyncio.shield(self._loading)
        if self._build is None:
            raise self._error
        return self._build

    def close(self) -> None:
        """Let go of the file."""
        self._replace(None, ReportError(f"{self.path} is not served any more."))

    async def _load(self) -> None:
        try:
            self._replace(await asyncio.to_thread(open_build, self.path))
        except ReportError as error:
            self._replace(None, error)
        except sqlite3.Error as error:
            self._replace(None, ReportError(reader.explain(error, self.path)))
        finally:
            self._loading = None

    def _replace(self, build: Build | None, error: ReportError | None = None) -> None:
        """Put a build, or the reason why there is none, in the place of what was there."""
        if self._build is not None:
            self._build.close()
        self._build = build
        self._error = error or self._error


def utc_now() -> datetime.datetime:
    """Return the time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def seconds() -> float:
    """Return seconds that only ever grow; differences of them are what counts."""
    return time.monotonic()
