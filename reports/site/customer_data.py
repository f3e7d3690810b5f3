"""The data that the page loads as it needs it, as scripts that only hand over JSON. Pure.

A page opened from disk may not fetch files, but it may load scripts. So the table of customers
comes in scripts of `CUSTOMERS_PER_CHUNK` customers, column by column, highest spend first, and
the profiles in scripts of `PROFILES_PER_CHUNK` customers by id.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from reports.formatting import public_id, script_json, without_email
from reports.marts.customers import (
    Customer,
    Order,
    OrderProduct,
    Profile,
    read_customers,
    read_order_products,
    read_orders,
    read_profiles,
)
from reports.marts.shop import Shop
from reports.marts.suppressed import whole

CUSTOMERS_PER_CHUNK = 5_000
PROFILES_PER_CHUNK = 200
ORDERS_PER_CUSTOMER = 200
PRODUCTS_PER_ORDER = 3
PROFILE_FIELDS = tuple(
    field.name for field in fields(Profile) if field.name not in {"customer_id", "reasons"}
)
Item = TypeVar("Item")


def script_call(function: str, number: int, value: Any) -> str:
    r"""Write a script that hands a value over; browsers read quoted JSON faster than a literal.

    Examples
    --------
    >>> print(script_call("take", 0, ["O'Hara"]), end="")
    take(0,JSON.parse('["O\'Hara"]'));
    """
    text = script_json(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"{function}({number},JSON.parse('{text}'));\n"


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of `size`; the last one may be shorter."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def customers_data(
    customers: Sequence[Customer],
    names: Mapping[str, Mapping[str, int]],
    email_numbers: Mapping[str, int],
) -> dict[str, list[Any]]:
    """Return one chunk of the table of customers.

    Parameters
    ----------
    customers : sequence of Customer
        In the order of the table.
    names : mapping
        For `segment`, `segment_detail` and `country` the number that stands for each value.
    email_numbers : mapping of str to int
        For each id that is an e-mail the number that stands for it.

    Returns
    -------
    dict of str to list
        Values by column; -1 stands for no segment and no country. The digits of `cell` are the
        three scores.
    """
    columns: dict[str, list[Any]] = {
        "id": [public_id(row.customer_id, email_numbers) for row in customers],
        "name": [without_email(row.name or "") for row in customers],
        "place": [row.place for row in customers],
        "cell": [None if row.rfm_cell is None else int(row.rfm_cell) for row in customers],
        "probability": [row.purchase_probability for row in customers],
    }
    for name in ("recency", "frequency", "monetary"):
        columns[name] = [getattr(row, name) for row in customers]
    for name in ("segment", "segment_detail", "country"):
        columns[name] = [names[name].get(getattr(row, name), -1) for row in customers]
    return columns


def profiles_data(
    profiles: Sequence[Profile],
    orders: Mapping[str, Sequence[Order]],
    products: Mapping[tuple[str, str], Sequence[str]],
) -> dict[str, Any]:
    """Return the profiles and orders of some customers.

    Parameters
    ----------
    profiles : sequence of Profile
        By customer id.
    orders : mapping
        Latest orders first, for each customer id.
    products : mapping
        Names of the dearest products, for each customer id and order id.

    Returns
    -------
    dict
        Rows of profiles, their reasons and orders, and the products that the orders name.
    """
    places: dict[str, int] = {}  # of each name among the products
    return {
        "fields": PROFILE_FIELDS,
        "rows": [[getattr(row, name) for name in PROFILE_FIELDS] for row in profiles],
        "reasons": [[without_email(text) for text in _reasons(row.reasons)] for row in profiles],
        "orders": [
            [
                _order(order, products.get(order[:2], ()), places)
                for order in orders.get(profile.customer_id, ())
            ]
            for profile in profiles
        ],
        "products": [without_email(name) for name in places],
    }


def _reasons(text: str | None) -> list[str]:
    found = json.loads(text) if text else []
    return [str(reason) for reason in found]


def _order(order: Order, names: Sequence[str], places: dict[str, int]) -> list[Any]:
    _, order_id, *figures = order
    products = [places.setdefault(name, len(places)) for name in names]
    return [without_email(order_id), *figures, products]


class OrdersByCustomer:
    """Hand out the orders of each customer from a stream sorted by customer id.

    Parameters
    ----------
    orders : iterable of Order
        By customer id, latest first.
    """

    def __init__(self, orders: Iterable[Order]) -> None:
        self._groups = groupby(orders, key=itemgetter(0))
        self._waiting = next(self._groups, None)

    def of(self, customer_ids: Iterable[str]) -> dict[str, list[Order]]:
        """Return the latest orders of these customers, who come in the order of the stream."""
        found: dict[str, list[Order]] = {}
        for customer_id in customer_ids:
            if self._waiting and self._waiting[0] == customer_id:
                found[customer_id] = list(islice(self._waiting[1], ORDERS_PER_CUSTOMER))
                self._waiting = next(self._groups, None)
        return found


class ProductsByCustomer:
    """Hand out the products of each order from a stream sorted by customer id and order id.

    Parameters
    ----------
    products : iterable of OrderProduct
        By customer id and order id, the dearest first.
    """

    def __init__(self, products: Iterable[OrderProduct]) -> None:
        self._groups = groupby(products, key=itemgetter(0))
        self._waiting = next(self._groups, None)

    def of(self, customer_ids: Iterable[str]) -> dict[tuple[str, str], list[str]]:
        """Return the dearest products by customer and order, for customers as in the stream."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for customer_id in customer_ids:
            if self._waiting and self._waiting[0] == customer_id:
                for _, order_id, name, _ in self._waiting[1]:
                    names = found[customer_id, order_id]
                    if len(names) < PRODUCTS_PER_ORDER:
                        names.append(name)
                self._waiting = next(self._groups, None)
        return found


