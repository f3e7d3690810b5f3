"""Queries of marts.db. The name of a result column is its heading and its kind."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reports.page.figures.compare.matching import DAYS

WORDS = {
    "hist_gradient_boosting": "gradient boosting",
    "rfm_quartiles": "RFM quartiles",
    "bg_nbd": "BG/NBD",
}


def words(name: str | None) -> str | None:
    """Return the name of a method or a feature in words."""
    return None if name is None else WORDS.get(name, name.replace("_", " "))


def capital(text: str | None) -> str | None:
    """Return the text with a capital letter at its beginning."""
    return None if text is None else text[:1].upper() + text[1:]


def in_words(day: str | None) -> str | None:
    """Return a day as `9 December 2011`."""
    return None if day is None else DAYS["day"](*map(int, day.split("-")))


@dataclass(frozen=True)
class Answer:
    """Rows of a query with the names of their columns."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def with_names(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


class Marts:
    """An open marts.db."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._connection.create_function("words", 1, words)
        self._connection.create_function("capital", 1, capital)
        self._connection.create_function("in_words", 1, in_words)
        self.currency = self.value("select reporting_currency from build_info")
        self.unit = self.currency or "shop's currency"

    def ask(self, sql: str, *values: Any) -> Answer:
        cursor = self._connection.execute(sql, values)
        return Answer(tuple(column[0] for column in cursor.description), cursor.fetchall())

    def value(self, sql: str, *values: Any) -> Any:
        """Return the one value of an answer, None where it has no row."""
        rows = self.ask(sql, *values).rows
        return rows[0][0] if rows else None

    def close(self) -> None:
        self._connection.close()
