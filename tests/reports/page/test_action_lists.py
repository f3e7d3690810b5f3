"""The action lists of the customers section."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.formatting import Money
from reports.marts import reader
from reports.marts.segments import ScoreCell, Segment
from reports.marts.shop import read_shop
from reports.page.action_lists import make_action_lists

MONEY = Money("GBP")


def segment(name, order, customers, *, days):
    return Segment(
        name, order, "#0f766e", customers, 0.1, 100.0, 0.1, 10.0, days, None, None, f"Call {name}"
    )


@pytest.fixture(scope="module")
def shop(marts):
    with reader.open_marts(marts) as connection:
        found = read_shop(connection)
    cells = (
        ScoreCell(1, 4, 5, 9.0, None, '["slow", "gone"]'),
        ScoreCell(2, 4, 5, 9.0, None, '["slow"]'),
        ScoreCell(3, 4, 5, 9.0, None, '["regular"]'),
        ScoreCell(4, 2, 5, 9.0, None, '["first", "big first"]'),
        ScoreCell(4, 3, 5, 9.0, None, '["regular"]'),
    )
    details = (
        segment("regular", 1, 50, days=9),
        segment("first", 2, 7, days=3),
        segment("big first", 3, 2, days=4),
        segment("slow", 4, 30, days=60),
        segment("gone", 5, 12, days=200),
    )
    return replace(found, score_cells=cells, segment_details=details, likely_buyers=3)


def test_lapsed_regulars_come_before_the_largest_group_of_new_customers(shop):
    lists = make_action_lists(shop, MONEY)
    assert [one.name for one in lists] == ["gone", "slow", "first", "Likely to order"]
    assert lists[0].size == "12 customers, £100 spent"
    assert lists[0].action == "Call gone"
    assert lists[0].address == "detail=gone"
    assert lists[-1].address == "from=50&sort=-probability"


def test_a_segment_without_customers_has_no_list(shop):
    details = tuple(
        replace(row, customers=0) if row.segment == "gone" else row for row in shop.segment_details
    )
    lists = make_action_lists(replace(shop, segment_details=details, likely_buyers=0), MONEY)
    assert [one.name for one in lists] == ["slow", "first"]
