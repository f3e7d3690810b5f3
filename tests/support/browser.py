"""Steps of the tests of a page in the browser."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

READY = "html[data-table=ready]"
UNDRAWN = "[data-chart]:not([data-drawn])"


def unfold(page: Any, selector: str = "details") -> None:
    """Open all closed details."""
    page.evaluate(
        "selector => document.querySelectorAll(selector).forEach((part) => { part.open = true; })",
        selector,
    )


def draw_all(page: Any) -> None:
    """Scroll to every chart, also to those for the analyst, until all are drawn."""
    unfold(page, ".analyst")
    for box in page.locator("[data-chart]").all():
        box.scroll_into_view_if_needed()
    page.wait_for_selector(UNDRAWN, state="detached")


def shown_ids(page: Any) -> list[str]:
    """Return the customer ids on the current page of the table."""
    ids: list[str] = page.locator("#customers-table td.id").all_text_contents()
    return ids


def all_ids(page: Any) -> list[str]:
    """Return the customer ids of all pages of the table, from the current one on."""
    found = shown_ids(page)
    while page.locator("#page-next").is_enabled():
        page.locator("#page-next").click()
        found += shown_ids(page)
    return found


def query(marts: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on a database."""
    connection = sqlite3.connect(marts)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
