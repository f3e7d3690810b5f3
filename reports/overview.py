"""The cards that open the page, and what their figures mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from reports import findings, rows
from reports.formats import Money, number
from reports.page import KpiCard
from reports.withheld import Figure, Withheld, known


def kpi_cards(shop: rows.Shop, money: Money) -> tuple[KpiCard, ...]:
    """Return the six cards: four measured, two forecast."""
    if not shop.kpis:
        return ()
    now, days = shop.kpis[0], shop.build.horizon_days
    history = list(reversed(shop.kpis))

    def since(change: Figure | None) -> str:
        return findings.change_on_before(change, days)

    return (
        _kpi(
            f"Revenue, last {days} days",
            money(now.revenue_last_30_days),
            since(now.revenue_change),
            [row.revenue_last_30_days for row in history],
        ),
        _kpi(
            "Active customers",
            number(now.active_customers),
            since(now.active_change),
            [row.active_customers for row in history],
        ),
        _kpi(
            "New customers",
            number(now.new_customers),
            since(now.new_change),
            [row.new_customers for row in history],
        ),
        _kpi(
            "Average order value, before returns",
            money(now.average_order_value, decimals=2),
            since(now.average_change),
            [0 if row.average_order_value is None else row.average_order_value for row in history],
        ),
        _forecast(
            f"Expected buyers, next {days} days",
            number(now.expected_buyers),
            _likely(now),
        ),
        _forecast(
            "Revenue at risk",
            money(now.revenue_at_risk),
            None if now.revenue_at_risk is None else "usual spend times the chance of no order",
        ),
    )


def _likely(now: rows.Kpi) -> str | None:
    low = now.expected_buyers_low
    if low is None:
        return None
    if isinstance(low, Withheld):
        return number(low)
    return f"likely {number(low)} to {number(now.expected_buyers_high)}"


def _kpi(label: str, value: str, words: str, history: Sequence[Figure]) -> KpiCard:
    tone = "good" if words.startswith("Up") else "bad" if words.startswith("Down") else "flat"
    arrow = {"good": "▲", "bad": "▼", "flat": ""}[tone]
    return KpiCard(label, value, words, tone, arrow, spark_points(_since_withheld(history)))


def _since_withheld(history: Sequence[Figure]) -> list[float]:
    """Return the figures after the last one that is withheld."""
    latest_first = takewhile(lambda value: value is not None, map(known, reversed(history)))
    return [value for value in latest_first if value is not None][::-1]


def _forecast(label: str, value: str, note: str | None) -> KpiCard:
    return KpiCard(label, value, (note or "no model in use").capitalize(), "flat", "", "")


def spark_points(values: Sequence[float]) -> str:
    """Return the points of a small line, 100 wide and 24 high, lowest value at the bottom.

    Examples
    --------
    >>> spark_points([1, 3, 2])
    '0,24 50,0 100,12'
    """
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    reach = (high - low) or 1
    step = 100 / (len(values) - 1)
    return " ".join(
        f"{round(place * step, 1):g},{round(24 - 24 * (value - low) / reach, 1):g}"
        for place, value in enumerate(values)
    )


def definitions(days: int) -> tuple[tuple[str, str], ...]:
    """Say what each card means."""
    return (
        (f"Revenue, last {days} days", "Amounts of all kept transactions, returns taken off."),
        ("Active customers", f"Customers with an order in the last {days} days."),
        ("New customers", f"Customers whose first order lies in the last {days} days."),
        (
            "Average order value, before returns",
            f"Mean amount of the orders of the last {days} days, nothing taken off.",
        ),
        (
            "Expected buyers",
            (
                f"Probabilities to order in {days} days, summed; the range allows for chance, "
                "and for the level being off as on the last whole window."
            ),
        ),
        (
            "Revenue at risk",
            f"What customers usually spend in {days} days, times the probability of no order.",
        ),
        ("Change", f"Against the {days} days before."),
    )
