"""The data of single customers that the page loads on demand.

A page on disk may load scripts, but not fetch files. The table of customers comes in scripts of
`CUSTOMERS_PER_CHUNK` customers, column by column, highest spend first; the profiles come in
scripts of `PROFILES_PER_CHUNK` customers by id.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from reports.page.customers import COLUMNS, PROFILE, CustomerColumn, code_names
from reports.progress import Progress

CUSTOMERS_PER_CHUNK = 5_000
PROFILES_PER_CHUNK = 200
ORDERS_PER_CUSTOMER = 200
PRODUCTS_PER_ORDER = 3
PROFILE_FIELDS = tuple(
    field.name for field in fields(Profile) if field.name not in {"customer_id", "reasons"}
)
Item = TypeVar("Item")


def script_call(function: str, number: int, value: Any) -> str:
    r"""Return a script that calls a function with JSON, which browsers parse faster than a literal.

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
    codes: Mapping[str, Mapping[str, int]],
    email_numbers: Mapping[str, int],
) -> dict[str, list[Any]]:
    """Return one chunk of the table of customers.

    Parameters
    ----------
    customers : sequence of Customer
        In the order of the table.
    codes : mapping
        For each column of format `name`, the number of each name.
    email_numbers : mapping of str to int
        The number of each id that is an e-mail.

    Returns
    -------
    dict of str to list
        Values by column; a missing name is -1. The digits of `cell` are the three scores.
    """
    columns: dict[str, list[Any]] = {"place": [row.place for row in customers]}
    for column in COLUMNS:
        if column.format != "score":
            columns[column.key] = [
                _sent_value(column, row, codes, email_numbers) for row in customers
            ]
    return columns


def _sent_value(
    column: CustomerColumn,
    row: Customer,
    codes: Mapping[str, Mapping[str, int]],
    email_numbers: Mapping[str, int],
) -> str | float | None:
    value = column.value(row)
    if column.key == "id":
        return public_id(row.customer_id, email_numbers)
    if column.format == "name":
        return -1 if value is None else codes[column.key].get(str(value), -1)
    if column.format == "text":
        return without_email(str(value or ""))
    return value


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
        Names of the products with the highest amounts, by customer id and order id.

    Returns
    -------
    dict
        Rows of profiles, their reasons and orders, and the names of the products.
    """
    places: dict[str, int] = {}
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
    """Return the orders of each customer from a stream sorted by customer id.

    Parameters
    ----------
    orders : iterable of Order
        By customer id, latest first.
    """

    def __init__(self, orders: Iterable[Order]) -> None:
        self._groups = groupby(orders, key=itemgetter(0))
        self._waiting = next(self._groups, None)

    def of(self, customer_ids: Iterable[str]) -> dict[str, list[Order]]:
        """Return the latest orders of customers, given in the order of the stream."""
        found: dict[str, list[Order]] = {}
        for customer_id in customer_ids:
            if self._waiting and self._waiting[0] == customer_id:
                found[customer_id] = list(islice(self._waiting[1], ORDERS_PER_CUSTOMER))
                self._waiting = next(self._groups, None)
        return found


class ProductsByCustomer:
    """Return the products of each order from a stream sorted by customer id and order id.

    Parameters
    ----------
    products : iterable of OrderProduct
        By customer id and order id, the highest amount first.
    """

    def __init__(self, products: Iterable[OrderProduct]) -> None:
        self._groups = groupby(products, key=itemgetter(0))
        self._waiting = next(self._groups, None)

    def of(self, customer_ids: Iterable[str]) -> dict[tuple[str, str], list[str]]:
        """Return the top products by customer and order, given in the order of the stream."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for customer_id in customer_ids:
            if self._waiting and self._waiting[0] == customer_id:
                for _, order_id, name, _ in self._waiting[1]:
                    names = found[customer_id, order_id]
                    if len(names) < PRODUCTS_PER_ORDER:
                        names.append(name)
                self._waiting = next(self._groups, None)
        return found


