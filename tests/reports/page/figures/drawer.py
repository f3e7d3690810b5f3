"""The drawer of one customer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.reports.page.figures.compare.checks import Shown
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import DASH, clean, says, unlike

DRAWER = (Path(__file__).parent / "compare" / "read_drawer.js").read_text(encoding="utf-8")
PROFILE = """
select c.customer_id as "Customer id: text", c.country as "Country: text",
    c.signup_date as "Signed up: short_day", c.first_order_date as "First order: short_day",
    c.last_order_date as "Last order: short_day", c.order_count as "Orders: whole",
    c.return_count as "Returns: whole", c.average_order_value as "Average order: money2",
    c.gross_revenue as "Bought: money2", c.returned_amount as "Returned: money2",
    c.net_revenue as "Spent in all: money2", c.mean_gap_days as "Days between orders: gap"
from customer_360 as c where c.customer_id = ?
"""
# Lowest and highest value of the quartile of a customer, from the scores of all customers.
SCORED = """
select r.*, min(o.{measure}) as lowest, max(o.{measure}) as highest
from rfm_scores as r join rfm_scores as o on o.{measure}_score = r.{measure}_score
where r.customer_id = ? group by r.customer_id
"""
ORDERS = """
select o.order_id, o.order_date, o.gross_amount, o.return_amount, o.quantity, o.line_count
from orders as o where o.customer_id = ? order by o.order_date desc, o.order_id desc
"""
# Returns on separate invoices: negative lines of invoices without a positive line.
APART = """
select round(-sum(t.amount), 2) from transactions as t
where t.customer_id = ? and t.amount < 0
  and coalesce(t.invoice_id, t.transaction_id) not in (
    select o.order_id from orders as o where o.customer_id = t.customer_id
  )
