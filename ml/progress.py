"""How long steps report their progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, the units done and the total number of units."""


def silent(step: str, done: int, total: int) -> None:
    """Ignore progress."""
