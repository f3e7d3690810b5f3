"""Single customers, their orders and products: never on the public page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from reports.marts.reader import read_rows, select


@dataclass(frozen=True, slots=True)
class Customer:
    """A line of the table of customers; `place` is the rank of the id, from 0."""

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


CUSTOMERS = select(
    Customer,
    from_="customer_360",
    order_by="monetary desc nulls last, customer_id",
    computed={"place": "row_number() over (order by customer_id) - 1"},
)


def read_customers(connection: sqlite3.Connection) -> Iterator[Customer]:
    """Yield every customer, highest spend first, then by id."""
    return read_rows(connection, Customer, CUSTOMERS)


@dataclass(frozen=True, slots=True)
class Profile:
    """Figures of a customer that the drawer adds to the line of the table."""

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


PROFILES = select(Profile, from_="customer_360", order_by="customer_id")


def read_profiles(connection: sqlite3.Connection) -> Iterator[Profile]:
    """Yield the profile of every customer by id."""
    return read_rows(connection, Profile, PROFILES)


class Order(NamedTuple):
    """A row of `orders`. A named tuple is made five times as fast as a dataclass."""

    customer_id: str
    order_id: str
    order_date: str
    gross_amount: float
    return_amount: float
    net_amount: float
    line_count: int
    quantity: float


ORDERS = select(Order, from_="orders", order_by="customer_id, order_date desc, order_id desc")


def read_orders(connection: sqlite3.Connection) -> Iterator[Order]:
    """Yield all orders by customer id, the latest of each customer first."""
    return read_rows(connection, Order, ORDERS)


class OrderProduct(NamedTuple):
    """A product of an order, and the sum of its lines in the order."""

    customer_id: str
    order_id: str
    product_name: str
    amount: float


# Ranking the products of each order here would sort all lines once more.
ORDER_PRODUCTS = """
select t.customer_id, t.invoice_id as order_id, p.product_name, sum(t.amount) as amount
from transactions as t
inner join products as p on t.product_id = p.product_id
where t.is_return = 0
group by t.customer_id, t.invoice_id, t.product_id
order by t.customer_id, t.invoice_id, amount desc, t.product_id
"""


def read_order_products(connection: sqlite3.Connection) -> Iterator[OrderProduct]:
    """Yield the products of each order by customer id and order id, the dearest first."""
    return read_rows(connection, OrderProduct, ORDER_PRODUCTS)


class Country(NamedTuple):
    """A country of a customer."""

    country: str


COUNTRIES = """
select distinct country from customer_360 where country is not null order by country
"""


def read_countries(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the countries of the customers by name."""
    return tuple(row.country for row in read_rows(connection, Country, COUNTRIES))


class EmailNumber(NamedTuple):
    """The number that replaces a customer id that is an e-mail address."""

    customer_id: str
    number: int


# Numbered in order of creation, so that a new customer does not change the number of another.
EMAIL_NUMBERS = select(
    EmailNumber,
    from_="customers",
    where="instr(customer_id, '@') > 0",
    order_by="number",
    computed={"number": "row_number() over (order by created_at, customer_id)"},
)


def read_email_numbers(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number, from 1 on, of each customer id that is an e-mail address."""
    rows = read_rows(connection, EmailNumber, EMAIL_NUMBERS)
    return {row.customer_id: row.number for row in rows}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A line of a CSV file for contacting customers, with the e-mail address."""

    customer_id: str
    name: str | None
    email: str | None
    segment: str | None
    rfm_score: int | None
    purchase_probability: float | None


EXPORT_ROWS = """
select
    c.customer_id, c.name, c.email, v.segment, cast(v.rfm_cell as integer) as rfm_score,
    v.purchase_probability
from customers as c
inner join customer_360 as v on c.customer_id = v.customer_id
where
    (:segment is null or :segment in (v.segment, v.segment_detail))
    and ((:start is null and :end is null) or exists (
        select 1 from orders as o
        where
            o.customer_id = c.customer_id
            and (:start is null or o.order_date >= :start)
            and (:end is null or o.order_date <= :end)
    ))
order by c.customer_id
"""


def read_export(
    connection: sqlite3.Connection, *, segment: str | None, start: str | None, end: str | None
) -> Iterator[ExportRow]:
    """Yield the customers of a CSV file by id.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    segment : str or None
        Only customers of this segment or finer segment.
    start, end : str or None
        Only customers with an order between these days, both included. `YYYY-MM-DD`.
    """
    bound = {"segment": segment, "start": start, "end": end}
    return read_rows(connection, ExportRow, EXPORT_ROWS, bound)
