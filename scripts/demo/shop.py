"""Customers, products and transaction lines of the demo shop.

They are independent of how often a customer orders: see `scripts.demo.purchases`.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.demo.names import (
    CATALOGUE,
    COUNTRIES,
    GIVEN_NAMES,
    HOSTILE_NAMES,
    HOSTILE_PRODUCT_NAMES,
    STYLES,
    SURNAMES,
)
from scripts.demo.purchases import ARRIVALS, FIRST_DATE, LAST_DAY, Orders
from scripts.demo.random_streams import Draws, Floats, Ints

GUEST: Final = -1

# Distributions of lines per order and pieces per line, for each kind of buyer: small households,
# large households, business.
_BUYERS: Final = (0.72, 0.22, 0.06)
_LINES: Final = (
    (0.55, 0.24, 0.12, 0.06, 0.03),
    (0.30, 0.26, 0.18, 0.12, 0.08, 0.04, 0.02),
    (0.10, 0.14, 0.16, 0.16, 0.14, 0.12, 0.10, 0.08),
)
_PIECES: Final = (1, 2, 3, 4, 6, 8, 12, 24, 48)
_PIECES_SHARE: Final = (
    (0.76, 0.15, 0.04, 0.03, 0.02, 0.0, 0.0, 0.0, 0.0),
    (0.56, 0.22, 0.08, 0.06, 0.05, 0.02, 0.01, 0.0, 0.0),
    (0.05, 0.06, 0.06, 0.12, 0.22, 0.11, 0.22, 0.11, 0.05),
)

_GUEST_ORDERS: Final = 0.55  # guest orders per customer
_LATE_FIRST_ORDER: Final = 0.3  # share of customers who sign up days before their first order
_GIFTS: Final = 0.004
_RETURNS: Final = 0.045
_PARTIAL: Final = 0.5  # share of returns that are partial, of lines with several pieces
_FLAWS: Final = 3000  # one flawed row per so many eligible rows
_FIRST_FLAW: Final = 300
_HOSTILE_FROM, _HOSTILE_EVERY = 10, 20  # positions of hostile names among a chunk's customers


class Product(NamedTuple):
    """A product."""

    product_id: str
    product_name: str
    category: str
    pence: int


class Customer(NamedTuple):
    """A row of `customers.csv`."""

    customer_id: str
    name: str
    email: str
    signup_date: str
    country: str


class Lines(NamedTuple):
    """Transaction lines of a chunk, sorted by day, sales before returns.

    Attributes
    ----------
    customer : array of int, shape (n_lines,)
        Position in the chunk, or `GUEST`.
    order : array of int
        Number of the order or return, each counted from 0 in the order of the file.
    day : array of int
        Days since `FIRST_DATE`.
    product : array of int
        Position in the catalogue.
    quantity, pence : array of int
        Pieces and their value; negative on a return.
    flaw : array of int
        0, or the unreadable column: 1 date, 2 product, 3 quantity.
    """

    customer: Ints
    order: Ints
    day: Ints
    product: Ints
    quantity: Ints
    pence: Ints
    flaw: Ints

    def at(self, chosen: Ints | npt.NDArray[np.bool_]) -> Lines:
        """Return some of the lines."""
        return Lines(*(column[chosen] for column in self))


def customer_id(position: int) -> str:
    """Return the id of a customer by position in the shop, from 0."""
    return f"C{position + 1:07d}"


@cache
def catalogue(seed: int) -> tuple[Product, ...]:
    """Return the products; prices depend on the seed."""
    named = [
        (f"{style} {article}", category, low, high)
        for category, articles in CATALOGUE
        for article, low, high in articles
        for style in STYLES
    ]
    drawn = Draws(seed, 0).uniform("price", len(named))
    return tuple(
        Product(
            f"P{position + 1:04d}",
            HOSTILE_PRODUCT_NAMES.get(position, name),
            category,
            (low + int(share * (high - low))) // 10 * 10 + (9 if position % 3 else 5),
        )
        for position, ((name, category, low, high), share) in enumerate(
            zip(named, drawn.tolist(), strict=True)
        )
    )


@cache
def _popularity(seed: int) -> Floats:
    """Return the sales weight of each product: about 1 / rank (Zipf)."""
    count = len(catalogue(seed))
    rank = np.argsort(Draws(seed, 0).uniform("popularity", count), kind="stable")
    return 1.0 / (rank + 3)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o")).encode("ascii", "ignore")
    return "".join(letter for letter in plain.decode().lower() if letter.isalpha())


_GIVEN_SLUGS: Final = tuple(_slug(name) for name in GIVEN_NAMES)
_SURNAME_SLUGS: Final = tuple(_slug(name) for name in SURNAMES)


def customer_rows(draws: Draws, customers: int, orders: Orders, *, offset: int) -> list[Customer]:
    """Return the customers of a chunk.

    Parameters
    ----------
    draws : Draws
        Random numbers of the chunk.
    customers : int
        Number of customers.
    orders : Orders
        Their orders: sign-up is on or before the first one.
    offset : int
        Number of customers before the chunk.
    """
    signup = draws.pick("sign-up", customers, ARRIVALS)
    wait = draws.whole("wait", customers, below=45) + 1
    wait[draws.uniform("late", customers) >= _LATE_FIRST_ORDER] = 0
    starts = np.flatnonzero(np.diff(orders.customer, prepend=-1))
    buyers = orders.customer[starts]
    signup[buyers] = np.maximum(orders.day[starts] - wait[buyers], 0)

    drawn = zip(
        draws.whole("given name", customers, below=len(GIVEN_NAMES)).tolist(),
        draws.whole("surname", customers, below=len(SURNAMES)).tolist(),
        draws.pick("country", customers, [share for _, share in COUNTRIES]).tolist(),
        signup.tolist(),
        strict=True,
    )
    rows = [
        Customer(
            customer_id(offset + position),
            f"{GIVEN_NAMES[given]} {SURNAMES[surname]}",
            f"{_GIVEN_SLUGS[given]}.{_SURNAME_SLUGS[surname]}.{offset + position + 1}"
            f"@example.{'org' if given % 4 == 0 else 'com'}",
            date_text(day),
            COUNTRIES[country][0],
        )
        for position, (given, surname, country, day) in enumerate(drawn)
    ]
    for name, position in zip(HOSTILE_NAMES, _hostile_positions(), strict=True):
        if position < customers:
            rows[position] = rows[position]._replace(name=name)
    return rows


def _hostile_positions() -> range:
    return range(_HOSTILE_FROM, _HOSTILE_FROM + _HOSTILE_EVERY * len(HOSTILE_NAMES), _HOSTILE_EVERY)


@cache
def date_text(day: int) -> str:
    """Return a day as YYYY-MM-DD."""
    return (FIRST_DATE + timedelta(days=day)).isoformat()


def transaction_lines(draws: Draws, customers: int, orders: Orders, *, seed: int) -> Lines:
    """Return the transaction lines of a chunk: sales to customers and guests, and returns.

    Parameters
    ----------
    draws : Draws
        Random numbers of the chunk.
    customers : int
        Number of customers; the number of guests is proportional.
    orders : Orders
        Orders of the customers; orders after `LAST_DATE` are ignored.
    seed : int
        Seed of the shop, for its catalogue.
    """
    sold = orders.until(LAST_DAY)
    buyer = draws.pick("buyer", customers, _BUYERS)
    known = _sell(draws, "known", sold, buyer[sold.customer], seed=seed)

    visits = np.flatnonzero(draws.uniform("guest", customers) < _GUEST_ORDERS)
    arrived = draws.pick("guest day", visits.size, ARRIVALS)
    guests = Orders(np.full(visits.size, GUEST, dtype=np.int64), arrived)
    unknown = _sell(draws, "guest", guests, np.zeros(visits.size, dtype=np.int64), seed=seed)
    unknown = unknown._replace(order=unknown.order + sold.day.size)

    sales = _concatenate(known, unknown)
    returns = _concatenate(_return(draws, "known", known), _return(draws, "guest", unknown))
    lines = _concatenate(_numbered(sales), _numbered(returns))
    return lines.at(np.lexsort((lines.quantity < 0, lines.day)))


def _sell(draws: Draws, who: str, orders: Orders, buyer: Ints, *, seed: int) -> Lines:
    """Return the lines of orders.

    The first line of an order is never a gift or flawed: otherwise the order could be left out,
    which would invalidate the true probabilities.
    """
    line_count = 1 + _pick_by_buyer(draws, f"{who} lines", buyer, _LINES)
    total = int(line_count.sum())
    order = np.repeat(np.arange(line_count.size), line_count)
    is_first = np.diff(order, prepend=-1) > 0

    product = draws.pick(f"{who} product", total, _popularity(seed))
    pieces = _pick_by_buyer(draws, f"{who} pieces", buyer[order], _PIECES_SHARE)
    quantity = np.array(_PIECES)[pieces]
    price = np.array([article.pence for article in catalogue(seed)])[product]
    is_gift = ~is_first & (draws.uniform(f"{who} gift", total) < _GIFTS)
    quantity[is_gift] = 1
    price[is_gift] = 0

    flaw = np.zeros(total, dtype=np.int64)
    flawed = np.flatnonzero(~is_first & ~is_gift)[_FIRST_FLAW::_FLAWS]
    flaw[flawed] = 1 + np.arange(flawed.size) % 3
    return Lines(
        orders.customer[order], order, orders.day[order], product, quantity, quantity * price, flaw
    )


def _pick_by_buyer(
    draws: Draws, name: str, buyer: Ints, shares: tuple[tuple[float, ...], ...]
) -> Ints:
    """Draw an index from the distribution of each buyer's kind."""
    picked = np.zeros(buyer.size, dtype=np.int64)
    for kind, weights in enumerate(shares):
        chosen = draws.pick(f"{name} {kind}", buyer.size, weights)
        picked[buyer == kind] = chosen[buyer == kind]
    return picked


