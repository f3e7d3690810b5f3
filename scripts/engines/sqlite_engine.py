"""SQLite: three files that dbt attaches, so that nothing needs to be carried anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from scripts import warehouse
from scripts.engines.engine import Progress
from scripts.raw_store import SqliteRaw
from scripts.settings import Settings


class SqliteEngine:
    """See `Engine`.

    Parameters
    ----------
    settings : Settings
        Where the files lie.
    """

    def __init__(self, settings: Settings) -> None:
        self.raw = SqliteRaw(settings.raw_db)
        self.features = settings.work_db

    def begin(self) -> None:
        """Make room for a build; what an earlier attempt left is gone."""
        warehouse.discard(self.features)

    def has_features(self) -> bool:
        """Return whether a build has made the features."""
        return self.features.exists()

    def row(self, statement: str) -> tuple[Any, ...] | None:
        """Return the first row of a query of the work tables; dates are text."""
        with (
            closing(warehouse.connect_read_only(self.features)) as connection,
            warehouse.explained(self.features),
        ):
            found: tuple[Any, ...] | None = connection.execute(statement).fetchone()
            return found

    def take_model(self) -> None:
        """Do nothing: dbt reads raw.db itself."""

    def give_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Do nothing: dbt writes marts.db itself."""

    def publish(self) -> None:
        """Do nothing: marts.db is published as part of its generation."""
