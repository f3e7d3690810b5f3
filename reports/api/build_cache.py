"""Cache of the published build: read once, shared by all requests, replaced after a publish.

A publish renames a new file over the old one. A connection stays on the file that it opened, so
that a response comes from one build. A request that notices a new file starts a reload in the
background; the old build is served until the reload has finished.
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
from reports.errors import NoMartsError, ReportError
from reports.formatting import public_id
from reports.marts import reader
from reports.marts.build import BuildInfo, read_build
from reports.marts.customers import read_email_numbers

Row = TypeVar("Row")
MAX_AGE_SECONDS = 3600
"""The build is read again after this time, even if the file has not changed."""
QUERY_TIMEOUT_SECONDS = 5
STEPS_BETWEEN_CHECKS = 100_000
BUSY_TIMEOUT_SECONDS = 0.1


@dataclass(frozen=True)
class FileVersion:
    """Identity of a published file."""

    device: int
    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, path: Path) -> FileVersion:
        """Return the version of a file; raise a `NoMartsError` if it does not exist."""
        try:
            found = os.stat(path)  # noqa: PTH116  on every request; twice as fast as Path.stat
        except FileNotFoundError:
            raise NoMartsError(f"{path} does not exist.") from None
        except OSError as error:
            raise ReportError(f"{path} cannot be read ({error.strerror}).") from error
        return cls(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


@dataclass(frozen=True)
class Source:
    """A read-only connection to one published file, and the identity of its build.

    Attributes
    ----------
    connection : sqlite3.Connection
        For one thread at a time.
    version : FileVersion
        The file that is open.
    facts : BuildInfo
        The row of `build_info`.
    fingerprint : str
        16 hexadecimal digits, as on the page and in `build.json`.
    """

    connection: sqlite3.Connection
    version: FileVersion
    facts: BuildInfo
    fingerprint: str


def open_source(marts_db: Path) -> Source:
    """Open the published file; raise a `ReportError` or `sqlite3.Error` if it cannot be read."""
    version, connection = FileVersion.of(marts_db), _opened(marts_db)
    while (now := FileVersion.of(marts_db)) != version:  # a publish happened in between
        connection.close()
        version, connection = now, _opened(marts_db)
    try:
        facts = read_build(connection)
    except BaseException:
        connection.close()
        raise
    return Source(
        connection, version, facts, facts.build_fingerprint or _fallback_fingerprint(facts, version)
    )


def _fallback_fingerprint(facts: BuildInfo, version: FileVersion) -> str:
    """Return a fingerprint for marts that plain dbt wrote, which have none."""
    told = repr((astuple(facts), astuple(version)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _opened(marts_db: Path) -> sqlite3.Connection:
    return reader.open_connection(marts_db, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False)


class Build:
    """A build, with the values that most requests need in memory.

    Parameters
    ----------
    source : Source
        An open file; `close` closes it.

    Attributes
    ----------
    segments : mapping of str to int
        Number of customers by segment, best segment first.
    email_numbers : mapping of str to int
        Number that masks each customer id that is an e-mail address.
    hidden_ids : mapping of str to str
        Customer id by masked id.
    """

    def __init__(self, source: Source) -> None:
        connection = source.connection
        self.source = source
        self.opened = seconds()
        counts = reader.read_rows(connection, queries.SegmentCount, queries.SEGMENT_COUNTS)
        self.segments = {row.segment: row.customers for row in counts}
        self.email_numbers = read_email_numbers(connection)
        self.hidden_ids = {public_id(key, self.email_numbers): key for key in self.email_numbers}
        self._sorted_row_ids = _read_sorted_row_ids(connection)
        self._bodies: dict[str, str] = {}
        self._end = 0.0
        connection.set_progress_handler(self._is_late, STEPS_BETWEEN_CHECKS)

    def sorted_row_ids(self, measure: str, segment: str | None) -> Sequence[int]:
        """Return row ids of `customer_360` of a segment (None: all), best first.

        Any page is a slice, where SQL would scan all rows before it.
        """
        return self._sorted_row_ids.get((measure, segment), ())

    def query(self, row_class: type[Row], statement: str, **bound: object) -> Sequence[Row]:
        """Return all rows of a query; raise a `sqlite3.OperationalError` on a timeout."""
        self._end = seconds() + QUERY_TIMEOUT_SECONDS
        return list(reader.read_rows(self.source.connection, row_class, statement, bound))

    def cached(self, name: str, make: Callable[[], str]) -> str:
        """Return a body that is the same for all callers; it is made once for each build."""
        if name not in self._bodies:
            self._bodies[name] = make()
        return self._bodies[name]

    def is_current(self, version: FileVersion) -> bool:
        """Return whether this build is that of the file, and younger than `MAX_AGE_SECONDS`."""
        return self.source.version == version and seconds() - self.opened < MAX_AGE_SECONDS

    def close(self) -> None:
        """Close the file."""
        self.source.connection.close()

    def _is_late(self) -> bool:
        return seconds() > self._end


def _read_sorted_row_ids(
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
    """Open and read the published file; raises as `open_source` does."""
    source = open_source(marts_db)
    try:
        return Build(source)
    except BaseException:
        source.connection.close()
        raise


class BuildCache:
    """The build at a path.

    Parameters
    ----------
    path : Path
        The published file; it may appear, disappear and be replaced at any time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._build: Build | None = None
        self._error = ReportError(f"{path} has not been read yet.")
        self._loading: asyncio.Task[None] | None = None

    async def build(self) -> Build:
        """Return the current build.

        Raises
        ------
        NoMartsError
            If the file does not exist.
        ReportError
            If it cannot be read.
        """
        try:
            version = FileVersion.of(self.path)
        except ReportError as error:
            self._replace(None, error)
            raise
        if self._build is not None and self._build.is_current(version):
            return self._build
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        if self._build is None:
            await asyncio.shield(self._loading)
        if self._build is None:
            raise self._error
        return self._build

    def close(self) -> None:
        """Close the build."""
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
        """Close the previous build and store the next one, or the error that prevents it."""
        if self._build is not None:
            self._build.close()
        self._build = build
        self._error = error or self._error


def utc_now() -> datetime.datetime:
    """Return the current time in UTC."""
    return datetime.datetime.now(datetime.UTC)


def seconds() -> float:
    """Return monotonic time in seconds."""
    return time.monotonic()
