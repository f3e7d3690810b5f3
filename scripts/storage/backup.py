"""Back up and restore raw.db, the only file that cannot be made again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import TillsightError
from scripts.progress import Progress
from scripts.storage import migrations, sqlite

# Enough for a megabyte and more at a time: the bar moves, and copying is not slowed down.
PAGES_PER_STEP = 256


@dataclass(frozen=True)
class Copy:
    """A backup, or what was restored from one.

    Attributes
    ----------
    path : Path
        The file.
    loads, rows : int
        Files that had been loaded, and the rows of them.
    forecasts : int
        Scorings that were kept, to be held against what comes true.
    """

    path: Path
    loads: int
    rows: int
    forecasts: int


def back_up(
    raw_db: Path, folder: Path, *, out: Path | None = None, progress: Progress | None = None
) -> Copy:
    """Copy raw.db with SQLite's backup interface, look whether the copy is whole, and keep it.

    Parameters
    ----------
    raw_db : Path
        The raw file.
    folder : Path
        Where backups lie.
    out : Path, optional
        The file to write. By default a name in `folder` that sorts by what is in it: number of
        loads, number of forecasts, and the beginning of the copy's SHA-256, so that equal
        backups are one file.
    progress : callable, optional
        Told how many pages of the file are copied, out of how many.

    Returns
    -------
    Copy

    Raises
    ------
    TillsightError
        If there is nothing to back up, the file is damaged, or the copy cannot be written there.
    """
    if not raw_db.exists():
        raise TillsightError(f"there is no {raw_db} to back up; load a file first")
    if out:
        _require_place(out, raw_db)
    place = out or folder / raw_db.name
    fresh = _copied(raw_db, place, progress)
    try:
        counted = _counted(fresh)
        if not out:
            place = folder / _name(fresh, counted)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
    return Copy(place, *counted)


def restore(
    raw_db: Path, folder: Path, file: Path, *, progress: Progress | None = None
) -> tuple[Copy, Path | None]:
    """Put a backup in the place of raw.db, after the present one has been backed up.

    Parameters
    ----------
    raw_db : Path
        The raw file; it need not be there, and may be damaged.
    folder : Path
        Where the present one is kept.
    file : Path
        A backup. It is not changed.
    progress : callable, optional
        As in `back_up`.

    Returns
    -------
    Copy
        What is in raw.db now.
    Path or None
        Where the one before is; None where there was none.

    Raises
    ------
    TillsightError
        If `file` is no backup, is damaged or of a newer version. raw.db is then as it was.
    """
    if not file.is_file():
        raise TillsightError(f"{file} is not a file; name a backup, like those in {folder}")
    if raw_db.exists() and file.samefile(raw_db):
        raise TillsightError(f"{file} is the raw.db in use; name a backup, like those in {folder}")
    fresh = _copied(file, raw_db, progress)
    try:
        counted = _counted(fresh)
        kept = _kept(raw_db, folder)
        # what a killed process left behind belongs to the old file and would spoil the new one
        raw_db.with_name(f"{raw_db.name}-journal").unlink(missing_ok=True)
        fresh.replace(raw_db)
    finally:
        fresh.unlink(missing_ok=True)
    return Copy(raw_db, *counted), kept


def _copied(source: Path, place: Path, progress: Progress | None) -> Path:
    """Copy a raw file to a new file beside `place`, and look whether it is whole."""
    fresh = place.with_name(f".{place.name}.part")
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    try:
        with closing(_opened(source)) as original, closing(sqlite.connect(fresh)) as copy:
            with sqlite.explained(source):
                migrations.require_readable(original, source)
            with sqlite.explained(place):
                original.backup(copy, pages=PAGES_PER_STEP, progress=_reporter(source, progress))
            with sqlite.explained(source):
                _require_sound(copy, source)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _opened(path: Path) -> sqlite3.Connection:
    """Open a raw file: for reading only, unless a process that died left a change to undo."""
    if path.with_name(f"{path.name}-journal").exists():
        return sqlite.connect(path)
    return sqlite.connect_read_only(path)


def _reporter(source: Path, progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    return lambda _, remaining, total: progress(source.name, total - remaining, total)


def _require_sound(copy: sqlite3.Connection, source: Path) -> None:
    verdict = copy.execute("pragma quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise TillsightError(f"{source} is damaged ({verdict}); use an earlier backup")


def _counted(path: Path) -> tuple[int, int, int]:
    """Return the numbers of loads, rows and forecasts in a raw file."""
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


def _name(fresh: Path, counted: tuple[int, int, int]) -> str:
    loads, _, forecasts = counted
    return f"raw_{loads:05d}_{forecasts:05d}_{sqlite.sha256(fresh)[:12]}.db"


def _kept(raw_db: Path, folder: Path) -> Path | None:
    """Back up the raw file that is about to be replaced, byte by byte where it is damaged."""
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


def _require_place(out: Path, raw_db: Path) -> None:
    """Raise where a backup would take the place of something that is none."""
    if out.is_dir():
        raise TillsightError(f"--out {out} is a folder; name a file in it")
    if raw_db.parent.resolve() == out.parent.resolve():
        raise TillsightError(
            f"--out {out} lies among the files in use; name one in another folder, best on "
            "another disk"
        )
    if out.exists():
        with closing(sqlite.connect_read_only(out)) as connection, sqlite.explained(out):
            migrations.require_readable(connection, out)
