"""What a test needs beside Python and its packages."""

from __future__ import annotations

import os

import pytest


def need(reason: str, *, is_there: bool) -> None:
    """Skip a test, or fail it where CI is set, unless what it needs is there.

    Parameters
    ----------
    reason : str
        What is missing, and how to get it.
    is_there : bool
        Whether it is.
    """
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
