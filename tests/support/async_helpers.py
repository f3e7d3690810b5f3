"""Run coroutines beside the tests of the page, whose browser keeps a loop running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Value = TypeVar("Value")


def run_apart(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """Run a coroutine in a thread and a loop of its own; return what it returns."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result(timeout=120)
