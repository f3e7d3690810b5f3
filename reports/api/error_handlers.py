"""What is answered when something goes wrong: one sentence as JSON, the cause in the log alone."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reports.errors import ReportError, SelectionError
from reports.formatting import without_email

logger = logging.getLogger("tillsight.api")
NOT_JSON = "The body is not valid JSON"
SENTENCES = {
    "Not Found": "Endpoint not found",
    "Method Not Allowed": "Method not allowed",
    "There was an error parsing the body": NOT_JSON,  # bytes that are no text, or nested too deep
}
"""Ours for those of Starlette and FastAPI."""
INTERNAL = "Internal server error"


def failure(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a sentence; in ASCII, since it may quote what no encoding can write."""
    return Response(json.dumps({"error": sentence}), status, headers, "application/json")


def add_handlers(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    app.add_exception_handler(RequestValidationError, _wrong_question)
    app.add_exception_handler(SelectionError, _invalid_selection)
    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(sqlite3.OperationalError, _interrupted)
    app.add_exception_handler(sqlite3.Error, _broken_marts)
    app.add_exception_handler(ReportError, _broken_marts)
    app.add_exception_handler(Exception, _anything_else)


async def _wrong_question(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  as it was registered
    return failure(400, explain(error.errors()[0]))


def explain(problem: Mapping[str, Any]) -> str:
    """Say in a sentence what is wrong with a parameter; its value is not repeated.

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
        # without a body everything is missing; the first that is needed is named
        return f"{'.'.join(names) or 'segment'} parameter required"
    if not names:
        return "The body must be a JSON object, sent with 'Content-Type: application/json'"
    message = str(problem["msg"])
    return f"{'.'.join(names)} parameter: {message[:1].lower()}{message[1:]}"


async def _invalid_selection(_: Request, error: Exception) -> Response:
    return failure(400, str(error))


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  as it was registered
    sentence = SENTENCES.get(error.detail, error.detail)
    return failure(error.status_code, sentence, error.headers)


async def _interrupted(request: Request, error: Exception) -> Response:
    if "locked" in str(error):  # dbt by hand writes in place; our own publishing never does
        logger.warning("The marts are being written")
        return failure(503, "The marts are being written; ask again", {"Retry-After": "1"})
    if "interrupted" not in str(error):
        return await _broken_marts(request, error)
    logger.error("%s took too long", without_email(request.scope["path"]))
    return failure(503, "This takes too long; ask for less")


async def _broken_marts(_: Request, error: Exception) -> Response:
    logger.error("The marts cannot be read: %s", error)
    return failure(500, INTERNAL)


async def _anything_else(_: Request, __: Exception) -> Response:
    return failure(500, INTERNAL)  # the guard around the application logs it
