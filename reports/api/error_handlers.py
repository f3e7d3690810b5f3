"""Error responses: one sentence as JSON (as HTML to browsers); the cause goes to the log."""

from __future__ import annotations

import html
import json
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from reports.errors import NoMartsError, ReportError, SelectionError
from reports.formatting import without_email

logger = logging.getLogger("tillsight.api")
NOT_JSON = "The body is not valid JSON"
SENTENCES = {
    "Not Found": "Endpoint not found",
    "Method Not Allowed": "Method not allowed",
    "There was an error parsing the body": NOT_JSON,  # not UTF-8, or nested too deep
}
"""Messages in place of those of Starlette and FastAPI."""
INTERNAL = "Internal server error"
RETRY = {"Retry-After": "5"}
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8">{refresh}<title>Tillsight</title></head>
<body><p>{sentence}</p></body>
</html>
"""


def error_response(
    status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a sentence as JSON, in ASCII since it may quote lone surrogates."""
    return Response(json.dumps({"error": sentence}), status, headers, "application/json")


def error_response_for(
    request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a sentence as HTML to a browser outside of `/api/`, else as JSON."""
    is_page = not request.url.path.startswith("/api/")
    if not (is_page and "text/html" in request.headers.get("accept", "")):
        return error_response(status, sentence, headers)
    refresh = '<meta http-equiv="refresh" content="5">' if status == 503 else ""
    page = PAGE.format(sentence=html.escape(sentence), refresh=refresh)
    return HTMLResponse(page, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Register a handler for every kind of error."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(SelectionError, _invalid_selection)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(sqlite3.OperationalError, _operational_error)
    app.add_exception_handler(sqlite3.Error, _unreadable_marts)
    app.add_exception_handler(NoMartsError, _no_marts)
    app.add_exception_handler(ReportError, _unreadable_marts)
    app.add_exception_handler(Exception, _unexpected_error)


async def _invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  as it was registered
    return error_response(400, explain(error.errors()[0]))


def explain(problem: Mapping[str, Any]) -> str:
    """Describe a validation error in one sentence, without the value of the parameter.

    Examples
    --------
    >>> explain({"type": "missing", "loc": ("body", "segment"), "msg": "Field required"})
    'segment parameter required'
    >>> explain({"type": "int_parsing", "loc": ("query", "page"), "msg": "Input is no number"})
    'page parameter: input is no number'
    """
    names = [str(part) for part in problem["loc"][1:]]
    if problem["type"] == "json_invalid":
        return NOT_JSON
    if problem["type"] == "missing":
        # without a body no field is named
        return f"{'.'.join(names) or 'segment'} parameter required"
    if not names:
        return "The body must be a JSON object, sent with 'Content-Type: application/json'"
    message = str(problem["msg"])
    return f"{'.'.join(names)} parameter: {message[:1].lower()}{message[1:]}"


async def _invalid_selection(_: Request, error: Exception) -> Response:
    return error_response(400, str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  as it was registered
    sentence = SENTENCES.get(error.detail, error.detail)
    return error_response_for(request, error.status_code, sentence, error.headers)


async def _operational_error(request: Request, error: Exception) -> Response:
    if "locked" in str(error):  # plain dbt writes into the published file; a publish does not
        logger.warning("The marts are being written")
        return error_response(503, "The marts are being written; ask again", {"Retry-After": "1"})
    if "interrupted" not in str(error):
        return await _unreadable_marts(request, error)
    logger.error("%s took too long", without_email(request.scope["path"]))
    return error_response(503, "The query took too long; ask for less")


async def _no_marts(request: Request, _: Exception) -> Response:
    return error_response_for(request, 503, request.app.state.options.no_marts, RETRY)


async def _unreadable_marts(_: Request, error: Exception) -> Response:
    logger.error("The marts cannot be read: %s", error)
    return error_response(500, INTERNAL)


async def _unexpected_error(_: Request, __: Exception) -> Response:
    return error_response(500, INTERNAL)  # LimitsMiddleware logs it
