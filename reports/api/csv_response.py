"""CSV responses, streamed: memory use does not depend on the number of customers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from reports.api.build_cache import Source, open_source
from reports.api.responses import build_headers, rights_of
from reports.exports.customer_lists import read_lines
from reports.exports.selection import Selection, check_selection
from reports.site.customer_data import batches

LINES_PER_CHUNK = 1_000


class CsvResponse(StreamingResponse):
    """A streamed CSV file."""

    media_type = "text/csv"


async def stream_list(
    request: Request, choose: Callable[[sqlite3.Connection], Selection]
) -> Response:
    """Return a list of customers, streamed from its own connection.

    Parameters
    ----------
    request : Request
        The request.
    choose : callable
        Returns the choice of customers and columns, given a connection to the marts.

    Raises
    ------
    SelectionError
        If the marts cannot offer the choice.
    ReportError, sqlite3.Error
        If the marts cannot be read.
    """
    path: Path = request.app.state.build_cache.path
    rights = rights_of(request)
    opened = await asyncio.to_thread(_open, path, choose)
    headers = build_headers(opened.source.fingerprint, rights)
    headers["Content-Disposition"] = f'attachment; filename="{opened.choice.file_name}"'
    return CsvResponse(_chunks(opened), headers=headers)


@dataclass(frozen=True)
class _Opened:
    """A list with its first lines, so that errors are raised before the response starts."""

    source: Source
    choice: Selection
    first: list[str]
    others: Iterator[list[str]]


def _open(path: Path, choose: Callable[[sqlite3.Connection], Selection]) -> _Opened:
    source = open_source(path)
    try:
        choice = choose(source.connection)
        check_selection(source.connection, choice)
        others = batches(read_lines(source.connection, choice), LINES_PER_CHUNK)
        return _Opened(source, choice, next(others), others)
    except BaseException:
        source.connection.close()
        raise


def _chunks(opened: _Opened) -> Iterator[str]:
    try:
        for lines in chain([opened.first], opened.others):
            yield "".join(lines)
    finally:
        opened.source.connection.close()
