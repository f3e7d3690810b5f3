"""Write the files of the demo shop: customers, products, transactions and the truth.

The same number of customers and seed give the same bytes on every platform. Customers are generated
in chunks, which bounds the memory; transactions are sorted by time within a chunk only. A smaller
shop consists of the first customers of a larger one, with the same orders.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from scripts.demo.purchases import (
    FIRST_DATE,
    HORIZON_DAYS,
    LAST_DATE,
    LAST_DAY,
    Orders,
    forecast,
    simulate,
)
from scripts.demo.random_streams import Draws
from scripts.demo.shop import (
    GUEST,
    Customer,
    Lines,
    catalogue,
    customer_id,
    customer_rows,
    date_text,
    transaction_lines,
)
from scripts.errors import TillsightError
from scripts.progress import Progress

if TYPE_CHECKING:
    from _csv import Writer

__all__ = [
    "CHUNK",
    "DEFAULT_SEED",
    "FIRST_DATE",
    "HORIZON_DAYS",
    "LAST_DATE",
    "MOST_CUSTOMERS",
    "DemoFiles",
    "write_demo",
]

DEFAULT_SEED: Final = 2025
CHUNK: Final = 10_000
MOST_CUSTOMERS: Final = 9_999_999  # ids have seven digits

_HEADERS: Final = {
    "customers.csv": Customer._fields,
    "products.csv": ("product_id", "product_name", "category", "price"),
    "transactions.csv": (
        "transaction_id", "invoice_id", "customer_id", "product_id",
        "invoice_date", "quantity", "amount",
    ),
    "truth.csv": ("customer_id", "as_of_date", "true_probability", "will_buy"),
}  # fmt: skip
_BAD_DATE, _BAD_PRODUCT, _BAD_QUANTITY = "00.00.0000", "", "two"


class DemoFiles(NamedTuple):
    """Paths of the files of the demo shop."""

    customers: Path
    products: Path
    transactions: Path
    truth: Path | None


class _Counters:
    """Ids assigned so far, over all chunks."""

    def __init__(self) -> None:
        self.transactions = 0
        self.orders = 0
        self.returns = 0


def write_demo(
    directory: Path,
    *,
    customers: int = 2000,
    seed: int = DEFAULT_SEED,
    with_truth: bool = False,
    progress: Progress | None = None,
) -> DemoFiles:
    """Write the files of a simulated shop with two years of history.

    Returns are negative lines with an invoice of their own, guests have no customer id, and about
    one row in 5000 has an unreadable date, product or quantity. The last day is `LAST_DATE`; a shop
    of a few hundred customers may have no sale on it.

    `truth.csv` has a row for each customer with an order as of `LAST_DATE` and as of `HORIZON_DAYS`
    earlier: the probability of an order in the `HORIZON_DAYS` after the date, given the customer's
    orders up to it, and whether there was one (0 or 1).

    Parameters
    ----------
    directory : Path
        Folder to write to; created if missing. Existing files are replaced once the new ones are
        complete; without `with_truth` an old `truth.csv` is deleted.
    customers : int
        Rows of `customers.csv`, 1 to `MOST_CUSTOMERS`.
    seed : int
        0 or more. Another seed gives another shop.
    with_truth : bool
        Whether to write `truth.csv`.
    progress : callable, optional
        Counts customers.

    Raises
    ------
    TillsightError
        If a number is out of range or the files cannot be written.
    """
    _check(customers, seed)
    names = [name for name in _HEADERS if with_truth or name != "truth.csv"]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".demo-") as unfinished:
            _write(Path(unfinished), names, customers, seed, progress)
            for name in names:
                (Path(unfinished) / name).replace(directory / name)
        if not with_truth:
            (directory / "truth.csv").unlink(missing_ok=True)
    except OSError as error:
        raise TillsightError(
            f"cannot write the demo shop to {directory} ({error.strerror or error}); "
            "choose a folder that you can write to"
        ) from error
    return DemoFiles(
        customers=directory / "customers.csv",
        products=directory / "products.csv",
        transactions=directory / "transactions.csv",
        truth=directory / "truth.csv" if with_truth else None,
    )


def _check(customers: int, seed: int) -> None:
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise TillsightError(
            f"a demo shop cannot have {customers} customers; "
            f"choose a number from 1 to {MOST_CUSTOMERS}"
        )
    if seed < 0:
        raise TillsightError(f"the seed of a demo shop cannot be {seed}; choose 0 or more")


def _write(
    directory: Path,
    names: list[str],
    customers: int,
    seed: int,
    progress: Progress | None,
) -> None:
    """Write the files, one chunk of customers after another."""
    with ExitStack() as files:
        rows: dict[str, Writer] = {}
        for name in names:
            file = files.enter_context((directory / name).open("w", encoding="utf-8", newline=""))
            rows[name] = csv.writer(file, lineterminator="\n")
            rows[name].writerow(_HEADERS[name])
        rows["products.csv"].writerows(
            (*product[:3], _money(product.pence)) for product in catalogue(seed)
        )
        counters = _Counters()
        for offset in range(0, customers, CHUNK):
            count = min(CHUNK, customers - offset)
            _write_chunk(rows, counters, offset, count, seed)
            if progress is not None:
                progress("Generating the demo shop", offset + count, customers)


def _write_chunk(
    rows: dict[str, Writer], counters: _Counters, offset: int, count: int, seed: int
) -> None:
    """Generate and write the customers of a chunk and their transactions."""
    draws = Draws(seed, offset // CHUNK)
    orders = simulate(draws, count)
    rows["customers.csv"].writerows(customer_rows(draws, count, orders, offset=offset))
    lines = transaction_lines(draws, count, orders, seed=seed)
    rows["transactions.csv"].writerows(_transactions(lines, counters, offset=offset, seed=seed))
    if "truth.csv" in rows:
        rows["truth.csv"].writerows(_truth(orders, offset=offset))


def _transactions(
    lines: Lines, counters: _Counters, *, offset: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of `transactions.csv` of a chunk, and advance the counters."""
    product_ids = [product.product_id for product in catalogue(seed)]
    columns = zip(*(column.tolist() for column in lines), strict=True)
    for number, (customer, order, day, product, quantity, pence, flaw) in enumerate(
        columns, start=counters.transactions + 1
    ):
        is_return = quantity < 0
        invoice = order + 1 + (counters.returns if is_return else counters.orders)
        yield (
            f"T{number:09d}",
            f"{'R' if is_return else 'I'}{invoice:08d}",
            "" if customer == GUEST else customer_id(offset + customer),
            _BAD_PRODUCT if flaw == 2 else product_ids[product],
            _BAD_DATE if flaw == 1 else date_text(day),
            _BAD_QUANTITY if flaw == 3 else quantity,
            _money(pence),
        )
    is_return = lines.quantity < 0
    counters.transactions += lines.day.size
    counters.orders += int(np.max(lines.order[~is_return], initial=-1)) + 1
    counters.returns += int(np.max(lines.order[is_return], initial=-1)) + 1


def _truth(orders: Orders, *, offset: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of `truth.csv` of a chunk, by as-of date and customer."""
    for as_of in (LAST_DAY - HORIZON_DAYS, LAST_DAY):
        found = forecast(orders, as_of)
        for customer, probability, will_buy in zip(*(c.tolist() for c in found), strict=True):
            yield (
                customer_id(offset + customer),
                date_text(as_of),
                f"{probability:.6g}",  # never 0, however small
                int(will_buy),
            )


def _money(pence: int) -> str:
    return f"{pence / 100:.2f}"
