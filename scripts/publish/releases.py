"""Atomic publication of a release: marts, page and CSV files of one build.

`generations/<number>/` in the data folder holds `marts.db`, `dbt_docs.html`, `site/` and `exports/`
of one release (and `marts.duckdb` on DuckDB). The symbolic link `current` points to the published
one. A new release is built in `building/`; renaming a new link over `current` publishes it
atomically. `marts.db`, `site` and the files in `exports/` are links through `current`. `exports/`
itself is a plain folder, so that other files in it stay.

The previous release stays until the next publish: open readers do not block a publish.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import reports.marts.build
import reports.marts.reader
from scripts.errors import TillsightError
from scripts.publish import seal

FOLDER = "generations"
"""Name on disk since version 0.1.0."""

# Names of files and links that are not renamed to their final name yet.
_UNFINISHED = {
    ".": re.compile(r"\.(marts\.(?:db|duckdb)|dbt_docs\.html|site|current)\.(link|old)"),
    "exports": re.compile(
        r"\.(customers.*\.csv|build\.json)\.(part|link)|\.(datasette\.json|exports)-[a-z0-9_]{8}"
    ),
    "models": re.compile(r".*\.new"),
}
_PAGE_ASIDE = re.compile(r"\.(?P<page>site(_public)?(\.html)?)-[a-z0-9_]{8}(?P<is_old>-old)?")


@dataclass(frozen=True)
class Release:
    """Paths of the parts of a release."""

    folder: Path

    @property
    def marts_db(self) -> Path:
        """The marts."""
        return self.folder / "marts.db"

    @property
    def marts_duckdb(self) -> Path:
        """The marts on DuckDB."""
        return self.folder / "marts.duckdb"

    @property
    def dbt_docs_html(self) -> Path:
        """Dbt's documentation of the project."""
        return self.folder / "dbt_docs.html"

    @property
    def site_dir(self) -> Path:
        """The page."""
        return self.folder / "site"

    @property
    def exports_dir(self) -> Path:
        """The CSV files and the file that names their build."""
        return self.folder / "exports"


def begin(data_dir: Path) -> Release:
    """Create the empty folder of a new release, and delete an unpublished one.

    Raises
    ------
    TillsightError
        If the disk of the data folder has no symbolic links.
    """
    building = data_dir / "building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _point(building / "current", Path(FOLDER))
        (building / "current").unlink()
    except (OSError, NotImplementedError) as error:
        raise TillsightError(
            f"{data_dir} cannot hold symbolic links ({error}), which publish marts, page and CSV "
            "files together; choose a folder on another disk with --data-dir (on Windows, one "
            "in WSL)"
        ) from error
    return Release(building)


@contextmanager
def successor(data_dir: Path, marts_db: Path) -> Iterator[Release]:
    """Yield a copy of the published release, to replace a part of it, and publish it at the end.

    Raises
    ------
    TillsightError, ReportError
        If there are no marts, or they cannot be read.
    """
    new, present = begin(data_dir), Release(data_dir / "current")
    try:
        _copy_marts(marts_db, new.marts_db)
        for folder in ("site", "exports"):
            if (present.folder / folder).is_dir():
                shutil.copytree(present.folder / folder, new.folder / folder, copy_function=_share)
        for file in (new.dbt_docs_html, new.marts_duckdb):
            if (data_dir / file.name).exists():
                _share(str((data_dir / file.name).resolve()), str(file))
        yield new
        finish(data_dir)
    finally:
        shutil.rmtree(new.folder, ignore_errors=True)


def _copy_marts(marts_db: Path, out: Path) -> None:
    """Copy the published marts; check and seal them if plain dbt wrote them.

    A hard link is unsafe: SQLite finds the journal of a writer by the name of the file.
    """
    with reports.marts.reader.open_marts(marts_db) as source, closing(sqlite3.connect(out)) as copy:
        source.execute("begin")  # without it, a backup restarts at each write of another program
        is_sealed = reports.marts.build.read_build(source).build_fingerprint is not None
        source.backup(copy)
    if not is_sealed:
        seal.seal(out)


