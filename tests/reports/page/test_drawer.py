"""The drawer of one customer in a browser."""

from __future__ import annotations

import json

import pytest

from tests.support.browser import query

pytestmark = pytest.mark.browser


def test_a_row_opens_its_customer_and_sets_the_address(visit, marts):
    page = visit("small", address="#q=c23")
    page.locator("#customers-table .opener").click()
    drawer = page.locator("#drawer")
    drawer.locator("h3", has_text="Scores").wait_for()
    assert page.evaluate("location.hash") == "#customers?q=c23&customer=c23"
    told = drawer.text_content()
    (row,) = query(
        marts,
        "select frequency_score, frequency, frequency_lowest, frequency_highest, order_count,"
        " reasons, recommended_action from customer_360 where customer_id = 'c23'",
    )
    score, frequency, lowest, highest, orders, reasons, action = row
    assert f"F = {score}: {frequency} orders; quartile {score} is {lowest} to {highest}." in told
    for sentence in json.loads(reasons):
        assert sentence in told
    assert action in told
    assert drawer.locator("tbody tr").count() == orders
    assert "Lamp <" in told
    assert "@" not in told


def test_the_drawer_of_a_customer_without_orders_has_messages(visit):
    page = visit("small", address="#customer=c39")
    drawer = page.locator("#drawer")
    drawer.locator("text=No orders yet.").wait_for()
    assert "No order yet, so there are no scores." in drawer.text_content()
    assert "There is no forecast for this customer." in drawer.text_content()


def test_hostile_names_are_shown_as_text_in_the_drawer(visit, marts):
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