MOST_LINES_WITH_PRODUCTS = 5_000_000
NO_DATA: dict[str, Any] = {"folder": "", "chunks": 0, "profilesPerChunk": 1}
"""The location of the data for a page without single customers."""


@dataclass(frozen=True)
class DataFile:
    """A file of data; its kind and number give its name and the function that takes it."""

    kind: str
    number: int
    value: Any

    @property
    def name(self) -> str:
        """Name within the folder of the data."""
        return f"{self.kind}-{self.number}.js"

    @property
    def script(self) -> str:
        """The script of the file."""
        return script_call(f"tillsight.add{self.kind.title()}", self.number, self.value)


def describe(shop: Shop, folder: str) -> dict[str, Any]:
    """Return the location of the data, for the settings of the page."""
    return {
        "folder": folder,
        "chunks": -(-whole(shop.build.customers) // CUSTOMERS_PER_CHUNK),
        "profilesPerChunk": PROFILES_PER_CHUNK,
    }


def table_settings(shop: Shop) -> dict[str, Any]:
    """Return what the scripts of the table and of the profile need to know of the shop."""
    return {
        "customers": shop.build.customers,
        "columns": [
            {
                "key": column.key,
                "format": column.format,
                "cssClass": column.css_class,
                "isAscendingFirst": column.is_ascending_first,
                "isShown": column.is_shown,
            }
            for column in COLUMNS
        ],
        "profile": [{"key": key, "label": label, "format": name} for key, label, name in PROFILE],
        "names": code_names(shop),
        "segmentOrders": [row.segment_order for row in shop.segments],
        "threshold": next((run.threshold for run in shop.model_runs if run.is_in_use), None),
    }


def no_table_settings() -> dict[str, Any]:
    """Return the settings of a page without single customers."""
    return {"customers": 0, "columns": [], "profile": [], "names": {}, "segmentOrders": []}


def read_data_files(
    connection: sqlite3.Connection, shop: Shop, progress: Progress
) -> Iterator[DataFile]:
    """Yield the files of the table of customers, then those of the profiles.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    shop : Shop
        All rows of the page but the customers.
    progress : callable
        Called with the number of customers written.
    """
    done, total = 0, 2 * whole(shop.build.customers)
    streams = {"customers": _customers(connection, shop), "profiles": _profiles(connection, shop)}
    for kind, stream in streams.items():
        for number, (customers, value) in enumerate(stream):
            yield DataFile(kind, number, value)
            done += customers
            progress("Writing the page", done, total)


def write_data_files(folder: Path, files: Iterator[DataFile]) -> str:
    """Write the files into a folder with a hash of the content in its name; return the name."""
    target = folder / "data"
    target.mkdir()
    digest = hashlib.sha256()
    for file in files:
        raw = file.script.encode("utf-8")
        digest.update(raw)
        (target / file.name).write_bytes(raw)
    return target.rename(folder / f"data.{digest.hexdigest()[:10]}").name


def _customers(connection: sqlite3.Connection, shop: Shop) -> Iterator[tuple[int, Any]]:
    codes = {
        "segment": _places(row.segment for row in shop.segments),
        "segment_detail": _places(row.segment for row in shop.segment_details),
        "country": _places(shop.countries),
    }
    stream = batches(read_customers(connection), CUSTOMERS_PER_CHUNK)
    for batch in stream:
        yield len(batch), customers_data(batch, codes, shop.email_numbers)


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _profiles(connection: sqlite3.Connection, shop: Shop) -> Iterator[tuple[int, Any]]:
    orders = OrdersByCustomer(read_orders(connection))
    has_products = whole(shop.build.kept_transactions) <= MOST_LINES_WITH_PRODUCTS
    listed = read_order_products(connection) if has_products else iter(())
    products = ProductsByCustomer(listed)
    stream = batches(read_profiles(connection), PROFILES_PER_CHUNK)
    for batch in stream:
        ids = [profile.customer_id for profile in batch]
        yield len(batch), profiles_data(batch, orders.of(ids), products.of(ids))
