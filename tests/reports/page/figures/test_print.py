"""The printed page on A4, whatever the screen shows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

pytestmark = pytest.mark.browser

MILLIMETRE = 72 / 25.4
# The margins that the style sheet gives a page; the page number stands below.
LEFT, RIGHT, TOP, BOTTOM = (value * MILLIMETRE for value in (12, 210 - 12, 297 - 13, 15))
CONTROLS = ("Download CSV", "Previous", "Next", "Clear", "Dark theme", "Light theme", "Skip to")
ON_SCREEN = (
    "nav, .skip, button:not(.cell, .sorter, .opener), input, select, summary, dialog, .source"
)
# What a reader must find on paper: of closed parts nothing is printed.
STANDING = """
() => {
  const isOpen = (one) => !one.closest("details:not([open]), dialog, #lineage, #data-tests");
  const texts = (selector) => [...document.querySelectorAll(selector)].filter(isOpen)
    .map((one) => one.textContent.trim()).filter((text) => text);
  const boxes = [...document.querySelectorAll("[data-chart]")].filter(isOpen);
  const words = (box) => [...box.querySelectorAll(".main-svg text")]
    .map((one) => one.textContent).filter((text) => text.trim());
  return {
    parts: texts("main h2"),
    headings: texts("h3, h4, h5, h6"),
    charts: Object.fromEntries(boxes.map((box) => [box.dataset.chart, words(box)])),
  };
}
"""
# On a window as wide as the paper within its margins, with the styles of paper.
TOO_WIDE = """
() => [...document.querySelectorAll(".card")].flatMap((card) => {
  const edge = card.getBoundingClientRect().right + 0.5;
  return [...card.querySelectorAll("table, .main-svg")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > edge)
    .map((one) => `${one.closest("[id]")?.id}: ${one.getBoundingClientRect().right} of ${edge}`);
})
"""


@dataclass(frozen=True)
class Letter:
    """A printed letter and the edges of its box, in points from the lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Paper:
    """A printed page: its sheets, and the texts on the screen."""

    sheets: list[list[Letter]]
    texts: list[str]
    pictures: list[np.ndarray]
    images: int
    screen: dict[str, Any]

    @property
    def text(self) -> str:
        """The printed text without spaces."""
        return unspaced("".join(self.texts))


def unspaced(text: str) -> str:
    return re.sub(r"\s+", "", text)


def letters(sheet: Any) -> Iterator[Letter]:
    page = sheet.get_textpage()
    for place in range(page.count_chars()):
        text = page.get_text_range(place, 1)
        if text.strip():
            yield Letter(text, *page.get_charbox(place, loose=True))


def read_pdf(raw: bytes, screen: dict[str, Any]) -> Paper:
    document = pdfium.PdfDocument(raw)
    sheets = [document[place] for place in range(len(document))]
    return Paper(
        sheets=[list(letters(sheet)) for sheet in sheets],
        texts=[sheet.get_textpage().get_text_range() for sheet in sheets],
        pictures=[sheet.render().to_numpy() for sheet in sheets],
        images=sum(1 for sheet in sheets for _ in sheet.get_objects([FPDF_PAGEOBJ_IMAGE])),
        screen=screen,
    )


@pytest.fixture(scope="module")
def printed(chromium, read_shop):
    """Print the page of a shop once by theme, with closed or open details."""
    known = {}

    def made(name: str, *, theme: str = "light", is_open: bool = False, width: int = 1280) -> Paper:
        key = (name, theme, is_open, width)
        if key not in known:
            known[key] = print_page(chromium, read_shop(name).index, theme, is_open, width)
        return known[key]

    return made


def print_page(chromium, index, theme: str, is_open: bool, width: int) -> Paper:
    with chromium.new_context(
        color_scheme=theme, viewport={"width": width, "height": 900}
    ) as context:
        page = context.new_page()
        page.goto(index.as_uri())
        page.wait_for_selector("html[data-table=ready]")
        page.wait_for_function("window.Plotly")
        if is_open:
            page.evaluate(
                "document.querySelectorAll('details').forEach((one) => { one.open = true })"
            )
        raw = page.pdf(prefer_css_page_size=True, format="A4")
        return read_pdf(raw, page.evaluate(STANDING))


SHOPS = ["small", "large", "demo_shop", pytest.param("real_shop", marks=pytest.mark.real_data)]
every_shop = pytest.mark.parametrize("name", SHOPS)
however_open = pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])


@every_shop
@however_open
def test_every_part_and_finding_is_printed(printed, name, is_open):
    paper = printed(name, is_open=is_open)
    assert len(paper.screen["parts"]) == 7
    wanted = paper.screen["parts"] + paper.screen["headings"]
    assert [text for text in wanted if unspaced(text) not in paper.text] == []


@every_shop
@however_open
def test_every_chart_is_printed_as_a_drawing_with_its_words(printed, name, is_open):
    paper = printed(name, is_open=is_open)
    charts = paper.screen["charts"]
    assert len(charts) >= (15 if is_open else 6)
    assert [chart for chart, words in charts.items() if len(words) < 4] == []
    titles = {word for words in charts.values() for word in words if not re.search(r"\d", word)}
    assert {word for word in titles if unspaced(word) not in paper.text} == set()
    assert paper.images == 0


@every_shop
def test_no_control_is_printed(printed, name):
    paper = printed(name, is_open=True)
    for text in CONTROLS:
        assert unspaced(text) not in paper.text