def _return(draws: Draws, who: str, sales: Lines) -> Lines:
    """Return the lines that are returned some days later, up to `LAST_DAY`."""
    total = sales.day.size
    is_returned = draws.uniform(f"{who} returned", total) < _RETURNS
    day = sales.day + 2 + draws.whole(f"{who} delay", total, below=27)
    some = 1 + (draws.uniform(f"{who} some", total) * (sales.quantity - 1)).astype(np.int64)
    is_partial = draws.uniform(f"{who} partial", total) < _PARTIAL
    quantity = np.where(is_partial & (sales.quantity > 1), some, sales.quantity)
    pence = sales.pence // sales.quantity * quantity

    chosen = is_returned & (sales.pence > 0) & (sales.flaw == 0) & (day <= LAST_DAY)
    returned = sales._replace(order=np.arange(total), day=day, quantity=-quantity, pence=-pence)
    return returned.at(chosen)


def _concatenate(first: Lines, second: Lines) -> Lines:
    return Lines(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def _numbered(lines: Lines) -> Lines:
    """Sort by day and order, and renumber the orders."""
    ordered = lines.at(np.lexsort((lines.order, lines.day)))
    number = np.cumsum(np.diff(ordered.order, prepend=-1) != 0) - 1
    return ordered._replace(order=number)
