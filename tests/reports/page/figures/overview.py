"""The overview section and the head of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Check, Sentence, Shown, chart, facts, table
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import says
from tests.reports.page.figures.data import WHY

# The latest snapshot and the one before.
SNAPSHOTS = """
with now as (select * from snapshot_kpis order by as_of_date desc limit 1),
earlier as (select * from snapshot_kpis order by as_of_date desc limit 1 offset 1)
"""
MEASURED = {
    "Revenue, last {days} days": ("revenue_last_30_days", "money"),
    "Active customers": ("active_customers", "whole"),
    "New customers": ("new_customers", "whole"),
    "Average order value, before returns": ("average_order_value", "money2"),
}
FORECAST = {
    "Expected buyers, next {days} days": ("expected_buyers", "number", "Likely {} to {}"),
    "Revenue at risk": ("revenue_at_risk", "money", "Usual spend times the chance of no order"),
}


def kpi_labels(marts: Marts) -> list[str]:
    """Return the labels of the expected cards; none without orders."""
    if not marts.value("select scored_customers from build_info"):
        return []
    days = marts.value("select horizon_days from build_info")
    return [label.format(days=days) for label in (*MEASURED, *FORECAST)]


def measured_card(label: str) -> Check:
    """Compare figure, change, tone and small line of a card with the snapshots."""
    column, kind = MEASURED[label]

    def check(shown: Shown, marts: Marts) -> Iterator[str]:
        history = marts.ask(f"select as_of_date, {column} from snapshot_kpis order by 1").rows
        if not says(shown["value"], kind, history[-1][1], marts.currency):
            yield f"shows {shown['value']!r}, SQL has {history[-1][1]!r}"
        yield from _change(shown, [value for _, value in history], marts)
        yield from _small_line(shown["spark"], [value or 0 for _, value in history])

    return check


CHANGE = r"(?:([▲▼]) )?(?:(Up|Down) (\S+) on|(Unchanged) against) the (.+) days before"


def _change(shown: Shown, history: list[float], marts: Marts) -> Iterator[str]:
    told = re.fullmatch(CHANGE, shown["note"])
    now, earlier = history[-1], history[-2] if len(history) > 1 else None
    if now is None or not earlier:
        if (shown["note"], shown["tone"]) != ("No earlier period to compare with", "flat"):
            yield f"note is {shown['note']!r}, SQL has nothing to compare with"
        return
    change = (now - earlier) / abs(earlier)
    way = "Unchanged" if abs(change) < 0.005 else "Up" if change > 0 else "Down"
    looks = {"Up": ("▲", "good"), "Down": ("▼", "bad"), "Unchanged": (None, "flat")}[way]
    if not told or (told[2] or told[4], told[1], shown["tone"]) != (way, *looks):
        yield f"note is {shown['note']!r} ({shown['tone']}), SQL has a change of {change:.2%}"
    elif told[3] and not says(told[3], "share", abs(change), marts.currency):
        yield f"note is {shown['note']!r}, SQL has a change of {change:.2%}"
    elif told[5] != str(marts.value("select horizon_days from build_info")):
        yield f"note is {shown['note']!r}, the horizon is another"


def _small_line(points: str, values: list[float]) -> Iterator[str]:
    told = [tuple(map(float, point.split(","))) for point in points.split()]
    if len(values) < 2:
        yield from ["has a line of one value"] if told else []
        return
    low, reach = min(values), (max(values) - min(values)) or 1
    for place, value in enumerate(values):
        x, y = 100 * place / (len(values) - 1), 24 * (1 - (value - low) / reach)
        if abs(told[place][0] - x) > 0.051 or abs(told[place][1] - y) > 0.051:
            yield f"line at snapshot {place}: {told[place]} is drawn, {value} lies at {(x, y)}"


def forecast_card(label: str) -> Check:
    """Compare figure and range of a card with the latest snapshot."""
    column, kind, note = FORECAST[label]

    def check(shown: Shown, marts: Marts) -> Iterator[str]:
        ends = "expected_buyers_low as number, expected_buyers_high as number"
        value = marts.value(f"{SNAPSHOTS} select {column} from now")
        if not says(shown["value"], kind, value, marts.currency):
            yield f"shows {shown['value']!r}, SQL has {value!r}"
        if shown["tone"] != "flat" or shown["spark"]:
            yield f"a forecast has tone {shown['tone']!r} and line {shown['spark']!r}"
        if value is None:
            yield from [] if shown["note"] == "No model in use" else [f"note is {shown['note']!r}"]
        elif not Sentence(note).pattern.fullmatch(shown["note"]):
            yield f"note is {shown['note']!r}"
        elif "{}" in note:
            yield from Sentence(note, f"{SNAPSHOTS} select {ends} from now").check(
                shown["note"], marts
            )

    return check


KPIS: dict[str, Check] = {
    **{label: measured_card(label) for label in MEASURED},
    **{label: forecast_card(label) for label in FORECAST},
}
MONTHS = """
select
    strftime('%Y-%m-01', month) as "{}",
    revenue as "Revenue: money", returned_amount as "Returned: money", orders as "Orders: whole",
    customers as "Customers: whole", new_customers as "New customers: whole"
