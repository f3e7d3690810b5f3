"""Single customers: queries and rows of `customer_360`, orders and products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Customer:
    """One line of the table of customers; `place` counts customers by id, from 0."""

    customer_id: str
    name: str | None
    country: str | None
    recency: int | None
    frequency: int | None
    monetary: float | None
    recency_score: int | None
    frequency_score: int | None
    monetary_score: int | None
    rfm_cell: str | None
    segment: str | None
    segment_detail: str | None
    purchase_probability: float | None
    place: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What the drawer of one customer adds to the line in the table."""

    customer_id: str
    signup_date: str | None
    first_order_date: str | None
    last_order_date: str | None
    order_count: int | None
    return_count: int | None
    gross_revenue: float | None
    returned_amount: float | None
    net_revenue: float | None
    average_order_value: float | None
    mean_gap_days: float | None
    overall_rfm_score: int | None
    previous_segment: str | None
    recency_lowest: float | None
    recency_highest: float | None
    frequency_lowest: float | None
    frequency_highest: float | None
    monetary_lowest: float | None
    monetary_highest: float | None
    predicted_label: int | None
    confidence: float | None
    prediction_date: str | None
    reasons: str | None
    recommended_action: str | None


class Order(NamedTuple):
    """A row of `orders`. A shop has millions: a tuple is made in a fifth of a dataclass's time."""

    customer_id: str
    order_id: str
    order_date: str
    gross_amount: float
    return_amount: float
    net_amount: float
    line_count: int
    quantity: float


class OrderProduct(NamedTuple):
    """A product of an order, and what the order's lines of it came to."""

    customer_id: str
    order_id: str
    product_name: str
    amount: float


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of a CSV file for contacting customers. The only place with e-mails."""

    customer_id: str
    name: str | None
    email: str | None
    segment: str | None
    rfm_score: int | None
    purchase_probability: float | None


COUNTRIES = """
select distinct country from customer_360 where country is not null order by country
"""


CUSTOMERS = """
select
    customer_id, name, country, recency, frequency, monetary, recency_score, frequency_score,
    monetary_score, rfm_cell, segment, segment_detail, purchase_probability,
    row_number() over (order by customer_id) - 1
from customer_360
order by monetary desc nulls last, customer_id
"""


PROFILES = """
select
    customer_id, signup_date, first_order_date, last_order_date, order_count, return_count,
    gross_revenue, returned_amount, net_revenue, average_order_value, mean_gap_days,
    overall_rfm_score, previous_segment, recency_lowest, recency_highest, frequency_lowest,
    frequency_highest, monetary_lowest, monetary_highest, predicted_label, confidence,
    prediction_date, reasons, recommended_action
from customer_360
order by customer_id
"""


ORDERS = """
select
    customer_id, order_id, order_date, gross_amount, return_amount, net_amount, line_count, quantity
from orders
order by customer_id, order_date desc, order_id desc
"""


# Ranking the products of each order here would sort all lines once more.
ORDER_PRODUCTS = """
select t.customer_id, t.invoice_id, p.product_name, sum(t.amount) as amount
from transactions as t
inner join products as p on t.product_id = p.product_id
where t.is_return = 0
group by t.customer_id, t.invoice_id, t.product_id
order by t.customer_id, t.invoice_id, amount desc, t.product_id
"""


# An id that is an e-mail is shown as a number. Who is new comes later, so the others keep theirs.
EMAIL_NUMBERS = """
select customer_id, row_number() over (order by created_at, customer_id)
from customers
where instr(customer_id, '@') > 0
"""


EXPORT_ROWS = """
select
    c.customer_id, c.name, c.email, v.segment, cast(v.rfm_cell as integer), v.purchase_probability
from customers as c
inner join customer_360 as v on c.customer_id = v.customer_id
where
    (:segment is null or v.segment = :segment)
    and ((:start is null and :end is null) or exists (
        select 1 from orders as o
        where
            o.customer_id = c.customer_id
            and (:start is null or o.order_date >= :start)
            and (:end is null or o.order_date <= :end)
    ))
order by c.customer_id
"""