"""
# The products of an order, the highest amount first.
PRODUCTS = """
select p.product_name
from transactions as t join products as p on p.product_id = t.product_id
where t.customer_id = ? and coalesce(t.invoice_id, t.transaction_id) = ? and t.amount > 0
group by p.product_id order by round(sum(t.amount), 2) desc, p.product_id limit 3
"""


def drawer_says(shown: Shown, customer: str, marts: Marts) -> Iterator[str]:
    """Yield the differences between the drawer of a customer and SQL."""
    (row,) = marts.ask("select * from customer_360 where customer_id = ?", customer).with_names()
    name = clean(row["name"] or "") or customer
    yield from unlike([shown["name"]], [name], "name")
    yield from unlike(shown["segment"], [row["segment"]] if row["segment"] else [], "segment")
    parts = dict(shown["parts"])
    yield from _profile(parts.pop("Profile"), customer, marts)
    yield from _orders(parts.pop("Orders"), customer, marts)
    yield from _bars(shown["bars"], customer, marts)
    yield from unlike(
        parts.pop("Recommended action")["lines"], [row["recommended_action"] or DASH], "what to do"
    )
    days = marts.value("select horizon_days from build_info")
    scores = parts.pop("Scores")
    yield from _scores(scores, row, days, marts)
    forecast = parts.pop(f"Probability of an order in the next {days} days", None) or parts.pop(
        "Forecast"
    )
    yield from _forecast(forecast, row, marts)
    yield from _meter(shown["meter"], row["purchase_probability"])
    yield from unlike(parts, [], "other parts")


def _profile(shown: Shown, customer: str, marts: Marts) -> Iterator[str]:
    answer = marts.ask(PROFILE, customer)
    kinds = [name.split(": ") for name in answer.names]
    yield from unlike([name for name, _ in shown["facts"]], [name for name, _ in kinds], "names")
    for (name, text), (_, kind), value in zip(shown["facts"], kinds, answer.rows[0], strict=False):
        is_gap = kind == "gap"
        told = text.removesuffix(" days") if is_gap else text
        if not says(told, "number1" if is_gap else kind, value, marts.currency):
            yield f"{name}: shows {text!r}, SQL has {value!r}"


RECEIPTS = (
    (
        "recency",
        r"R = (.+): last order (.+) ago; quartile (.+) is (.+) to (.+) days\.",
        "count",
    ),
    ("frequency", r"F = (.+): (.+); quartile (.+) is (.+) to (.+)\.", "count"),
    ("monetary", r"M = (.+): (.+); quartile (.+) is (.+) to (.+)\.", "money2"),
)


def _scores(shown: Shown, row: dict[str, Any], days: int, marts: Marts) -> Iterator[str]:
    if row["recency"] is None:
        yield from unlike(shown["lines"], ["No order yet, so there are no scores."], "scores")
        return
    for text, (measure, pattern, kind) in zip(shown["bullets"], RECEIPTS, strict=True):
        sql = SCORED.format(measure=measure)
        (found,) = marts.ask(sql, row["customer_id"]).with_names()
        score = found[f"{measure}_score"]
        values = (score, found[measure], score, found["lowest"], found["highest"])
        reach = "money2" if kind == "money2" else "whole"
        told = re.fullmatch(pattern, text)
        for one, how, value in zip(
            told.groups() if told else [text] * 5,
            ("whole", kind, "whole", reach, reach),
            values,
            strict=True,
        ):
            if not says(one, how, value, marts.currency):
                yield f"{text!r} says {one!r}, SQL has {value!r}"
    scores = [row[f"{measure}_score"] for measure, _, _ in RECEIPTS]
    added = f"{' + '.join(map(str, scores))} = {sum(scores)}: {row['segment']}"
    before = row["previous_segment"] or "not yet a customer"
    finer = f"Finer segment: {row['segment_detail']}. {days} days earlier: {before}."
    yield from unlike(shown["lines"], [added, finer], "sum and finer segment")


def _forecast(shown: Shown, row: dict[str, Any], marts: Marts) -> Iterator[str]:
    (found,) = marts.ask(
        "select count(*) as n, max(purchase_probability) as p, max(predicted_label) as label,"
        " max(prediction_date) as day, max(reasons) as reasons,"
        " (select threshold from model_runs where is_in_use = 1) as threshold"
        " from predictions where customer_id = ?",
        row["customer_id"],
    ).with_names()
    if not found["n"]:
        yield from unlike(shown["lines"], ["There is no forecast for this customer."], "forecast")
        return
    figure, told = shown["lines"]
    if not says(figure, "share1", found["p"], None):
        yield f"forecast: shows {figure!r}, SQL has {found['p']!r}"
    yield from unlike(shown["bullets"], map(clean, json.loads(found["reasons"])), "reasons")
    way = "Worth contacting: at or above" if found["label"] else "Not marked for contact: below"
    parts = re.fullmatch(rf"{way} the threshold of (.+)\. Made as of (.+)\.", told)
    values = (("share1", found["threshold"]), ("short_day", found["day"]))
    for text, (kind, value) in zip(parts.groups() if parts else ["", ""], values, strict=True):
        if not says(text, kind, value, None):
            yield f"forecast: {told!r}, SQL has {value!r} and label {found['label']}"
    if found["label"] != (found["p"] >= found["threshold"]):
        yield f"label {found['label']} at {found['p']}, the threshold is {found['threshold']}"


def _meter(widths: list[float], probability: float | None) -> Iterator[str]:
    wanted = [] if probability is None else [100, 100 * probability]
    if len(widths) != len(wanted) or any(
        abs(one - other) > 1e-6 for one, other in zip(widths, wanted, strict=True)
    ):
        yield f"meter has widths {widths}, SQL has {probability}"


def _orders(shown: Shown, customer: str, marts: Marts) -> Iterator[str]:
    orders = marts.ask(ORDERS, customer).rows
    (line,) = shown["lines"]
    yield from _counted(line, orders, shown, customer, marts)
    if not orders:
        return
    returned = ["Returned"] if any(order[3] for order in orders[:200]) else []
    yield from unlike(
        shown["heads"], ["Date", "Amount", *returned, "Items", "Products"], "headings"
    )
    if len(shown["rows"]) != min(200, len(orders)):
        yield f"{len(shown['rows'])} orders are listed, SQL has {len(orders)}"
    for told, order in zip(shown["rows"], orders, strict=False):
        yield from _order(told, order, customer, marts)


def _counted(
    line: str, orders: list[Any], shown: Shown, customer: str, marts: Marts
) -> Iterator[str]:
    if len(orders) > 200:
        latest = f"The latest {len(shown['rows'])} of {len(orders):,} orders."
        yield from unlike([line], [latest], "count of orders")
        return
    counted, _, apart = line.removesuffix(".").partition("; returns of ")
    wanted = (
        f"{len(orders):,} order{'' if len(orders) == 1 else 's'}" if orders else "No orders yet"
    )
    yield from unlike([counted], [wanted], "count of orders")
    told = apart.removesuffix(" have separate invoices") or None
    returned = marts.ask(APART, customer).rows[0][0]
    if not says(told or DASH, "money2", returned, marts.currency):
        yield f"returns apart from orders: shows {told!r}, SQL has {returned!r}"


def _order(told: list[str], order: tuple[Any, ...], customer: str, marts: Marts) -> Iterator[str]:
    key, day, gross, returned, quantity, lines = order
    values = [("short_day", day), ("money2", gross), ("money2", returned or None)]
    if len(told) == len(values) + 1:  # no order of the customer has a return
        values.pop()
    for text, (kind, value) in zip(told, [*values, ("whole", quantity)], strict=False):
        if not says(text, kind, value, marts.currency):
            yield f"order {key}: shows {text!r}, SQL has {value!r}"
    names = [clean(name) for (name,) in marts.ask(PRODUCTS, customer, key).rows]
    more = lines - len(names)
    after = f"; and {more:,} more line{'' if more == 1 else 's'}" if more else ""
    yield from unlike([told[-1]], ["; ".join(names) + after], f"products of order {key}")


def _bars(bars: list[tuple[float, float]], customer: str, marts: Marts) -> Iterator[str]:
    orders = marts.ask(f"{ORDERS} limit 200", customer).rows
    if len(bars) != len(orders):
        yield f"{len(bars)} bars are drawn, SQL has {len(orders)} orders"
    days = [date.fromisoformat(order[1]).toordinal() for order in orders]
    for bar, order, day in zip(bars, orders, days, strict=False):
        x = 393 * (day - min(days)) / ((max(days) - min(days)) or 1)
        height = max(2, 76 * order[2] / max(1, *(order[2] for order in orders)))
        if abs(bar[0] - x) > 1e-6 or abs(bar[1] - height) > 1e-6:
            yield f"bar of {order[0]} is {bar}, SQL has {(x, height)}"
