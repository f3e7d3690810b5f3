"""Whether a peer's RFM table is ours: customer by customer, measures, scores and segment."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.benchmarks.peers import COLUMNS

OURS = """
select customer_id, recency, frequency, cast(round(monetary * 100) as integer),
    recency_score, frequency_score, monetary_score, segment
from rfm_scores
"""
Row = tuple[str, ...]


def customers_that_differ(marts: Path, table: Path) -> int:
    """Return how many customers of ours a peer has not, or not with the same values."""
    theirs = set(_rows(table))
    return sum(row not in theirs for row in _selected(marts, OURS))


def _rows(table: Path) -> Iterator[Row]:
    """Yield the rows of a peer's table: in a SQLite file, or a CSV file."""
    with table.open("rb") as file:
        is_database = file.read(6) == b"SQLite"
    if is_database:
        yield from _selected(table, f"select {', '.join(COLUMNS)} from rfm")
        return
    with table.open(newline="") as file:
        yield from (tuple(row[name] for name in COLUMNS) for row in csv.DictReader(file))


def _selected(database: Path, query: str) -> Iterator[Row]:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        yield from (tuple(map(str, row)) for row in connection.execute(query))
