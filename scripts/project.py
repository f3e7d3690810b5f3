"""The data folder of one shop during one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from scripts import preconditions, shop_settings
from scripts.engines import engine_of
from scripts.engines.base import Engine
from scripts.ingest.raw_store import RawStore
from scripts.publish import releases
from scripts.publish.releases import Release
from scripts.settings import Settings
from scripts.storage import lock

if TYPE_CHECKING:
    from scripts.dbt_runner import Dbt


class Project:
    """A shop: its settings, engine, raw tables and releases.

    A command makes one project, by `create` or `open`. The engine and dbt are loaded on first use.

    Attributes
    ----------
    settings : Settings
        Paths and options.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def create(cls, settings: Settings) -> Project:
        """Open a shop for writing; create its folder and raw tables where they are missing.

        Raises
        ------
        TillsightError
            If the folder belongs to another target, or the tables cannot be created.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        preconditions.settle_target(settings)
        shop_settings.write_template(settings.data_dir, settings.dbt_dir)
        project = cls(settings)
        project.engine.ensure_raw_tables()
        return project

    @classmethod
    def open(cls, settings: Settings, command: str) -> Project:
        """Open an existing shop for a command, and create nothing.

        Raises
        ------
        TillsightError
            If the folder does not exist, or holds no shop but the demo shop.
        """
        preconditions.require_shop(settings, command)
        return cls(settings)

    @cached_property
    def engine(self) -> Engine:
        """The engine of the target."""
        return engine_of(self.settings)

    @property
    def raw(self) -> RawStore:
        """The raw tables that files are loaded into."""
        return self.engine.raw

    @cached_property
    def dbt(self) -> Dbt:
        """The parsed dbt project."""
        from scripts.dbt_runner import Dbt  # noqa: PLC0415  takes seconds to import

        return Dbt(self.settings)

    @property
    def new_release(self) -> Release:
        """The release that is being built."""
        return Release(self.settings.new_marts_db.parent)

    def begin_release(self) -> None:
        """Prepare folder and engine for a new release; an unpublished one is deleted."""
        releases.begin(self.settings.data_dir)
        self.engine.prepare()

    def publish(self) -> None:
        """Replace the published release by the new one."""
        self.engine.publish()
        releases.finish(self.settings.data_dir)


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Lock the data folder, and remove the files that killed runs left.

    Raises
    ------
    TillsightError
        If another process holds the lock.
    """
    with lock.only_one(settings):
        releases.tidy(settings.data_dir)
        yield
