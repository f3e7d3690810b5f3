"""The build: queries and rows of `build_info`, `row_ledger` and `data_tests`."""

from __future__ import annotations

from dataclasses import dataclass

from reports.marts.suppressed import Count, Figure


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """The one row of `build_info`."""

    shop_name: str | None
    as_of_date: str | None
    first_order_date: str | None
    horizon_days: int
    scoring_method: str
    return_dating: str
    reporting_currency: str | None
    input_fingerprint: str | None
    code_version: str | None
    landed_rows: Count
    kept_transactions: Count
    customers: Count
    scored_customers: Count
    orders: Count
    products: int
    data_tests: int
    data_tests_passed: int
    build_fingerprint: str | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Rows of `row_ledger` summed over loads; `source` is empty in the total."""

    source: str
    entity: str
    reason: str
    is_kept: int
    row_count: Count
    amount: Figure


@dataclass(frozen=True, slots=True)
class DataTest:
    """A row of `data_tests`."""

    test_name: str
    kind: str
    model: str | None
    description: str | None
    status: str


BUILD_INFO = """
select
    shop_name, as_of_date, first_order_date, horizon_days, scoring_method, return_dating,
    reporting_currency, input_fingerprint, code_version, landed_rows, kept_transactions, customers,
    scored_customers, orders, products, data_tests, data_tests_passed, build_fingerprint
from build_info
order by build_id
"""


LANDED_TRANSACTIONS = """
select coalesce(sum(row_count), 0) from row_ledger where entity = 'transactions'
"""


LEDGER = """
select '', entity, reason, is_kept, sum(row_count), coalesce(sum(amount), 0)
from row_ledger
group by entity, reason, is_kept
order by
    case entity when 'transactions' then 1 when 'refunds' then 2 when 'customers' then 3 else 4 end,
    is_kept desc, sum(row_count) desc, reason
"""


LEDGER_BY_SOURCE = """
select source, entity, reason, is_kept, sum(row_count), coalesce(sum(amount), 0)
from row_ledger
group by source, entity, reason, is_kept
order by min(load_id), source, entity, is_kept desc, reason
"""


DATA_TESTS = """
select test_name, kind, model, description, status
from data_tests
order by case status when 'warn' then 1 when 'not run' then 2 else 3 end, model, test_name
"""
