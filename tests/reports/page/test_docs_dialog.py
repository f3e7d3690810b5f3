"""Every figure shows its definition and the SQL of its model."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def page(visit):
    return visit("small")


def test_every_chart_and_every_table_of_figures_names_its_source(page):
    sourceless = page.eval_on_selector_all(
        "main .card:has([data-chart]), main .card:has(table), main .card:has(dl.facts)",
        "cards => cards.filter(card => !card.querySelector('.source'))"
        ".map(card => card.textContent.trim().slice(0, 80))",
    )
    of_no_table = ("CSV files", "Model card")
    assert [text for text in sourceless if not text.startswith(of_no_table)] == []


def test_every_source_opens_its_definition(page):
    names = set(
        page.eval_on_selector_all(".source a", "links => links.map(link => link.textContent)")
    )
    assert len(names) > 15
    for name in sorted(names):
        page.evaluate("name => window.tillsight.places.go({ docs: name })", name)
        assert page.text_content("#docs-name") == name
        assert f"of {name}" in page.text_content("#docs")
        page.keyboard.press("Escape")
        page.wait_for_selector("#docs", state="hidden")


def test_a_link_shows_definition_columns_sql_and_neighbours_as_text(page):
    page.locator('.source a[href="#docs=rfm_scores"]').first.click()
    told = page.text_content("#docs")
    assert 'One row per <line> & "thing" of rfm_scores' in told
    assert "select '<b>' as x from {{ ref('orders') }} -- </script>" in told
    assert "Days from the last order to the as-of date." in told
    assert page.locator("#docs .links").all_text_contents() == ["orders", "segments"]
    assert page.url.endswith("#docs=rfm_scores")


def test_neighbours_lead_on_and_back_returns(page):
    page.locator('.source a[href="#docs=rfm_scores"]').first.click()
    page.locator("#docs .links a", has_text="segments").click()
    assert page.text_content("#docs-name") == "segments"
    page.go_back()
    assert page.text_content("#docs-name") == "rfm_scores"
    page.go_back()
    page.wait_for_selector("#docs", state="hidden")


def test_the_keyboard_stays_in_the_dialog_from_one_definition_to_the_next(page):
    page.locator('.source a[href="#docs=rfm_scores"]').first.click()
    page.locator("#docs .links a", has_text="segments").press("Enter")
    assert page.text_content("#docs-name") == "segments"
    assert page.evaluate("document.activeElement.closest('#docs') !== null")
    assert page.evaluate("document.activeElement.textContent") == "Close"


def test_a_mailed_link_opens_the_definition_and_closing_it_stays(visit):
    page = visit("small", address="#docs=segments")
    assert page.text_content("#docs-name") == "segments"
    page.locator("#docs button", has_text="Close").click()
    page.wait_for_selector("#docs", state="hidden")
    assert "docs=" not in page.url


def test_an_unknown_table_says_so(visit):
    page = visit("small", address="#docs=%3Cb%3Enothing")
    assert "There is no table of this name." in page.text_content("#docs")


def test_the_lineage_leads_to_definitions(page):
    page.locator("#lineage summary").click()
    page.locator(".lineage a", has_text=re.compile("^orders$")).click()
    assert page.text_content("#docs-name") == "orders"


def test_filters_survive_a_definition(visit):
    page = visit("large", address="#customers?segment=Loyal")
    chosen = page.text_content("#table-status")
    page.locator('#customers .source a[href="#docs=orders"]').click()
    page.keyboard.press("Escape")
    page.wait_for_selector("#docs", state="hidden")
    assert page.text_content("#table-status") == chosen
    assert page.url.endswith("#customers?segment=Loyal")
