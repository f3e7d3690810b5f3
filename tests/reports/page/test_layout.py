"""The page as a whole in a browser: charts, themes, phones, print."""

from __future__ import annotations

import pytest

from tests.support.browser import READY, UNDRAWN, draw_all, unfold

pytestmark = pytest.mark.browser


def test_every_chart_is_drawn_when_it_comes_into_view(visit):
    page = visit()
    assert page.locator(UNDRAWN).count() > 5
    draw_all(page)
    assert page.locator(".main-svg").count() >= page.locator("[data-chart]").count() >= 10
    assert page.locator("#chart-segment-revenue .point").count() == 4
    assert page.locator("#chart-segment-flows .sankey-node").count() >= 8


def test_the_theme_follows_the_system_until_the_reader_chooses(visit):
    page = visit("small", color_scheme="dark")
    draw_all(page)
    theme = "document.documentElement.dataset.theme"
    ink = "document.querySelector('#chart-monthly-revenue .xtick text').style.fill"
    assert page.evaluate(theme) == "dark"
    before = page.evaluate(ink)
    page.get_by_role("button", name="Light theme").click()
    assert page.evaluate(theme) == "light"
    while page.evaluate(ink) == before:
        page.wait_for_timeout(50)
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(theme) == "light"


@pytest.mark.parametrize("name", ["large", "empty", "lone"])
def test_a_phone_shows_all_without_scrolling_sideways(visit, name):
    page = visit(name, width=360, ready=name != "empty")
    if name != "empty":
        draw_all(page)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_headings_findings_and_tables_work_without_scripts(visit):
    page = visit("large", ready=False, java_script_enabled=False)
    assert page.locator("h2:visible").count() == 7
    assert page.locator(".headlines li:visible").count() >= 4
    assert page.locator("#customers-table tbody tr:visible").count() == 100
    assert page.locator("table.cohorts tbody tr:visible").count() > 3
    assert page.locator("#filters:visible, .chart:visible, #theme-switch:visible").count() == 0
    page.locator("summary", has_text="Numbers as a table").first.click()
    assert page.locator("details[open] td:visible").count() > 10


def test_print_is_light_with_all_charts_and_without_controls(visit):
    page = visit("small", color_scheme="dark")
    page.wait_for_selector("[data-drawn]")
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.told = [document.documentElement.dataset.theme,"
        " document.querySelectorAll("
        "'[data-chart]:not([data-drawn], details:not([open]) *)').length] })"
    )
    assert page.pdf(format="A4")[:4] == b"%PDF"
    assert page.evaluate("window.told") == ["light", 0]
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print")
    assert page.locator(".sections:visible, #filters:visible, .pager:visible").count() == 0
