"""Marts, page and CSV files of one build: a generation, which readers see as a whole.

`generations/<number>/` of the data folder holds `marts.db`, `dbt_docs.html`, `site/` and `exports/`
of one build (and `marts.duckdb`, where that is the engine), and the symbolic link `current` leads
to the published one. A new generation is made in `building/`; renaming that link over the old one
publishes all of it at once. What people open (`marts.db`, `site`, `exports/customers.csv`) are
links through `current`. `exports/` itself is a plain folder, so that files of others in it stay
where they are.

The generation before stays until the next publish, for readers who have opened it and go on.
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

# What is written beside its place carries such a name until it is whole.
_UNFINISHED = {
    ".": re.compile(r"\.(marts\.(?:db|duckdb)|dbt_docs\.html|site|current)\.(link|old)"),
    "exports": re.compile(
        r"\.(customers.*\.csv|build\.json)\.(part|link)|\.(datasette\.json|exports)-[a-z0-9_]{8}"
    ),
    "models": re.compile(r".*\.new"),
}
_PAGE_ASIDE = re.compile(r"\.(?P<page>site(_public)?(\.html)?)-[a-z0-9_]{8}(?P<is_old>-old)?")


@dataclass(frozen=True)
class Generation:
    """Where the parts of a generation lie."""

    folder: Path

    @property
    def marts_db(self) -> Path:
        """The marts."""
        return self.folder / "marts.db"

    @property
    def marts_duckdb(self) -> Path:
        """The marts as DuckDB holds them, where it is the target."""
        return self.folder / "marts.duckdb"

    @property
    def dbt_docs_html(self) -> Path:
        """Documentation of the project by dbt itself."""
        return self.folder / "dbt_docs.html"

    @property
    def site_dir(self) -> Path:
        """The page."""
        return self.folder / "site"

    @property
    def exports_dir(self) -> Path:
        """The CSV files, and which build they are of."""
        return self.folder / "exports"


def begin(data_dir: Path) -> Generation:
    """Make room for a new generation; what an earlier attempt left there is gone.

    Raises
    ------
    TillsightError
        If the data folder lies on a disk without symbolic links.
    """
    building = data_dir / "building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _point(building / "current", Path("generations"))
        (building / "current").unlink()
    except (OSError, NotImplementedError) as error:
        raise TillsightError(
            f"{data_dir} cannot hold symbolic links ({error}), by which marts, page and CSV files "
            "switch together; choose a folder on another disk with --data-dir (on Windows, one "
            "within WSL)"
        ) from error
    return Generation(building)


@contextmanager
def successor(data_dir: Path, marts_db: Path) -> Iterator[Generation]:
    """Give a copy of what is published, to change a part of it; published at the end.

    Parameters
    ----------
    data_dir : Path
        The data folder.
    marts_db : Path
        The published marts.

    Yields
    ------
    Generation
        With the marts, and with page and CSV files where there are any.

    Raises
    ------
    TillsightError, ReportError
        If there are no marts, or they cannot be read.
    """
    new, present = begin(data_dir), Generation(data_dir / "current")
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
    """Copy the published marts; those that dbt wrote in place are checked and sealed as well.

    A second name for the same file would not do: SQLite finds the journal of whoever writes into
    it by the name.
    """
    with reports.marts.reader.open_marts(marts_db) as source, closing(sqlite3.connect(out)) as copy:
        source.execute("begin")  # while somebody writes, a backup would wait without an end
        is_sealed = reports.marts.build.read_build(source).build_fingerprint is not None
        source.backup(copy)
    if not is_sealed:
        seal.seal(out)


def finish(data_dir: Path) -> None:
    """Publish the generation that lies in `building/`: at once, or not at all.

    Parameters
    ----------
    data_dir : Path
        The data folder. Marts, page and CSV files of the layout before generations give way to
        links; other files of `exports/` are left alone.
    """
    generations = data_dir / "generations"
    generations.mkdir(exist_ok=True)
    number = max(_numbers(generations), default=0) + 1
    _write_through(data_dir / "building")
    (data_dir / "building").rename(generations / str(number))
    _write_through_folder(generations)
    before = _current(data_dir)
    _point(data_dir / "current", Path("generations", str(number)))
    _write_through_folder(data_dir)
    _show(data_dir)
    _remove_others(generations, {number, before})


def tidy(data_dir: Path) -> None:
    """Remove what killed runs left, and end a publish that was cut short.

    Parameters
    ----------
    data_dir : Path
        The data folder; nobody else may be at work in it.
    """
    shutil.rmtree(data_dir / "building", ignore_errors=True)
    _mend_pages(data_dir)
    for folder, unfinished in _UNFINISHED.items():
        for path in _entries(data_dir / folder):
            if unfinished.fullmatch(path.name):
                _remove(path)
    current = _current(data_dir)
    if current:
        _show(data_dir)
        older = (number for number in _numbers(data_dir / "generations") if number < current)
        _remove_others(data_dir / "generations", {current, max(older, default=None)})


def _current(data_dir: Path) -> int | None:
    """Return the number of the published generation; None where there is none."""
    link = data_dir / "current"
    name = link.readlink().name if link.is_symlink() else ""
    return int(name) if name.isdecimal() else None


def _numbers(generations: Path) -> list[int]:
    return [int(path.name) for path in _entries(generations) if path.name.isdecimal()]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove_others(generations: Path, wanted: set[int | None]) -> None:
    for number in _numbers(generations):
        if number not in wanted:
            # what cannot be removed now harms nobody, and is tried again by the next run
            shutil.rmtree(generations / str(number), ignore_errors=True)


def _show(data_dir: Path) -> None:
    """Lead from where people look to the parts of the current generation."""
    current = Generation(data_dir / "current")
    for part in (current.marts_db, current.marts_duckdb, current.dbt_docs_html, current.site_dir):
        if part.exists():
            _lead(data_dir / part.name, part)
    exports = data_dir / "exports"
    for path in _entries(exports):
        if path.is_symlink() and "current" in path.readlink().parts and not path.exists():
            path.unlink()  # a file that this generation does not have
    for part in _entries(current.exports_dir):
        exports.mkdir(exist_ok=True)
        _lead(exports / part.name, part)


def _lead(place: Path, part: Path) -> None:
    """Make a place a link to a part, relative, so that the data folder can be moved."""
    target = Path(os.path.relpath(part.absolute(), place.parent.resolve()))
    if place.is_symlink() and place.readlink() == target:
        return
    _point(place, target)


def _point(link: Path, target: Path) -> None:
    """Make a symbolic link, or turn one elsewhere, at once.

    Only a folder, as the earlier layout has it, or a copy in which links became what they led to,
    takes two steps to give way.
    """
    aside, old = (link.with_name(f".{link.name}.{ending}") for ending in ("link", "old"))
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    if link.is_dir() and not link.is_symlink():
        link.rename(old)
    aside.replace(link)
    _remove(old)


def _share(source: str, target: str) -> str:
    """Give a finished file a second name; copy it where the disk cannot do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _mend_pages(data_dir: Path) -> None:
    """Put back a page that was moved aside for its successor, and remove unfinished ones."""
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


def _write_through(folder: Path) -> None:
    """Have the disk keep all of a folder before it is named, lest a loss of power empty it."""
    for path, _, names in os.walk(folder):
        for name in names:
            _synchronise(Path(path, name))
        _write_through_folder(Path(path))


def _write_through_folder(folder: Path) -> None:
    with suppress(OSError):  # some network disks take no folders; they order names themselves
        _synchronise(folder)


def _synchronise(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
