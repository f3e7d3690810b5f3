"""What tests do with a page in the browser before they look at it."""

from __future__ import annotations

from typing import Any

UNDRAWN = "[data-chart]:not([data-drawn])"


def unfold(page: Any, selector: str = "details") -> None:
    """Open what is folded away."""
    page.evaluate(
        "selector => document.querySelectorAll(selector).forEach((part) => { part.open = true; })",
        selector,
    )


def draw_all(page: Any) -> None:
    """Bring every chart into view, also those for the analyst, until all are drawn."""
    unfold(page, ".analyst")
    for box in page.locator("[data-chart]").all():
        box.scroll_into_view_if_needed()
    page.wait_for_selector(UNDRAWN, state="detached")
