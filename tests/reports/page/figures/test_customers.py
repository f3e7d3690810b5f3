"""Every row of the table of customers, and every figure of a customer's drawer, against SQL."""

from __future__ import annotations

import pytest

from tests.reports.page.figures.compare.matching import clean, says
from tests.reports.page.figures.conftest import READ
from tests.reports.page.figures.drawer import DRAWER, drawer_says
from tests.reports.page.figures.registry import CUSTOMERS
from tests.reports.page.figures.test_figures import assert_none

pytestmark = pytest.mark.browser

# The columns in the order of the page, highest spend first.
ROWS = """
select customer_id as text, nullif(trim(name), '') as text, recency as whole, frequency as whole,
    monetary as money2, recency_score as whole, frequency_score as whole, monetary_score as whole,
    rfm_cell as text, segment as text, segment_detail as text, purchase_probability as share1
from customer_360 order by monetary desc nulls last, customer_id
"""
HEADS = [
    "Id",
    "Name",
    "Recency",
    "Frequency",
    "Monetary",
    "R",
    "F",
    "M",
    "RFM",
    "Segment",
    "Finer segment",
]
# The cells of every page of the table, one page after another.
PAGES = """
async () => {
  const found = [];
  const next = document.getElementById("page-next");
  const text = (cell) => cell.textContent.replace(/\\s+/g, " ").trim();
  for (;;) {
    for (const row of document.querySelectorAll("#customers-table tbody tr")) {
      found.push([...row.cells].map(text));
    }
    if (next.disabled) return found;
    next.click();
    await new Promise((resolve) => setTimeout(resolve));
  }
}
"""
# Customers of every kind: best and last of each segment, most orders, most returns.
CHOSEN = """
with ranked as (
    select customer_id, row_number() over (partition by segment order by monetary desc) as best,
        row_number() over (partition by segment order by customer_id desc) as last,
        row_number() over (order by order_count desc, customer_id) as most,
        row_number() over (order by returned_amount, customer_id) as returned
    from customer_360
)
select customer_id from ranked
where best <= 3 or last <= 3 or most <= 2 or returned <= 2 order by customer_id
"""


def test_every_row_of_the_table(shop, chromium):
    expected = shop.marts.ask(ROWS)
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(shop.index.as_uri())
        page.wait_for_selector("html[data-table=ready]")
        heads = page.locator("#customers-table thead th").all_text_contents()
        told = page.evaluate(PAGES)
    assert [head.strip() for head in heads] == [*HEADS, "Probability"]
    assert_none(unlike_rows(told, expected, shop.marts))


def test_the_rows_of_the_page_itself_are_the_first_of_the_table(shop, chromium):
    with chromium.new_context() as context:
        html = shop.index.read_text(encoding="utf-8")
        shown = context.new_page().evaluate(READ, html)
    (table,) = [one for one in shown["tables"] if one["name"] == CUSTOMERS]
    told = [[clean(cell["raw"]) for cell in row] for row in table["rows"]]
    expected = shop.marts.ask(f"select * from ({ROWS}) limit 100")
    assert_none(unlike_rows(told, shop.marts.ask(f"{ROWS} limit 100"), shop.marts))
    assert len(told) == len(expected.rows)


def unlike_rows(told, expected, marts):
    assert len(told) == len(expected.rows)
    for line, row in zip(told, expected.rows, strict=True):
        for text, kind, value in zip(line, expected.names, row, strict=True):
            if not says(text, kind, value, marts.currency):
                yield f"{row[0]}: shows {text!r}, SQL has {value!r} ({kind})"


def test_every_figure_of_the_drawer(shop, chromium):
    chosen = [key for (key,) in shop.marts.ask(CHOSEN).rows]
    complaints = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(shop.index.as_uri())
        page.wait_for_selector("html[data-table=ready]")
        for customer in chosen:
            page.evaluate(
                "(id) => { location.hash = `customer=${encodeURIComponent(id)}` }", customer
            )
            page.wait_for_function(
                "(id) => document.querySelector('#drawer[open] dd')?.textContent === id",
                arg=customer,
            )
            shown = page.evaluate(DRAWER)
            complaints += [f"{customer}: {one}" for one in drawer_says(shown, customer, shop.marts)]
    assert_none(complaints)


def test_the_score_grid_shows_only_the_chosen_measure(visit, large_marts):
    page = visit("large")
    for measure in ("customers", "revenue", "probability"):
        page.locator(f"#score-grid input[value={measure}]").check(force=True)
        shown = page.locator("#score-grid .cell:visible").evaluate_all(
            "cells => cells.map((cell) => cell.dataset.measure)"
        )
        assert shown == [measure] * 16
