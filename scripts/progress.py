"""The callback by which a long step reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the name of the item at work, the amount done and the total (0 if unknown)."""
