"""The overview section: its findings."""

from __future__ import annotations

import pytest

from reports.formatting import Money
from reports.marts.sales import Month
from reports.page import overview

MONEY = Money("GBP")


def month(date, revenue, *, is_complete=1):
    return Month(date, 3, 2, 1, revenue, 0.0, is_complete)


def test_an_incomplete_month_is_never_the_strongest():
    months = [month("2024-04-01", 50.0), month("2024-05-01", 900.0, is_complete=0)]
    assert overview.strongest_month(months, MONEY) == "Apr 2024 was the strongest month: £50"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.123, "up 12%"),
        (-0.0061, "down 0.6%"),
        (0.004, "unchanged"),
        (None, "no earlier period to compare with"),
    ],
)
def test_changes_are_written_in_words(change, words):
    assert overview.change_in_words(change) == words
