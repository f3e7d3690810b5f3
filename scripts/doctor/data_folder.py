"""Check the data folder: permissions, disk space, loaded files, marts, page, exports, model."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ml.registry.runs
from reports.errors import ReportError
from reports.exports import customer_lists
from reports.marts import reader as marts_reader
from reports.marts.build import read_build as read_marts_build
from reports.site import writer
from scripts.doctor.check import Check
from scripts.errors import TillsightError
from scripts.ingest.raw_store import LoadRow
from scripts.project import Project, locked
from scripts.publish import seal
from scripts.settings import Settings, temporary_dir
from scripts.storage import migrations, sqlite

# Disk space of a first run, as a multiple of raw.db.
FIRST_RUN = 4
SMALLEST_NEED = 50_000_000
OF_OTHERS = 0o077


def examine(settings: Settings) -> Iterator[Check]:
    """Check the data folder; files that are not made yet are ok."""
    try:
        project = Project.open(settings, "doctor")
    except TillsightError as error:
        yield Check("Data folder", str(settings.data_dir), is_ok=False, remedy=str(error))
        return
    yield _folder(settings.data_dir)
    yield _privacy(settings)
    yield _lock(settings)
    yield from _disk(settings)
    if not _size(settings.raw_db):
        yield Check("Loaded", "no file yet; 'tillsight load FILE...' loads one")
        return
    raw = _raw(project)
    yield raw
    if raw.is_ok:
        yield from _published(project)
        yield _model(settings)


def _folder(folder: Path) -> Check:
    return Check(
        "Data folder",
        str(folder),
        is_ok=os.access(folder, os.W_OK),
        remedy=f"make {folder} writable, or choose another with --data-dir",
    )


def _privacy(settings: Settings) -> Check:
    """Check whether other users can read customers: enter the folder and read a file in it."""
    kept = (settings.raw_db, settings.raw_duckdb, settings.marts_db, settings.spark_dir)
    files = [path for path in kept if _size(path)]
    is_open = settings.data_dir.stat().st_mode & OF_OTHERS and any(
        path.stat().st_mode & OF_OTHERS for path in files
    )
    return Check(
        "Permissions",
        "other users of this machine can read customers" if is_open else "readable by you only",
        is_ok=not is_open,
        remedy=f"type 'chmod -R go-rwx {settings.data_dir}'",
    )


def _lock(settings: Settings) -> Check:
    """Check whether the lock is free; if so, files of killed runs are removed."""
    try:
        with locked(settings):
            return Check("Lock of the folder", "free")
    except TillsightError as error:
        return Check("Lock of the folder", f"held: {error}")


def _disk(settings: Settings) -> Iterator[Check]:
    """Compare the free space with the space that a rebuild needs."""
    made = (
        *(settings.work_db, settings.work_duckdb),
        *(settings.marts_db, settings.site_dir, settings.exports_dir),
    )
    need = max(sum(map(_size, made)) or _size(settings.raw_db) * FIRST_RUN, SMALLEST_NEED)
    places = {"Disk": settings.data_dir, "Temporary files": temporary_dir()}
    for subject, place in places.items():
        free = shutil.disk_usage(place).free
        yield Check(
            subject,
            f"{free / 1e6:,.0f} MB free, a rebuild needs up to {need / 1e6:,.0f} MB",
            is_ok=free >= need,
            remedy=f"make room in {place}",
        )


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(_size(one) for one in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def _raw(project: Project) -> Check:
    settings = project.settings
    try:
        with closing(sqlite.connect_read_only(settings.raw_db)) as connection:
            migrations.require_readable(connection, settings.raw_db)
            number = migrations.version_of(connection)
            verdict = _integrity(connection)
        if verdict != "ok":
            remedy = "type 'tillsight restore FILE' with the latest of backups/"
            return Check("Loaded", f"damaged: {verdict}", is_ok=False, remedy=remedy)
        loads = project.raw.loads()
    except TillsightError as error:
        return Check("Loaded", "unreadable", is_ok=False, remedy=str(error))
    rows = sum(load.row_count for load in loads)
    place = "" if settings.target == "sqlite" else f" on {settings.target}"
    return Check("Loaded", f"{rows:,} rows of {len(loads):,} files{place}, version {number}")


def _integrity(connection: sqlite3.Connection) -> str:
    try:
        return str(connection.execute("pragma quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _published(project: Project) -> Iterator[Check]:
    """Check the marts, and the page and exports of them.

    dbt leaves an empty file if it only compiles.
    """
    marts_db = project.settings.marts_db
    if not _size(marts_db):
        yield Check("Marts", "none yet; 'tillsight run' makes them")
        return
    try:
        with marts_reader.open_marts(marts_db) as connection:
            build = read_marts_build(connection)
            number = migrations.version_of(connection)
    except ReportError as error:
        remedy = "type 'tillsight build' to rebuild the marts"
        yield Check("Marts", str(error), is_ok=False, remedy=remedy)
        return
    yield Check(
        "Marts",
        f"as of {build.as_of_date}, {build.data_tests_passed} of {build.data_tests} tests passed, "
        f"version {number}",
        is_ok=build.data_tests_passed == build.data_tests and number in {0, seal.SCHEMA_VERSION},
        remedy="type 'tillsight run' to rebuild them",
    )
    yield _freshness(project.raw.loads(), build.input_fingerprint)
    yield from _builds(project.settings, build.build_fingerprint)


def _freshness(loads: list[LoadRow], fingerprint: str | None) -> Check:
    """Count the files that were loaded after the build of the marts."""
    known = [load.load_id for load in loads if load.input_fingerprint == fingerprint]
    later = [load.load_id for load in loads if load.load_id > max(known, default=0)]
    return Check(
        "Freshness",
        f"the marts lack {len(later):,} loaded files, up to load {later[-1]}"
        if later
        else "the marts contain all loaded files",
        is_ok=not later,
        remedy="type 'tillsight run' to publish all loaded files",
    )


def _builds(settings: Settings, own: str | None) -> Iterator[Check]:
    """Check whether page and exports name the build of the marts.

    Marts of plain dbt have no fingerprint: no page or export was made from them.
    """
    found = {
        "Page": (settings.site_dir / "index.html", writer.read_build, "report"),
        "Exports": (settings.exports_dir / "build.json", customer_lists.read_build, "export"),
    }
    for subject, (file, read_build, command) in found.items():
        if not file.exists():
            yield Check(subject, f"none yet; 'tillsight {command}' writes it")
            continue
        is_of_marts = own is not None and read_build(file) == own
        yield Check(
            subject,
            f"{file}, {'of' if is_of_marts else 'of another build than'} the marts",
            is_ok=is_of_marts,
            remedy=f"type 'tillsight {command}'",
        )


def _model(settings: Settings) -> Check:
    try:
        with (
            closing(sqlite.connect_read_only(settings.raw_db)) as connection,
            sqlite.explained(settings.raw_db),
        ):
            runs = ml.registry.runs.listed(connection)
    except TillsightError as error:
        remedy = "type 'tillsight train' to train one"
        return Check("Model", str(error), is_ok=False, remedy=remedy)
    run = next((listed.run for listed in runs if listed.is_in_use), None)
    if run is None or run.status == "unavailable":
        return Check("Model", "none" if run else "none yet; 'tillsight run' trains one")
    others = _differing(json.loads(run.library_versions))
    return Check(
        "Model",
        f"{run.model_run_id}, trained as of {run.as_of_date}"
        + (f", by other versions of {', '.join(others)}" if others else ""),
        is_ok=not others,
        remedy="type 'tillsight model use latest' if it was chosen by hand, then 'tillsight run'",
    )


def _differing(written: dict[str, str]) -> list[str]:
    """Return the libraries whose version differs from that of the model."""
    return sorted(name for name, number in written.items() if _installed(name) != number)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
