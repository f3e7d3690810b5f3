"""Look whether this machine and the data folder have what a run needs."""

from __future__ import annotations

import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from reports.site.assets import PLOTLY
from scripts.doctor import data_folder
from scripts.doctor.check import Finding
from scripts.installation import PROJECT_DIR, repair_command
from scripts.settings import Settings

_PYTHON = ((3, 11), (3, 14))
_SQLITE = (3, 35)  # window functions over CTEs, math functions, returning
_NAMED = ("dbt-core", "dbt-sqlite", "pandas", "scikit-learn", "plotly", "skops")
_DBT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, SQLite, the libraries, the project, the data folder and what lies in it.

    Creates the raw tables where they are missing, so that plain dbt can run, and carries a raw.db
    of an older version on.

    Parameters
    ----------
    settings : Settings
        Where things lie.

    Returns
    -------
    list of Finding
    """
    installation = [
        _python(),
        _sqlite(),
        *_libraries(PROJECT_DIR / "requirements.lock"),
        _project(settings.dbt_dir),
        _plotly(PLOTLY),
    ]
    return [*installation, *data_folder.examine(settings)]


def _python() -> Finding:
    low, high = _PYTHON
    return Finding(
        "Python",
        platform.python_version(),
        is_well=low <= sys.version_info[:2] < high,
        remedy=f"install Python {low[0]}.{low[1]} to {high[0]}.{high[1] - 1}",
    )


def _sqlite() -> Finding:
    """Look for the functions that the models use."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("select power(2.0, 0.5), sqrt(2.0), json_array('1')").fetchone()
        has_functions = sqlite3.sqlite_version_info >= _SQLITE
    except sqlite3.OperationalError:
        has_functions = False
    return Finding(
        "SQLite",
        sqlite3.sqlite_version,
        is_well=has_functions,
        remedy="use a Python whose SQLite is 3.35 or newer and has math and JSON functions",
    )


def _libraries(lock: Path) -> Iterator[Finding]:
    """Hold what is installed to the ranges of the project, and say where the lock has another."""
    installed = {one.name: _installed(one.name) for one in _required()}
    wrong = [
        f"{one.name} {installed[one.name] or 'is missing'}"
        for one in _required()
        if not one.specifier.contains(installed[one.name] or "0", prereleases=True)
        or installed[one.name] is None
    ]
    shown = ", ".join(f"{name} {installed[name]}" for name in _NAMED)
    yield Finding(
        "Libraries",
        f"not as the project needs them: {', '.join(wrong)}" if wrong else shown,
        is_well=not wrong,
        remedy=repair_command(),
    )
    if lock.exists():
        # a package may be pinned once for each Python
        pins = set(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", lock.read_text(), re.MULTILINE))
        others = [name for name, found in installed.items() if (name, found) not in pins]
        told = f"others than the tested ones: {', '.join(others)}" if others else "as locked"
        yield Finding("Versions", told)


def _required() -> list[Requirement]:
    """Return what the project needs on this machine, extras left out."""
    every = [Requirement(line) for line in requires("tillsight") or []]
    return [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _project(dbt_dir: Path) -> Finding:
    missing = [name for name in _DBT_FILES if not (dbt_dir / name).is_file()]
    return Finding(
        "dbt project",
        f"{dbt_dir} lacks {', '.join(missing)}" if missing else str(dbt_dir),
        is_well=not missing,
        remedy=repair_command(),
    )


def _plotly(file: Path) -> Finding:
    return Finding(
        "Charts",
        f"plotly.js, {file.stat().st_size / 1e6:.1f} MB" if file.is_file() else f"no {file}",
        is_well=file.is_file(),
        remedy=repair_command(),
    )
