"""The database engines that `--target` selects."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from scripts.engines.base import Engine
from scripts.errors import TillsightError
from scripts.installation import install_command
from scripts.settings import Settings

# Each engine needs packages of its own, which are imported only if it is selected.


def _sqlite() -> Callable[[Settings], Engine]:
    from scripts.engines.sqlite import SqliteEngine  # noqa: PLC0415

    return SqliteEngine


def _duckdb() -> Callable[[Settings], Engine]:
    from scripts.engines.duckdb import DuckdbEngine  # noqa: PLC0415

    return DuckdbEngine


def _postgres() -> Callable[[Settings], Engine]:
    from scripts.engines.postgres import PostgresEngine  # noqa: PLC0415

    return PostgresEngine


def _spark() -> Callable[[Settings], Engine]:
    from scripts.engines.spark.engine import SparkEngine  # noqa: PLC0415

    return SparkEngine


ENGINES = {"sqlite": _sqlite, "duckdb": _duckdb, "postgres": _postgres, "spark": _spark}
TARGETS = tuple(ENGINES)


def engine_of(settings: Settings) -> Engine:
    """Return a new engine of the target that the settings name.

    Raises
    ------
    TillsightError
        If the target is unknown or its packages are not installed.
    """
    if settings.target not in ENGINES:
        raise TillsightError(
            f"unknown target '{settings.target}'; choose one of {', '.join(TARGETS)}"
        )
    if find_spec(f"dbt.adapters.{settings.target}") is None:
        raise TillsightError(
            f"--target {settings.target} needs packages that are not installed; type: "
            f"{install_command(settings.target)}"
        )
    return ENGINES[settings.target]()(settings)
