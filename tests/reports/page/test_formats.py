"""The scripts of the page write numbers and days as Python does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import reports
from reports.formatting import Money, browser_formats, count, page_numbers, short_day

pytestmark = pytest.mark.browser

FORMAT = Path(reports.__file__).parent / "static" / "scripts" / "format.js"
EDGES = [0, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, 0.005, 1.005, 2.675, -0.004, 0.2849999999999]
LARGE = [999.5, 999.995, 1e3, 12345.678, -12345.5, 1e6 - 0.5, 1234567.895, 1e9 + 0.05, 1e12]


def values() -> list[float | None]:
    chosen = random.Random(17)  # noqa: S311  no secret
    some = [round(chosen.uniform(-1e6, 1e6), chosen.randrange(7)) for _ in range(500)]
    shares = [chosen.random() for _ in range(500)]
    return [None, *EDGES, *LARGE, *some, *shares]


@pytest.fixture
def blank_page(chromium):
    with chromium.new_context() as context:
        yield context.new_page()


@pytest.mark.parametrize("currency", ["GBP", "CHF", None])
def test_numbers_are_the_same_in_python_and_in_the_browser(blank_page, currency):
    settings = {"formats": browser_formats(Money(currency))}
    blank_page.evaluate(
        f"window.tillsight = {{ settings: {json.dumps(settings)} }}; {FORMAT.read_text('utf-8')}"
    )
    for name, one in page_numbers(Money(currency)).items():
        written = blank_page.evaluate(
            "([name, all]) => all.map((value) => window.tillsight.format.write(name, value))",
            [name, values()],
        )
        assert written == [one(value) for value in values()], name


def test_days_and_counts_are_the_same_in_python_and_in_the_browser(blank_page):
    settings = {"formats": browser_formats(Money("GBP"))}
    blank_page.evaluate(
        f"window.tillsight = {{ settings: {json.dumps(settings)} }}; {FORMAT.read_text('utf-8')}"
    )
    days = [None, *(f"20{month:02d}-{month:02d}-{3 * month - 2:02d}" for month in range(1, 11))]
    written = blank_page.evaluate("all => all.map(window.tillsight.format.day)", days)
    assert written == [short_day(day) for day in days]
    numbers = [0, 1, 2, 1200]
    counted = blank_page.evaluate(
        "all => all.map((value) => window.tillsight.format.count(value, 'order'))", numbers
    )
    assert counted == [count(value, "order") for value in numbers]
