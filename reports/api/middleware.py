"""ASGI middleware: authentication, limits, security headers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reports.api.auth import AccessError, Rights, read_rights
from reports.api.error_handlers import INTERNAL, error_response, logger
from reports.api.options import ApiOptions
from reports.formatting import without_email

MAX_URL_LENGTH = 4_096
MAX_BODY_BYTES = 65_536
RESPONSE_TIMEOUT_SECONDS = 30
"""From the head of the request to the head of the response."""
SEND_TIMEOUT_SECONDS = 60
"""For each chunk of a response, until the client has taken it."""
OPEN_PATHS = frozenset({"/api/health"})
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"private, no-cache"),
)
POLICY = b"content-security-policy"
DATA_HEADERS = (*SECURITY_HEADERS, (POLICY, b"default-src 'none'; frame-ancestors 'none'"))
PAGE_HEADERS = (*SECURITY_HEADERS, (POLICY, b"frame-ancestors 'none'"))
"""The page has a policy of its own for what it loads."""


class LimitsMiddleware:
    """Limit size and duration of requests, add security headers, hide the causes of errors.

    Parameters
    ----------
    app : ASGI application
        The next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        path = without_email(scope["path"])
        try:
            async with exchange.limit:
                if _length(scope) > MAX_URL_LENGTH:
                    await error_response(414, "The address is too long")(
                        scope, receive, exchange.send
                    )
                else:
                    await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            logger.warning("%s timed out", path)
            await exchange.fail(408, "The request took too long")
        except Exception:
            logger.exception("%s failed", path)
            await exchange.fail(500, INTERNAL)


def _length(scope: Scope) -> int:
    return len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._body_bytes = 0
        self._has_started = False
        self.limit = asyncio.timeout(RESPONSE_TIMEOUT_SECONDS)

    async def receive(self) -> Message:
        """Pass a chunk of the body on, up to the limit."""
        message = await self._receive()
        self._body_bytes += len(message.get("body", b""))
        if self._body_bytes > MAX_BODY_BYTES:
            raise HTTPException(413, f"The body is larger than {MAX_BODY_BYTES} bytes")
        return message

    async def send(self, message: Message) -> None:
        """Pass a chunk of the response on; the head gets the security headers."""
        self.limit.reschedule(asyncio.get_running_loop().time() + SEND_TIMEOUT_SECONDS)
        await self._send_on(message)

    async def fail(self, status: int, sentence: str) -> None:
        """Send an error; a response that has started is cut off, and the server disconnects."""
        if not self._has_started:
            await error_response(status, sentence)(self._scope, self._receive, self._send_on)

    async def _send_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_started = True
            own = headers_for(self._scope["path"])
            there = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(header for header in own if header[0] not in there),
            ]
        await self._send(message)


def headers_for(path: str) -> Sequence[tuple[bytes, bytes]]:
    """Return the default security headers of a path."""
    return DATA_HEADERS if path.startswith(("/api/", "/exports/")) else PAGE_HEADERS


class AuthMiddleware:
    """Authenticate requests, and store the permissions of the caller as `scope["rights"]`.

    Parameters
    ----------
    app : ASGI application
        The next application.
    options : ApiOptions
        The secret, and whether requests are limited to this machine.
    """

    def __init__(self, app: ASGIApp, options: ApiOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an authenticated request on, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._options.is_local and not is_local(headers.get("host", "")):
            rejection = error_response(400, "This server accepts requests to localhost only")
            await rejection(scope, receive, send)
            return
        try:
            scope["rights"] = self._rights(scope["path"], headers.get("authorization"))
        except AccessError as error:
            challenge = {"WWW-Authenticate": _challenge(scope["path"])}
            await error_response(401, str(error), challenge)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _rights(self, path: str, authorization: str | None) -> Rights:
        if self._options.secret is None:
            return Rights(sees_email=self._options.with_email)
        if path in OPEN_PATHS:
            return Rights()
        return read_rights(self._options.secret, authorization)


def is_local(host: str) -> bool:
    """Return whether a `Host` header is a name of this machine.

    Examples
    --------
    >>> is_local("127.0.0.1:8000"), is_local("[::1]:8000"), is_local("shop.example")
    (True, True, False)
    """
    try:
        return urlsplit(f"//{host}").hostname in LOCAL_HOSTS
    except ValueError:
        return False


def _challenge(path: str) -> str:
    """Return the challenge: Bearer for the API, Basic for a browser that opens the page."""
    if path.startswith("/api/"):
        return 'Bearer realm="tillsight"'
    return 'Basic realm="tillsight: the token is the password", charset="UTF-8"'
