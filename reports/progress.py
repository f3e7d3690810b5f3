"""The progress of a long step."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how much is done, and how much there is."""


def no_progress(what: str, done: int, total: int) -> None:
    """Report nothing."""
