"""The page and the CSV files that it links to, as a browser finds them."""

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
from reports.api.responses import rights_of
from reports.exports.customer_lists import named_files
from reports.exports.selection import Selection

router = APIRouter(include_in_schema=False)
NAMED_BY_CONTENT = re.compile(r"\.[0-9a-f]{10}[./]")


class Site(StaticFiles):
    """The folder of the page; it may be written later, and anew at any time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)

    async def check_config(self) -> None:
        """Ask for nothing: without a folder every file of it is simply not found."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Look for a file in the page that lies there now, also while another takes its place."""
        page = Path(str(self.directory)).resolve()
        return StaticFiles(directory=page, check_dir=False).lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Let browsers keep what is named by its content, and ask again for the rest."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if NAMED_BY_CONTENT.search(scope["path"]):
            response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


@router.get("/")
@router.get("/site")
async def to_page() -> Response:
    """Lead to the page."""
    return RedirectResponse("/site/")


@router.get("/dbt_docs.html")
async def dbt_docs(request: Request) -> Response:
    """Show dbt's documentation of the project."""
    path: Path = request.app.state.dbt_docs
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path)


@router.get("/exports/{name}")
async def named_list(request: Request, name: str) -> Response:
    """Download a file of the exports folder, made anew with what the caller may see."""
    sees_email = rights_of(request).sees_email

    def choose(connection: sqlite3.Connection) -> Selection:
        choice = named_files(connection).get(name)
        if choice is None:
            raise HTTPException(404)
        return replace(choice, include_email=sees_email)

    return await csv_response.answer(request, choose)
