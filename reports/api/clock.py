"""The only place of the three packages that asks the clock, for what holds at a moment alone.

No figure comes from here: the time of a health check, when a token ends, how long a request or a
cache may live.
"""

from __future__ import annotations

import datetime
import time


def utc_now() -> datetime.datetime:
    """Return the time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def seconds() -> float:
    """Return seconds that only ever grow; differences of them are what counts."""
    return time.monotonic()
