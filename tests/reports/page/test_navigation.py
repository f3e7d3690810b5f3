"""Addresses, steps of the history, links to copy, and the age of the data."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.browser

DRAWER = "#drawer[open]"
CLOSED = "#drawer:not([open])"


def address(page) -> str:
    return page.evaluate("location.hash")


def told(page) -> str:
    return page.locator("#table-status").text_content()


def await_address(page, wanted: str) -> None:
    page.wait_for_function("wanted => location.hash === wanted", arg=wanted)


def back(page, wanted: str) -> None:
    page.evaluate("history.back()")
    await_address(page, wanted)


def forward(page, wanted: str) -> None:
    page.evaluate("history.forward()")
    await_address(page, wanted)


def test_back_undoes_each_step_and_forward_makes_it_again(visit):
    page = visit()
    begun = page.evaluate("history.length")
    page.select_option("#filter-segment", "At-Risk")
    page.locator("th[data-key=probability] button").click()
    page.locator("th[data-key=probability] button").click()
    page.locator("#page-next").click()
    page.locator("#filter-country").select_option("France")
    page.locator(".opener").nth(1).click()
    page.locator(DRAWER).wait_for()
    last = address(page)
    assert last.startswith("#customers?segment=At-Risk&country=France&sort=probability&customer=")
    assert page.evaluate("history.length") == begun + 6

    steps = [
        "#customers?segment=At-Risk&country=France&sort=probability",
        "#customers?segment=At-Risk&sort=probability&page=2",
        "#customers?segment=At-Risk&sort=probability",
        "#customers?segment=At-Risk&sort=-probability",
        "#customers?segment=At-Risk",
        "",
    ]
    for step in steps:
        back(page, step)
        page.locator(CLOSED).wait_for(state="attached")
    assert told(page) == "All 450 customers."
    assert page.locator("#filter-segment").input_value() == ""
    for step in [*reversed(steps[:-1]), last]:
        forward(page, step)
    page.locator(DRAWER).wait_for()
    assert page.locator("#filter-country").input_value() == "France"


def test_each_step_shows_again_what_it_showed(visit):
    page = visit()
    ids = "#customers-table td.id"
    page.locator("#page-next").click()
    second = page.locator(ids).all_text_contents()
    page.locator("#page-next").click()
    back(page, "#customers?page=2")
    assert page.locator(ids).all_text_contents() == second
    assert page.locator("#page-status").text_content() == "101 to 200 of 450"


def test_typing_is_one_step(visit):
    page = visit()
    begun = page.evaluate("history.length")
    page.locator("#filter-search").press_sequentially("customer 12")
    page.locator("#filter-least").press_sequentially("15")
    assert address(page) == "#customers?q=customer+12&from=15"
    assert page.evaluate("history.length") == begun + 2
    back(page, "#customers?q=customer+12")
    assert page.locator("#filter-least").input_value() == ""
    back(page, "")
    assert page.locator("#filter-search").input_value() == ""
    assert told(page) == "All 450 customers."


def test_a_second_search_is_a_second_step(visit):
    page = visit()
    page.locator("#filter-search").press_sequentially("c1")
    page.locator("#download").focus()
    page.locator("#filter-search").press_sequentially("2")
    back(page, "#customers?q=c1")


def test_clicks_on_bar_name_and_cell_are_steps_of_the_history(visit):
    page = visit(reduced_motion="reduce")
    page.locator("#chart-segment-customers").scroll_into_view_if_needed()
    page.locator("#chart-segment-customers[data-drawn]").wait_for()
    clicks = {
        "#chart-segment-customers .point": "#customers?segment=",
        "#segments a[data-value='Loyal']": "#customers?segment=Loyal",
        "#score-grid .cell[data-recency='4'][data-frequency='3']:visible": "#customers?r=4&f=3",
    }
    for clicked, wanted in clicks.items():
        page.locator(clicked).first.scroll_into_view_if_needed()
        page.wait_for_timeout(100)
        before, here = address(page), page.evaluate("scrollY")
        page.locator(clicked).first.click(force=True)
        page.wait_for_function("here => Math.abs(scrollY - here) > 200", arg=here)
        assert address(page).startswith(wanted)
        back(page, before)
        page.wait_for_function("here => Math.abs(scrollY - here) < 2", arg=here)


def test_an_unchanged_filter_is_not_a_step(visit):
    page = visit()
    page.locator("#segments a[data-value='Loyal']").first.click()
    begun = page.evaluate("history.length")
    page.locator("#segments a[data-value='Loyal']").first.click()
    assert page.evaluate("history.length") == begun
    assert address(page) == "#customers?segment=Loyal"


def test_links_to_sections_keep_the_filters(visit):
    page = visit()
    page.select_option("#filter-segment", "Loyal")
    page.locator(".sections a[href='#overview']").click()
    assert page.locator("#filter-segment").input_value() == "Loyal"
    page.select_option("#filter-segment", "Lost")
    back(page, "#overview")
    assert page.locator("#filter-segment").input_value() == "Loyal"


def test_closing_the_drawer_goes_back_to_the_list(visit):
    page = visit(address="#customers?segment=Loyal")
    begun = page.evaluate("history.length")
    for how in ("Escape", "button"):
        opener = page.locator(".opener").nth(2)
        opener.click()
        page.locator(DRAWER).wait_for()
        if how == "Escape":
            page.keyboard.press("Escape")
        else:
            page.get_by_role("button", name="Close").click()
        await_address(page, "#customers?segment=Loyal")
        assert page.evaluate("document.activeElement.className") == "opener"
        assert page.evaluate("history.length") == begun + 1
    forward_hash = page.evaluate("history.forward()")
    assert forward_hash is None
    page.locator(DRAWER).wait_for()


def test_fast_clicks_open_the_last_customer(visit):
    page = visit("small", address="#sort=id")
    page.evaluate(
        "() => {"
        " const openers = [...document.querySelectorAll('.opener')];"
        " openers[1].click();"
        " document.querySelector('#drawer').close();"
        " return new Promise(done => setTimeout(() => { openers[2].click(); done(); }));"
        "}"
    )
    await_address(page, "#customers?sort=id&customer=c%2203%27")
    page.locator("#drawer-name", has_text="Zoë").wait_for()
    page.locator("#drawer >> text=Profile").wait_for()
    assert page.locator("#drawer h3", has_text="Profile").count() == 1


def all_customers(marts: Path) -> list[str]:
    connection = sqlite3.connect(marts)
    found = [key for (key,) in connection.execute("select customer_id from customers")]
    connection.close()
    return found


def test_a_mailed_link_opens_each_of_the_odd_customers(visit, marts):
    odd = [key for key in all_customers(marts) if not key.isalnum()]
    assert len(odd) == 3
    for key in odd:
        page = visit("small", address=f"#customer={quote(key, safe='')}")
        page.locator(DRAWER).wait_for()
        page.locator("#drawer dd", has_text=key).first.wait_for()
        written = address(page)
        again = visit("small", address=written)
        again.locator("#drawer dd", has_text=key).first.wait_for()


def test_a_link_to_a_customer_within_a_choice_keeps_both(visit):
    page = visit("small", address="#customers?q=c2&customer=c23")
    page.locator(DRAWER).wait_for()
    page.keyboard.press("Escape")
    await_address(page, "#customers?q=c2")
    assert page.locator("#filter-search").input_value() == "c2"


def test_a_link_to_a_customer_closes_where_it_opened(visit):
    page = visit("small", address="#customer=c23")
    page.locator(DRAWER).wait_for()
    page.keyboard.press("Escape")
    await_address(page, "")
    assert told(page) == "All 40 customers."


def test_a_link_of_the_earlier_form_is_still_read(visit):
    page = visit(address="#segment=Loyal&sort=frequency")
    assert page.locator("#filter-segment").input_value() == "Loyal"
    assert page.locator("th[data-key=frequency]").get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("#customer=C%3Cb%3E9", "All 40 customers. There is no customer C<b>9 on this page."),
        ("#customers?segment=Best", "0 of 40 customers. There is no segment Best on this page."),
        (
            "#customers?detail=Best",
            "0 of 40 customers. There is no finer segment Best on this page.",
        ),
        ("#customers?country=Mars", "0 of 40 customers. There is no country Mars on this page."),
        ("#customers?sort=luck&page=-3", "All 40 customers."),
        ("#customers?page=99", "All 40 customers."),
        ("#customers?q=%E0%A4%A", "0 of 40 customers."),
        ("#%E0%A4%A", "All 40 customers."),
    ],
)
def test_a_link_to_unknown_names_shows_a_message(visit, link, sentence):
    page = visit("small", address=link)
    assert told(page) == sentence
    assert page.locator(CLOSED).count() == 1
    nobody = page.locator("#customers-table tbody", has_text="No customers match these filters.")
    assert nobody.count() == sentence.startswith("0 ")


def test_a_new_filter_drops_an_unknown_customer(visit):
    page = visit("small", address="#customer=C9")
    page.select_option("#filter-segment", "Loyal")
    assert address(page) == "#customers?segment=Loyal"
    assert "There is no" not in told(page)


def test_a_link_within_the_page_and_a_typed_address_are_followed(visit):
    page = visit("small")
    page.evaluate("location.hash = 'customers?segment=Loyal'")
    page.wait_for_function("document.querySelector('#filter-segment').value === 'Loyal'")
    page.evaluate("location.hash = 'customer=c23'")
    page.locator(DRAWER).wait_for()
    page.keyboard.press("Escape")
    await_address(page, "#customers?segment=Loyal")
    assert page.locator("#filter-segment").input_value() == "Loyal"


def test_loading_again_keeps_the_place(visit):
    page = visit("large")
    page.select_option("#filter-segment", "Loyal")
    page.locator(".opener").nth(3).click()
    page.locator(DRAWER).wait_for()
    name = page.locator("#drawer-name").text_content()
    page.reload()
    page.locator(DRAWER).wait_for()
    assert page.locator("#drawer-name").text_content() == name
    page.keyboard.press("Escape")
    await_address(page, "#customers?segment=Loyal")


def test_loading_again_at_a_part_of_the_page_keeps_the_choice(visit):
    page = visit("large")
    page.select_option("#filter-segment", "Loyal")
    page.locator(".sections a[href='#overview']").click()
    await_address(page, "#overview")
    page.reload()
    page.wait_for_selector("html[data-table=ready]")
    assert address(page) == "#overview"
    assert page.locator("#filter-segment").input_value() == "Loyal"
    assert set(page.locator("#customers-table .segment").all_text_contents()) == {"Loyal"}


COPIES = "navigator.clipboard.readText()"


def test_a_link_to_a_customer_can_be_copied_and_opens_that_customer_alone(visit, sites):
    page = visit(
        "small", address='#customers?q=c"03', permissions=["clipboard-read", "clipboard-write"]
    )
    page.locator(".opener").click()
    page.locator("#drawer").get_by_role("button", name="Copy link").click()
    page.locator("#drawer [role=status]", has_text="Copied").wait_for()
    assert page.evaluate(COPIES) == f"{sites['small']}#customer=c%2203%27"


def test_a_link_to_a_choice_can_be_copied(visit, sites):
    page = visit("small", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator("#customers").get_by_role("button", name="Copy link")
    assert button.count() == 0
    page.select_option("#filter-segment", "At-Risk")
    button.click()
    page.locator(".status-row [role=status]", has_text="Copied").wait_for()
    assert page.evaluate(COPIES) == f"{sites['small']}#customers?segment=At-Risk"
    page.locator("#filter-clear").click()
    assert button.count() == 0


def test_a_refused_copy_shows_the_link_in_a_selected_field(visit, sites):
    page = visit("small", address="#customer=c23")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')) }")
    page.locator("#drawer").get_by_role("button", name="Copy link").click()
    page.get_by_label("Link to copy").wait_for()
    assert page.evaluate("String(getSelection())") == f"{sites['small']}#customer=c23"


class Docs:
    """Replace the dialog of definitions by one that records its calls."""

    script = (
        "window.asked = [];"
        "window.tillsight.docs = {"
        " open: name => window.asked.push(name), close: () => window.asked.push('closed') };"
    )


def test_definitions_have_addresses_and_steps(visit):
    page = visit("small", address="#customers?segment=Loyal")
    page.evaluate(Docs.script)
    page.evaluate("tillsight.places.go({ docs: 'segments' })")
    page.evaluate("tillsight.places.go({ docs: 'rfm_scores' })")
    assert address(page) == "#docs=rfm_scores"
    assert page.locator("#filter-segment").input_value() == "Loyal"
    back(page, "#docs=segments")
    forward(page, "#docs=rfm_scores")
    page.evaluate("tillsight.places.leave('docs')")
    await_address(page, "#customers?segment=Loyal")
    page.wait_for_function("asked.length === 5")
    assert page.evaluate("asked") == ["segments", "rfm_scores", "segments", "rfm_scores", "closed"]


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2024-06-29", ""),
        ("2024-06-30", ""),
        ("2024-07-01", "· 1 day ago"),
        ("2024-07-03", "· 3 days ago"),
        ("2024-08-28", "· 59 days ago"),
        ("2024-08-30", "· 2 months ago"),
        ("2026-06-29", "· 23 months ago"),
        ("2026-06-30", "· 2 years ago"),
        ("2038-06-29", "· 13 years ago"),
    ],
)
def test_the_age_of_the_data_uses_the_clock_of_the_reader(visit_on, day, age):
    page = visit_on(day)
    assert page.locator("#age").text_content() == age
    assert page.locator("#age").is_visible() == bool(age)
    page.emulate_media(media="print")
    assert not page.locator("#age").is_visible()


@pytest.fixture
def visit_on(chromium, sites):
    """Open the page on a day, late in the evening of the reader."""
    contexts = []

    def opened(day: str):
        context = chromium.new_context(timezone_id="America/Los_Angeles")
        contexts.append(context)
        page = context.new_page()
        page.clock.install(time=datetime.datetime.fromisoformat(f"{day}T23:30:00-07:00"))
        page.goto(sites["small"])
        page.wait_for_selector("html[data-table=ready]")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_the_age_is_not_in_the_bytes_of_the_page(sites):
    html = Path(sites["small"].removeprefix("file://")).read_text(encoding="utf-8")
    assert '<span id="age" hidden></span>' in html
    assert "ago</" not in html


def test_a_page_without_customers_accepts_any_address(visit):
    page = visit("empty", address="#customers?segment=Lost&customer=C1", ready=False)
    page.wait_for_function("window.tillsight.places")
    page.evaluate("location.hash = 'customer=C2'")
    page.wait_for_timeout(100)
    assert page.locator("#customers .empty").is_visible()
