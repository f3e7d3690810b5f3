"""The overview section: headlines, cards of the last days, revenue by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import plotly.graph_objects as go

from reports.formatting import Money, count, month, number, percent
from reports.marts.sales import Kpi, Month
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed, known, shown
from reports.page.chart_style import ACCENT, SOFT, make_figure, month_step, scale
from reports.page.components import Chart, Table, make_chart, number_columns, text_columns
from reports.page.data import money_covered
from reports.page.movement.cohorts import new_customers_return
from reports.page.movement.moves import customers_moved
from reports.page.segments import of_those_shown, segments_carry

ABOUT_SAME = 0.005
"""A smaller relative change is called unchanged."""


@dataclass(frozen=True)
class Overview:
    """What the overview section prints; `definitions` are names and meanings of the cards."""

    headlines: tuple[str, ...]
    kpis: tuple[KpiCard, ...]
    definitions: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class KpiCard:
    """One figure and its change since the previous snapshot; `tone` is good, bad or flat."""

    label: str
    value: str
    note: str
    tone: str
    arrow: str
    spark: str


def make_overview(shop: Shop, money: Money) -> Overview:
    """Return the overview section."""
    return Overview(
        headlines=headlines(shop, money),
        kpis=kpi_cards(shop, money) if shop.build.scored_customers != 0 else (),
        definitions=definitions(shop.build.horizon_days),
        charts=(_months_chart(shop, money),) if shop.months else (),
    )


def headlines(shop: Shop, money: Money) -> tuple[str, ...]:
    """Return the most important findings of the page."""
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
    found = tuple(sentence for sentence in sentences if sentence)
    return found or ("There are too few customers to show any figures.",)


def revenue_now(shop: Shop, money: Money) -> str | None:
    """Return the revenue of the last days and its change."""
    if not shop.kpis or known(shop.kpis[0].revenue_last_30_days) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    text = (
        f"The last {days} days brought {money(now.revenue_last_30_days)} from "
        f"{count(now.active_customers, 'customer')}"
    )
    if known(now.revenue_change) is None:
        return f"{text}."
    change = change_on_before(now.revenue_change, days)
    return f"{text}, {change[:1].lower()}{change[1:]}."


def buyers_expected(shop: Shop, money: Money) -> str | None:
    """Return how many customers are expected to order within the horizon."""
    if not shop.kpis or known(shop.kpis[0].expected_buyers) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    text = (
        f"About {number(now.expected_buyers)} of {count(now.customers_with_orders, 'customer')} "
        f"are expected to order in the next {days} days"
    )
    if known(now.revenue_at_risk):
        return f"{text}; revenue of {money(now.revenue_at_risk)} is at risk."
    return f"{text}."


def strongest_month(months: Sequence[Month], money: Money) -> str:
    """Return the complete month with the highest revenue."""
    finished = [row for row in months if row.is_complete]
    if not finished:
        return "There is no complete month yet"
    visible = [row for row in finished if known(row.revenue) is not None]
    if not visible:
        return "Every month has too few customers to show"
    best = max(visible, key=lambda row: (known(row.revenue) or 0, row.month))
    among = of_those_shown(visible, finished, "months")
    return f"{among}{month(best.month)} was the strongest month: {money(best.revenue)}"


def kpi_cards(shop: Shop, money: Money) -> tuple[KpiCard, ...]:
    """Return four measured and two forecast cards."""
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
    return KpiCard(label, value, words, tone, arrow, spark_points(_after_suppressed(history)))


def _after_suppressed(history: Sequence[Figure]) -> list[float]:
    """Return the figures after the last suppressed one."""
    latest_first = takewhile(lambda value: value is not None, map(known, reversed(history)))
    return [value for value in latest_first if value is not None][::-1]


def _forecast(label: str, value: str, note: str | None) -> KpiCard:
    return KpiCard(label, value, (note or "no model in use").capitalize(), "flat", "", "")


def spark_points(values: Sequence[float]) -> str:
    """Return the points of a sparkline, 100 wide and 24 high.

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
    """Return the name and the definition of each card."""
    return (
        (f"Revenue, last {days} days", "Sum of all kept transactions, minus returns."),
        ("Active customers", f"Customers with an order in the last {days} days."),
        ("New customers", f"Customers with their first order in the last {days} days."),
        (
            "Average order value, before returns",
            f"Mean amount of the orders of the last {days} days; returns are not subtracted.",
        ),
        (
            "Expected buyers",
            (
                f"Sum of the probabilities of an order in {days} days. The range covers chance "
                "and an error of the level as large as in the last complete window."
            ),
        ),
        (
            "Revenue at risk",
            f"Usual spend of a customer in {days} days times the probability of no order, summed.",
        ),
        ("Change", f"Compared with the previous {days} days."),
    )


def change_on_before(change: Figure | None, days: int) -> str:
    """Return the change of a figure against the previous period, in words.

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
    """Return the change of a figure in words.

    Examples
    --------
    >>> change_in_words(0.123), change_in_words(-0.5), change_in_words(0.001)
    ('up 12%', 'down 50%', 'unchanged')
    >>> change_in_words(None)
    'no earlier period to compare with'
    """
    if change is None:
        return "no earlier period to compare with"
    if isinstance(change, Suppressed):
        return f"change {number(change)}"
    if abs(change) < ABOUT_SAME:
        return "unchanged"
    return f"{'up' if change > 0 else 'down'} {percent(abs(change))}"


def _months_chart(shop: Shop, money: Money) -> Chart:
    return make_chart(
        "monthly-revenue",
        strongest_month(shop.months, money),
        "Revenue by month, minus returns. An incomplete month is lighter.",
        months_table(shop.months, money),
        monthly_revenue(shop.months, money),
        sources=("monthly_sales",),
    )


def monthly_revenue(months: Sequence[Month], money: Money) -> go.Figure:
    """Draw revenue by month as bars; an incomplete month is lighter."""
    return make_figure(
        go.Bar(
            x=[row.month for row in months],
            y=[known(row.revenue) for row in months],
            marker_color=[ACCENT if row.is_complete else SOFT for row in months],
            customdata=[
                [month(row.month), money(row.revenue), count(row.orders, "order")]
                + (["<br>The month is incomplete"] if not row.is_complete else [""])
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


def months_table(months: Sequence[Month], money: Money) -> Table:
    """Return revenue, orders and customers by month."""
    return Table(
        caption="Sales by month",
        columns=(
            *text_columns("Month"),
            *number_columns(
                f"Revenue ({money.unit})", "Returned", "Orders", "Customers", "New customers"
            ),
        ),
        rows=tuple(
            (
                month(row.month) + ("" if row.is_complete else " (incomplete)"),
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
