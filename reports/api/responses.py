"""What the endpoints share: the build and the rights of a request, and the form of an answer."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from starlette.responses import Response

from reports.api.auth import Rights
from reports.api.build_cache import Build, Marts
from reports.api.schemas import Failure

MEANINGS = {
    400: ("A parameter is missing or wrong", "segment parameter required"),
    401: ("No token, or one that is not valid", "The token is not valid"),
    404: ("There is no such customer", "Customer not found"),
    413: ("The body is too large", "The body is larger than 65536 bytes"),
    500: ("Something is wrong with the server", "Internal server error"),
    503: ("There are no marts yet, or no model", "Model unavailable"),
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of an endpoint for the OpenAPI document, each with its sentence."""
    return {
        status: {
            "model": Failure,
            "description": MEANINGS[status][0],
            "content": {"application/json": {"example": {"error": MEANINGS[status][1]}}},
        }
        for status in statuses
    }


async def build_of(request: Request) -> Build:
    """Return the build to answer a request from."""
    marts: Marts = request.app.state.marts
    return await marts.build()


def rights_of(request: Request) -> Rights:
    """Return what the caller of a request may see."""
    rights: Rights = request.scope["rights"]
    return rights


def to_json(value: Any) -> str:
    """Write an answer."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def reply(request: Request, build: Build, body: str) -> Response:
    """Answer with JSON that names its build; with nothing where the caller has it already."""
    headers = build_headers(build.source.fingerprint, rights_of(request))
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def build_headers(fingerprint: str, rights: Rights) -> dict[str, str]:
    """Return the headers that name the build; who sees more gets another tag."""
    tag = f"{fingerprint}-email" if rights.sees_email else fingerprint
    return {"ETag": f'"{tag}"', "X-Tillsight-Build": fingerprint, "Vary": "Authorization"}
