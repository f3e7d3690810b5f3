"""The lists to act on above the table, and the choices of its filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reports.page.figures.checks import Sentence
from tests.reports.page.figures.marts import Marts
from tests.reports.page.figures.matching import unlike

PRESSING = ("Cannot Lose Them", "At Risk", "New")
ADVICE = "select recommended_action from segment_details where segment_detail = ? and customers > 0"
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


def plays(shown: list[dict[str, str]], marts: Marts) -> Iterator[str]:
    """Compare name, size, advice and address of each list with the marts."""
    told = {play["name"]: play for play in shown}
    wanted = {}
    for name in PRESSING:
        for (action,) in marts.ask(ADVICE, name).rows:
            wanted[name] = (action, f"#customers?detail={name.replace(' ', '+')}")
    if marts.value(LIKELY):
        days = marts.value("select horizon_days from build_info")
        action = f"At 50% or more for the next {days} days: show them what is new"
        wanted["Likely to order"] = (action, "#customers?from=50&sort=-probability")
    yield from unlike(list(told), list(wanted), "lists")
    for name in told.keys() & wanted.keys():
        play = told[name]
        yield from unlike((play["action"], play["address"]), wanted[name], name)
        is_segment = name in PRESSING
        size = Sentence("{}, {} spent", SIZE.format(name)) if is_segment else Sentence("{}", LIKELY)
        yield from size.check(play["size"], marts)


def options(shown: list[tuple[str, list[str]]], marts: Marts) -> Iterator[str]:
    """Compare the choices of each filter with the values that are there."""
    told: dict[str, Any] = dict(shown)
    yield from unlike(sorted(told), sorted(OPTIONS), "filters")
    for name, sql in OPTIONS.items():
        found = [value for (value,) in marts.ask(sql).rows]
        yield from unlike(told.get(name, []), ["All", *found], name)
