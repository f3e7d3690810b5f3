"""A made-up shop to measure on: two of the demo shop's customers make one of this one.

So there are some 19 lines a customer, as in a shop whose customers come back for years, and a
million customers make the 20 million lines that the goals speak of.
"""

from __future__ import annotations

import csv
import tempfile
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from scripts.demo.files import write_demo
from scripts.demo.purchases import LAST_DATE
from scripts.demo.shop import customer_id


class ShopFiles(NamedTuple):
    """Where the files of a shop lie; `before` and `day` together hold what `transactions` does."""

    customers: Path
    products: Path
    transactions: Path
    before: Path
    day: Path


def write_shop(folder: Path, customers: int) -> ShopFiles:
    """Write a shop of so many customers, and its transactions once more, the last day apart."""
    files = ShopFiles(*(folder / f"{name}.csv" for name in ShopFiles._fields))
    with tempfile.TemporaryDirectory(dir=folder) as unfolded:
        demo = write_demo(Path(unfolded), customers=2 * customers)
        demo.products.replace(files.products)
        with demo.customers.open() as source, files.customers.open("w") as target:
            target.writelines(islice(source, 1 + customers))
        _fold(demo.transactions, files, customers)
    return files


def _fold(source: Path, files: ShopFiles, customers: int) -> None:
    """Give each customer the lines of a second one."""
    other = {customer_id(customers + at): customer_id(at) for at in range(customers)}
    with (
        source.open(newline="") as lines,
        files.transactions.open("w", newline="") as whole,
        files.before.open("w", newline="") as before,
        files.day.open("w", newline="") as day,
    ):
        reader = csv.DictReader(lines)
        targets = [
            csv.DictWriter(file, reader.fieldnames or (), lineterminator="\n")
            for file in (whole, before, day)
        ]
        for target in targets:
            target.writeheader()
        for line in reader:
            line["customer_id"] = other.get(line["customer_id"], line["customer_id"])
            is_last = line["invoice_date"] == LAST_DATE.isoformat()
            targets[0].writerow(line)
            targets[1 + is_last].writerow(line)
