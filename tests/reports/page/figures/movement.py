"""The movement section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reports.page.figures.compare.checks import (
    Check,
    Sentence,
    Shown,
    chart,
    is_true,
    shades_grow,
    table,
)
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import says, unlike

WAYS = """
select m.*, f.segment_order as from_order, t.segment_order as to_order,
    case
        when f.segment is null then 'new'
        when f.segment_order = t.segment_order then 'stayed'
        when f.segment_order > t.segment_order then 'up'
        else 'down'
    end as way
from segment_moves as m
join segments as t on t.segment = m.to_segment
left join segments as f on f.segment = m.from_segment
"""
WAY_SUM = f"(select coalesce(sum({{}}), 0) from ({WAYS}) where way = '{{}}')"
# Customers who changed segment, by cause.
CAUSES = """
select cause, iif(t.segment_order < f.segment_order, 'up', 'down') as way,
    sum(c.customers) as customers, sum(c.revenue) as revenue,
    case cause when 'ordered' then 1 when 'returned' then 2 when 'silent' then 3 else 4 end
        as place,
    case cause when 'ordered' then 'Ordered' when 'returned' then 'Returned goods'
        when 'silent' then 'Did not order' else 'Thresholds changed' end as told
from segment_move_causes as c
join segments as f on f.segment = c.from_segment
join segments as t on t.segment = c.to_segment
group by cause, way
"""


def moves(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare each cell of the matrix: number, direction and tooltip."""
    moves = {(row["from_segment"], row["to_segment"]): row for row in marts.ask(WAYS).with_names()}
    if shown is None:
        yield from ["is not on the page, SQL has moves"] if moves else []
        return
    ends = [
        name for (name,) in marts.ask("select segment from segments order by segment_order").rows
    ]
    others = sorted({start for start, _ in moves} - set(ends))
    yield from unlike(shown["heads"], ["From \\ to", *ends], "headings")
    yield from unlike([line[0]["text"] for line in shown["rows"]], ends + others, "rows")
    told = {
        (line[0]["text"], end): cell
        for line in shown["rows"]
        for end, cell in zip(ends, line[1:], strict=True)
    }
    for pair, cell in told.items():
        yield from _moves_cell(cell, pair, moves.get(pair), marts)
    values = {pair: moves[pair]["customers"] if pair in moves else 0 for pair in told}
    yield from shades_grow({pair: cell["shade"] for pair, cell in told.items()}, values)


MOVED = Sentence("{} from {} to {}, revenue {}")


def _moves_cell(
    cell: Shown, pair: tuple[str, str], move: dict[str, Any] | None, marts: Marts
) -> Iterator[str]:
    if not says(cell["text"], "whole", move and move["customers"], marts.currency):
        yield f"{pair}: shows {cell['text']!r}, SQL has {move}"
    mark = move["way"] if move and move["way"] in ("up", "down") else ""
    if cell["mark"] != mark:
        yield f"{pair}: is marked {cell['mark']!r}, SQL has {mark!r}"
    if move:
        sql = "select ? as count, ? as text, ? as text, ? as money"
        yield from _title(cell, MOVED, sql, (move["customers"], *pair, move["revenue"]), marts)


def _title(cell: Shown, told: Sentence, sql: str, values: Any, marts: Marts) -> Iterator[str]:
    found = told.pattern.fullmatch(cell["title"])
    names = marts.ask(sql, *values).names
    if not found or not all(
        says(text, kind, value, marts.currency)
        for text, kind, value in zip(found.groups(), names, values, strict=True)
    ):
        yield f"a pointer reads {cell['title']!r}, SQL has {values}"


# A month of a cohort is complete where the month of sales is.
COHORTS = """
select strftime('%Y-%m', c.cohort_month), c.months_since, c.cohort_customers,
    c.retained_customers, 1.0 * c.retained_customers / c.cohort_customers,
    (
        select m.is_complete from monthly_sales as m
        where strftime('%Y-%m', m.month)
            = strftime('%Y-%m', c.cohort_month, '+' || c.months_since || ' months')
    )
from cohort_retention as c
"""


