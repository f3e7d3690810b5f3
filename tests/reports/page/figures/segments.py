"""The segments section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reports.page.figures.compare.checks import (
    Check,
    Sentence,
    Shown,
    chart,
    shades_grow,
    table,
)
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import says, unlike

LINES = """
select
    {name} as "Segment: text", customers as "Customers: whole", customer_share as "Share: share",
    revenue as "Revenue: money", revenue_share as "Share: share",
    average_order_value as "Average order, before returns: money2",
    median_recency as "Median recency: days",
    expected_buyers as "Expected buyers: number", revenue_at_risk as "At risk: money",
    recommended_action as "Recommended action: text"{link}
from {table} order by segment_order
"""
SHARES = table(
    """
    select segment as "Segment: text", customers as "Customers: whole",
        customer_share as "Share: share", revenue as "Revenue: money",
        revenue_share as "Share of revenue: share"
    from segments where exists (select 1 from rfm_scores) order by segment_order
    """
)
# Each pair of scores with customers, computed from the customers.
PAIRS = """
select r.recency_score, r.frequency_score, count(*) as customers, sum(r.monetary) as revenue,
    avg(p.purchase_probability) as probability
from rfm_scores as r
left join predictions as p on p.customer_id = r.customer_id
group by r.recency_score, r.frequency_score
"""

MEASURES = {"customers": "whole", "revenue": "money", "probability": "share"}


def score_grid(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare each cell in its measures; the best recency first."""
    found = {row[:2]: dict(zip(MEASURES, row[2:], strict=True)) for row in marts.ask(PAIRS).rows}
    if shown is None:
        yield from ["is not on the page, SQL has customers"] if found else []
        return
    empty = {"customers": 0, "revenue": None, "probability": None}
    heads = ["", *(f"Frequency {score}" for score in (1, 2, 3, 4))]
    yield from unlike(shown["heads"], heads, "headings")
    told = {}
    for recency, line in zip((4, 3, 2, 1), shown["rows"], strict=True):
        yield from unlike([line[0]["text"]], [f"Recency {recency}"], "heading of a row")
        for frequency, cell in zip((1, 2, 3, 4), line[1:], strict=True):
            place = (recency, frequency)
            told[place] = cell["measures"]
            yield from _grid_cell(cell["measures"], place, found.get(place, empty), marts)
    for measure in MEASURES:
        values = {place: found.get(place, empty)[measure] or 0 for place in told}
        yield from shades_grow({p: told[p][measure]["shade"] for p in told}, values)


def _grid_cell(
    shown: Shown, place: tuple[int, int], values: dict[str, Any], marts: Marts
) -> Iterator[str]:
    yield from unlike(shown, MEASURES, f"measures of {place}")
    for measure, one in shown.items():
        if not says(one["text"], MEASURES[measure], values[measure], marts.currency):
            yield f"{measure} of {place}: shows {one['text']!r}, SQL has {values[measure]!r}"
        if tuple(one["scores"]) != place or one["isHidden"] != (measure != "customers"):
            yield f"{measure} of {place} leads to {one['scores']}, hidden: {one['isHidden']}"


def bars(column: str, kind: str, share: str) -> Check:
    """Compare the bars of the segments, the best one last (on top)."""
    return chart(
        f"""
        select coalesce({column}, 0) as x, segment as y, {column} as "label: {kind}",
            {share} as "label: share"
        from segments where exists (select 1 from rfm_scores) order by segment_order desc
        """
    )


TABLES: dict[str, Check] = {
    "chart: segment-customers": SHARES,
    "chart: segment-revenue": SHARES,
    "Segments": table(
        LINES.format(
            name="segment",
            table="segments where exists (select 1 from rfm_scores)",
            link=""", 'CSV' as "List: text" """,
        )
    ),
    "Finer segments": table(
        LINES.format(
            name="segment_detail",
            table="segment_details where exists (select 1 from rfm_scores)",
            link=""", 'CSV' as "List: text" """,
        )
    ),
    "heat map: Customers by recency score and frequency score": score_grid,
    "Customers by recency score and frequency score": table(
        f"""
        select recency_score as "Recency score: whole", frequency_score as "Frequency score: whole",
            customers as "Customers: whole", revenue as "Revenue: money",
            probability as "Mean probability: share"
        from ({PAIRS}) order by 1, 2
        """
    ),
}
CHARTS: dict[str, Check] = {
    "segment-customers": bars("customers", "whole", "customer_share"),
    "segment-revenue": bars("revenue", "money", "revenue_share"),
}
LARGEST = """
select segment as text, customers as count, customer_share as share from segments
where customers > 0 order by customers desc, segment_order limit 1
"""
RICHEST = """
select segment as text, revenue_share as share from segments
where customers > 0 order by revenue desc, segment_order limit 1
"""
FULLEST = f"""
select recency_score as whole, frequency_score as whole, customers as count from ({PAIRS})
order by customers desc, recency_score desc, frequency_score desc limit 1
"""

SENTENCES = (
    Sentence("{} is the largest segment: {}, {}", LARGEST),
    Sentence("{} bring {} of the revenue", RICHEST),
    Sentence("Segments and recommended actions"),
    Sentence(
        "Recency, frequency and spend are each scored 1 to 4; the sum sets the segment. New "
        "customers start with a low sum and rise with their next order; the finer segments show "
        "them separately. "
        "Choose a name to list its customers."
    ),
    Sentence("{} finer segments", "select count(*) as whole from segment_details"),
    Sentence("The largest group has recency {} and frequency {}: {}", FULLEST),
    Sentence(
        "Customers by recency score (rows) and frequency score (columns); 4 is best. Among "
        "customers with the same number of orders, the more recent ones score higher, so some "
        "cells are empty. "
        "Choose a cell to list its customers."
    ),
)
