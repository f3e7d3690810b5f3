"""Back up and restore raw.db, the only file that cannot be rebuilt."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import TillsightError
from scripts.progress import Progress
from scripts.storage import migrations, schema, sqlite

# At least 1 MB a step: the progress bar moves, and the copy is not slowed down.
PAGES_PER_STEP = 256


@dataclass(frozen=True)
class Copy:
    """A copy of raw.db.

    Attributes
    ----------
    path : Path
        The copy.
    loads, rows : int
        Number of loaded files, and of their rows.
    forecasts : int
        Number of logged forecasts, which are compared with later orders.
    """

    path: Path
    loads: int
    rows: int
    forecasts: int


def back_up(
    raw_db: Path, folder: Path, *, out: Path | None = None, progress: Progress | None = None
) -> Copy:
    """Copy raw.db with SQLite's backup API, and check the copy.

    Parameters
    ----------
    raw_db : Path
        The raw file.
    folder : Path
        Folder of the backups.
    out : Path, optional
        The file to write. By default a name in `folder` made of the number of loads, the number
        of forecasts and the beginning of the copy's SHA-256, so that equal backups are one file.
    progress : callable, optional
        Called with the number of copied pages and of all pages.

    Returns
    -------
    Copy

    Raises
    ------
    TillsightError
        If raw.db does not exist or is damaged, or the copy cannot be written.
    """
    if not raw_db.exists():
        raise TillsightError(f"there is no {raw_db} to back up; load a file first")
    if out:
        _require_backup_place(out, raw_db)
    place = out or folder / raw_db.name
    fresh = _copy_and_check(raw_db, place, progress)
    try:
        counted = _count(fresh)
        if not out:
            place = folder / _file_name(fresh, counted)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
    return Copy(place, *counted)


def restore(
    raw_db: Path, folder: Path, file: Path, *, progress: Progress | None = None
) -> tuple[Copy, Path | None]:
    """Replace raw.db by a backup, after a backup of the current raw.db.

    Parameters
    ----------
    raw_db : Path
        The raw file; it may be missing or damaged.
    folder : Path
        Folder for the backup of the current raw.db.
    file : Path
        A backup; it is only read.
    progress : callable, optional
        As in `back_up`.

    Returns
    -------
    Copy
        The new raw.db.
    Path or None
        The backup of the previous raw.db; None if there was none.

    Raises
    ------
    TillsightError
        If `file` is not a backup, is damaged, has a newer version or holds objects that Tillsight
        does not make. raw.db is then unchanged.
    """
    if not file.is_file():
        raise TillsightError(f"{file} is not a file; name a backup, like those in {folder}")
    if raw_db.exists() and file.samefile(raw_db):
        raise TillsightError(f"{file} is the raw.db in use; name a backup, like those in {folder}")
    fresh = _copy_and_check(file, raw_db, progress)
    try:
        counted = _count(fresh)
        kept = _back_up_current(raw_db, folder)
        # the journal of a killed process would be replayed into the new file
        raw_db.with_name(f"{raw_db.name}-journal").unlink(missing_ok=True)
        fresh.replace(raw_db)
    finally:
        fresh.unlink(missing_ok=True)
    return Copy(raw_db, *counted), kept


def _copy_and_check(source: Path, place: Path, progress: Progress | None) -> Path:
    """Copy a raw file to a new file beside `place`, and check the copy."""
    fresh = place.with_name(f".{place.name}.part")
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    try:
        with closing(_open(source)) as original, closing(sqlite.connect(fresh)) as copy:
            with sqlite.explained(source):
                migrations.require_readable(original, source)
            with sqlite.explained(place):
                original.backup(
                    copy, pages=PAGES_PER_STEP, progress=_pages_to_progress(source, progress)
                )
            with sqlite.explained(source):
                # before any query of a table, which may be an endless view
                schema.require_own_schema(copy, source)
                _require_intact(copy, source)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _open(path: Path) -> sqlite3.Connection:
    """Open a raw file read-only, unless the journal of a killed process must be rolled back."""
    if path.with_name(f"{path.name}-journal").exists():
        return sqlite.connect(path)
    return sqlite.connect_read_only(path)


def _pages_to_progress(
    source: Path, progress: Progress | None
) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    return lambda _, remaining, total: progress(source.name, total - remaining, total)


def _require_intact(copy: sqlite3.Connection, source: Path) -> None:
    verdict = copy.execute("pragma integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise TillsightError(f"{source} is damaged ({verdict}); use an earlier backup")


def _count(path: Path) -> tuple[int, int, int]:
    """Return the number of loads, rows and forecasts in a raw file."""
    with closing(sqlite.connect_read_only(path)) as connection, sqlite.explained(path):
        loads, rows = connection.execute(
            "select count(*), coalesce(sum(row_count), 0) from raw_loads"
        ).fetchone()
        has_log = connection.execute(
            "select count(*) from sqlite_master where name = 'raw_prediction_log'"
        ).fetchone()[0]
        forecasts = (
            connection.execute(
                "select count(distinct log_number) from raw_prediction_log"
            ).fetchone()[0]
            if has_log
            else 0
        )
    return loads, rows, forecasts


def _file_name(fresh: Path, counted: tuple[int, int, int]) -> str:
    loads, _, forecasts = counted
    return f"raw_{loads:05d}_{forecasts:05d}_{sqlite.sha256(fresh)[:12]}.db"


def _back_up_current(raw_db: Path, folder: Path) -> Path | None:
    """Back up the raw file that is about to be replaced; copy the bytes if it is damaged."""
    if not raw_db.exists():
        return None
    try:
        return back_up(raw_db, folder).path
    except TillsightError:
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"damaged_{sqlite.sha256(raw_db)[:12]}.db"
        shutil.copyfile(raw_db, place)
        journal = raw_db.with_name(f"{raw_db.name}-journal")
        if journal.exists():
            shutil.copyfile(journal, place.with_name(f"{place.name}-journal"))
        return place


def _require_backup_place(out: Path, raw_db: Path) -> None:
    """Raise if a backup would replace something that is not a backup."""
    if out.is_dir():
        raise TillsightError(f"--out {out} is a folder; name a file in it")
    if raw_db.parent.resolve() == out.parent.resolve():
        raise TillsightError(
            f"--out {out} is in the data folder; name a file in another folder, best on another "
            "disk"
        )
    if out.exists():
        with closing(sqlite.connect_read_only(out)) as connection, sqlite.explained(out):
            migrations.require_readable(connection, out)
