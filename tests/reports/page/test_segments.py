"""The segments section: its findings, and its links to the table of customers."""

from __future__ import annotations

import pytest

from reports.marts.segments import Segment
from reports.page import segments
from tests.support.browser import all_ids, draw_all, query


def segment(name, order, customers, revenue, *, share=0.5, revenue_share=0.5):
    return Segment(
        segment=name,
        segment_order=order,
        colour="#0f766e",
        customers=customers,
        customer_share=share,
        revenue=revenue,
        revenue_share=revenue_share,
        average_order_value=10.0,
        median_recency=5.0,
        expected_buyers=None,
        revenue_at_risk=None,
        recommended_action="Thank them",
    )


CHAMPIONS = segment("Champions", 1, 20, 900.0, share=0.2, revenue_share=0.9)
LOST = segment("Lost", 4, 80, 100.0, share=0.8, revenue_share=0.1)


def test_the_segment_with_most_revenue_is_named_with_both_shares():
    told = segments.segments_carry([CHAMPIONS, LOST])
    assert told == "Champions are 20% of the customers and bring 90% of the revenue."


def test_the_largest_segment_is_not_the_richest():
    assert segments.largest_segment([CHAMPIONS, LOST]) == (
        "Lost is the largest segment: 80 customers, 80%"
    )
    assert segments.richest_segment([CHAMPIONS, LOST]) == "Champions bring 90% of the revenue"


@pytest.mark.browser
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


@pytest.mark.browser
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
    assert page.locator("#table-status").text_content() == "All 450 customers."
