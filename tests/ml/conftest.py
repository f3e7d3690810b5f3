"""A small shop with honest point-in-time features, computed the slow and plain way."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.settings import FEATURES, LABEL, Settings

HORIZON = 30
LAST_DAY = date(2024, 6, 30)
COLUMNS = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)

Order = tuple[int, float, int]  # day before the last one (0 is the last), amount, lines
Row = dict[str, Any]


def make_orders(customers: int, days: int, seed: int) -> dict[str, list[Order]]:
    """Give each customer a pace of their own, and orders at random at that pace."""
    random = np.random.default_rng(seed)
    orders: dict[str, list[Order]] = {}
    for number in range(customers):
        pace = random.gamma(1.0, 45.0) + 6.0
        age = int(random.integers(0, days))
        while age >= 0:
            amount = round(float(random.lognormal(3.5, 0.5)), 2)
            lines = int(random.integers(1, 9))
            orders.setdefault(f"c{number:04d}", []).append((age, amount, lines))
            age -= max(1, round(float(random.exponential(pace))))
    return orders


def features_at(orders: list[Order], as_of: int) -> Row:
    """Describe a customer by the orders of a day and before; `as_of` counts days back."""
    known = sorted(((age - as_of, amount, lines) for age, amount, lines in orders if age >= as_of))
    ages = [age for age, _, _ in known]
    days = sorted(set(ages))
    gaps = [older - newer for newer, older in pairwise(days)]
    amounts = [amount for _, amount, _ in known]
    row: Row = {
        "recency": ages[0],
        "frequency": len(ages),
        "monetary": round(sum(amounts), 2),
        "tenure_days": ages[-1],
        "average_order_value": sum(amounts) / len(amounts),
        "last_order_value": amounts[0],
        "share_returned": 0.0,
        "lines_per_order": sum(lines for _, _, lines in known) / len(known),
        "order_days": len(days),
        "mean_gap_days": statistics.mean(gaps) if gaps else None,
        "stddev_gap_days": statistics.pstdev(gaps) if gaps else None,
        "last_gap_days": gaps[0] if gaps else None,
        "longest_gap_days": max(gaps) if gaps else None,
        "recency_over_mean_gap": ages[0] / statistics.mean(gaps) if gaps else None,
    }
    for span in (30, 60, 90, 180, 365):
        row[f"orders_last_{span}_days"] = sum(age < span for age in ages)
    for span in (90, 365):
        row[f"spend_last_{span}_days"] = sum(a for age, a, _ in known if age < span)
    for half_life in (30, 90):
        row[f"decayed_orders_{half_life}"] = sum(0.5 ** (age / half_life) for age in ages)
    return row


def make_rows(orders: dict[str, list[Order]], snapshots: int) -> list[Row]:
    """Return customer_features, the label unknown in snapshot 0."""
    rows = []
    for number in range(snapshots):
        as_of = number * HORIZON
        for customer_id, own in orders.items():
            if not any(age >= as_of for age, _, _ in own):
                continue
            bought = any(as_of - HORIZON <= age < as_of for age, _, _ in own)
            rows.append(
                {
                    "customer_id": customer_id,
                    "snapshot_number": number,
                    "as_of_date": (LAST_DAY - timedelta(days=as_of)).isoformat(),
                    "horizon_days": HORIZON,
                    LABEL: int(bought) if number else None,
                    **features_at(own, as_of),
                }
            )
    return rows


def write_work_db(path: Path, rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> Path:
    """Write customer_features as dbt would."""
    connection = sqlite3.connect(path)
    connection.execute(f"create table customer_features ({', '.join(columns)})")
    places = ", ".join(f":{column}" for column in columns)
    connection.executemany(f"insert into customer_features values ({places})", rows)
    connection.commit()
    connection.close()
    return path


@pytest.fixture(scope="session")
def shop_rows() -> list[Row]:
    """300 customers over 300 days: nine past windows, the oldest with 30 days before it."""
    return make_rows(make_orders(customers=300, days=300, seed=7), snapshots=10)


@pytest.fixture(scope="session")
def shop(shop_rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a work.db of that shop."""
    return write_work_db(tmp_path_factory.mktemp("shop") / "work.db", shop_rows)


@pytest.fixture
def make_work_db(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of a work.db of one's own."""

    def make(rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> Path:
        path = tmp_path / "work.db"
        path.unlink(missing_ok=True)
        return write_work_db(path, rows, columns)

    return make


@pytest.fixture(scope="session")
def quick() -> Settings:
    """Return settings with one quick candidate: most tests are not about which one wins."""
    return Settings(candidates=("logistic_regression",), importance_rows=50, importance_repeats=1)


@pytest.fixture(scope="session")
def query() -> Callable[..., list[tuple[Any, ...]]]:
    """Return a reader of a database, which closes it."""

    def read(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(statement, values).fetchall()

    return read


@pytest.fixture(scope="session")
def dump() -> Callable[[Path], list[str]]:
    """Return a reader of all that a database holds."""

    def read(path: Path) -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    return read
