"""Helpers of all endpoints: current build, permissions, JSON responses with ETag."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from starlette.responses import Response

from reports.api.auth import Rights
from reports.api.build_cache import Build, BuildCache
from reports.api.schemas import ErrorResponse

ERRORS = {
    400: ("A parameter is missing or wrong", "segment parameter required"),
    401: ("No token, or one that is not valid", "The token is not valid"),
    404: ("Unknown customer", "Customer not found"),
    413: ("The body is too large", "The body is larger than 65536 bytes"),
    500: ("The marts cannot be read", "Internal server error"),
    503: ("There are no marts yet, or no model", "Model unavailable"),
}


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of an endpoint for the OpenAPI document."""
    return {
        status: {
            "model": ErrorResponse,
            "description": ERRORS[status][0],
            "content": {"application/json": {"example": {"error": ERRORS[status][1]}}},
        }
        for status in statuses
    }


async def current_build(request: Request) -> Build:
    """Return the build that a request is answered from."""
    cache: BuildCache = request.app.state.build_cache
    return await cache.build()


def rights_of(request: Request) -> Rights:
    """Return the permissions of the caller."""
    rights: Rights = request.scope["rights"]
    return rights


def to_json(value: Any) -> str:
    """Serialise a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_response(request: Request, build: Build, body: str) -> Response:
    """Return a JSON response with the headers of its build, or 304 if the ETag matches."""
    headers = build_headers(build.source.fingerprint, rights_of(request))
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def build_headers(fingerprint: str, rights: Rights) -> dict[str, str]:
    """Return the headers of a build; the ETag depends on the permissions."""
    tag = f"{fingerprint}-email" if rights.sees_email else fingerprint
    return {"ETag": f'"{tag}"', "X-Tillsight-Build": fingerprint, "Vary": "Authorization"}
