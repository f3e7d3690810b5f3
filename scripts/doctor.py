"""Look whether this machine and the data folder have what a run needs."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version

from scripts import pipeline, warehouse
from scripts.errors import TillsightError
from scripts.settings import Settings

_PYTHON = ((3, 11), (3, 14))
_SQLITE = (3, 35)  # window functions over CTEs, math functions, returning
_LIBRARIES = ("dbt-core", "dbt-sqlite", "pandas", "scikit-learn", "plotly", "skops")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject, what : str
        What was looked at and what was found.
    is_well : bool
        Whether it is as a run needs it.
    remedy : str
        What to do where it is not.
    """

    subject: str
    what: str
    is_well: bool = True
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, SQLite, the libraries, the data folder and what lies in it.

    Creates the raw tables where they are missing, so that plain dbt can run.

    Parameters
    ----------
    settings : Settings
        Where things lie.

    Returns
    -------
    list of Finding
    """
    return [_python(), _sqlite(), _libraries(), *_data_folder(settings)]


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
            connection.execute("select power(2.0, 0.5), sqrt(2.0), json_valid('1')").fetchone()
        has_functions = sqlite3.sqlite_version_info >= _SQLITE
    except sqlite3.OperationalError:
        has_functions = False
    return Finding(
        "SQLite",
        sqlite3.sqlite_version,
        is_well=has_functions,
        remedy="use a Python whose SQLite is 3.35 or newer and has math and JSON functions",
    )


def _libraries() -> Finding:
    return Finding("Libraries", ", ".join(f"{name} {version(name)}" for name in _LIBRARIES))


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    pipeline.ensure_raw(settings)
    yield Finding(
        "Data folder",
        str(folder),
        is_well=os.access(folder, os.W_OK),
        remedy=f"make {folder} writable, or choose another with --data-dir",
    )
    with closing(warehouse.connect_read_only(settings.raw_db)) as connection:
        loads, rows = connection.execute(
            "select count(*), coalesce(sum(row_count), 0) from raw_loads"
        ).fetchone()
    yield Finding("Loaded", f"{rows:,} rows of {loads:,} files")
    yield _marts(settings)


def _marts(settings: Settings) -> Finding:
    """Say what is published, if anything is: dbt leaves an empty file where it only compiles."""
    if not settings.marts_db.exists() or not settings.marts_db.stat().st_size:
        return Finding("Marts", "none yet; 'tillsight run' makes them")
    try:
        with closing(warehouse.connect_read_only(settings.marts_db)) as connection:
            as_of, passed, tests = connection.execute(
                "select as_of_date, data_tests_passed, data_tests from build_info"
            ).fetchone()
    except (TillsightError, sqlite3.DatabaseError) as error:
        return Finding(
            "Marts",
            str(error),
            is_well=False,
            remedy="type 'tillsight build' to make the marts anew",
        )
    return Finding("Marts", f"as of {as_of}, {passed} of {tests} tests passed")
