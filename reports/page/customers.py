"""The sections about customers, action lists and exports."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from reports.formatting import DASH, Money, count, number, percent, public_id, slug, without_email
from reports.marts.customers import Customer
from reports.marts.segments import Segment
from reports.marts.shop import Shop
from reports.marts.suppressed import known

DETAILS = ("Cannot Lose Them", "At Risk", "New")
"""Finer segments that ask for somebody to act, the most pressing first."""


def make_plays(shop: Shop, money: Money) -> tuple[Play, ...]:
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


def _of_segment(row: Segment, money: Money) -> Play:
    return Play(
        name=row.segment,
        size=f"{count(row.customers, 'customer')}, {money(row.revenue)} spent",
        action=row.recommended_action,
        address=urlencode({"detail": row.segment}),
    )


EXPORT_COLUMNS = "id, name, e-mail, segment, score and probability"


def _customer_line(row: Customer, shop: Shop, money: Money) -> CustomerLine:
    orders = {segment.segment: segment.segment_order for segment in shop.segments}
    return CustomerLine(
        customer_id=public_id(row.customer_id, shop.email_numbers),
        name=without_email(row.name or ""),
        cells=(
            number(row.recency),
            number(row.frequency),
            money(row.monetary, decimals=2),
            number(row.recency_score),
            number(row.frequency_score),
            number(row.monetary_score),
            row.rfm_cell or DASH,
        ),
        segment=row.segment or DASH,
        segment_order=orders.get(row.segment or "", 0),
        segment_detail=row.segment_detail or DASH,
        probability=percent(row.purchase_probability, decimals=1),
    )


def _exports(shop: Shop) -> tuple[ExportLink, ...]:
    everybody = ExportLink(
        "customers.csv",
        f"Every customer, also those without an order: {EXPORT_COLUMNS}",
        number(shop.build.customers),
    )
    return (
        everybody,
        *(
            ExportLink(
                f"customers_{slug(row.segment)}.csv",
                f"The customers of the segment {row.segment}: {EXPORT_COLUMNS}",
                number(row.customers),
            )
            for row in (*shop.segments, *shop.segment_details)
        ),
    )


@dataclass(frozen=True)
class ExportLink:
    """One CSV file."""

    file: str
    holds: str
    rows: str


@dataclass(frozen=True)
class Play:
    """A list of customers to act on; `address` is the choice of filters that shows it."""

    name: str
    size: str
    action: str
    address: str


@dataclass(frozen=True)
class CustomerLine:
    """One row of the table of customers, as text."""

    customer_id: str
    name: str
    cells: tuple[str, ...]
    segment: str
    segment_order: int
    segment_detail: str
    probability: str
