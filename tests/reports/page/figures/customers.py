"""The customers section: action lists, choices of the filters, the status of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reports.page.figures.compare.checks import Sentence
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import unlike

# Regulars who stopped ordering, the longest inactive first; then the largest group of newcomers.
SEGMENTS = """
select name, action from (
    select distinct d.segment_detail as name, d.recommended_action as action, 1 as part,
        -d.median_recency as place, d.segment_order
    from rfm_scores as r join segment_details as d on d.segment_detail = r.segment_detail
    where r.frequency_score = 4 and r.recency_score <= 2
    union all
    select * from (
        select distinct d.segment_detail, d.recommended_action, 2, -d.customers as place,
            d.segment_order
        from rfm_scores as r join segment_details as d on d.segment_detail = r.segment_detail
        where r.recency_score = 4 and r.frequency_score = (
            select min(frequency_score) from rfm_scores where recency_score = 4
        )
        order by place, d.segment_order limit 1
    )
) order by part, place, segment_order
"""
SIZE = """
select customers as count, revenue as money from segment_details where segment_detail = '{}'
"""
LIKELY = "select count(*) as count from predictions where purchase_probability >= 0.5"
OPTIONS = {
    "filter-segment": "select segment from segments order by segment_order",
    "filter-detail": "select segment_detail from segment_details order by segment_order",
    "filter-country": "select distinct country from customer_360 where country is not null"
    " order by country",
}


def action_lists(shown: list[dict[str, str]], marts: Marts) -> Iterator[str]:
    """Compare name, size, action and address of each list with the marts."""
    told = {one["name"]: one for one in shown}
    segments = dict(marts.ask(SEGMENTS).rows)
    wanted = {
        name: (action, f"#customers?detail={name.replace(' ', '+')}")
        for name, action in segments.items()
    }
    if marts.value(LIKELY):
        days = marts.value("select horizon_days from build_info")
        action = f"At 50% or more for the next {days} days: show them what is new"
        wanted["Likely to order"] = (action, "#customers?from=50&sort=-probability")
    yield from unlike(list(told), list(wanted), "lists")
    for name in told.keys() & wanted.keys():
        one = told[name]
        yield from unlike((one["action"], one["address"]), wanted[name], name)
        is_segment = name in segments
        size = Sentence("{}, {} spent", SIZE.format(name)) if is_segment else Sentence("{}", LIKELY)
        yield from size.check(one["size"], marts)


def options(shown: list[tuple[str, list[str]]], marts: Marts) -> Iterator[str]:
    """Compare the choices of each filter with the values in the marts."""
    told: dict[str, Any] = dict(shown)
    yield from unlike(sorted(told), sorted(OPTIONS), "filters")
    for name, sql in OPTIONS.items():
        found = [value for (value,) in marts.ask(sql).rows]
        yield from unlike(told.get(name, []), ["All", *found], name)


SENTENCES = (
    Sentence("All {}.", "select count(*) as count from customers"),
    Sentence(
        "{} to {} of {}",
        "select 1 as whole, min(100, count(*)) as whole, count(*) as whole from customers",
    ),
)
