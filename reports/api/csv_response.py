"""CSV files, written while they are read: any number of customers in the same little memory."""

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

LINES_AT_ONCE = 1_000


class CsvAnswer(StreamingResponse):
    """A CSV file."""

    media_type = "text/csv"


async def answer(request: Request, choose: Callable[[sqlite3.Connection], Selection]) -> Response:
    """Download a list, from a connection of its own.

    Parameters
    ----------
    request : Request
        Who asks.
    choose : callable
        Given the marts; returns which customers and columns.

    Raises
    ------
    SelectionError
        If the marts have no such list.
    ReportError, sqlite3.Error
        If they cannot be read.
    """
    path: Path = request.app.state.marts.path
    rights = rights_of(request)
    opened = await asyncio.to_thread(_open, path, choose)
    headers = build_headers(opened.source.fingerprint, rights)
    headers["Content-Disposition"] = f'attachment; filename="{opened.choice.file_name}"'
    return CsvAnswer(_pieces(opened), headers=headers)


@dataclass(frozen=True)
class _Opened:
    """A list whose first lines are read: what is wrong with the marts shows before the answer."""

    source: Source
    choice: Selection
    first: list[str]
    others: Iterator[list[str]]


def _open(path: Path, choose: Callable[[sqlite3.Connection], Selection]) -> _Opened:
    source = open_source(path)
    try:
        choice = choose(source.connection)
        check_selection(source.connection, choice)
        others = batches(read_lines(source.connection, choice), LINES_AT_ONCE)
        return _Opened(source, choice, next(others), others)
    except BaseException:
        source.connection.close()
        raise


def _pieces(opened: _Opened) -> Iterator[str]:
    try:
        for lines in chain([opened.first], opened.others):
            yield "".join(lines)
    finally:
        opened.source.connection.close()
