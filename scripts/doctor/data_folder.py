"""Look at the data folder: who may read it, what lies in it, whether it fits together."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reports.exports import customer_lists
from reports.site import writer
from scripts import pipeline
from scripts.doctor.check import Finding
from scripts.engines import engine_of
from scripts.errors import TillsightError
from scripts.ingest.raw_store import LoadRow
from scripts.publish import seal
from scripts.settings import Settings, temporary_dir
from scripts.storage import lock, migrations, sqlite

# What a first run takes on the disk, as a multiple of raw.db, where nothing is there to measure.
FIRST_RUN = 4
SMALLEST_NEED = 50_000_000
OF_OTHERS = 0o077


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at the folder and yield what was found; what is missing yet is no fault."""
    try:
        pipeline.ensure_raw(settings)
    except TillsightError as error:
        yield Finding("Data folder", str(settings.data_dir), is_well=False, remedy=str(error))
        return
    yield _folder(settings.data_dir)
    yield _privacy(settings)
    yield _lock(settings)
    yield from _disk(settings)
    raw = _raw(settings)
    yield raw
    if not raw.is_well:
        return  # all that follows is held to what was loaded
    yield from _published(settings)
    yield from _model(settings)


def _folder(folder: Path) -> Finding:
    return Finding(
        "Data folder",
        str(folder),
        is_well=os.access(folder, os.W_OK),
        remedy=f"make {folder} writable, or choose another with --data-dir",
    )


def _privacy(settings: Settings) -> Finding:
    """Look whether others of this machine can read customers: into the folder, and a file of it."""
    kept = (settings.raw_db, settings.raw_duckdb, settings.marts_db, settings.spark_dir)
    files = [path for path in kept if _size(path)]
    is_open = settings.data_dir.stat().st_mode & OF_OTHERS and any(
        path.stat().st_mode & OF_OTHERS for path in files
    )
    return Finding(
        "Permissions",
        "others of this machine can read customers" if is_open else "the owner's alone",
        is_well=not is_open,
        remedy=f"type 'chmod -R go-rwx {settings.data_dir}'",
    )


def _lock(settings: Settings) -> Finding:
    """Look whether another works here; where none does, what killed runs left is removed."""
    try:
        with lock.only_one(settings):
            return Finding("Lock of the folder", "free")
    except TillsightError as error:
        return Finding("Lock of the folder", f"held: {error}")


def _disk(settings: Settings) -> Iterator[Finding]:
    """Hold free space to what a rebuild writes beside what is there."""
    made = (
        *(settings.work_db, settings.work_duckdb),
        *(settings.marts_db, settings.site_dir, settings.exports_dir),
    )
    need = max(sum(map(_size, made)) or _size(settings.raw_db) * FIRST_RUN, SMALLEST_NEED)
    places = {"Disk": settings.data_dir, "Temporary files": temporary_dir()}
    for subject, place in places.items():
        free = shutil.disk_usage(place).free
        yield Finding(
            subject,
            f"{free / 1e6:,.0f} MB free, a rebuild needs up to {need / 1e6:,.0f} MB",
            is_well=free >= need,
            remedy=f"make room in {place}",
        )


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(_size(one) for one in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def _raw(settings: Settings) -> Finding:
    with closing(sqlite.connect_read_only(settings.raw_db)) as connection:
        number = migrations.version_of(connection)
        verdict = _soundness(connection)
    if verdict != "ok":
        remedy = "type 'tillsight restore FILE' with the latest of backups/"
        return Finding("Loaded", f"damaged: {verdict}", is_well=False, remedy=remedy)
    loads = _loads(settings)
    rows = sum(load.row_count for load in loads)
    place = "" if settings.target == "sqlite" else f" on {settings.target}"
    return Finding("Loaded", f"{rows:,} rows of {len(loads):,} files{place}, version {number}")


def _loads(settings: Settings) -> list[LoadRow]:
    return engine_of(settings).raw.loads()


def _soundness(connection: sqlite3.Connection) -> str:
    try:
        return str(connection.execute("pragma quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _published(settings: Settings) -> Iterator[Finding]:
    """Look at the marts, and at page and exports beside them.

    dbt leaves an empty file where it only compiles: that is no marts yet.
    """
    if not _size(settings.marts_db):
        yield Finding("Marts", "none yet; 'tillsight run' makes them")
        return
    try:
        with closing(sqlite.connect_read_only(settings.marts_db)) as connection:
            build = connection.execute(
                "select as_of_date, data_tests_passed, data_tests, input_fingerprint, "
                "build_fingerprint from build_info"
            ).fetchone()
            number = migrations.version_of(connection)
    except (TillsightError, sqlite3.DatabaseError) as error:
        remedy = "type 'tillsight build' to make the marts anew"
        yield Finding("Marts", str(error), is_well=False, remedy=remedy)
        return
    as_of, passed, tests, fingerprint, own = build
    yield Finding(
        "Marts",
        f"as of {as_of}, {passed} of {tests} tests passed, version {number}",
        is_well=passed == tests and number in {0, seal.SCHEMA_VERSION},
        remedy="type 'tillsight run' to make them anew",
    )
    yield _freshness(settings, fingerprint)
    yield from _builds(settings, own)


def _freshness(settings: Settings, fingerprint: str | None) -> Finding:
    """Say how many files were loaded after those that the marts were made from."""
    loads = _loads(settings)
    known = [load.load_id for load in loads if load.input_fingerprint == fingerprint]
    later = [load.load_id for load in loads if load.load_id > max(known, default=0)]
    return Finding(
        "Freshness",
        f"the marts lack {len(later):,} files that are loaded, up to load {later[-1]}"
        if later
        else "the marts have all that is loaded",
        is_well=not later,
        remedy="type 'tillsight run' to publish what is loaded",
    )


def _builds(settings: Settings, own: str | None) -> Iterator[Finding]:
    """Look whether page and exports are of the build of the marts, which each of them names.

    Marts that dbt wrote in place name none, and nothing was made from them yet.
    """
    found = {
        "Page": (settings.site_dir / "index.html", writer.read_build, "report"),
        "Exports": (
            settings.exports_dir / "build.json",
            customer_lists.read_build,
            "export",
        ),
    }
    for subject, (file, read_build, command) in found.items():
        if not file.exists():
            yield Finding(subject, f"none yet; 'tillsight {command}' writes it")
            continue
        is_of_marts = own is not None and read_build(file) == own
        yield Finding(
            subject,
            f"{file}, {'of' if is_of_marts else 'of another build than'} the marts",
            is_well=is_of_marts,
            remedy=f"type 'tillsight {command}'",
        )


def _model(settings: Settings) -> Iterator[Finding]:
    with closing(sqlite.connect_read_only(settings.raw_db)) as connection:
        run = connection.execute(
            "select model_run_id, as_of_date, library_versions, status from raw_model_runs "
            "order by is_pinned desc, run_number desc limit 1"
        ).fetchone()
    if run is None or run[3] == "unavailable":
        yield Finding("Model", "none" if run else "none yet; 'tillsight run' trains one")
        return
    name, as_of, versions, _ = run
    others = _differing(json.loads(versions))
    yield Finding(
        "Model",
        f"{name}, trained as of {as_of}"
        + (f", by other versions of {', '.join(others)}" if others else ""),
        is_well=not others,
        remedy="type 'tillsight model use latest' if it was chosen by hand, then 'tillsight run'",
    )


def _differing(written: dict[str, str]) -> list[str]:
    """Return the libraries that have another version here than a model was written with."""
    return sorted(name for name, number in written.items() if _installed(name) != number)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
