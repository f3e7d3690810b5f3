"""Check this machine: Python, SQLite, libraries, the dbt project."""

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
from scripts.doctor.check import Check
from scripts.installation import PROJECT_DIR, repair_command
from scripts.settings import Settings

_PYTHON = ((3, 11), (3, 14))
_SQLITE = (3, 35)  # window functions over CTEs, math functions, returning
_NAMED = ("dbt-core", "dbt-sqlite", "pandas", "scikit-learn", "plotly", "skops")
_DBT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")


def examine(settings: Settings) -> list[Check]:
    """Check this machine and the data folder; creates nothing."""
    installation = [
        _python(),
        _sqlite(),
        *_libraries(PROJECT_DIR / "requirements.lock"),
        _project(settings.dbt_dir),
        _plotly(PLOTLY),
    ]
    return [*installation, *data_folder.examine(settings)]


def _python() -> Check:
    low, high = _PYTHON
    return Check(
        "Python",
        platform.python_version(),
        is_ok=low <= sys.version_info[:2] < high,
        remedy=f"install Python {low[0]}.{low[1]} to {high[0]}.{high[1] - 1}",
    )


def _sqlite() -> Check:
    """Check the version and the functions that the models use."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("select power(2.0, 0.5), sqrt(2.0), json_array('1')").fetchone()
        has_functions = sqlite3.sqlite_version_info >= _SQLITE
    except sqlite3.OperationalError:
        has_functions = False
    return Check(
        "SQLite",
        sqlite3.sqlite_version,
        is_ok=has_functions,
        remedy="use a Python whose SQLite is 3.35 or newer and has math and JSON functions",
    )


def _libraries(lock: Path) -> Iterator[Check]:
    """Compare the installed versions with the ranges and the lock file of the project."""
    installed = {one.name: _installed(one.name) for one in _required()}
    wrong = [
        f"{one.name} {installed[one.name] or 'is missing'}"
        for one in _required()
        if not one.specifier.contains(installed[one.name] or "0", prereleases=True)
        or installed[one.name] is None
    ]
    shown = ", ".join(f"{name} {installed[name]}" for name in _NAMED)
    yield Check(
        "Libraries",
        f"not as required: {', '.join(wrong)}" if wrong else shown,
        is_ok=not wrong,
        remedy=repair_command(),
    )
    if lock.exists():
        # a package can be pinned once for each version of Python
        pins = set(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", lock.read_text(), re.MULTILINE))
        others = [name for name, found in installed.items() if (name, found) not in pins]
        told = f"not the tested versions: {', '.join(others)}" if others else "as locked"
        yield Check("Versions", told)


def _required() -> list[Requirement]:
    """Return the requirements of the project on this machine, without extras."""
    every = [Requirement(line) for line in requires("tillsight") or []]
    return [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _project(dbt_dir: Path) -> Check:
    missing = [name for name in _DBT_FILES if not (dbt_dir / name).is_file()]
    return Check(
        "dbt project",
        f"{dbt_dir} lacks {', '.join(missing)}" if missing else str(dbt_dir),
        is_ok=not missing,
        remedy=repair_command(),
    )


def _plotly(file: Path) -> Check:
    return Check(
        "Charts",
        f"plotly.js, {file.stat().st_size / 1e6:.1f} MB" if file.is_file() else f"no {file}",
        is_ok=file.is_file(),
        remedy=repair_command(),
    )
