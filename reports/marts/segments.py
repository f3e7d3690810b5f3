"""Segments, scores and movement: queries and rows."""

from __future__ import annotations

from dataclasses import dataclass

from reports.marts.suppressed import Count, Figure

SEGMENTS = """
select
    segment, segment_order, colour, customers, customer_share, revenue, revenue_share,
    average_order_value, median_recency, expected_buyers, revenue_at_risk, recommended_action
from segments
order by segment_order
"""

SEGMENT_DETAILS = """
select
    segment_detail, segment_order, colour, customers, customer_share, revenue, revenue_share,
    average_order_value, median_recency, expected_buyers, revenue_at_risk, recommended_action
from segment_details
order by segment_order
"""


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

MOVES = f"""
with directed as ({MOVES_DIRECTED})
select from_as_of_date, to_as_of_date, from_segment, to_segment, customers, revenue, direction
from directed
order by from_order, to_order
"""  # noqa: S608  the parts are constants of this module

MOVE_TOTALS = f"""
with directed as ({MOVES_DIRECTED})
select direction, sum(customers), sum(revenue)
from directed
group by direction
order by direction
"""  # noqa: S608  the parts are constants of this module

MOVE_CAUSES = """
select
    c.cause,
    case when t.segment_order < f.segment_order then 'up' else 'down' end as direction,
    sum(c.customers), sum(c.revenue)
from segment_move_causes as c
inner join segments as f on c.from_segment = f.segment
inner join segments as t on c.to_segment = t.segment
group by 1, 2
order by
    case c.cause when 'ordered' then 1 when 'returned' then 2 when 'silent' then 3 else 4 end,
    direction desc
"""

# The grid of the latest 24 cohorts fits a page; older ones stand in the mart.
COHORTS = """
select
    c.cohort_month, c.months_since, c.cohort_customers, c.retained_customers, c.retention_rate,
    c.revenue, coalesce(m.is_complete, 1)
from cohort_retention as c
left join monthly_sales as m
    on m.month = date(c.cohort_month, '+' || c.months_since || ' months')
where c.cohort_month in (
    select distinct cohort_month from cohort_retention order by cohort_month desc limit 24
)
order by c.cohort_month, c.months_since
"""

# The first month of the data is left out: it holds customers who had bought before the data begin.
RETURN_RATE = """
select 1.0 * sum(c.retained_customers) / nullif(sum(c.cohort_customers), 0)
from cohort_retention as c
inner join monthly_sales as m on m.month = date(c.cohort_month, '+1 month')
where
    c.months_since = 1 and m.is_complete = 1
    and c.cohort_month > (select min(cohort_month) from cohort_retention)
"""

SCORE_CELLS = """
select
    r.recency_score, r.frequency_score, count(*), sum(r.monetary), avg(p.purchase_probability),
    json_group_array(distinct r.segment_detail)
from rfm_scores as r
left join predictions as p on r.customer_id = p.customer_id
group by r.recency_score, r.frequency_score
order by r.recency_score, r.frequency_score
"""


THRESHOLDS = """
select measure, score, lowest_value, highest_value, customers, tied_customers
from score_thresholds
order by case measure when 'recency' then 1 when 'frequency' then 2 else 3 end, score desc
"""

TIES = """
select measure, sum(tied_customers) from score_thresholds group by measure order by measure
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of `segments` or of `segment_details`."""

    segment: str
    segment_order: int
    colour: str
    customers: Count
    customer_share: Figure | None
    revenue: Figure | None
    revenue_share: Figure | None
    average_order_value: Figure | None
    median_recency: Figure | None
    expected_buyers: Figure | None
    revenue_at_risk: Figure | None
    recommended_action: str


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """A row of `segment_history` with the colour of its segment."""

    as_of_date: str
    segment: str
    colour: str
    customers: Count
    customer_share: Figure
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Move:
    """A row of `segment_moves`; `direction` is up, down, same or new."""

    from_as_of_date: str
    to_as_of_date: str
    from_segment: str
    to_segment: str
    customers: Count
    revenue: Figure
    direction: str


@dataclass(frozen=True, slots=True)
class MoveTotal:
    """Customers and their revenue by direction of the move."""

    direction: str
    customers: Count
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Cohort:
    """A row of `cohort_retention`; `is_complete` is 0 where the month is not over."""

    cohort_month: str
    months_since: int
    cohort_customers: Count
    retained_customers: Count
    retention_rate: Figure
    revenue: Figure
    is_complete: int


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """Customers with a recency and a frequency score; `details` is a JSON array of segments."""

    recency_score: int
    frequency_score: int
    customers: Count
    revenue: Figure
    mean_probability: Figure | None
    details: str = "[]"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A row of `score_thresholds`."""

    measure: str
    score: int
    lowest_value: Figure
    highest_value: Figure
    customers: Count
    tied_customers: Count


@dataclass(frozen=True, slots=True)
class Tie:
    """Customers who share a value with somebody of another score."""

    measure: str
    customers: Count


@dataclass(frozen=True, slots=True)
class MoveCause:
    """Customers who changed segment for one cause; `direction` is up or down."""

    cause: str
    direction: str
    customers: Count
    revenue: Figure
