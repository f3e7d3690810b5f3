"""The engines that dbt runs on: SQLite, or one of those that `--target` names."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from scripts.engines.base import Engine
from scripts.errors import TillsightError
from scripts.installation import install_command
from scripts.settings import Settings

_PLACES = {
    "sqlite": ("scripts.engines.sqlite", "SqliteEngine", "dbt.adapters.sqlite"),
    "duckdb": ("scripts.engines.duckdb", "DuckdbEngine", "dbt.adapters.duckdb"),
    "postgres": ("scripts.engines.postgres", "PostgresEngine", "dbt.adapters.postgres"),
    "spark": ("scripts.engines.spark.engine", "SparkEngine", "dbt.adapters.spark"),
}
TARGETS = tuple(_PLACES)


def engine_of(settings: Settings) -> Engine:
    """Return the engine that the target names.

    Parameters
    ----------
    settings : Settings
        Name the target, and where things lie.

    Returns
    -------
    Engine

    Raises
    ------
    TillsightError
        If there is no such target, or its packages are not installed.
    """
    if settings.target not in _PLACES:
        raise TillsightError(
            f"there is no target '{settings.target}'; choose one of {', '.join(TARGETS)}"
        )
    module, name, adapter = _PLACES[settings.target]
    if find_spec(adapter) is None:
        raise TillsightError(
            f"--target {settings.target} needs packages that are not installed; type: "
            f"{install_command(settings.target)}"
        )
    engine: Engine = getattr(import_module(module), name)(settings)
    return engine
