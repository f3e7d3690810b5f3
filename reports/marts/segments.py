"""Segments, scores and movement between segments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from reports.marts.reader import read_rows, select
from reports.marts.suppressed import (
    Count,
    Figure,
    NeverPublic,
    OfCustomers,
    Public,
    Special,
    cell,
    derived_from,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of `segments` or of `segment_details`.

    `history_date` is the date of `segment_history` that counts the same customers; the finer
    segments have no history.
    """

    segment: Public[str]
    segment_order: Public[int]
    colour: Public[str]
    customers: Annotated[Count, cell("size", "history_date", "segment")]
    customer_share: OfCustomers[Figure | None]
    revenue: OfCustomers[Figure | None]
    revenue_share: OfCustomers[Figure | None]
    average_order_value: OfCustomers[Figure | None]
    median_recency: OfCustomers[Figure | None]
    expected_buyers: OfCustomers[Figure | None]
    revenue_at_risk: OfCustomers[Figure | None]
    recommended_action: Public[str]
    history_date: Public[str | None] = None


SEGMENTS = select(
    Segment,
    from_="segments",
    order_by="segment_order",
    computed={"history_date": "(select as_of_date from build_info)"},
)

SEGMENT_DETAILS = select(
    Segment,
    from_="segment_details",
    order_by="segment_order",
    computed={"segment": "segment_detail", "history_date": "null"},
)


def read_segments(connection: sqlite3.Connection) -> Iterator[Segment]:
    """Yield the four segments, best first."""
    return read_rows(connection, Segment, SEGMENTS)


def read_segment_details(connection: sqlite3.Connection) -> Iterator[Segment]:
    """Yield the finer segments, best first."""
    return read_rows(connection, Segment, SEGMENT_DETAILS)


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """A row of `segment_history` with the colour of its segment."""

    as_of_date: Public[str]
    segment: Public[str]
    colour: Public[str]
    customers: Annotated[Count, cell("size", "as_of_date", "segment")]
    customer_share: OfCustomers[Figure]
    # Two snapshots and a month between them differ by the revenue of a few days.
    revenue: NeverPublic[Figure]


SEGMENT_SIZES = """
select h.as_of_date, h.segment, s.colour, h.customers, h.customer_share, h.revenue
from segment_history as h
inner join segments as s on h.segment = s.segment
order by h.as_of_date, s.segment_order
"""

MOVES_DIRECTED = """
select
    m.from_as_of_date, m.to_as_of_date, m.from_segment, m.to_segment, m.customers, m.revenue,
    case
        when f.segment_order is null then 'new'
        when t.segment_order < f.segment_order then 'up'
        when t.segment_order > f.segment_order then 'down'
        else 'same'
    end as direction,
    coalesce(f.segment_order, 0) as from_order,
    t.segment_order as to_order
from segment_moves as m
inner join segments as t on m.to_segment = t.segment
left join segments as f on m.from_segment = f.segment
"""


@dataclass(frozen=True, slots=True)
class Move:
    """A row of `segment_moves`; `direction` is up, down, same or new."""

    from_as_of_date: Public[str]
    to_as_of_date: Public[str]
    from_segment: Public[str]
    to_segment: Public[str]
    customers: Annotated[Count, cell("move", "from_segment", "to_segment")]
    revenue: OfCustomers[Figure]
    direction: Public[str]


MOVES = select(Move, from_=f"({MOVES_DIRECTED})", order_by="from_order, to_order")


@dataclass(frozen=True, slots=True)
class MoveTotal:
    """Customers and their revenue by direction of the move."""

    direction: Public[str]
    customers: Annotated[Count, cell("direction", "direction")]
    revenue: OfCustomers[Figure]


MOVE_TOTALS = f"""
with directed as ({MOVES_DIRECTED})
select direction, sum(customers) as customers, sum(revenue) as revenue
from directed
group by direction
order by direction
"""  # noqa: S608  constants of this module


