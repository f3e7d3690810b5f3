"""What stands around the application: who may ask, how much, for how long; headers for browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reports.api.auth import AccessError, Rights, read_rights
from reports.api.error_handlers import INTERNAL, failure, logger
from reports.api.options import ApiOptions
from reports.formatting import without_email

LONGEST_ADDRESS = 4_096
LARGEST_BODY = 65_536
SECONDS_TO_ANSWER = 30
"""From the request's head to the head of the answer."""
SECONDS_TO_TAKE = 60
"""How long a reader may let one piece of an answer lie."""
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
"""The page says itself what it loads."""


class Guard:
    """Limit size and time of a request, add headers, and keep every cause within.

    Parameters
    ----------
    app : ASGI application
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        asked = without_email(scope["path"])
        try:
            async with answer.limit:
                if _length(scope) > LONGEST_ADDRESS:
                    await failure(414, "The address is too long")(scope, receive, answer.send)
                else:
                    await self._app(scope, answer.receive, answer.send)
        except TimeoutError:
            logger.warning("%s was given up: too slow", asked)
            await answer.fail(408, "The request took too long")
        except Exception:
            logger.exception("%s failed", asked)
            await answer.fail(500, INTERNAL)


def _length(scope: Scope) -> int:
    return len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])


class _Answer:
    """One request on its way in, and its answer on its way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._taken = 0
        self._has_begun = False
        self.limit = asyncio.timeout(SECONDS_TO_ANSWER)

    async def receive(self) -> Message:
        """Hand a piece of the body on, unless there are too many."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > LARGEST_BODY:
            raise HTTPException(413, f"The body is larger than {LARGEST_BODY} bytes")
        return message

    async def send(self, message: Message) -> None:
        """Hand a piece of the answer on, its head with our headers."""
        self.limit.reschedule(asyncio.get_running_loop().time() + SECONDS_TO_TAKE)
        await self._send_on(message)

    async def fail(self, status: int, sentence: str) -> None:
        """Answer with a sentence; an answer that has begun breaks off, and the server hangs up."""
        if not self._has_begun:
            await failure(status, sentence)(self._scope, self._receive, self._send_on)

    async def _send_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            own = headers_for(self._scope["path"])
            there = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(header for header in own if header[0] not in there),
            ]
        await self._send(message)


def headers_for(path: str) -> Sequence[tuple[bytes, bytes]]:
    """Return what every answer below a path tells the browser, unless it says so itself."""
    return DATA_HEADERS if path.startswith(("/api/", "/exports/")) else PAGE_HEADERS


class Door:
    """Let in who may ask, and note what they may see as `rights` of the request.

    Parameters
    ----------
    app : ASGI application
        What answers.
    options : ApiOptions
        The secret, and whether this machine alone may ask.
    """

    def __init__(self, app: ASGIApp, options: ApiOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._options.is_local and not is_local(headers.get("host", "")):
            refused = failure(400, "This server answers to localhost alone")
            await refused(scope, receive, send)
            return
        try:
            scope["rights"] = self._rights(scope["path"], headers.get("authorization"))
        except AccessError as error:
            challenge = {"WWW-Authenticate": _challenge(scope["path"])}
            await failure(401, str(error), challenge)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _rights(self, path: str, authorization: str | None) -> Rights:
        if self._options.secret is None:
            return Rights(sees_email=self._options.with_email)
        if path in OPEN_PATHS:
            return Rights()
        return read_rights(self._options.secret, authorization)


def is_local(host: str) -> bool:
    """Return whether a `Host` header names this machine.

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
    """Ask programs for a token, and browsers that open the page for a password."""
    if path.startswith("/api/"):
        return 'Bearer realm="tillsight"'
    return 'Basic realm="tillsight: the token is the password", charset="UTF-8"'
