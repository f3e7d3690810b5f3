from __future__ import annotations

from dataclasses import replace

import pytest

from reports.formatting import DASH, Money
from reports.marts.build import BuildInfo, LedgerRow
from reports.marts.sales import Month
from reports.marts.segments import Cohort, Move, MoveTotal, Segment
from reports.page import data, movement, overview, segments

MONEY = Money("GBP")


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


def month(date, revenue, *, is_complete=1):
    return Month(date, 3, 2, 1, revenue, 0.0, is_complete)


def test_the_segment_with_most_revenue_is_named_with_both_shares():
    told = segments.segments_carry([CHAMPIONS, LOST])
    assert told == "Champions are 20% of the customers and bring 90% of the revenue."


def test_the_largest_segment_is_not_the_richest():
    assert segments.largest_segment([CHAMPIONS, LOST]) == (
        "Lost is the largest segment: 80 customers, 80%"
    )
    assert segments.richest_segment([CHAMPIONS, LOST]) == "Champions bring 90% of the revenue"


def test_a_month_that_is_not_over_is_never_the_strongest():
    months = [month("2024-04-01", 50.0), month("2024-05-01", 900.0, is_complete=0)]
    assert overview.strongest_month(months, MONEY) == "Apr 2024 was the strongest month: £50"


def test_moves_are_counted_in_words():
    totals = [MoveTotal("up", 1, 5.0), MoveTotal("down", 1200, 7.5)]
    moves = [Move("2024-05-31", "2024-06-30", "Lost", "Loyal", 1, 5.0, "up")]
    assert movement.customers_moved(totals, moves) == (
        "Since 31 May 2024, 1 customer moved up a segment and 1,200 moved down."
    )
    assert movement.people_moved(totals) == ("1 moved up, 1,200 moved down, 0 stayed and 0 are new")
    assert movement.money_moved(totals, MONEY) == (
        "1,200 customers moved down; so far they have spent £8"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.123, "up 12%"),
        (-0.0061, "down 0.6%"),
        (0.004, "unchanged"),
        (None, "nothing to compare with"),
    ],
)
def test_changes_read_as_words(change, words):
    assert overview.change_in_words(change) == words


def test_a_grid_of_moves_has_a_dash_where_nobody_moved():
    move = Move("2024-05-31", "2024-06-30", "Lost", "Champions", 3, 9.0, "up")
    grid = movement.moves_grid([move], [CHAMPIONS, LOST], MONEY)
    assert [name for name, _ in grid.rows] == ["Champions", "Lost"]
    assert [[cell.text for cell in cells] for _, cells in grid.rows] == [[DASH, DASH], ["3", DASH]]
    assert grid.rows[1][1][0].title == "3 customers from Lost to Champions, revenue £9"


def test_a_cohort_marks_the_month_that_is_not_over():
    cohorts = [
        Cohort("2024-05-01", 0, 10, 10, 1.0, 5.0, 1),
        Cohort("2024-05-01", 1, 10, 4, 0.4, 5.0, 0),
    ]
    grid = movement.cohorts_grid(cohorts)
    assert [cell.text for cell in grid.rows[0][1]] == ["10", "40%*"]


def test_reasons_of_the_ledger_read_as_words():
    assert data.reason_in_words("unreadable_invoice_date") == (
        "The invoice date is missing or cannot be read"
    )
    assert data.reason_in_words("something_new") == "Something new"


def test_a_file_that_is_named_by_an_address_is_told_without_it():
    row = LedgerRow("sales_eve@example.com.csv", "transactions", "kept", 1, 3, 9.0)
    (line,) = data.ledger_table([row], MONEY, by_source=True).rows
    assert "@" not in line[0]


def test_a_shop_whose_tests_did_not_all_pass_shows_it():
    build = BuildInfo(
        *("Shop", "2024-06-30", "2024-01-01", 30, "ntile", "return", None, None, None),
        *(1, 1, 1, 1, 1, 1, 64, 63, None),
    )
    assert data.tests_chip(build) == ("63 of 64 data tests passed", "bad")
    assert data.tests_chip(replace(build, data_tests=0)) == ("No data tests have run", "none")
