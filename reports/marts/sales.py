"""Sales by period: rows of `snapshot_kpis` and `monthly_sales`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reports.marts.reader import select
from reports.marts.suppressed import (
    Count,
    Figure,
    OfCustomers,
    Public,
    Special,
    cell,
    derived_from,
)


def _is_past(row: Kpi) -> bool:
    # The customers with orders at the latest snapshot are all scored customers: a public number.
    return row.snapshot_number > 0


@dataclass(frozen=True, slots=True)
class Kpi:
    """A row of `snapshot_kpis`; the changes are relative to the snapshot before (0.1 is +10%)."""

    as_of_date: Public[str]
    snapshot_number: Public[int]
    revenue_last_30_days: Annotated[Figure, derived_from("active_customers")]
    orders_last_30_days: Annotated[Count, derived_from("active_customers")]
    active_customers: Annotated[Count, cell("active", "as_of_date")]
    new_customers: Annotated[Count, cell("new", "as_of_date")]
    average_order_value: Annotated[Figure | None, derived_from("active_customers")]
    customers_with_orders: Annotated[Count, cell("known", "as_of_date", applies=_is_past)]
    expected_buyers: Annotated[Figure | None, derived_from("customers_with_orders")]
    expected_buyers_low: Annotated[Figure | None, derived_from("customers_with_orders")]
    expected_buyers_high: Annotated[Figure | None, derived_from("customers_with_orders")]
    revenue_at_risk: Annotated[Figure | None, derived_from("customers_with_orders")]
    revenue_change: Special[Figure | None]
    active_change: Special[Figure | None]
    new_change: Special[Figure | None]
    average_change: Special[Figure | None]


KPIS = """
select
    as_of_date, snapshot_number, revenue_last_30_days, orders_last_30_days, active_customers,
    new_customers, average_order_value, customers_with_orders, expected_buyers,
    expected_buyers_low, expected_buyers_high, revenue_at_risk,
    1.0 * (revenue_last_30_days - lag(revenue_last_30_days) over earlier_first)
        / nullif(abs(lag(revenue_last_30_days) over earlier_first), 0) as revenue_change,
    1.0 * (active_customers - lag(active_customers) over earlier_first)
        / nullif(lag(active_customers) over earlier_first, 0) as active_change,
    1.0 * (new_customers - lag(new_customers) over earlier_first)
        / nullif(lag(new_customers) over earlier_first, 0) as new_change,
    1.0 * (average_order_value - lag(average_order_value) over earlier_first)
        / nullif(lag(average_order_value) over earlier_first, 0) as average_change
from snapshot_kpis
window earlier_first as (order by snapshot_number desc)
order by snapshot_number
"""


@dataclass(frozen=True, slots=True)
class Month:
    """A row of `monthly_sales`."""

    month: Public[str]
    orders: OfCustomers[Count]
    customers: Annotated[Count, cell("month", "month")]
    new_customers: Annotated[Count, cell("cohort", "month", 0)]
    revenue: OfCustomers[Figure]
    returned_amount: Special[Figure]
    is_complete: Public[int]


MONTHS = select(Month, from_="monthly_sales", order_by="month")
