"""Lists of customers to act on today, ready to be opened. Pure."""

from __future__ import annotations

from urllib.parse import urlencode

from reports import rows
from reports.formats import Money, count
from reports.page import Play
from reports.withheld import known

DETAILS = ("Cannot Lose Them", "At Risk", "New")
"""Finer segments that ask for somebody to act, the most pressing first."""


def make_plays(shop: rows.Shop, money: Money) -> tuple[Play, ...]:
    """Return the lists that hold somebody: pressing finer segments, then the likely buyers.

    Parameters
    ----------
    shop : Shop
        What the marts say.
    money : Money
        Writes amounts.

    Returns
    -------
    tuple of Play
        Each with its customers, what they have spent, and what to do.
    """
    found = {row.segment: row for row in shop.segment_details}
    plays = [
        _of_segment(found[name], money)
        for name in DETAILS
        if name in found and known(found[name].customers)
    ]
    if known(shop.likely_buyers):
        plays.append(
            Play(
                name="Likely to order",
                size=count(shop.likely_buyers, "customer"),
                action=f"At 50% or more for the next {shop.build.horizon_days} days: "
                "show them what is new",
                address=urlencode({"from": 50, "sort": "-probability"}),
            )
        )
    return tuple(plays)


def _of_segment(row: rows.Segment, money: Money) -> Play:
    return Play(
        name=row.segment,
        size=f"{count(row.customers, 'customer')}, {money(row.revenue)} spent",
        action=row.recommended_action,
        address=urlencode({"detail": row.segment}),
    )
