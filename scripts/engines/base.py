"""The interface of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from ml.data.features import FeatureSource
from scripts.ingest.raw_store import RawStore
from scripts.progress import Progress


class Engine(Protocol):
    """A database engine that holds raw tables, features and marts.

    On every engine, raw.db holds trained models and predictions, and marts.db is what page, CSV
    files and API read.
    """

    @property
    def raw(self) -> RawStore:
        """The raw tables that files are loaded into."""

    @property
    def features(self) -> FeatureSource:
        """The features that the model reads."""

    def ensure_raw_tables(self) -> None:
        """Create raw.db and the raw tables where they are missing, and migrate older ones."""

    def prepare(self) -> None:
        """Remove the work tables and any unpublished marts before a build."""

    def has_features(self) -> bool:
        """Return whether a build has created the features."""

    def first_row(self, statement: str) -> dict[str, Any] | None:
        """Return the first row of a query on the work tables, by column name; dates as text."""

    def import_model_tables(self) -> None:
        """Copy the tables written by training and scoring from raw.db to the engine."""

    def export_marts(self, models: Mapping[str, Any], progress: Progress | None) -> None:
        """Copy the marts to the new marts.db.

        Parameters
        ----------
        models : mapping of str to node
            The marts' dbt nodes by name.
        progress : callable, optional
            Counts tables.
        """

    def publish(self) -> None:
        """Replace the engine's published marts by the new ones."""


def named_row(names: Sequence[str], row: Iterable[object]) -> dict[str, Any]:
    """Return a row by column name, dates as text."""
    values = (value.isoformat() if isinstance(value, date) else value for value in row)
    return dict(zip(names, values, strict=True))