def finish(data_dir: Path) -> None:
    """Publish the release in `building/` atomically; other files in `exports/` stay."""
    releases = data_dir / FOLDER
    releases.mkdir(exist_ok=True)
    number = max(_numbers(releases), default=0) + 1
    _fsync_tree(data_dir / "building")
    (data_dir / "building").rename(releases / str(number))
    _fsync_folder(releases)
    before = _current(data_dir)
    _point(data_dir / "current", Path(FOLDER, str(number)))
    _fsync_folder(data_dir)
    _link_parts(data_dir)
    _remove_others(releases, {number, before})


def tidy(data_dir: Path) -> None:
    """Remove the files that killed runs left, and complete an interrupted publish.

    The caller holds the lock of the data folder.
    """
    shutil.rmtree(data_dir / "building", ignore_errors=True)
    _restore_pages(data_dir)
    for folder, unfinished in _UNFINISHED.items():
        for path in _entries(data_dir / folder):
            if unfinished.fullmatch(path.name):
                _remove(path)
    current = _current(data_dir)
    if current:
        _link_parts(data_dir)
        older = (number for number in _numbers(data_dir / FOLDER) if number < current)
        _remove_others(data_dir / FOLDER, {current, max(older, default=None)})


def _current(data_dir: Path) -> int | None:
    """Return the number of the published release; None if there is none."""
    link = data_dir / "current"
    name = link.readlink().name if link.is_symlink() else ""
    return int(name) if name.isdecimal() else None


def _numbers(releases: Path) -> list[int]:
    return [int(path.name) for path in _entries(releases) if path.name.isdecimal()]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove_others(releases: Path, wanted: set[int | None]) -> None:
    for number in _numbers(releases):
        if number not in wanted:
            # the next run tries again
            shutil.rmtree(releases / str(number), ignore_errors=True)


def _link_parts(data_dir: Path) -> None:
    """Link the parts of the current release to their public names."""
    current = Release(data_dir / "current")
    for part in (current.marts_db, current.marts_duckdb, current.dbt_docs_html, current.site_dir):
        if part.exists():
            _link(data_dir / part.name, part)
    exports = data_dir / "exports"
    for path in _entries(exports):
        if path.is_symlink() and "current" in path.readlink().parts and not path.exists():
            path.unlink()  # a file that this release lacks
    for part in _entries(current.exports_dir):
        exports.mkdir(exist_ok=True)
        _link(exports / part.name, part)


def _link(place: Path, part: Path) -> None:
    """Link a place to a part, relatively, so that the data folder can be moved."""
    target = Path(os.path.relpath(part.absolute(), place.parent.resolve()))
    if place.is_symlink() and place.readlink() == target:
        return
    _point(place, target)


def _point(link: Path, target: Path) -> None:
    """Create or replace a symbolic link atomically.

    Replacing a folder takes two steps: a copy of a data folder can hold folders instead of links.
    """
    aside, old = (link.with_name(f".{link.name}.{ending}") for ending in ("link", "old"))
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    if link.is_dir() and not link.is_symlink():
        link.rename(old)
    aside.replace(link)
    _remove(old)


def _share(source: str, target: str) -> str:
    """Hard-link a finished file; copy it if the disk has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _restore_pages(data_dir: Path) -> None:
    """Restore a page that was moved aside by an interrupted publish; remove unfinished ones."""
    for path in _entries(data_dir):
        found = _PAGE_ASIDE.fullmatch(path.name)
        if not found:
            continue
        if found["is_old"] and not os.path.lexists(data_dir / found["page"]):
            path.rename(data_dir / found["page"])
        else:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _fsync_tree(folder: Path) -> None:
    """Fsync all files before the rename."""
    for path, _, names in os.walk(folder):
        for name in names:
            _fsync(Path(path, name))
        _fsync_folder(Path(path))


def _fsync_folder(folder: Path) -> None:
    with suppress(OSError):  # some network disks cannot fsync folders
        _fsync(folder)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