Progress = Callable[[str, int, int], None]

MOST_LINES_WITH_PRODUCTS = 5_000_000
NO_DATA: dict[str, Any] = {"folder": "", "chunks": 0, "profilesPerChunk": 1}
"""What the page is told where it shows no single customer."""


@dataclass(frozen=True)
class DataFile:
    """A file of data: its kind and place give its name, and say which function takes its value."""

    kind: str
    number: int
    value: Any

    @property
    def name(self) -> str:
        """Name within the folder of the data."""
        return f"{self.kind}-{self.number}.js"

    @property
    def script(self) -> str:
        """A script that hands the value over."""
        return script_call(f"tillsight.add{self.kind.title()}", self.number, self.value)


def describe(shop: Shop, folder: str) -> dict[str, Any]:
    """Say where the data lies, for the settings of the page."""
    return {
        "folder": folder,
        "chunks": -(-whole(shop.build.customers) // CUSTOMERS_PER_CHUNK),
        "profilesPerChunk": PROFILES_PER_CHUNK,
    }


def read_data_files(
    connection: sqlite3.Connection, shop: Shop, progress: Progress
) -> Iterator[DataFile]:
    """Yield the files one by one: the table of customers, then their profiles.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    shop : Shop
        What `read_shop` returns.
    progress : callable
        Told how many customers were written, of how many.
    """
    done, total = 0, 2 * whole(shop.build.customers)
    streams = {"customers": _customers(connection, shop), "profiles": _profiles(connection, shop)}
    for kind, stream in streams.items():
        for number, (customers, value) in enumerate(stream):
            yield DataFile(kind, number, value)
            done += customers
            progress("Writing the page", done, total)


def write_data_files(folder: Path, files: Iterator[DataFile]) -> str:
    """Write the files into a folder that is named by their content; return that name."""
    aside = folder / "data"
    aside.mkdir()
    digest = hashlib.sha256()
    for file in files:
        raw = file.script.encode("utf-8")
        digest.update(raw)
        (aside / file.name).write_bytes(raw)
    return aside.rename(folder / f"data.{digest.hexdigest()[:10]}").name


def _customers(connection: sqlite3.Connection, shop: Shop) -> Iterator[tuple[int, Any]]:
    names = {
        "segment": {row.segment: place for place, row in enumerate(shop.segments)},
        "segment_detail": {row.segment: place for place, row in enumerate(shop.segment_details)},
        "country": {name: place for place, name in enumerate(shop.countries)},
    }
    stream = batches(read_customers(connection), CUSTOMERS_PER_CHUNK)
    for batch in stream:
        yield len(batch), customers_data(batch, names, shop.email_numbers)


def _profiles(connection: sqlite3.Connection, shop: Shop) -> Iterator[tuple[int, Any]]:
    orders = OrdersByCustomer(read_orders(connection))
    has_products = whole(shop.build.kept_transactions) <= MOST_LINES_WITH_PRODUCTS
    listed = read_order_products(connection) if has_products else iter(())
    products = ProductsByCustomer(listed)
    stream = batches(read_profiles(connection), PROFILES_PER_CHUNK)
    for batch in stream:
        ids = [profile.customer_id for profile in batch]
        yield len(batch), profiles_data(batch, orders.of(ids), products.of(ids))
