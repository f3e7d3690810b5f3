"""The ASGI application: endpoints, page and middleware."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from reports.api.build_cache import BuildCache
from reports.api.error_handlers import add_handlers
from reports.api.middleware import AuthMiddleware, LimitsMiddleware
from reports.api.options import ApiOptions
from reports.api.routes import customers, model, site
from reports.errors import ReportError

DESCRIPTION = """
Segments, scores and forecasts of a shop's customers, read from the published marts. Every response
comes from one build, named by the header `X-Tillsight-Build`; conditional requests with `ETag` are
supported. Errors are `{"error": "<sentence>"}`. E-mail addresses are returned only for a token with
the scope `email`. For other tokens, addresses in texts and ids are masked, and a customer with a
masked id is requested by that masked id.
"""


def make_app(options: ApiOptions) -> ASGIApp:
    """Return the application with its middleware.

    Parameters
    ----------
    options : ApiOptions
        Files to serve, and access rules.
    """
    app: ASGIApp = AuthMiddleware(make_api(options), options)
    if options.origins:
        app = CORSMiddleware(
            app,
            allow_origins=options.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match"],
            expose_headers=["ETag", "X-Tillsight-Build", "Content-Disposition"],
        )
    return LimitsMiddleware(app)


def make_api(options: ApiOptions) -> FastAPI:
    """Return the application without middleware."""
    app = FastAPI(
        title="Tillsight",
        version=version("tillsight"),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # it would load scripts from a third-party server
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.build_cache = BuildCache(options.marts_db)
    app.state.options = options
    add_handlers(app)
    for router in (model.router, customers.router, site.router):
        app.include_router(router)
    app.mount("/site", site.Site(options))
    described = app.openapi

    def openapi() -> dict[str, Any]:
        return _describe_errors_and_access(described(), needs_token=options.secret is not None)

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend the schema
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the marts before the first request; start without them if there are none."""
    try:
        await app.state.build_cache.build()
    except ReportError as error:
        logging.getLogger("tillsight.api").warning("%s", error)
    yield
    app.state.build_cache.close()


def _describe_errors_and_access(document: dict[str, Any], *, needs_token: bool) -> dict[str, Any]:
    """Remove FastAPI's own validation errors, and document the token."""
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
