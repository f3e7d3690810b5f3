"""The page in a real browser, opened from disk as a reader opens it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from reports.exports.customer_lists import write_export
from reports.exports.selection import Selection
from reports.site.writer import write_site
from tests.support.browser import UNDRAWN, draw_all, unfold

pytestmark = pytest.mark.browser

READY = "html[data-table=ready]"
# Without a preload axe leaves the style sheets alone, which the page's policy keeps from it.
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}


def query(marts: Path, sql: str):
    connection = sqlite3.connect(marts)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def ids(page) -> list[str]:
    return page.locator("#customers-table td.id").all_text_contents()


def all_ids(page) -> list[str]:
    found = ids(page)
    while page.locator("#page-next").is_enabled():
        page.locator("#page-next").click()
        found += ids(page)
    return found


def test_every_chart_is_drawn_when_it_comes_into_view(visit):
    page = visit()
    assert page.locator(UNDRAWN).count() > 5
    draw_all(page)
    assert page.locator(".main-svg").count() >= page.locator("[data-chart]").count() >= 10
    assert page.locator("#chart-segment-revenue .point").count() == 4
    assert page.locator("#chart-segment-flows .sankey-node").count() >= 8


# The page shows a sentence for the one name that is an e-mail; it sorts as it reads.
SHOWN = """
select v.*, s.segment_order, d.segment_order as detail_order,
    case when v.name like '%@example.com' then '(e-mail hidden)' else v.name end as shown_name
from customer_360 as v left join segments as s on v.segment = s.segment
    left join segment_details as d on v.segment_detail = d.segment_detail
