"""The only place of the command line that asks the clock, for its log and for seconds on a screen.

No figure comes from here: what is loaded, learned and published is the same whatever the time.
"""

from __future__ import annotations

import datetime
import time


def utc_now() -> str:
    """Return the time in UTC, as ISO 8601 with milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def seconds() -> float:
    """Return seconds that only ever grow, also where the clock is set; differences count."""
    return time.monotonic()
