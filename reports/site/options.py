"""The options of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Privacy = Literal["team", "public"]


@dataclass(frozen=True)
class SiteOptions:
    """The options of a page.

    Attributes
    ----------
    title : str or None
        Name of the shop on the page; by default the name in the marts.
    privacy : str
        `team` shows individual customers; `public` only groups of at least five.
    single_file : bool
        Whether the page is one file, for mailing.
    """

    title: str | None = None
    privacy: Privacy = "team"
    single_file: bool = False

    @property
    def is_public(self) -> bool:
        """Whether the page shows no individual customers."""
        return self.privacy == "public"