"""
SORTED_BY = {
    "id": "customer_id",
    "name": "shown_name",
    "recency": "recency",
    "frequency": "frequency",
    "monetary": "monetary",
    "recency_score": "recency_score",
    "frequency_score": "frequency_score",
    "monetary_score": "monetary_score",
    "cell": "rfm_cell",
    "segment": "segment_order",
    "segment_detail": "detail_order",
    "probability": "purchase_probability",
}


def test_each_sorted_column_gives_the_order_of_sql_both_ways(visit, marts):
    page = visit("small")
    keys = page.locator("#customers-table th[data-key]").evaluate_all(
        "all => all.map(one => one.dataset.key)"
    )
    assert keys == list(SORTED_BY)
    for key, column in SORTED_BY.items():
        heading = page.locator(f"th[data-key={key}]")
        for _ in range(2):
            heading.locator("button").click()
            way = "desc" if heading.get_attribute("aria-sort") == "descending" else "asc"
            sql = f"select customer_id from ({SHOWN}) order by {column} {way} nulls last"
            expected = query(marts, f"{sql}, customer_id")
            assert ids(page) == [found for (found,) in expected], (key, way)


def test_filters_and_pages_give_the_rows_of_sql(visit, large_marts):
    page = visit()
    page.select_option("#filter-segment", "At-Risk")
    page.select_option("#filter-country", "France")
    page.fill("#filter-search", "CUSTOMER 1")
    page.fill("#filter-least", "10")
    page.fill("#filter-most", "60")
    expected = query(
        large_marts,
        "select customer_id from customer_360 where segment = 'At-Risk' and country = 'France'"
        " and name like 'customer 1%' and purchase_probability between 0.1 and 0.6"
        " order by monetary desc, customer_id",
    )
    assert all_ids(page) == [key for (key,) in expected]
    assert len(expected) > 3
    assert page.locator("#told").text_content() == f"{len(expected)} of 450 customers."


def test_pages_hold_a_hundred_customers_and_together_all(visit, large_marts):
    page = visit()
    assert len(ids(page)) == 100
    assert page.locator("#page-told").text_content() == "1 to 100 of 450"
    expected = query(
        large_marts,
        "select customer_id from customer_360 order by monetary desc nulls last, customer_id",
    )
    assert all_ids(page) == [key for (key,) in expected]


def test_the_address_keeps_the_choice_and_brings_it_back(visit):
    page = visit()
    page.select_option("#filter-detail", "Dormant")
    page.locator("th[data-key=frequency] button").click()
    page.locator("th[data-key=frequency] button").click()
    address = page.evaluate("location.hash")
    assert address == "#customers?detail=Dormant&sort=frequency"
    again = visit(address=address)
    assert ids(again) == ids(page)
    assert again.locator("#filter-detail").input_value() == "Dormant"
    again.locator("#filter-clear").click()
    assert again.evaluate("location.hash") == "#customers?sort=frequency"


def test_a_choice_that_fits_nobody_says_so(visit):
    page = visit(address="#q=nobody+at+all")
    assert (
        page.locator("#customers-table tbody").text_content() == "No customers match these filters."
    )
    assert page.locator("#download").is_disabled()


def test_a_click_on_a_segment_lists_its_customers(visit):
    page = visit()
    draw_all(page)
    page.locator("#chart-segment-customers").scroll_into_view_if_needed()
    page.locator("#chart-segment-customers .point").first.click(force=True)
    chosen = page.locator("#filter-segment").input_value()
    assert chosen in {"Champions", "Lost"}
    page.locator("#segments a[data-value='Loyal']").first.click()
    assert page.locator("#filter-segment").input_value() == "Loyal"
    assert set(page.locator("#customers-table .segment").all_text_contents()) == {"Loyal"}


def test_a_cell_of_the_score_grid_lists_its_customers_and_shades_by_choice(visit, large_marts):
    page = visit()
    page.get_by_text("Revenue", exact=True).locator("visible=true").nth(
        0
    ).scroll_into_view_if_needed()
    page.locator("#score-grid input[value=probability]").check(force=True)
    cell = page.locator("#score-grid .cell[data-recency='4'][data-frequency='3']:visible")
    assert cell.text_content().endswith("%")
    cell.click()
    expected = query(
        large_marts,
        "select customer_id from rfm_scores where recency_score = 4 and frequency_score = 3"
        " order by monetary desc, customer_id",
    )
    assert all_ids(page) == [key for (key,) in expected]
    page.locator("#scores-chosen").click()
    assert page.locator("#told").text_content() == "All 450 customers."


@pytest.fixture(scope="module")
def odd_page(odd_marts, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("odd_page")
    return write_site(odd_marts, folder / "site", exports_dir=folder / "exports").index.as_uri()


@pytest.mark.parametrize(
    ("address", "segment"),
    [
        ("", None),
        ("#sort=name", None),
        ("#segment=Champions", "Champions"),
        ("#segment=At-Risk&sort=recency", "At-Risk"),
    ],
)
def test_the_download_is_the_file_of_the_same_choice_without_email(
    odd_marts, odd_page, chromium, tmp_path, address, segment
):
    choice = Selection(segment=segment, include_email=False)
    written = write_export(odd_marts, tmp_path / "out.csv", choice)
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(odd_page + address)
        page.wait_for_selector(READY)
        with page.expect_download() as waiting:
            page.locator("#download").click()
        downloaded = Path(waiting.value.path()).read_bytes()
    assert downloaded == written.path.read_bytes()
    assert written.rows == downloaded.count(b"\r\n") - 1 > 0
    assert b"(e-mail hidden)" in downloaded
    assert b".example" not in downloaded


def test_a_row_opens_its_customer_and_the_address_names_it(visit, marts):
    page = visit("small", address="#q=c23")
    page.locator("#customers-table .opener").click()
    drawer = page.locator("#drawer")
    drawer.locator("text=How the scores came about").wait_for()
    assert page.evaluate("location.hash") == "#customers?q=c23&customer=c23"
    told = drawer.text_content()
    (row,) = query(
        marts,
        "select frequency_score, frequency, frequency_lowest, frequency_highest, order_count,"
        " reasons, recommended_action from customer_360 where customer_id = 'c23'",
    )
    score, frequency, lowest, highest, orders, reasons, action = row
    assert (
        f"F = {score}: {frequency} orders; quartile {score} reaches from {lowest} to {highest}."
        in told
    )
    for sentence in json.loads(reasons):
        assert sentence in told
    assert action in told
    assert drawer.locator("tbody tr").count() == orders
    assert "Lamp <" in told
    assert "@" not in told


def test_a_customer_without_an_order_has_a_drawer_of_sentences(visit):
    page = visit("small", address="#customer=c39")
    drawer = page.locator("#drawer")
    drawer.locator("text=No orders yet.").wait_for()
    assert "No order yet, so there are no scores." in drawer.text_content()
    assert "There is no forecast for this customer." in drawer.text_content()


def test_every_hostile_name_opens_as_text(visit, marts):
    page = visit("small", address="#sort=id")
    names = dict(query(marts, "select customer_id, name from customers"))
    for row in page.locator("#customers-table tbody tr").all()[:20]:
        customer = row.locator("td.id").text_content()
        name = names[customer] or customer
        row.locator(".opener").click()
        page.locator("#drawer section", has_text="Profile").first.wait_for()
        shown = page.locator("#drawer-name").text_content()
        assert shown == name.replace("eve@example.com", "(e-mail hidden)")
        page.keyboard.press("Escape")
        page.locator("#drawer:not([open])").wait_for(state="attached")


def test_the_keyboard_alone_finds_sorts_and_opens_a_customer(visit):
    page = visit("small")
    page.locator("#filter-search").focus()
    page.keyboard.type("c19")
    page.locator("th[data-key=name] button").focus()
    page.keyboard.press("Enter")
    assert page.locator("th[data-key=name]").get_attribute("aria-sort") == "ascending"
    page.locator("#customers-table .opener").focus()
    page.keyboard.press("Enter")
    page.locator("#drawer[open]").wait_for()
    page.locator("#drawer >> text=Profile").wait_for()
    assert page.evaluate("document.querySelector('#drawer').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "opener"


FOCUSED = "document.activeElement.id"


def test_the_keyboard_goes_on_from_the_table_where_a_button_is_of_no_use_any_more(visit):
    page = visit("large", address="#customers?page=4")
    page.locator("#page-next").press("Enter")
    assert page.locator("#page-next").is_disabled()
    assert page.evaluate(FOCUSED) == "customers-scroll"
    page = visit("large", address="#customers?r=4&f=3")
    page.locator("#scores-chosen").press("Enter")
    assert page.locator("#scores-chosen").is_hidden()
    assert page.evaluate(FOCUSED) == "customers-scroll"


def test_the_skip_link_is_the_first_stop_of_the_keyboard(visit):
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
        ("#customer=c23", "#drawer", "How the scores came about"),
        ("#docs=rfm_scores", "#docs", "SQL of the dbt model"),
    ],
)
def test_axe_finds_no_violation_in_a_dialog(visit, theme, address, dialog, heading):
    page = visit("small", address=address, color_scheme=theme)
    page.locator(f"{dialog} >> text={heading}").wait_for()
    assert_accessible(page)


def assert_accessible(page) -> None:
    result = Axe().run(page, options=AXE)
    assert not result.response["violations"], result.generate_report()


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


def test_without_scripts_headings_findings_and_tables_still_stand(visit):
    page = visit("large", ready=False, java_script_enabled=False)
    assert page.locator("h2:visible").count() == 7
    assert page.locator(".headlines li:visible").count() >= 4
    assert page.locator("#customers-table tbody tr:visible").count() == 100
    assert page.locator("table.cohorts tbody tr:visible").count() > 3
    assert page.locator("#filters:visible, .chart:visible, #theme-switch:visible").count() == 0
    page.locator("summary", has_text="The numbers as a table").first.click()
    assert page.locator("details[open] td:visible").count() > 10


def test_paper_is_light_has_every_chart_and_leaves_the_tools_out(visit):
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


def test_a_missing_file_of_the_data_is_named(chromium, sites, tmp_path):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/customers-0.js", lambda route: route.abort())
    page.goto(sites["small"])
    page.locator("#told", has_text="customers-0.js is missing").wait_for()
    context.close()
