"""Load files into raw tables: every value as text, each file atomically and at most once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import TillsightError
from scripts.ingest.files import check_encoding, check_file, read_tables
from scripts.ingest.formats import Format, format_named, recognise
from scripts.ingest.raw_store import Landing, LoadRow, RawStore
from scripts.ingest.table import Reading, Run
from scripts.progress import Progress
from scripts.storage.sqlite import sha256

PROGRESS_STEPS = 200


@dataclass(frozen=True)
class LoadResult:
    """The result for a file, or for one sheet of a workbook.

    Attributes
    ----------
    file_name : str
        Name of the file without its folder.
    sheet : str
        Name of the sheet; empty for files without sheets.
    format : str
        Name of the format.
    row_count : int
        Number of rows, header excluded.
    is_new : bool
        False if the same bytes had been loaded before, so that nothing changed.
    """

    file_name: str
    sheet: str
    format: str
    row_count: int
    is_new: bool


def new_rows(loads: Sequence[LoadResult]) -> int:
    """Return the number of rows that were not loaded before."""
    return sum(load.row_count for load in loads if load.is_new)


def load_files(
    store: RawStore,
    files: Sequence[Path],
    *,
    format_name: str | None = None,
    encoding: str = "utf-8",
    unpacked_megabytes: int = Reading.unpacked_megabytes,
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Load files into the raw tables, one transaction per file, in the order given.

    All files are checked before the first one is loaded: they exist, can be read, and have a known
    header. A file is identified by its SHA-256: loading the same bytes again, under any name,
    changes nothing.

    Parameters
    ----------
    store : RawStore
        The raw tables.
    files : sequence of Path
        CSV (also `.csv.gz`; separated by comma, semicolon or tab), Parquet or XLSX.
    format_name : str, optional
        Format of all files; by default it is detected from each header.
    encoding : str
        Encoding of the text files.
    unpacked_megabytes : int
        Maximum unpacked size of a compressed file, in units of 2**20 bytes.
    progress : callable, optional
        Counts bytes on disk for text files, rows for others.

    Returns
    -------
    list of LoadResult
        One for each file; for a workbook one for each sheet that is not empty.

    Raises
    ------
    TillsightError
        If a file cannot be read or its format is unknown. Files before it stay loaded.
    """
    chosen = format_named(format_name) if format_name else None
    check_encoding(encoding)
    reading = Reading(encoding, unpacked_megabytes)
    for path in files:
        check_file(path)
    if len(files) > 1:
        for path in files:
            for table in read_tables(path, reading):
                recognise(table.header, place=table.place, file_format=chosen)
    results: list[LoadResult] = []
    for path in files:
        with store.landing() as landing:
            results += _land(landing, path, chosen, reading, progress)
    return results


def _land(
    landing: Landing,
    path: Path,
    chosen: Format | None,
    reading: Reading,
    progress: Progress | None,
) -> list[LoadResult]:
    """Load one file within an open transaction."""
    before = path.stat()
    file_name = _writable(path.name)
    fingerprint = sha256(path)
    if known := landing.loads(fingerprint):
        _check_known_format(path, known, chosen)
        return [
            LoadResult(file_name, load.sheet, load.format, load.row_count, is_new=False)
            for load in known
        ]

    results = []
    for table in read_tables(path, reading):
        recognised = recognise(table.header, place=table.place, file_format=chosen)
        name = recognised.file_format.name
        load_id, previous = _next_load(landing)
        report = _reporter(progress, f"Loading {file_name}", table.size)
        runs = _reported(table.runs(recognised.positions), report)
        row_count = landing.insert(recognised.file_format, recognised.columns, load_id, runs)
        report(table.size)
        chained = _chained(previous, fingerprint, table.sheet, name)
        landing.register(
            LoadRow(load_id, file_name, table.sheet, name, fingerprint, row_count, chained)
        )
        results.append(LoadResult(file_name, table.sheet, name, row_count, is_new=True))

    after = path.stat()
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    # the modification time can miss a change if the clock is coarse or was set back
    if not is_same or sha256(path) != fingerprint:
        raise TillsightError(
            f"{path} changed while it was being read; wait until it is complete and load it again"
        )
    return results


def _writable(name: str) -> str:
    """Replace bytes of a file name that are not text by question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _check_known_format(path: Path, known: Sequence[LoadRow], chosen: Format | None) -> None:
    for load in known:
        if chosen is not None and load.format != chosen.name:
            raise TillsightError(
                f"{path} is already loaded as {load.format}; leave out --format, or load it as "
                f"{chosen.name} into another --data-dir"
            )


def _next_load(landing: Landing) -> tuple[int, str]:
    """Return the id of the next load and the input fingerprint of the loads before it."""
    loads = landing.loads()
    return (loads[-1].load_id + 1, loads[-1].input_fingerprint) if loads else (1, "")


def _chained(previous: str, file_sha256: str, sheet: str, format_name: str) -> str:
    """Return the fingerprint of everything loaded so far."""
    return hashlib.sha256(f"{previous}{file_sha256}{sheet}{format_name}".encode()).hexdigest()


def _reporter(progress: Progress | None, item: str, total: int) -> Callable[[int], None]:
    """Return a callable that reports progress at most `PROGRESS_STEPS` times."""
    reported = -1

    def report(done: int) -> None:
        nonlocal reported
        step = done * PROGRESS_STEPS // total if total else PROGRESS_STEPS
        if progress is not None and step > reported:
            reported = step
            progress(item, done, total)

    return report


def _reported(runs: Iterator[Run], report: Callable[[int], None]) -> Iterator[Run]:
    """Yield runs of rows and report after each how much of the table has been read."""
    for run in runs:
        yield run
        report(run.done)
