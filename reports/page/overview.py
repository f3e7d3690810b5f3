"""The section that opens the page: headlines, figures of the last days, revenue by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import plotly.graph_objects as go

from reports.formatting import Money, count, month, number, percent, short_day
from reports.marts.build import BuildInfo
from reports.marts.sales import Kpi, Month
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed, known, shown
from reports.page.chart_style import ACCENT, SOFT, make_figure, scale
from reports.page.components import Chart, make_chart
from reports.page.data import money_covered
from reports.page.movement import customers_moved, new_customers_return
from reports.page.segments import _among, segments_carry
from reports.page.table import Table, _columns


def kpi_cards(shop: Shop, money: Money) -> tuple[KpiCard, ...]:
    """Return the six cards: four measured, two forecast."""
    if not shop.kpis:
        return ()
    now, days = shop.kpis[0], shop.build.horizon_days
    history = list(reversed(shop.kpis))

    def since(change: Figure | None) -> str:
        return change_on_before(change, days)

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


def _likely(now: Kpi) -> str | None:
    low = now.expected_buyers_low
    if low is None:
        return None
    if isinstance(low, Suppressed):
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


def monthly_revenue(months: Sequence[Month], money: Money) -> go.Figure:
    """Draw revenue by month as bars; a month that is not over is lighter."""
    return make_figure(
        go.Bar(
            x=[row.month for row in months],
            y=[known(row.revenue) for row in months],
            marker_color=[ACCENT if row.is_complete else SOFT for row in months],
            customdata=[
                [month(row.month), money(row.revenue), count(row.orders, "order")]
                + (["<br>The month is not over"] if not row.is_complete else [""])
                for row in months
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]} from %{customdata[2]}"
            "%{customdata[3]}<extra></extra>",
        ),
        bargap=0.28,
        xaxis={
            "type": "date",
            "tickformat": "%b<br>%Y",
            "dtick": month_step(len(months)),
            "showgrid": False,
        },
        yaxis=scale(shown(row.revenue for row in months), f"Revenue ({money.unit})"),
    )


def month_step(months: int) -> str:
    """Return how far apart the marks of so many months stand."""
    return f"M{next((step for step in (1, 2, 3, 6, 12) if months / step <= 14), 24)}"


def _period(build: BuildInfo) -> str:
    if known(build.orders) is None:
        return f"Orders up to {short_day(build.as_of_date)}"
    if not build.first_order_date:
        return "No orders yet"
    return f"{short_day(build.first_order_date)} to {short_day(build.as_of_date)}"


def _size(build: BuildInfo) -> str:
    parts = (
        _customers(build),
        count(build.orders, "order"),
        count(build.products, "product"),
    )
    return ", ".join(parts)


def _customers(build: BuildInfo) -> str:
    if build.customers == build.scored_customers:
        return count(build.customers, "customer")
    if known(build.customers) is None and known(build.scored_customers) is not None:
        return f"{count(build.scored_customers, 'customer')} with an order"
    return f"{count(build.customers, 'customer')} ({number(build.scored_customers)} with an order)"


def _monthly(shop: Shop, money: Money) -> Chart | None:
    if not shop.months:
        return None
    return make_chart(
        "monthly-revenue",
        strongest_month(shop.months, money),
        "Revenue by month, returns taken off. A month that is not over is lighter.",
        months_table(shop.months, money),
        monthly_revenue(shop.months, money),
    )


ABOUT_SAME = 0.005


def change_on_before(change: Figure | None, days: int) -> str:
    """Say how far a figure of the last days moved against as many days before.

    Examples
    --------
    >>> change_on_before(0.123, 30), change_on_before(0.001, 30)
    ('Up 12% on the 30 days before', 'Unchanged against the 30 days before')
    """
    words = change_in_words(change)
    if known(change) is None:
        return words.capitalize()
    link = "against" if words == "unchanged" else "on"
    return f"{words.capitalize()} {link} the {days} days before"


def change_in_words(change: Figure | None) -> str:
    """Say how far a figure moved since the snapshot before.

    Examples
    --------
    >>> change_in_words(0.123), change_in_words(-0.5), change_in_words(0.001)
    ('up 12%', 'down 50%', 'unchanged')
    >>> change_in_words(None)
    'nothing to compare with'
    """
    if change is None:
        return "nothing to compare with"
    if isinstance(change, Suppressed):
        return f"change {number(change)}"
    if abs(change) < ABOUT_SAME:
        return "unchanged"
    return f"{'up' if change > 0 else 'down'} {percent(abs(change))}"


def headlines(shop: Shop, money: Money) -> tuple[str, ...]:
    """Return the findings that open the page, the most important first."""
    if not shop.build.scored_customers:
        return ("There are no customers with an order yet: load a file with sales to begin.",)
    sentences = (
        revenue_now(shop, money),
        segments_carry(shop.segments),
        customers_moved(shop.move_totals, shop.moves),
        buyers_expected(shop, money),
        new_customers_return(shop.return_rate),
        money_covered(shop.ledger, money),
    )
    told = tuple(sentence for sentence in sentences if sentence)
    return told or ("The figures are of too few customers to be shown.",)


def revenue_now(shop: Shop, money: Money) -> str | None:
    """Say what came in over the last horizon and how that compares."""
    if not shop.kpis or known(shop.kpis[0].revenue_last_30_days) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"The last {days} days brought {money(now.revenue_last_30_days)} from "
        f"{count(now.active_customers, 'customer')}"
    )
    if known(now.revenue_change) is None:
        return f"{told}."
    change = change_on_before(now.revenue_change, days)
    return f"{told}, {change[:1].lower()}{change[1:]}."


def buyers_expected(shop: Shop, money: Money) -> str | None:
    """Say how many customers are expected to order within the horizon."""
    if not shop.kpis or known(shop.kpis[0].expected_buyers) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"About {number(now.expected_buyers)} of {count(now.customers_with_orders, 'customer')} "
        f"are expected to order in the next {days} days"
    )
    if known(now.revenue_at_risk):
        return f"{told}; revenue of {money(now.revenue_at_risk)} is at risk."
    return f"{told}."


def strongest_month(months: Sequence[Month], money: Money) -> str:
    """Say which finished month brought most."""
    finished = [row for row in months if row.is_complete]
    if not finished:
        return "No month is over yet"
    told = [row for row in finished if known(row.revenue) is not None]
    if not told:
        return "Every month had too few customers to be shown"
    best = max(told, key=lambda row: (known(row.revenue) or 0, row.month))
    among = _among(told, finished, "months")
    return f"{among}{month(best.month)} was the strongest month: {money(best.revenue)}"


@dataclass(frozen=True)
class KpiCard:
    """One figure with what it was a snapshot earlier; `tone` is good, bad or flat."""

    label: str
    value: str
    note: str
    tone: str
    arrow: str
    spark: str


def months_table(months: Sequence[Month], money: Money) -> Table:
    """Write revenue, orders and customers of each month."""
    return Table(
        caption="Sales by month",
        columns=_columns(
            "Month", f"Revenue ({money.unit})", "Returned", "Orders", "Customers", "New customers"
        ),
        rows=tuple(
            (
                month(row.month) + ("" if row.is_complete else " (not over)"),
                money(row.revenue),
                money(row.returned_amount),
                number(row.orders),
                number(row.customers),
                number(row.new_customers),
            )
            for row in months
        ),
        empty="There are no sales yet.",
    )