def test_print_has_no_space_for_controls(visit):
    page = visit("large")
    page.emulate_media(media="print")
    assert page.locator(ON_SCREEN).locator("visible=true").all_text_contents() == []


@every_shop
@however_open
def test_nothing_is_cut_at_the_edge_of_a_sheet(printed, name, is_open):
    for number, sheet in enumerate(printed(name, is_open=is_open).sheets, start=1):
        outside = [
            letter
            for letter in sheet
            if letter.left < LEFT - 1 or letter.right > RIGHT + 1 or letter.top > TOP + 1
        ]
        assert "".join(letter.text for letter in outside) == "", f"sheet {number}"
        foot = "".join(letter.text for letter in sheet if letter.bottom < BOTTOM - 1)
        assert re.fullmatch(rf"{number}of\d+", foot)


@pytest.mark.parametrize("name", ["large", "demo_shop"])
def test_no_table_or_chart_is_wider_than_its_card(chromium, read_shop, name):
    width = round(210 / 25.4 * 96 - 2 * 12 / 25.4 * 96)
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(read_shop(name).index.as_uri())
        page.wait_for_selector("html[data-table=ready]")
        page.wait_for_function("window.Plotly")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="print")
        assert page.evaluate(TOO_WIDE) == []


@every_shop
@however_open
def test_no_heading_is_alone_at_the_bottom_of_a_sheet(printed, name, is_open):
    paper = printed(name, is_open=is_open)
    headings = {unspaced(text) for text in paper.screen["parts"] + paper.screen["headings"]}
    for number, sheet in enumerate(paper.sheets, start=1):
        last = lines(sheet)[-1]
        assert not any(heading.endswith(last) for heading in headings if last), (number, last)


def lines(sheet: list[Letter]) -> list[str]:
    """Return the lines of a sheet from top to bottom, without the page number."""
    rows = defaultdict(list)
    for letter in sheet:
        if letter.bottom > BOTTOM - 1:
            rows[round(letter.bottom / 3)].append(letter)
    ordered = [rows[height] for height in sorted(rows, reverse=True)]
    return ["".join(one.text for one in sorted(row, key=lambda one: one.left)) for row in ordered]


@pytest.mark.parametrize("name", ["small", "demo_shop"])
def test_the_dark_theme_prints_as_the_light_one(printed, name):
    light, dark = printed(name), printed(name, theme="dark")
    assert dark.texts == light.texts
    for one, other in zip(light.pictures, dark.pictures, strict=True):
        assert np.array_equal(one, other)


@every_shop
def test_print_has_dark_text_on_white(printed, name):
    for picture in printed(name, theme="dark").pictures:
        brightness = picture.mean(axis=2)
        assert (brightness > 250).mean() > 0.7
        assert brightness.min() < 60


def test_a_narrow_window_prints_as_a_wide_one(printed):
    wide, narrow = printed("large"), printed("large", width=420)
    assert len(narrow.sheets) <= len(wide.sheets) + 1
    assert narrow.screen["parts"] == wide.screen["parts"]


@every_shop
def test_a_report_has_few_sheets_and_none_is_nearly_empty(printed, name):
    sheets = printed(name).sheets
    assert 4 <= len(sheets) <= 10
    assert min(map(len, sheets)) > 200


@pytest.mark.parametrize("name", ["large", "demo_shop"])
def test_print_has_thirty_customers_and_a_note(printed, read_shop, name):
    rows = (
        read_shop(name)
        .marts.ask(
            "select customer_id from customer_360"
            " order by monetary desc nulls last, customer_id limit 31"
        )
        .rows
    )
    words = {word for text in printed(name).texts for word in text.split()}
    assert [key for (key,) in rows[:30] if key not in words] == []
    assert rows[30][0] not in words
    assert unspaced("The first 30 are printed.") in printed(name).text


def test_print_names_the_filters(visit):
    address = "#customers?q=c&segment=Loyal&country=France&to=80&r=3"
    text = printed_text(visit("large", address=address))
    assert unspaced("Search: c; Segment: Loyal; Country: France") in text
    assert unspaced("Probability: 0 to 80%; Recency score: 3") in text
    assert unspaced("Recency 3, frequency any") not in text
    assert "Search:" not in printed_text(visit("large"))


def printed_text(page) -> str:
    document = pdfium.PdfDocument(page.pdf(prefer_css_page_size=True, format="A4"))
    return unspaced("".join(sheet.get_textpage().get_text_range() for sheet in document))


def test_few_customers_are_printed_without_a_note(printed):
    assert unspaced("are printed.") not in printed("lone").text


def test_the_screen_is_restored_after_print(visit):
    page = visit("large", color_scheme="dark")
    for box in page.locator("[data-chart]:visible").all():
        box.scroll_into_view_if_needed()
    page.wait_for_selector("#chart-monthly-revenue[data-drawn]")
    before = sizes(page)
    page.pdf(format="A4")
    page.wait_for_timeout(300)
    assert sizes(page) == before
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator("[data-chart]:visible:not([data-drawn])").count() == 0


def sizes(page) -> dict[str, list[float]]:
    return dict(
        page.evaluate(
            "[...document.querySelectorAll('[data-chart]')].filter((box) => box.checkVisibility())"
            ".map((box) => [box.dataset.chart, [box.clientWidth,"
            " box.querySelector('.main-svg')?.getBoundingClientRect().width]])"
        )
    )
