"""The forecast section in a browser."""

from __future__ import annotations

import pytest

from tests.support.browser import draw_all, unfold

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    """Return the page of the small shop with all charts drawn."""
    opened = visit("small")
    draw_all(opened)
    return opened


def rows_of(page, chart: str) -> int:
    return page.locator(f"figure:has(#chart-{chart}) tbody tr").count()


def test_every_mark_of_a_chart_is_in_its_table(page):
    assert page.locator("#chart-windows .point").count() == 13
    assert rows_of(page, "windows") == 6
    assert page.locator("#chart-baselines .point").count() == rows_of(page, "baselines") == 4
    # Four methods and no mark for the band.
    for chart in ("past-log-loss", "past-roc-auc"):
        assert page.locator(f"#chart-{chart} path.point").count() == 4 * rows_of(page, chart) == 12
    assert page.locator("#chart-track-record .bars .point").count() == 2
    assert page.locator("#chart-track-record .scatterlayer .point").count() == 2
    assert rows_of(page, "track-record") == 2
    assert rows_of(page, "track-calibration") == 3
    assert page.locator("#chart-track-calibration .point").count() == 3


def test_the_gaps_between_windows_take_the_colour_of_the_card(page):
    stroke = "document.querySelector('#chart-windows .point path').style.stroke"
    assert page.evaluate(stroke) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Dark theme").click()
    page.wait_for_function(f"{stroke} === 'rgb(23, 26, 33)'")


def test_the_keyboard_opens_the_model_card(page):
    page.locator("#model-card summary").focus()
    page.keyboard.press("Enter")
    card = page.locator("#model-card .prose")
    assert card.locator("h5", has_text="Purchase forecast").is_visible()
    assert card.locator("td.number").text_content() == "0.62"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Part 1 of the model card"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_narrowest_phone_shows_the_forecast_without_scrolling_sideways(visit, theme):
    page = visit("small", width=360, color_scheme=theme)
    draw_all(page)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("#forecast .verdict-label").bounding_box()["width"] < 360


def test_the_forecast_reads_without_scripts(visit):
    page = visit("small", ready=False, java_script_enabled=False)
    part = page.locator("#forecast")
    part.locator(".analyst > summary").click()
    for words in (
        "Use with care",
        "How good is the model?",
        "2 past forecasts together expected 26 buyers; 25 ordered",
        "which the evaluated model had not seen",
        "the threshold with the best F1 on the window of 1 May 2024",
    ):
        assert part.get_by_text(words).first.is_visible(), words
