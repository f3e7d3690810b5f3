"""CSV files, written while they are read: any number of customers in the same little memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from reports.api.marts import Source, open_source
from reports.api.replies import build_headers, rights_of
from reports.choice import Choice, check_choice
from reports.chunks import batches
from reports.exports import read_lines

LINES_AT_ONCE = 1_000


class CsvAnswer(StreamingResponse):
    """A CSV file."""

    media_type = "text/csv"


async def answer(request: Request, choose: Callable[[sqlite3.Connection], Choice]) -> Response:
    """Download a list, from a connection of its own.

    Parameters
    ----------
    request : Request
        Who asks.
    choose : callable
        Given the marts; returns which customers and columns.

    Raises
    ------
    ChoiceError
        If the marts have no such list.
    ReportError, sqlite3.Error
        If they cannot be read.
    """
    path: Path = request.app.state.marts.path
    source, choice = await asyncio.to_thread(_open, path, choose)
    headers = build_headers(source.fingerprint, rights_of(request))
    headers["Content-Disposition"] = f'attachment; filename="{choice.file_name}"'
    return CsvAnswer(_pieces(source, choice), headers=headers)


def _open(path: Path, choose: Callable[[sqlite3.Connection], Choice]) -> tuple[Source, Choice]:
    source = open_source(path)
    try:
        choice = choose(source.connection)
        check_choice(source.connection, choice)
    except BaseException:
        source.connection.close()
        raise
    return source, choice


def _pieces(source: Source, choice: Choice) -> Iterator[str]:
    try:
        for lines in batches(read_lines(source.connection, choice), LINES_AT_ONCE):
            yield "".join(lines)
    finally:
        source.connection.close()