@dataclass(frozen=True, slots=True)
class MoveCause:
    """Customers who changed segment for one cause; `direction` is up or down."""

    cause: Public[str]
    direction: Public[str]
    customers: Annotated[Count, cell("cause", "cause", "direction")]
    revenue: OfCustomers[Figure]


MOVE_CAUSES = """
select
    c.cause,
    case when t.segment_order < f.segment_order then 'up' else 'down' end as direction,
    sum(c.customers) as customers,
    sum(c.revenue) as revenue
from segment_move_causes as c
inner join segments as f on c.from_segment = f.segment
inner join segments as t on c.to_segment = t.segment
group by c.cause, direction
order by
    case c.cause when 'ordered' then 1 when 'returned' then 2 when 'silent' then 3 else 4 end,
    direction desc
"""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A row of `cohort_retention`; `is_complete` is 0 where the month is not over."""

    cohort_month: Public[str]
    months_since: Public[int]
    cohort_customers: Annotated[Count, cell("cohort", "cohort_month", 0)]
    retained_customers: Annotated[
        Count,
        cell("cohort", "cohort_month", "months_since", withheld_with=("cohort_customers",)),
    ]
    retention_rate: Annotated[Figure, derived_from("cohort_customers", "retained_customers")]
    revenue: Annotated[Figure, derived_from("cohort_customers", "retained_customers")]
    is_complete: Public[int]


# The grid of the latest 24 cohorts fits a page; the mart has all of them.
COHORTS = """
select
    c.cohort_month, c.months_since, c.cohort_customers, c.retained_customers, c.retention_rate,
    c.revenue, coalesce(m.is_complete, 1) as is_complete
from cohort_retention as c
left join monthly_sales as m
    on m.month = date(c.cohort_month, '+' || c.months_since || ' months')
where c.cohort_month in (
    select distinct cohort_month from cohort_retention order by cohort_month desc limit 24
)
order by c.cohort_month, c.months_since
"""

# The first cohort is left out: it holds customers who bought before the data begin.
RETURN_RATE = """
select 1.0 * sum(c.retained_customers) / nullif(sum(c.cohort_customers), 0) as return_rate
from cohort_retention as c
inner join monthly_sales as m on m.month = date(c.cohort_month, '+1 month')
where
    c.months_since = 1 and m.is_complete = 1
    and c.cohort_month > (select min(cohort_month) from cohort_retention)
"""


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """Customers by recency and frequency score; `details` is a JSON array of finer segments."""

    recency_score: Public[int]
    frequency_score: Public[int]
    customers: Annotated[Count, cell("cell", "recency_score", "frequency_score")]
    revenue: OfCustomers[Figure]
    mean_probability: OfCustomers[Figure | None]
    details: Public[str] = "[]"


SCORE_CELLS = """
select
    r.recency_score, r.frequency_score, count(*) as customers, sum(r.monetary) as revenue,
    avg(p.purchase_probability) as mean_probability,
    json_group_array(distinct r.segment_detail) as details
from rfm_scores as r
left join predictions as p on r.customer_id = p.customer_id
group by r.recency_score, r.frequency_score
order by r.recency_score, r.frequency_score
"""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A row of `score_thresholds`."""

    measure: Public[str]
    score: Public[int]
    lowest_value: Special[Figure]
    highest_value: Special[Figure]
    customers: Annotated[Count, cell("score", "measure", "score")]
    tied_customers: Annotated[Count, cell("tied", "measure", "score", withheld_with=("customers",))]


THRESHOLDS = select(
    Threshold,
    from_="score_thresholds",
    order_by="case measure when 'recency' then 1 when 'frequency' then 2 else 3 end, score desc",
)


@dataclass(frozen=True, slots=True)
class Tie:
    """Customers who share a value with a customer of another score."""

    measure: Public[str]
    customers: Annotated[Count, cell("ties", "measure")]


TIES = """
select measure, sum(tied_customers) as customers
from score_thresholds
group by measure
order by measure
"""
