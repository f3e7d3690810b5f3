"""Sales by period: queries and rows of `snapshot_kpis` and `monthly_sales`."""

from __future__ import annotations

from dataclasses import dataclass

from reports.marts.suppressed import Count, Figure


@dataclass(frozen=True, slots=True)
class Kpi:
    """A row of `snapshot_kpis`; the changes are relative to the snapshot before (0.1 is +10%)."""

    as_of_date: str
    snapshot_number: int
    revenue_last_30_days: Figure
    orders_last_30_days: Count
    active_customers: Count
    new_customers: Count
    average_order_value: Figure | None
    customers_with_orders: Count
    expected_buyers: Figure | None
    expected_buyers_low: Figure | None
    expected_buyers_high: Figure | None
    revenue_at_risk: Figure | None
    revenue_change: Figure | None
    active_change: Figure | None
    new_change: Figure | None
    average_change: Figure | None


@dataclass(frozen=True, slots=True)
class Month:
    """A row of `monthly_sales`."""

    month: str
    orders: Count
    customers: Count
    new_customers: Count
    revenue: Figure
    returned_amount: Figure
    is_complete: int


KPIS = """
select
    as_of_date, snapshot_number, revenue_last_30_days, orders_last_30_days, active_customers,
    new_customers, average_order_value, customers_with_orders, expected_buyers,
    expected_buyers_low, expected_buyers_high, revenue_at_risk,
    1.0 * (revenue_last_30_days - lag(revenue_last_30_days) over earlier_first)
        / nullif(abs(lag(revenue_last_30_days) over earlier_first), 0),
    1.0 * (active_customers - lag(active_customers) over earlier_first)
        / nullif(lag(active_customers) over earlier_first, 0),
    1.0 * (new_customers - lag(new_customers) over earlier_first)
        / nullif(lag(new_customers) over earlier_first, 0),
    1.0 * (average_order_value - lag(average_order_value) over earlier_first)
        / nullif(lag(average_order_value) over earlier_first, 0)
from snapshot_kpis
window earlier_first as (order by snapshot_number desc)
order by snapshot_number
"""


MONTHS = """
select month, orders, customers, new_customers, revenue, returned_amount, is_complete
from monthly_sales
order by month
"""
