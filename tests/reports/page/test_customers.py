"""The table of customers in a browser, and the declarations of its columns."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from reports.exports.customer_lists import write_export
from reports.exports.selection import Selection
from reports.formatting import Money, page_numbers
from reports.marts.customers import Customer, Profile
from reports.page.customers import COLUMNS, PROFILE
from reports.site.writer import write_site
from tests.support.browser import READY, all_ids, query, shown_ids


def test_every_column_is_a_field_with_a_known_format():
    names = {field.name for field in fields(Customer)}
    formats = {"text", "name", *page_numbers(Money("GBP"))}
    assert {column.field or column.key for column in COLUMNS} <= names
    assert {column.format for column in COLUMNS} <= formats


def test_every_fact_of_the_profile_is_a_column_or_a_field_with_a_known_format():
    names = {column.key for column in COLUMNS} | {field.name for field in fields(Profile)}
    assert {key for key, _, _ in PROFILE} <= names
    assert {name for *_, name in PROFILE} <= {"text", "day", *page_numbers(Money("GBP"))}


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


@pytest.mark.browser
def test_sorting_by_a_column_equals_sql_in_both_directions(visit, marts):
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
            assert shown_ids(page) == [found for (found,) in expected], (key, way)


@pytest.mark.browser
def test_filters_and_pages_equal_sql(visit, large_marts):
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
    assert page.locator("#table-status").text_content() == f"{len(expected)} of 450 customers."


@pytest.mark.browser
def test_pages_have_100_customers_and_together_all(visit, large_marts):
    page = visit()
    assert len(shown_ids(page)) == 100
    assert page.locator("#page-status").text_content() == "1 to 100 of 450"
    expected = query(
        large_marts,
        "select customer_id from customer_360 order by monetary desc nulls last, customer_id",
    )
    assert all_ids(page) == [key for (key,) in expected]


@pytest.mark.browser
def test_the_address_stores_and_restores_filters_and_sorting(visit):
    page = visit()
    page.select_option("#filter-detail", "Dormant")
    page.locator("th[data-key=frequency] button").click()
    page.locator("th[data-key=frequency] button").click()
    address = page.evaluate("location.hash")
    assert address == "#customers?detail=Dormant&sort=frequency"
    again = visit(address=address)
    assert shown_ids(again) == shown_ids(page)
    assert again.locator("#filter-detail").input_value() == "Dormant"
    again.locator("#filter-clear").click()
    assert again.evaluate("location.hash") == "#customers?sort=frequency"


@pytest.mark.browser
def test_filters_without_a_match_show_a_message(visit):
    page = visit(address="#q=nobody+at+all")
    assert (
        page.locator("#customers-table tbody").text_content() == "No customers match these filters."
    )
    assert page.locator("#download").is_disabled()


@pytest.fixture(scope="module")
def odd_page(odd_marts, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("odd_page")
    return write_site(odd_marts, folder / "site", exports_dir=folder / "exports").index.as_uri()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("address", "segment"),
    [
        ("", None),
        ("#sort=name", None),
        ("#segment=Champions", "Champions"),
        ("#segment=At-Risk&sort=recency", "At-Risk"),
    ],
)
def test_the_download_equals_the_export_without_email(
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


@pytest.mark.browser
def test_a_customer_is_found_sorted_and_opened_by_keyboard(visit):
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


@pytest.mark.browser
def test_the_focus_moves_to_the_table_when_a_button_is_disabled(visit):
    page = visit("large", address="#customers?page=4")
    page.locator("#page-next").press("Enter")
    assert page.locator("#page-next").is_disabled()
    assert page.evaluate(FOCUSED) == "customers-scroll"
    page = visit("large", address="#customers?r=4&f=3")
    page.locator("#scores-chosen").press("Enter")
    assert page.locator("#scores-chosen").is_hidden()
    assert page.evaluate(FOCUSED) == "customers-scroll"


@pytest.mark.browser
def test_a_missing_data_file_is_named(chromium, sites, tmp_path):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/customers-0.js", lambda route: route.abort())
    page.goto(sites["small"])
    page.locator("#table-status", has_text="customers-0.js is missing").wait_for()
    context.close()
