"""The summed marts that the page shows, worked out again from sales, scores and forecasts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.reports.page.figures.compare.marts import Marts

# Every snapshot with its customers, scored among themselves from what was known on its day.
SCORED = """
days as (
    select as_of_date as day, date(as_of_date, '-' || horizon_days || ' days') as before
    from snapshot_kpis join (select horizon_days from build_info)
),
bought as (
    select d.day, o.customer_id, julianday(d.day) - julianday(max(o.order_date)) as recency,
        count(*) as frequency
    from days as d join orders as o on o.order_date <= d.day group by 1, 2
),
spent as (
    select b.*, (
        select sum(cast(round(100 * t.amount) as integer)) from transactions as t
        where t.customer_id = b.customer_id and t.invoice_date <= b.day
    ) as minor
    from bought as b
),
quartered as (
    select *,
        ntile(4) over (partition by day order by recency desc, frequency, customer_id)
        + ntile(4) over (partition by day order by frequency, recency desc, customer_id)
        + ntile(4) over (partition by day order by minor, recency desc, customer_id) as score
    from spent
),
scored as (
    select *, case when score >= 10 then 'Champions' when score >= 8 then 'Loyal'
        when score >= 5 then 'At-Risk' else 'Lost' end as segment
    from quartered
)
"""
FIRST = """
firsts as (
    select customer_id, min(order_date) as first,
        strftime('%Y-%m-01', min(order_date)) as month
    from orders group by customer_id
)
"""
MINOR = "sum(cast(round(100 * {}) as integer)) / 100.0"
# What the page reads, and the same from the tables below it.
PAIRS = {
    "the last 30 days at each snapshot": (
        """select as_of_date, revenue_last_30_days, orders_last_30_days, active_customers,
            new_customers, average_order_value, customers_with_orders
        from snapshot_kpis order by 1""",
        f"""with days as (
            select as_of_date as day, date(as_of_date, '-' || horizon_days || ' days') as before
            from snapshot_kpis join (select horizon_days from build_info)
        ), {FIRST}
        select day,
            (select {MINOR.format("amount")} from transactions
                where invoice_date > before and invoice_date <= day),
            (select count(*) from orders where order_date > before and order_date <= day),
            (select count(distinct customer_id) from orders
                where order_date > before and order_date <= day),
            (select count(*) from firsts where first > before and first <= day),
            (select {MINOR.format("amount")} from transactions where amount > 0
                and invoice_date > before and invoice_date <= day)
            / (select count(*) from orders where order_date > before and order_date <= day),
            (select count(*) from firsts where first <= day)
        from days order by 1""",
    ),
    "the forecast": (
        "select expected_buyers from snapshot_kpis where snapshot_number = 0",
        "select sum(purchase_probability) from predictions",
    ),
    "months": (
        """select month, orders, customers, new_customers, revenue, returned_amount
        from monthly_sales order by 1""",
        f"""with {FIRST}
        select m.month,
            (select count(*) from orders where strftime('%Y-%m-01', order_date) = m.month),
            (select count(distinct customer_id) from orders
                where strftime('%Y-%m-01', order_date) = m.month),
            (select count(*) from firsts where month = m.month),
            {MINOR.format("t.amount")}, {MINOR.format("min(t.amount, 0)")}
        from monthly_sales as m
        left join transactions as t on strftime('%Y-%m-01', t.invoice_date) = m.month
        group by 1 order by 1""",
    ),
    "segments": (
        """select segment, customers, customer_share, revenue, revenue_share,
            average_order_value, expected_buyers
        from segments where customers order by 1""",
        """with bought as (
            select customer_id, count(*) as orders from orders group by customer_id
        ), sold as (
            select customer_id, sum(amount) as gross from transactions where amount > 0 group by 1
        )
        select r.segment, count(*), 1.0 * count(*) / (select count(*) from rfm_scores),
            sum(r.monetary), sum(r.monetary) / (select sum(monetary) from rfm_scores),
            sum(s.gross) / sum(b.orders), sum(p.purchase_probability)
        from rfm_scores as r
        join bought as b on b.customer_id = r.customer_id
        join sold as s on s.customer_id = r.customer_id
        left join predictions as p on p.customer_id = r.customer_id
        group by 1 order by 1""",
    ),
    "the middle recency of each segment": (
        "select segment, median_recency from segments where customers order by 1",
        """select segment, avg(recency) from (
            select segment, recency,
                row_number() over (partition by segment order by recency) as place,
                count(*) over (partition by segment) as n
            from rfm_scores
        ) where place in ((n + 1) / 2, (n + 2) / 2) group by 1 order by 1""",
    ),
    "finer segments": (
        """select segment_detail, customers, revenue, expected_buyers
        from segment_details where customers order by 1""",
        """select r.segment_detail, count(*), sum(r.monetary), sum(p.purchase_probability)
        from rfm_scores as r left join predictions as p on p.customer_id = r.customer_id
        group by 1 order by 1""",
    ),
    "segments at each snapshot": (
        "select as_of_date, segment, customers, revenue from segment_history order by 1, 2",
        f"""with {SCORED}
        select day, segment, count(*), sum(minor) / 100.0
        from scored group by 1, 2 order by 1, 2""",
    ),
    "moves": (
        "select from_segment, to_segment, customers, revenue from segment_moves order by 1, 2",
        f"""with {SCORED}
        select coalesce(before, 'New customers'), segment, count(*), sum(minor) / 100.0
        from (
            select *, lag(segment) over (partition by customer_id order by day) as before
            from scored
        ) where day = (select max(day) from days) group by 1, 2 order by 1, 2""",
    ),
    "cohorts": (
        """select cohort_month, months_since, cohort_customers, retained_customers
        from cohort_retention where retained_customers order by 1, 2""",
        f"""with {FIRST}
        select f.month,
            12 * (strftime('%Y', o.order_date) - strftime('%Y', f.month))
            + strftime('%m', o.order_date) - strftime('%m', f.month),
            (select count(*) from firsts where month = f.month), count(distinct o.customer_id)
        from firsts as f join orders as o on o.customer_id = f.customer_id
        group by 1, 2 order by 1, 2""",
    ),
    "quarters and ties": (
        """select measure, score, lowest_value, highest_value, customers, tied_customers
        from score_thresholds order by 1, 2""",
        """with measured as (
            select 'recency' as measure, recency_score as score, recency as value from rfm_scores
            union all select 'frequency', frequency_score, frequency from rfm_scores
            union all select 'monetary', monetary_score, monetary from rfm_scores
        ), shared as (
            select measure, value, count(distinct score) as scores from measured group by 1, 2
        )
        select m.measure, score, min(m.value), max(m.value), count(*), sum(scores > 1)
        from measured as m join shared as s on s.measure = m.measure and s.value = m.value
        group by 1, 2 order by 1, 2""",
    ),
    "what was kept": (
        """select sum(row_count), sum(amount) from row_ledger
        where entity = 'transactions' and is_kept = 1""",
        f"select count(*), {MINOR.format('amount')} from transactions",
    ),
    "what came true": (
        """select prediction_date, sum(customers), sum(expected_buyers), sum(buyers), sum(marked),
            sum(marked_buyers), sum(squared_error_sum)
        from prediction_track_record group by 1 order by 1""",
        """select prediction_date, count(*), sum(purchase_probability), sum(ordered),
            sum(predicted_label), sum(predicted_label * ordered),
            sum((purchase_probability - ordered) * (purchase_probability - ordered))
        from prediction_outcomes group by 1 order by 1""",
    ),
}
RUNS = ["demo_shop", pytest.param("real_shop", marks=pytest.mark.real_data)]


@pytest.mark.parametrize("what", PAIRS)
@pytest.mark.parametrize("run", RUNS)
def test_a_summed_mart_equals_the_sums_of_sales(request, run, what):
    marts = Marts(request.getfixturevalue(run).marts_db)
    told, again = (marts.ask(sql).rows for sql in PAIRS[what])
    marts.close()
    assert len(told) == len(again)
    assert told or what == "what came true"
    for row, other in zip(told, again, strict=True):
        assert all(map(is_same, row, other)), f"the mart has {row}, the sales add up to {other}"


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same: amounts within half a cent, shares more closely."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        room = 0.00501 if abs(one) > 1 else 1e-6
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=room)
    return one == other
