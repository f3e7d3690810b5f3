"""The data of single customers, as the files that the page loads when it needs them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports import chunks, queries, rows
from reports.withheld import whole

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
        return chunks.script_call(f"tillsight.add{self.kind.title()}", self.number, self.value)


def describe(shop: rows.Shop, folder: str) -> dict[str, Any]:
    """Say where the data lies, for the settings of the page."""
    return {
        "folder": folder,
        "chunks": -(-whole(shop.build.customers) // chunks.CUSTOMERS_PER_CHUNK),
        "profilesPerChunk": chunks.PROFILES_PER_CHUNK,
    }


def read_data_files(
    connection: sqlite3.Connection, shop: rows.Shop, progress: Progress
) -> Iterator[DataFile]:
    """Yield the files one by one: the table of customers, then their profiles.

    Parameters
    ----------
    connection : sqlite3.Connection
        The marts.
    shop : Shop
        What `queries.read_shop` returns.
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


def _customers(connection: sqlite3.Connection, shop: rows.Shop) -> Iterator[tuple[int, Any]]:
    names = {
        "segment": {row.segment: place for place, row in enumerate(shop.segments)},
        "segment_detail": {row.segment: place for place, row in enumerate(shop.segment_details)},
        "country": {name: place for place, name in enumerate(shop.countries)},
    }
    stream = chunks.batches(queries.read_customers(connection), chunks.CUSTOMERS_PER_CHUNK)
    for batch in stream:
        yield len(batch), chunks.customers_data(batch, names, shop.email_numbers)


def _profiles(connection: sqlite3.Connection, shop: rows.Shop) -> Iterator[tuple[int, Any]]:
    orders = chunks.OrdersByCustomer(queries.read_orders(connection))
    has_products = whole(shop.build.kept_transactions) <= MOST_LINES_WITH_PRODUCTS
    listed = queries.read_order_products(connection) if has_products else iter(())
    products = chunks.ProductsByCustomer(listed)
    stream = chunks.batches(queries.read_profiles(connection), chunks.PROFILES_PER_CHUNK)
    for batch in stream:
        ids = [profile.customer_id for profile in batch]
        yield len(batch), chunks.profiles_data(batch, orders.of(ids), products.of(ids))