from monthly_sales order by month
"""
INCOMPLETE = """
select case is_complete when 0 then ' (incomplete)' else '' end from monthly_sales order by month
"""


def months(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the months; incomplete ones are marked."""
    marked = [mark for (mark,) in marts.ask(INCOMPLETE).rows]
    plain = []
    for line, mark in zip(shown["rows"] if shown else [], marked, strict=False):
        if not line[0]["text"].endswith(mark) or (not mark and "(" in line[0]["text"]):
            yield f"{line[0]['text']} is not marked as{mark or ' complete'}"
        plain.append([{**line[0], "text": line[0]["text"].removesuffix(mark)}, *line[1:]])
    told = shown and {**shown, "rows": plain}
    yield from table(MONTHS.format("Month: month"))(told, marts)


TABLES: dict[str, Check] = {"chart: monthly-revenue": months}
CHARTS: dict[str, Check] = {
    "monthly-revenue": chart(
        """
        select
            month as x, revenue as y, month as "hover: month", revenue as "hover: money",
            orders as "hover: count",
            case is_complete when 0 then '<br>The month is incomplete' else '' end as "hover: text"
        from monthly_sales order by month
        """
    )
}
FACTS: dict[str, Check] = {
    "Definitions": facts(
        """
        select
            'Sum of all kept transactions, minus returns.'
                as "Revenue, last 30 days: text",
            'Customers with an order in the last 30 days.' as "Active customers: text",
            'Customers with their first order in the last 30 days.' as "New customers: text",
            'Mean amount of the orders of the last 30 days; returns are not subtracted.'
                as "Average order value, before returns: text",
            'Sum of the probabilities of an order in 30 days. The range covers chance and an'
            || ' error of the level as large as in the last complete window.'
                as "Expected buyers: text",
            'Usual spend of a customer in 30 days times the probability of no order, summed.'
                as "Revenue at risk: text",
            'Compared with the previous 30 days.' as "Change: text"
        from build_info where horizon_days = 30 and scored_customers > 0
        """
    )
}
MOVED = """
select
    min(m.from_as_of_date) as day,
    sum(case when t.segment_order < f.segment_order then m.customers else 0 end) as count,
    sum(case when t.segment_order > f.segment_order then m.customers else 0 end) as whole
from segment_moves as m
join segments as t on t.segment = m.to_segment
left join segments as f on f.segment = m.from_segment
"""
CARRIES = """
select segment as text, customer_share as share, revenue_share as share
from segments where customers > 0 order by revenue_share desc, segment_order limit 1
"""
BROUGHT = f"""
{SNAPSHOTS}
select horizon_days as whole, now.revenue_last_30_days as money, now.active_customers as count,
    abs(1.0 * now.revenue_last_30_days / earlier.revenue_last_30_days - 1) as share,
    horizon_days as whole
from now join earlier join build_info
where (now.revenue_last_30_days > earlier.revenue_last_30_days) = {{}}
"""
EXPECTED = f"""
{SNAPSHOTS}
select now.expected_buyers as number, now.customers_with_orders as count, horizon_days as whole,
    now.revenue_at_risk as money
from now join build_info
"""
RETURNED = """
select 1.0 * sum(c.retained_customers) / sum(c.cohort_customers) as share
from cohort_retention as c
join monthly_sales as m on m.month = date(c.cohort_month, '+1 month') and m.is_complete
where c.months_since = 1 and c.cohort_month > (select min(month) from monthly_sales)
"""
STRONGEST = """
select month as month, revenue as money from monthly_sales where is_complete
order by revenue desc, month desc limit 1
"""
TESTS = "select data_tests_passed as whole, data_tests as whole from build_info"
RETURNS = "{} of new customers order again in the month after their first"
BROUGHT_TEXT = "The last {} days brought {} from {}"
COVERED = f"""
with landed as (
    select reason, is_kept, total(amount) as amount, {WHY} as told
    from row_ledger where entity in ('transactions', 'refunds') group by reason, is_kept
)
select
    (select total(amount) from landed where is_kept) as money,
    (select total(amount) from landed) as money,
    amount as money, lower(substr(told, 1, 1)) || substr(told, 2) as text
from landed where not is_kept and amount <> 0 order by abs(amount) desc, reason desc limit 1
"""
SENTENCES = (
    Sentence(
        "{}: customers and sales as of {}",
        "select coalesce(shop_name, 'Your shop') as text, as_of_date as day from build_info",
    ),
    Sentence("Customers and sales as of {}", "select as_of_date as day from build_info"),
    Sentence(
        "{} to {} · {}, {}, {}",
        "select first_order_date as short_day, as_of_date as short_day, customers as count,"
        " orders as count, products as count from build_info where customers = scored_customers",
    ),
    Sentence(
        "{} to {} · {} ({} with an order), {}, {}",
        "select first_order_date as short_day, as_of_date as short_day, customers as count,"
        " scored_customers as whole, orders as count, products as count from build_info"
        " where customers > scored_customers",
    ),
    Sentence("{} of {} data tests passed", TESTS),
    Sentence(f"{BROUGHT_TEXT}, up {{}} on the {{}} days before.", BROUGHT.format(1)),
    Sentence(f"{BROUGHT_TEXT}, down {{}} on the {{}} days before.", BROUGHT.format(0)),
    Sentence(
        f"{BROUGHT_TEXT}.",
        f"{SNAPSHOTS} select horizon_days as whole, revenue_last_30_days as money,"
        " active_customers as count from now join build_info"
        " where not exists (select 1 from earlier where revenue_last_30_days <> 0)",
    ),
    Sentence("{} are {} of the customers and bring {} of the revenue.", CARRIES),
    Sentence("Since {}, {} moved up a segment and {} moved down.", MOVED),
    Sentence(
        "About {} of {} are expected to order in the next {} days; revenue of {} is at risk.",
        EXPECTED,
    ),
    Sentence(f"{RETURNS}.", RETURNED),
    Sentence(RETURNS, RETURNED),
    Sentence("{} was the strongest month: {}", STRONGEST),
    Sentence(
        "Made by Tillsight from the shop's data, as of {}. "
        "This page works offline and sends no data.",
        "select as_of_date as day from build_info",
    ),
    Sentence("In short"),
    Sentence(
        "This page covers {} of the {} in the files; the largest part left out is {}: {}.",
        COVERED,
    ),
    Sentence("There is no complete month yet"),
)
