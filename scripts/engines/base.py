"""What a run asks of an engine, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from ml.data.features import FeatureSource
from scripts.ingest.raw_store import RawStore

Progress = Callable[[str, int, int], None]


class Engine(Protocol):
    """An engine that holds the landed rows, the features and the marts.

    The models and what they wrote stay in raw.db of the data folder, whatever the engine; and
    page, CSV files and API read marts.db, which is the engine's marts as one SQLite file.

    Attributes
    ----------
    raw : RawStore
        Where files land.
    features : FeatureSource
        Where the model reads.
    """

    raw: RawStore
    features: FeatureSource

    def begin(self) -> None:
        """Make room for a build; what an earlier attempt left is gone."""

    def has_features(self) -> bool:
        """Return whether a build has made the features."""

    def row(self, statement: str) -> tuple[Any, ...] | None:
        """Return the first row of a query of the work tables; dates are text."""

    def take_model(self) -> None:
        """Copy what training and scoring wrote from raw.db to where dbt reads it."""

    def give_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Copy the marts that dbt has built to the new marts.db.

        Parameters
        ----------
        models : mapping of str to node
            dbt's nodes of the marts, by name.
        progress : callable, optional
            Told how far the copy has come.
        """

    def publish(self) -> None:
        """Put the engine's own new marts in the place of those before."""


def plain_row(row: Iterable[object]) -> tuple[Any, ...]:
    """Return a row of an engine in the types of SQLite: a day is text."""
    return tuple(value.isoformat() if isinstance(value, date) else value for value in row)
