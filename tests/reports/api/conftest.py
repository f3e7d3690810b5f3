"""Fixtures that call the ASGI application in this process."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from reports.api.app import make_app
from reports.api.options import ApiOptions

SECRET = "an honest secret of more than 32 bytes"  # noqa: S105  of no server


Value = TypeVar("Value")


class Asker:
    """Start an application, ask it one thing after the other, stop it.

    It has a thread of its own: the browser of other tests keeps a loop running in this one.
    """

    def __init__(self, options: ApiOptions) -> None:
        self._app = make_app(options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._outbox: asyncio.Queue[Any] = asyncio.Queue()
        self.run(self._start())

    async def _start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._life = asyncio.create_task(self._app(scope, self._inbox.get, self._outbox.put))
        await self._inbox.put({"type": "lifespan.startup"})
        assert (await self._outbox.get())["type"] == "lifespan.startup.complete"

    async def _stop(self) -> None:
        await self.client.aclose()
        await self._inbox.put({"type": "lifespan.shutdown"})
        await self._life

    def close(self) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=120)

    def get(self, address: str, **options: Any) -> httpx.Response:
        return self.run(self.client.get(address, **options))

    def post(self, address: str, **options: Any) -> httpx.Response:
        return self.run(self.client.post(address, **options))

    def request(self, method: str, address: str, **options: Any) -> httpx.Response:
        return self.run(self.client.request(method, address, **options))


Ask = Callable[..., Asker]


@pytest.fixture(scope="module")
def asking() -> Iterator[Ask]:
    """Make askers of a file of marts; options are those of the API."""
    made = []

    def start(marts_db: Path, **options: Any) -> Asker:
        folder = marts_db.parent
        served = ApiOptions(marts_db, folder / "site", folder / "dbt_docs.html")
        made.append(Asker(replace(served, **options)))
        return made[-1]

    yield start
    for asker in made:
        asker.close()


def query(marts_db: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(marts_db)) as connection:
        return connection.execute(sql, values).fetchall()
