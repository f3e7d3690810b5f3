"""HTTP protocol with limits that uvicorn lacks: size and duration of a request's head."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 32_768
HEAD_TIMEOUT_SECONDS = 10


class LimitedProtocol(HttpToolsProtocol):
    """HTTP protocol that closes the connection if a head is too large or too slow."""

    _in_head = False
    _head_size = 0
    _timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout."""
        super().connection_made(transport)
        self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout."""
        self._cancel_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass data on, unless the head has become too large."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_size += len(data)
        if self._head_size > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        elif self._timeout is None:
            self._start_timeout()

    def on_message_begin(self) -> None:
        """Start to count bytes."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0

    def on_headers_complete(self) -> None:
        """Cancel the timeout; the response has its own."""
        self._in_head = False
        self._cancel_timeout()
        super().on_headers_complete()

    def _start_timeout(self) -> None:
        self._timeout = self.loop.call_later(HEAD_TIMEOUT_SECONDS, self.transport.close)

    def _cancel_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
