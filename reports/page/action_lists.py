"""The action lists of the customers section: groups of customers to contact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from reports.formatting import Money, count
from reports.marts.segments import ScoreCell, Segment
from reports.marts.shop import Shop
from reports.marts.suppressed import known

LIKELY_PERCENT = 50


@dataclass(frozen=True)
class ActionList:
    """A list of customers; `address` holds the filters that show it."""

    name: str
    size: str
    action: str
    address: str


def make_action_lists(shop: Shop, money: Money) -> tuple[ActionList, ...]:
    """Return the action lists that have customers.

    Lapsed regulars are the finer segments of customers with frequency score 4 and recency score
    1 or 2, the longest inactive first. New customers are the largest finer segment of those with
    recency score 4 and the lowest frequency score among these.
    """
    segments = [row for row in shop.segment_details if known(row.customers)]
    lapsed = _segments_in(segments, shop.score_cells, recency=(1, 2), frequency=4)
    recent = [cell.frequency_score for cell in shop.score_cells if cell.recency_score == 4]
    lapsed.sort(key=lambda row: (-(known(row.median_recency) or 0), row.segment_order))
    new = _segments_in(segments, shop.score_cells, recency=(4,), frequency=min(recent, default=1))
    largest = sorted(new, key=lambda row: (-(known(row.customers) or 0), row.segment_order))[:1]
    lists = [_of_segment(row, money) for row in dict.fromkeys((*lapsed, *largest))]
    if known(shop.likely_buyers):
        lists.append(
            ActionList(
                name="Likely to order",
                size=count(shop.likely_buyers, "customer"),
                action=f"At {LIKELY_PERCENT}% or more for the next {shop.build.horizon_days} days: "
                "show them what is new",
                address=urlencode({"from": LIKELY_PERCENT, "sort": "-probability"}),
            )
        )
    return tuple(lists)


def _segments_in(
    segments: Sequence[Segment],
    cells: Sequence[ScoreCell],
    *,
    recency: Sequence[int],
    frequency: int,
) -> list[Segment]:
    names = {
        name
        for cell in cells
        if cell.recency_score in recency and cell.frequency_score == frequency
        for name in json.loads(cell.details)
    }
    return [row for row in segments if row.segment in names]


def _of_segment(row: Segment, money: Money) -> ActionList:
    return ActionList(
        name=row.segment,
        size=f"{count(row.customers, 'customer')}, {money(row.revenue)} spent",
        action=row.recommended_action,
        address=urlencode({"detail": row.segment}),
    )
