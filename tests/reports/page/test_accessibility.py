"""Keyboard and screen reader."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import draw_all, unfold

pytestmark = pytest.mark.browser

# With a preload axe would fetch the style sheets, which the content security policy forbids.
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}


def test_the_skip_link_has_the_first_focus(visit):
    page = visit("small")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["small", "empty", "lone"])
def test_axe_finds_no_violation(visit, name, theme):
    page = visit(name, color_scheme=theme, ready=name != "empty")
    if name != "empty":
        draw_all(page)
    unfold(page)
    assert_accessible(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("address", "dialog", "heading"),
    [
        ("#customer=c23", "#drawer", "Scores"),
        ("#docs=rfm_scores", "#docs", "SQL of the dbt model"),
    ],
)
def test_axe_finds_no_violation_in_a_dialog(visit, theme, address, dialog, heading):
    page = visit("small", address=address, color_scheme=theme)
    page.locator(f"{dialog} h3", has_text=heading).wait_for()
    assert_accessible(page)


def assert_accessible(page) -> None:
    result = Axe().run(page, options=AXE)
    assert not result.response["violations"], result.generate_report()
