"""Which page is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Privacy = Literal["team", "public"]


@dataclass(frozen=True)
class SiteOptions:
    """What a page is to be.

    Attributes
    ----------
    title : str or None
        Name of the shop on the page; None is the one of the marts.
    privacy : str
        `team` shows single customers; `public` shows groups of five and more alone.
    single_file : bool
        Whether everything stands in one file, to be mailed.
    """

    title: str | None = None
    privacy: Privacy = "team"
    single_file: bool = False

    @property
    def is_public(self) -> bool:
        """Whether no single customer may show."""
        return self.privacy == "public"
