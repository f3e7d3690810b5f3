"""The clock, for the log and the durations on the screen.

No published figure depends on it.
"""

from __future__ import annotations

import datetime
import time


def utc_now() -> str:
    """Return the time in UTC, as ISO 8601 with milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def seconds() -> float:
    """Monotonic time in seconds."""
    return time.monotonic()
