"""A raw file to load into, and what has landed in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture
def raw_db(tmp_path: Path) -> Path:
    """Where raw.db will be; neither it nor its folder is there yet."""
    return tmp_path / "data" / "raw.db"


@pytest.fixture
def landed(raw_db: Path) -> Callable[[str], list[tuple[object, ...]]]:
    """Ask the raw file something, by a connection that the code under test did not make."""

    def query(sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(raw_db)) as connection:
            return connection.execute(sql).fetchall()

    return query


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of this name and content, and return its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
