"""Writes the demo shop: three files in the form of the specification, and the truth.

The same number of customers and seed give the same bytes, on every platform. A
shop is made and written in chunks of customers, so that its size does not show in
the memory. Hence the transactions are in the order of time within a chunk, not over
all of a large shop. A smaller shop has the first customers of a larger one, with the
same orders.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
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
    date_text,
    people,
    till,
)
from scripts.errors import TillsightError

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
    """Where the files of the demo shop are."""

    customers: Path
    products: Path
    transactions: Path
    truth: Path | None


class _Counters:
    """Numbers given out so far, over all chunks."""

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
    progress: Callable[[str, int, int], None] | None = None,
) -> DemoFiles:
    """Write the files of a made-up shop with two years of history.

    `customers.csv`, `products.csv` and `transactions.csv` have the columns of the
    specification. Returns are negative lines under an invoice of their own, guests
    have no customer id, and about one row in 5000 has a date, product or quantity
    that cannot be read. The last day is `LAST_DATE`; a shop of a few hundred customers
    may lack a sale on it, so name it as the as-of date there.

    `truth.csv` has two rows for each customer with an order: one as of `LAST_DATE`,
    one as of `HORIZON_DAYS` before, if the first order was on or before it. They give
    the probability of an order in the `HORIZON_DAYS` after the date, given the
    customer's orders up to it, and whether there was one (0 or 1). For the earlier date
    that stands in the transactions, for the later one it is known to the truth alone.

    Parameters
    ----------
    directory : Path
        Folder to write to; made if missing. Files of the same names are replaced
        when the new ones are whole, and `truth.csv` is removed if none is asked for,
        because it would not belong to the rest.
    customers : int
        Rows of `customers.csv`, 1 to `MOST_CUSTOMERS`.
    seed : int
        0 or more. Another seed is another shop.
    with_truth : bool
        Whether to write `truth.csv`.
    progress : callable, optional
        Called with what is done, how many customers are, and how many there will be.

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
            f"The demo shop cannot be written to {directory}: {error.strerror or error}; "
            "name a folder that you can write to."
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
            f"A demo shop cannot have {customers} customers; "
            f"give a number from 1 to {MOST_CUSTOMERS}."
        )
    if seed < 0:
        raise TillsightError(f"The seed of a demo shop cannot be {seed}; give 0 or more.")


def _write(
    directory: Path,
    names: list[str],
    customers: int,
    seed: int,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    """Write the named files whole, one chunk of customers after another."""
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
                progress("Making the demo shop", offset + count, customers)


def _write_chunk(
    rows: dict[str, Writer], counters: _Counters, offset: int, count: int, seed: int
) -> None:
    """Make some customers and all they do, write it, and forget it."""
    draws = Draws(seed, offset // CHUNK)
    orders = simulate(draws, count)
    rows["customers.csv"].writerows(people(draws, count, orders, offset=offset))
    lines = till(draws, count, orders, seed=seed)
    rows["transactions.csv"].writerows(_transactions(lines, counters, offset=offset, seed=seed))
    if "truth.csv" in rows:
        rows["truth.csv"].writerows(_truth(orders, offset=offset))


def _transactions(
    lines: Lines, counters: _Counters, *, offset: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of `transactions.csv` for a chunk, and count them."""
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
    """Yield the rows of `truth.csv` for a chunk, by as-of date and then by customer."""
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
