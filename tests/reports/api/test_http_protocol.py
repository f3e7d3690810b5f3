"""Limits of a request's head, over a real socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from reports.api import http_protocol
from tests.support.async_helpers import run_apart

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def answers(_, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def read_all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    with suppress(ConnectionResetError):  # a piece was sent to a connection already closed
        while chunk := await reader.read(65_536):
            found += chunk
    return found


def asked(*pieces: bytes, pause: float = 0) -> bytes:
    """Send the pieces with pauses between; return the response up to the end of the connection."""

    async def ask() -> bytes:
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(answers, log_config=None, timeout_keep_alive=1)
        state = ServerState()
        server = await loop.create_server(
            lambda: http_protocol.LimitedProtocol(config, state, {}, loop), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            told = asyncio.create_task(read_all(reader))
            for piece in pieces:
                if told.done():
                    break
                writer.write(piece)
                await asyncio.sleep(pause)
            found = await asyncio.wait_for(told, 10)
            writer.close()
        return found

    return run_apart(ask())


def test_requests_on_one_connection_are_served_in_turn():
    assert asked(REQUEST, REQUEST, REQUEST, pause=0.05).count(b"204 No Content") == 3


def test_a_head_may_arrive_in_chunks():
    assert b"204 No Content" in asked(REQUEST[:10], REQUEST[10:30], REQUEST[30:], pause=0.02)


@pytest.mark.parametrize("before", [b"", REQUEST])
def test_an_endless_head_is_rejected(before):
    pieces = [b"X: " + b"x" * 8_000] * 20
    told = asked(before, REQUEST[:-2], *pieces, pause=0.01)
    assert b"400 Bad Request" in told
    assert b"too large" in told


@pytest.mark.parametrize("pieces", [[b""], [REQUEST[:-2]], [REQUEST, REQUEST[:-2]]])
def test_an_unfinished_head_times_out(monkeypatch, pieces):
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT_SECONDS", 0.1)
    told = asked(*pieces, pause=0.05)
    assert told.count(b"204 No Content") == len(pieces) - 1


def test_single_bytes_do_not_extend_the_timeout(monkeypatch):
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT_SECONDS", 0.1)
    assert asked(*[bytes([byte]) for byte in REQUEST], pause=0.02) == b""
