"""The application: endpoints, page, and what stands around them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from reports.api.build_cache import Marts
from reports.api.error_handlers import add_handlers
from reports.api.middleware import Door, Guard
from reports.api.options import ApiOptions
from reports.api.routes import customers, model, site
from reports.errors import ReportError

DESCRIPTION = """
Segments, scores and forecasts of a shop's customers, read from the published marts. Every answer
comes from one build, which the header `X-Tillsight-Build` names; `ETag` saves asking twice. Errors
are `{"error": "<sentence>"}`. E-mail addresses are there only for a token with the scope `email`;
for others one that stands in a text, or as an id, is hidden, and such a customer is asked for by
the id that is shown instead.
"""


def make_app(options: ApiOptions) -> ASGIApp:
    """Make the application that a server runs.

    Parameters
    ----------
    options : ApiOptions
        What is served, to whom.
    """
    app: ASGIApp = Door(make_api(options), options)
    if options.origins:
        app = CORSMiddleware(
            app,
            allow_origins=options.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match"],
            expose_headers=["ETag", "X-Tillsight-Build", "Content-Disposition"],
        )
    return Guard(app)


def make_api(options: ApiOptions) -> FastAPI:
    """Make the endpoints alone, with nothing around them."""
    app = FastAPI(
        title="Tillsight",
        version=version("tillsight"),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would be loaded from a stranger's server
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.marts = Marts(options.marts_db)
    app.state.options = options
    add_handlers(app)
    for router in (model.router, customers.router, site.router):
        app.include_router(router)
    app.mount("/site", site.Site(options))
    described = app.openapi

    def openapi() -> dict[str, Any]:
        return _as_it_is(described(), needs_token=options.secret is not None)

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's way of changing the document
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the marts before the first request; without them the server waits for them."""
    try:
        await app.state.marts.build()
    except ReportError as error:
        logging.getLogger("tillsight.api").warning("%s", error)
    yield
    app.state.marts.close()


def _as_it_is(document: dict[str, Any], *, needs_token: bool) -> dict[str, Any]:
    """Take out what FastAPI would answer by itself, and say that a token is needed."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if needs_token and path != "/api/health":
                operation["security"] = [{"bearer": []}]
    components = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    if needs_token:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
    return document
