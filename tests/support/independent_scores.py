"""Recency, frequency, monetary value and scores by a second method, without code of the project.

Lines are read as text, amounts are `Decimal`, and the rules are those of the documentation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd

CENT = Decimal("0.01")
NON_PRODUCT_CODES = {
    *("POST", "DOT", "M", "m", "D", "C2", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"),
    *("ADJUST", "ADJUST2", "TEST001", "TEST002"),
}


@dataclass(frozen=True)
class Line:
    """A landed line with its reason."""

    customer: str
    order: str
    day: date
    amount: Decimal
    reason: str


def uci_lines(path: Path) -> Iterator[Line]:
    """Read Online Retail and classify each line."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for row in rows.itertuples():
        amount = Decimal(row.UnitPrice) * int(row.Quantity)
        amount = amount.quantize(CENT, ROUND_HALF_UP)
        customer = row.CustomerID.strip().removesuffix(".0")
        code = row.StockCode.strip()
        if not customer:
            reason = "no_customer"
        elif code in NON_PRODUCT_CODES or code.startswith("gift_0001_"):
            reason = "not_a_product"
        elif amount == 0:
            reason = "zero_amount"
        else:
            reason = "kept"
        day = date.fromisoformat(row.InvoiceDate[:10])
        yield Line(customer, row.InvoiceNo.strip(), day, amount, reason)


def standard_lines(path: Path) -> Iterator[Line]:
    """Read a standard transactions file and classify each line."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for row in rows.to_dict("records"):
        try:
            day = date.fromisoformat(row["invoice_date"][:10])
            amount = Decimal(row["amount"]).quantize(CENT, ROUND_HALF_UP)
            int(row["quantity"])
            is_readable = bool(row["transaction_id"] and row["product_id"])
        except (ArithmeticError, ValueError):
            is_readable, day, amount = False, date.min, Decimal(0)
        if not is_readable:
            reason = "unreadable"
        elif not row["customer_id"].strip():
            reason = "no_customer"
        else:
            reason = "zero_amount" if amount == 0 else "kept"
        order = row.get("invoice_id") or row["transaction_id"]
        yield Line(row["customer_id"].strip(), order, day, amount, reason)


def ledger(lines: Iterable[Line]) -> dict[str, tuple[int, Decimal]]:
    """Return number and amount of rows by reason."""
    rows: Counter[str] = Counter()
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        rows[line.reason] += 1
        money[line.reason] += line.amount
    return {reason: (rows[reason], money[reason]) for reason in rows}


def rfm(lines: Iterable[Line], *, as_of: date | None = None) -> pd.DataFrame:
    """Return one row per customer with an order, indexed by customer.

    Columns: recency (days), frequency (orders), monetary (Decimal), the three scores, their sum,
    segment and cell.
    """
    kept = [line for line in lines if line.reason == "kept"]
    today = as_of or max((line.day for line in kept), default=date.min)
    kept = [line for line in kept if line.day <= today]

    first_day: dict[tuple[str, str], date] = {}
    has_sale: set[tuple[str, str]] = set()
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in kept:
        order = (line.customer, line.order)
        first_day[order] = min(line.day, first_day.get(order, date.max))
        money[line.customer] += line.amount
        if line.amount > 0:
            has_sale.add(order)

    order_days: defaultdict[str, list[date]] = defaultdict(list)
    for customer, order in has_sale:
        order_days[customer].append(first_day[customer, order])

    scored = pd.DataFrame(
        {
            "customer_id": list(order_days),
            "recency": [(today - max(days)).days for days in order_days.values()],
            "frequency": [len(days) for days in order_days.values()],
            "monetary": [money[customer] for customer in order_days],
        }
    )
    # pandas compares text by code points, which is the byte order of UTF-8
    scored["recency_score"] = ntile(
        scored, ["recency", "frequency", "customer_id"], [False, True, True]
    )
    scored["frequency_score"] = ntile(
        scored, ["frequency", "recency", "customer_id"], [True, False, True]
    )
    scored["monetary_score"] = ntile(
        scored, ["monetary", "recency", "customer_id"], [True, False, True]
    )
    scored["overall_rfm_score"] = (
        scored["recency_score"] + scored["frequency_score"] + scored["monetary_score"]
    )
    scored["segment"] = [segment(total) for total in scored["overall_rfm_score"]]
    scored["rfm_cell"] = [
        f"{r}{f}{m}"
        for r, f, m in zip(
            scored["recency_score"],
            scored["frequency_score"],
            scored["monetary_score"],
            strict=True,
        )
    ]
    return scored.set_index("customer_id").sort_index()


def ntile(frame: pd.DataFrame, keys: list[str], ascending: list[bool]) -> pd.Series:
    """Divide rows into four groups in the order of the keys; the first groups get the remainder."""
    ordered = frame.sort_values(keys, ascending=ascending).index
    size, rest = divmod(len(ordered), 4)
    groups = [group for group in range(1, 5) for _ in range(size + (group <= rest))]
    return pd.Series(groups, index=ordered, dtype="int64")


def segment(total: int) -> str:
    """Return the segment of a sum of scores."""
    if total >= 10:
        return "Champions"
    if total >= 8:
        return "Loyal"
    return "At-Risk" if total >= 5 else "Lost"
