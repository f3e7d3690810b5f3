"""Routes of the page, and of the CSV files that it links to."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from reports.api import csv_response
from reports.api.error_handlers import RETRY
from reports.api.options import ApiOptions
from reports.api.responses import rights_of
from reports.errors import NoMartsError
from reports.exports.customer_lists import named_files
from reports.exports.selection import Selection

router = APIRouter(include_in_schema=False)
NO_PAGE = "There is no page yet. Type: tillsight report"
HASHED_NAME = re.compile(r"\.[0-9a-f]{10}[./]")


class Site(StaticFiles):
    """Static files of the page; the folder may appear and be replaced at any time."""

    def __init__(self, options: ApiOptions) -> None:
        super().__init__(directory=options.site_dir, html=True, check_dir=False)
        self._options = options

    async def check_config(self) -> None:
        """Skip the check of Starlette that the folder exists."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file of the page; without a page, the command that writes it."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code == 404 and path in {".", "index.html"}:
                _require_page(self._options)
            raise

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Resolve the link of the published page once, so that both lookups see one folder."""
        page = Path(str(self.directory)).resolve()
        return StaticFiles(directory=page, check_dir=False).lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Let browsers cache files with a hash in their name without revalidation."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if HASHED_NAME.search(scope["path"]):
            response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def _require_page(options: ApiOptions) -> None:
    if not options.marts_db.exists():
        raise NoMartsError(f"{options.marts_db} does not exist.")
    if not (options.site_dir / "index.html").exists():
        raise HTTPException(503, NO_PAGE, RETRY)


@router.get("/")
@router.get("/site")
async def to_page(request: Request) -> Response:
    """Redirect to the page."""
    _require_page(request.app.state.options)
    return RedirectResponse("/site/")


@router.get("/dbt_docs.html")
async def dbt_docs(request: Request) -> Response:
    """Return the documentation by dbt."""
    path: Path = request.app.state.options.dbt_docs
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path)


@router.get("/exports/{name}")
async def named_list(request: Request, name: str) -> Response:
    """Return a list of the exports folder, generated with the permissions of the caller."""
    sees_email = rights_of(request).sees_email

    def choose(connection: sqlite3.Connection) -> Selection:
        choice = named_files(connection).get(name)
        if choice is None:
            raise HTTPException(404)
        return replace(choice, include_email=sees_email)

    return await csv_response.stream_list(request, choose)
