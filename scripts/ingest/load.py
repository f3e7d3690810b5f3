"""Land files in raw tables: every value as text, a file whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.engines.sqlite import SqliteRaw
from scripts.errors import TillsightError
from scripts.ingest.files import check_encoding, check_file, read_tables
from scripts.ingest.formats import Form, form_named, recognise
from scripts.ingest.raw_store import Landing, LoadRow, RawStore, reported
from scripts.ingest.table import Reading
from scripts.storage.sqlite import sha256

Progress = Callable[[str, int, int], None]

PROGRESS_STEPS = 200


@dataclass(frozen=True)
class LoadResult:
    """What became of a file, or of one sheet of a workbook.

    Attributes
    ----------
    file_name : str
        Name of the file without its folder.
    sheet : str
        Name of the sheet; empty where a file has none.
    form : str
        Name of the form it was read as.
    row_count : int
        Rows that it holds, header excluded.
    is_new : bool
        False where the same bytes had been loaded before, and nothing changed.
    """

    file_name: str
    sheet: str
    form: str
    row_count: int
    is_new: bool


def new_rows(loads: Sequence[LoadResult]) -> int:
    """Return the number of rows that were not there before."""
    return sum(load.row_count for load in loads if load.is_new)


def load_files(
    raw: Path | RawStore,
    files: Sequence[Path],
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    unpacked_megabytes: int = Reading.unpacked_megabytes,
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Land files in the raw tables.

    Each file is one transaction, in the order given: it lands whole or not at
    all. Before the first lands, all are looked at: that they are there, can be
    read, and have a header that is understood. What a file holds is known by
    its SHA-256; the same bytes again change nothing, under whatever name.

    Parameters
    ----------
    raw : Path or RawStore
        raw.db, or the raw tables of another engine; made where there are none.
    files : sequence of Path
        CSV (also `.csv.gz`; separated by comma, semicolon or tab), Parquet or XLSX.
    form : str, optional
        Name of the form of all files; by default each header tells.
    encoding : str
        Encoding of the text files.
    unpacked_megabytes : int
        Most that a packed file may unpack to, in units of 2**20 bytes.
    progress : callable, optional
        Called with (what, done, total): bytes on disk of text files, rows of others.

    Returns
    -------
    list of LoadResult
        One for each file, and for a workbook one for each sheet that is not empty.

    Raises
    ------
    TillsightError
        If a file cannot be read or understood. The files before it stay landed.
    """
    chosen = form_named(form) if form else None
    check_encoding(encoding)
    reading = Reading(encoding, unpacked_megabytes)
    for path in files:
        check_file(path)
    if len(files) > 1:
        for path in files:
            for table in read_tables(path, reading):
                recognise(table.header, place=table.place, form=chosen)
    store = SqliteRaw(raw) if isinstance(raw, Path) else raw
    store.ensure()
    results: list[LoadResult] = []
    for path in files:
        with store.landing() as landing:
            results += _land(landing, path, chosen, reading, progress)
    return results


def _land(
    landing: Landing,
    path: Path,
    form: Form | None,
    reading: Reading,
    progress: Progress | None,
) -> list[LoadResult]:
    """Land one file within the transaction that is open."""
    before = path.stat()
    file_name = _writable(path.name)
    fingerprint = sha256(path)
    if known := landing.loads(fingerprint):
        _check_known_form(path, known, form)
        return [
            LoadResult(file_name, load.sheet, load.form, load.row_count, is_new=False)
            for load in known
        ]

    results = []
    for table in read_tables(path, reading):
        recognised = recognise(table.header, place=table.place, form=form)
        name = recognised.form.name
        load_id, previous = _next_load(landing)
        report = _reporter(progress, f"Loading {file_name}", table.size)
        runs = reported(table.runs(recognised.positions), report)
        row_count = landing.insert(recognised.form, recognised.columns, load_id, runs)
        report(table.size)
        chained = _chained(previous, fingerprint, table.sheet, name)
        landing.register(
            LoadRow(load_id, file_name, table.sheet, name, fingerprint, row_count, chained)
        )
        results.append(LoadResult(file_name, table.sheet, name, row_count, is_new=True))

    after = path.stat()
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    # a clock that is set, or a coarse one, can hide a change from the times
    if not is_same or sha256(path) != fingerprint:
        raise TillsightError(
            f"{path} changed while it was being read; wait until it is finished and load it again"
        )
    return results


def _writable(name: str) -> str:
    """Return a file's name as text: bytes in it that are none become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _check_known_form(path: Path, known: Sequence[LoadRow], form: Form | None) -> None:
    for load in known:
        if form is not None and load.form != form.name:
            raise TillsightError(
                f"{path} is loaded already, as {load.form}; leave out --form, or load it as "
                f"{form.name} into another --data-dir"
            )


def _next_load(landing: Landing) -> tuple[int, str]:
    """Return the next load's number and the fingerprint of all input before it."""
    loads = landing.loads()
    return (loads[-1].load_id + 1, loads[-1].input_fingerprint) if loads else (1, "")


def _chained(previous: str, file_sha256: str, sheet: str, form: str) -> str:
    """Return a fingerprint that names everything loaded so far."""
    return hashlib.sha256(f"{previous}{file_sha256}{sheet}{form}".encode()).hexdigest()


def _reporter(progress: Progress | None, what: str, total: int) -> Callable[[int], None]:
    """Return a callable that passes progress on, but only when it has come a step further."""
    reported = -1

    def report(done: int) -> None:
        nonlocal reported
        step = done * PROGRESS_STEPS // total if total else PROGRESS_STEPS
        if progress is not None and step > reported:
            reported = step
            progress(what, done, total)

    return report
