from __future__ import annotations

import asyncio

import pytest

from reports.api import middleware
from reports.api.auth import make_token
from tests.reports.api.conftest import SECRET
from tests.support.async_helpers import run_apart

JSON_PATHS = ["/api/health", "/api/customers/segments", "/api/nothing", "/exports/customers.csv"]


@pytest.fixture(scope="module")
def api(asking, marts):
    return asking(marts)


@pytest.mark.parametrize("path", [*JSON_PATHS, "/site/", "/"])
def test_every_response_has_security_headers(api, path):
    headers = api.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "private, no-cache"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert ("default-src 'none'" in headers["content-security-policy"]) == (path in JSON_PATHS)


@pytest.mark.parametrize(
    "path",
    ["/api/customers/segments", "/api/customers/rfm?page=2", "/api/customers/c01/details"],
)
def test_a_matching_etag_gets_304(api, path):
    answer = api.get(path)
    tag = answer.headers["etag"]
    assert answer.headers["x-tillsight-build"] in tag
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = api.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert api.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_the_etag_depends_on_permissions(asking, marts):
    api = asking(marts, secret=SECRET, is_local=False)
    tags = {
        api.get(
            "/api/customers/c01/details",
            headers={"authorization": f"Bearer {make_token(SECRET, days=1, sees_email=sees)}"},
        ).headers["etag"]
        for sees in (True, False)
    }
    assert len(tags) == 2


async def ask(app, receive, send):
    scope = {
        "type": "http",
        "path": "/api/export/customers",
        "raw_path": b"/api/export/customers",
        "query_string": b"",
        "headers": [],
    }
    await middleware.LimitsMiddleware(app)(scope, receive, send)


def sent_by(app, receive=None, send=None):
    """Run an application behind the guard; return the messages that it sends."""
    sent = []

    async def keep(message):
        sent.append(message)

    async def nothing():
        return {"type": "http.request", "body": b"", "more_body": False}

    run_apart(ask(app, receive or nothing, send or keep))
    return sent


async def reads_the_body(_, receive, __):
    await receive()


def test_a_missing_body_times_out(monkeypatch):
    monkeypatch.setattr(middleware, "RESPONSE_TIMEOUT_SECONDS", 0.05)

    async def never():
        await asyncio.sleep(60)

    start, body = sent_by(reads_the_body, receive=never)
    assert start["status"] == 408
    assert body["body"] == b'{"error": "The request took too long"}'


def test_a_client_that_does_not_read_times_out(monkeypatch):
    monkeypatch.setattr(middleware, "SEND_TIMEOUT_SECONDS", 0.05)
    taken = []

    async def stuck(message):
        taken.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def answers(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise AssertionError("it went on")

    sent_by(answers, send=stuck)
    assert taken == ["http.response.start", "http.response.body"]


def test_a_long_response_may_exceed_the_first_timeout(monkeypatch):
    monkeypatch.setattr(middleware, "RESPONSE_TIMEOUT_SECONDS", 0.05)

    async def answers(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await asyncio.sleep(0.04)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    assert len(sent_by(answers)) == 5


def test_an_error_in_a_stream_ends_the_response(caplog):
    async def answers(_, __, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise ValueError("the disk is gone")

    types = [message["type"] for message in sent_by(answers)]
    assert types == ["http.response.start", "http.response.body"]
    assert "the disk is gone" in caplog.text