def cohorts(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare each cell of the latest 24 cohorts, and the mark of an incomplete month."""
    found = {row[:2]: row[2:] for row in marts.ask(COHORTS).rows}
    months = sorted({month for month, _ in found})[-24:]
    if shown is None:
        yield from ["is not on the page, SQL has cohorts"] if found else []
        return
    longest = max((since for month, since in found if month in months), default=0)
    heads = ["First order in", "Customers", *(f"+{since}" for since in range(1, longest + 1))]
    yield from unlike(shown["heads"], heads, "headings")
    if len(shown["rows"]) != len(months):
        yield f"has {len(shown['rows'])} cohorts, SQL has {len(months)}"
    shades, values = {}, {}
    for month, line in zip(months, shown["rows"], strict=False):
        if not says(line[0]["text"], "month", f"{month}-01", None):
            yield f"row is headed {line[0]['text']!r}, SQL has {month}"
        if not says(line[1]["text"], "whole", found[month, 0][0], None):
            yield f"{month}: shows {line[1]['text']!r} customers, SQL has {found[month, 0][0]}"
        for since, cell in enumerate(line[2:], start=1):
            yield from _cohort_cell(cell, (month, since), found.get((month, since)), marts)
            if (month, since) in found:
                shades[month, since] = cell["shade"]
                values[month, since] = found[month, since][2]
    yield from shades_grow(shades, values)


def _cohort_cell(
    cell: Shown, place: tuple[str, int], row: tuple[Any, ...] | None, marts: Marts
) -> Iterator[str]:
    if row is None:
        if cell["text"] or cell["title"]:
            yield f"{place}: shows {cell['text']!r}, SQL has no such month"
        return
    customers, retained, rate, is_complete = row
    if not says(cell["text"].removesuffix("*"), "share", rate, None):
        yield f"{place}: shows {cell['text']!r}, SQL has {rate}"
    if cell["text"].endswith("*") != (is_complete == 0):
        yield f"{place}: shows {cell['text']!r}, SQL has {is_complete=}"
    after = "" if is_complete else "; the month is incomplete"
    told = Sentence("{} of {}" + after)
    yield from _title(cell, told, "select ? as whole, ? as count", (retained, customers), marts)


def flows(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the flows: start, end and width; and the names on each side."""
    moves = {(row["from_segment"], row["to_segment"]): row for row in marts.ask(WAYS).with_names()}
    if shown is None:
        yield from ["is not on the page, SQL has moves"] if moves else []
        return
    (trace,) = shown["traces"]
    labels, link = trace["node"]["label"], trace["link"]
    told = {
        (labels[start], labels[end]): value
        for start, end, value in zip(link["source"], link["target"], link["value"], strict=True)
    }
    if told != {pair: move["customers"] for pair, move in moves.items()}:
        yield f"bands are {told}"
    starts = {start for start, _ in moves}
    yield from unlike(sorted(labels[: len(starts)]), sorted(starts), "names on the left")
    yield from unlike(sorted(labels[len(starts) :]), sorted({end for _, end in moves}), "right")
    left = set(link["source"])
    if left & set(link["target"]) or (shown["nodes"], shown["links"]) != (len(labels), len(moves)):
        yield f"{shown['nodes']} names and {shown['links']} bands are drawn"


TABLES: dict[str, Check] = {
    "chart: move-causes": table(
        f"""
        select told as "Cause: text", way as "Moved: text", customers as "Customers: whole",
            revenue as "Revenue so far: money"
        from ({CAUSES}) order by place, way desc
        """
    ),
    "heat map: Moves between segments in customers": moves,
    "chart: segment-flows": table(
        f"""
        select from_segment as "From: text", to_segment as "To: text", way as "Direction: text",
            customers as "Customers: whole", revenue as "Revenue: money"
        from ({WAYS}) order by coalesce(from_order, 0), to_order
        """
    ),
    "chart: segment-sizes": table(
        """
        select as_of_date as "As of: day", h.segment as "Segment: text",
            h.customers as "Customers: whole",
            1.0 * h.customers / sum(h.customers) over (partition by as_of_date) as "Share: share",
            h.revenue as "Revenue to date: money"
        from segment_history as h join segments as s on s.segment = h.segment
        order by as_of_date desc, segment_order
        """
    ),
    "heat map: Share of customers who ordered again, by months since their first order": cohorts,
}
CHARTS: dict[str, Check] = {
    "move-causes": chart(
        f"""
        select 'Moved ' || w.way as trace, coalesce(c.customers, 0) as x, p.told as y,
            coalesce(c.customers, 0) as "hover: whole"
        from (select 'up' as way union all select 'down') as w
        join (
            select 1 as place, 'Ordered' as told union all select 2, 'Returned goods'
            union all select 3, 'Did not order' union all select 4, 'Thresholds changed'
        ) as p
        left join ({CAUSES}) as c on c.way = w.way and c.place = p.place
        where exists (select 1 from segment_moves) order by w.way desc, p.place desc
        """
    ),
    "segment-flows": flows,
    "segment-sizes": chart(
        """
        select h.segment as trace, as_of_date as x, h.customers as y,
            as_of_date as "hover: short_day", h.customers as "hover: whole",
            1.0 * h.customers / sum(h.customers) over (partition by as_of_date) as "hover: share"
        from segment_history as h order by as_of_date
        """
    ),
}
MOVE_DATES = "select distinct from_as_of_date as day, to_as_of_date as day from segment_moves"
GROWN = """
with sizes as (
    select as_of_date, sum(customers) as customers from segment_history group by 1
    order by 1 desc limit 2
)
select n.customers as count, n.customers - b.customers as whole, b.as_of_date as day
from sizes as n join sizes as b on n.as_of_date > b.as_of_date
"""
PEOPLE = "select " + ", ".join(
    WAY_SUM.format("customers", way) + " as whole" for way in ("up", "down", "stayed", "new")
)
BY_CAUSE = f"""
select coalesce(sum(customers) filter (where cause in ('ordered', 'returned')), 0) as count,
    coalesce(sum(customers) filter (where cause = 'silent'), 0) as whole,
    coalesce(sum(customers) filter (where cause = 'cut_points'), 0) as whole
from ({CAUSES})
"""
SENTENCES = (
    Sentence(
        "{} changed segment by ordering or returning, {} by not ordering, {} because thresholds "
        "changed",
        BY_CAUSE,
    ),
    Sentence(
        "All customers stayed in their segment", is_true(f"select 1 where not exists ({CAUSES})")
    ),
    Sentence("{} with an order, {} more than on {}", GROWN),
    Sentence("{} moved up, {} moved down, {} stayed and {} are new", PEOPLE),
    Sentence(
        "Customers by their segment on {} (rows) and on {} (columns). "
        "Scores are computed anew at each date.",
        MOVE_DATES,
    ),
    Sentence(
        "{} moved down; so far they have spent {}",
        f"select {WAY_SUM.format('customers', 'down')} as count,"
        f" {WAY_SUM.format('revenue', 'down')} as money",
    ),
    Sentence(
        "No customer moved down",
        is_true(f"select 1 where {WAY_SUM.format('customers', 'down')} = 0"),
    ),
    Sentence("Left: {}. Right: {}. The width of a flow is its number of customers.", MOVE_DATES),
    Sentence("There is no earlier snapshot yet"),
    Sentence("There is only one snapshot yet"),
    Sentence("There is no cohort with a second month yet"),
    Sentence(
        "Cohort retention: customers by the month of their first order (rows), and the share that "
        "ordered again a number of months later (columns). * The month is incomplete. The heading "
        "excludes the first month, whose customers may have ordered before the data begins. Shows "
        "at most the latest 24 months."
    ),
)
