"""The build: rows of `build_info`, `row_ledger` and `data_tests`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Annotated

from reports.errors import ReportError
from reports.marts.reader import read_rows, select
from reports.marts.suppressed import Count, Figure, Public, Special, cell, derived_from

PEOPLE = frozenset({"transactions", "refunds", "customers"})
"""Entities of the ledger that disclose people; products do not."""


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """The one row of `build_info`."""

    shop_name: Public[str | None]
    as_of_date: Public[str | None]
    first_order_date: Special[str | None]
    horizon_days: Public[int]
    scoring_method: Public[str]
    return_dating: Public[str]
    reporting_currency: Public[str | None]
    input_fingerprint: Public[str | None]
    code_version: Public[str | None]
    landed_rows: Special[Count]
    kept_transactions: Special[Count]
    customers: Special[Count]
    scored_customers: Special[Count]
    orders: Special[Count]
    products: Public[int]
    data_tests: Public[int]
    data_tests_passed: Public[int]
    build_fingerprint: Public[str | None]


BUILD_INFO = select(BuildInfo, from_="build_info", order_by="build_id")


def read_build(connection: sqlite3.Connection) -> BuildInfo:
    """Return the row of `build_info`; a `ReportError` where the table is empty."""
    for build in read_rows(connection, BuildInfo, BUILD_INFO):
        return build
    raise ReportError("The table build_info of the marts is empty. Run 'tillsight build'.")


def _is_of_people(row: LedgerRow) -> bool:
    return row.entity in PEOPLE


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Rows of `row_ledger` summed over loads; `source` is empty in the total."""

    source: Public[str]
    entity: Public[str]
    reason: Public[str]
    is_kept: Public[int]
    row_count: Annotated[
        Count,
        cell("ledger", "entity", "reason", "source", applies=_is_of_people),
    ]
    amount: Annotated[Figure, derived_from("row_count")]


LEDGER = """
select
    '' as source, entity, reason, is_kept, sum(row_count) as row_count,
    coalesce(sum(amount), 0) as amount
from row_ledger
group by entity, reason, is_kept
order by
    case entity when 'transactions' then 1 when 'refunds' then 2 when 'customers' then 3 else 4 end,
    is_kept desc, sum(row_count) desc, reason
"""

LEDGER_BY_SOURCE = """
select
    source, entity, reason, is_kept, sum(row_count) as row_count,
    coalesce(sum(amount), 0) as amount
from row_ledger
group by source, entity, reason, is_kept
order by min(load_id), source, entity, is_kept desc, reason
"""

LANDED_TRANSACTIONS = """
select coalesce(sum(row_count), 0) as landed_transactions
from row_ledger
where entity = 'transactions'
"""


@dataclass(frozen=True, slots=True)
class DataTest:
    """A row of `data_tests`."""

    test_name: Public[str]
    kind: Public[str]
    model: Public[str | None]
    description: Public[str | None]
    status: Public[str]


DATA_TESTS = select(
    DataTest,
    from_="data_tests",
    order_by="case status when 'warn' then 1 when 'not run' then 2 else 3 end, model, test_name",
)
