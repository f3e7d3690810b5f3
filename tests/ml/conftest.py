"""A small shop with point-in-time features, computed row by row in plain Python."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import sqlite3
import statistics
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ml.data.features import SqliteFeatures
from ml.data.schema import ModelRun
from ml.data.windows import FloatArray, Window, WindowSummary
from ml.settings import FEATURES, LABEL, Settings
from ml.train import TrainResult, train
from tests.support.requirements import need

HORIZON = 30
NO_PRODUCTS = frozenset(
    {"POST", "DOT", "M", "m", "D", "C2", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"}
    | {"ADJUST", "ADJUST2", "TEST001", "TEST002"}
)
COLUMNS = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)

Row = dict[str, Any]
Sale = tuple[int, float, int]  # days before the last one; amount, below 0 for a return; lines


def make_sales(customers: int, days: int, seed: int) -> dict[str, list[Sale]]:
    """Simulate orders of customers with individual order rates, and some returns."""
    random = np.random.default_rng(seed)
    sales: dict[str, list[Sale]] = {}
    for number in range(customers):
        own = sales.setdefault(f"c{number:04d}", [])
        pace = random.gamma(1.0, 45.0) + 6.0
        age = int(random.integers(0, days))
        while age >= 0:
            amount = round(float(random.lognormal(3.5, 0.5)), 2)
            own.append((age, amount, int(random.integers(1, 9))))
            if random.random() < 0.1:
                own.append((max(0, age - 5), -round(amount / 2, 2), 1))
            age -= max(1, round(float(random.exponential(pace))))
    return sales


def features_at(sales: list[Sale], as_of: int) -> Row:
    """Return the features of a customer from the sales up to `as_of`, in days before the last."""
    known = sorted((age - as_of, amount, lines) for age, amount, lines in sales if age >= as_of)
    orders = [sale for sale in known if sale[1] > 0]
    ages = [age for age, _, _ in orders]
    days = sorted(set(ages))
    gaps = [older - newer for newer, older in pairwise(days)]
    gross = sum(amount for _, amount, _ in orders)
    mean_gap = statistics.mean(gaps) if gaps else None
    row: Row = {
        "recency": ages[0],
        "frequency": len(ages),
        "monetary": round(sum(amount for _, amount, _ in known), 2),
        "tenure_days": ages[-1],
        "average_order_value": gross / len(orders),
        "last_order_value": sum(amount for age, amount, _ in orders if age == ages[0]),
        "share_returned": (gross - sum(amount for _, amount, _ in known)) / gross,
        "lines_per_order": sum(lines for _, _, lines in orders) / len(orders),
        "order_days": len(days),
        "mean_gap_days": mean_gap,
        "stddev_gap_days": statistics.pstdev(gaps) if gaps else None,
        "last_gap_days": gaps[0] if gaps else None,
        "longest_gap_days": max(gaps) if gaps else None,
        "recency_over_mean_gap": ages[0] / mean_gap if mean_gap else None,
        **gaps_beside_silence(days),
    }
    for span in (30, 60, 90, 180, 365):
        row[f"orders_last_{span}_days"] = sum(age < span for age in ages)
    for span in (90, 365):
        row[f"spend_last_{span}_days"] = sum(amount for age, amount, _ in known if age < span)
    for half_life in (30, 90):
        row[f"decayed_orders_{half_life}"] = sum(0.5 ** (age / half_life) for age in ages)
    return row


def gaps_beside_silence(days: list[int]) -> Row:
    """Compare gaps that ended in the last 365 days with the days since the last order."""
    silence = days[0]
    gaps = [older - newer for newer, older in pairwise(days) if newer < 365]
    longer = [gap for gap in gaps if gap > silence]
    soon = [gap for gap in longer if gap <= silence + HORIZON]
    return {
        "share_gaps_shorter": 1 - len(longer) / len(gaps) if gaps else None,
        "share_gaps_ended_soon": (len(soon) + 0.3) / (len(longer) + 1),
    }


def make_rows(sales: dict[str, list[Sale]], snapshots: int, last_day: date) -> list[Row]:
    """Return rows of customer_features; the label of snapshot 0 is None."""
    rows = []
    for number in range(snapshots):
        as_of = number * HORIZON
        for customer_id, own in sales.items():
            order_ages = [age for age, amount, _ in own if amount > 0]
            if not order_ages or max(order_ages) < as_of:
                continue
            bought = any(as_of - HORIZON <= age < as_of for age in order_ages)
            rows.append(
                {
                    "customer_id": customer_id,
                    "snapshot_number": number,
                    "as_of_date": (last_day - timedelta(days=as_of)).isoformat(),
                    "horizon_days": HORIZON,
                    LABEL: int(bought) if number else None,
                    **features_at(own, as_of),
                }
            )
    return rows


def write_work_db(
    path: Path,
    rows: list[Row],
    columns: tuple[str, ...] = COLUMNS,
    contact: tuple[float | None, float | None] = (None, None),
) -> Path:
    """Write customer_features and forecast_settings as dbt would."""
    connection = sqlite3.connect(path)
    connection.execute(f"create table customer_features ({', '.join(columns)})")
    places = ", ".join(f":{column}" for column in columns)
    connection.executemany(f"insert into customer_features values ({places})", rows)
    connection.execute("create table forecast_settings (contact_cost real, contact_benefit real)")
    connection.execute("insert into forecast_settings values (?, ?)", contact)
    connection.commit()
    connection.close()
    return path


@pytest.fixture(scope="session")
def shop_rows() -> list[Row]:
    """300 customers over 300 days: nine past windows, the oldest with 30 days before it."""
    return make_rows(make_sales(customers=300, days=300, seed=7), 10, date(2024, 6, 30))


@pytest.fixture(scope="session")
def shop(shop_rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a work.db of that shop."""
    return write_work_db(tmp_path_factory.mktemp("shop") / "work.db", shop_rows)


@pytest.fixture(scope="session")
def short_rows(shop_rows: list[Row]) -> list[Row]:
    """Return the three newest past windows of that shop: the minimum with one role each."""
    return [row for row in shop_rows if row["snapshot_number"] <= 3]


@pytest.fixture(scope="session")
def short_shop(short_rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a work.db of those windows."""
    return write_work_db(tmp_path_factory.mktemp("short_shop") / "work.db", short_rows)


@pytest.fixture
def make_work_db(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a work.db for one test."""

    def make(
        rows: list[Row],
        columns: tuple[str, ...] = COLUMNS,
        contact: tuple[float | None, float | None] = (None, None),
    ) -> Path:
        path = tmp_path / "work.db"
        path.unlink(missing_ok=True)
        return write_work_db(path, rows, columns, contact)

    return make


@pytest.fixture(scope="session")
def write_rows() -> Callable[..., Path]:
    """Return a function that writes a work.db to a path."""
    return write_work_db


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Fit on one thread, as `train` does."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def fast_settings() -> Settings:
    """Return settings with one candidate and few replicates."""
    return Settings(
        candidates=("logistic_regression",),
        importance_rows=50,
        importance_repeats=1,
        bootstrap_repeats=20,
    )


@pytest.fixture(scope="session")
def make_features() -> Callable[..., FloatArray]:
    """Return a function that makes features; those that are not given are 1."""

    def make(*customers: Row) -> FloatArray:
        return np.array([[own.get(name, 1.0) for name in FEATURES] for own in customers])

    return make


@pytest.fixture(scope="session")
def make_windows() -> Callable[[list[Row]], tuple[list[WindowSummary], dict[int, Window]]]:
    """Return a function from rows to summaries and past windows, without a database."""

    def make(rows: list[Row]) -> tuple[list[WindowSummary], dict[int, Window]]:
        summaries, windows = [], {}
        for number in sorted({row["snapshot_number"] for row in rows}):
            own = [row for row in rows if row["snapshot_number"] == number]
            values = np.array([[row[name] for name in FEATURES] for row in own], dtype=np.float64)
            summary = WindowSummary(
                snapshot_number=number,
                as_of_date=own[0]["as_of_date"],
                horizon_days=own[0]["horizon_days"],
                rows=len(own),
                buyers=sum(row[LABEL] for row in own) if number else None,
                history_days=max(row["tenure_days"] for row in own),
            )
            summaries.append(summary)
            if number:
                labels = np.array([row[LABEL] for row in own], dtype=np.int64)
                ids = [row["customer_id"] for row in own]
                windows[number] = Window(summary, ids, values, labels)
        return summaries, windows

    return make


@pytest.fixture(scope="session")
def make_run() -> Callable[..., ModelRun]:
    """Return a function that makes a trained run with some other values."""

    def make(**other: object) -> ModelRun:
        values: Row = {
            "model_run_id": "0123456789ab",
            "status": "trained",
            "message": "The model in use is a blend.",
            "verdict": "use",
            "verdict_reason": "It is better than guessing.",
            "verdict_rules": '["Do not use: a.", "Use with care: b.", "Use it: c."]',
            "as_of_date": "2024-06-30",
            "horizon_days": 30,
            "chosen_model": "blend",
            "threshold": 0.25,
            "threshold_rule": "best_f1",
            "training_rows": 12345,
            "training_windows": 6,
            "first_training_date": "2024-01-02",
            "last_training_date": "2024-05-31",
            "evaluated_as_of_date": "2024-05-31",
            "evaluation_rows": 2000,
            "base_rate": 0.3125,
            "windows": "[]",
            "feature_names": "[]",
            "settings": "{}",
            "library_versions": '{"scikit-learn": "1.9.1"}',
            "data_fingerprint": "f00d",
            "card": "# Card",
            "model_file": "0123456789ab/model.skops",
        }
        return ModelRun(**(values | other))

    return make


@pytest.fixture
def run_quickly(tmp_path: Path, fast_settings: Settings) -> Callable[..., TrainResult]:
    """Return a function that trains in the folder of the test."""

    def run(work_db: Path, settings: Settings = fast_settings, **options: Any) -> TrainResult:
        places = (SqliteFeatures(work_db), tmp_path / "raw.db", tmp_path / "models")
        return train(*places, settings=settings, **options)

    return run


@pytest.fixture(scope="session")
def query() -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that runs one query on a database."""

    def read(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(statement, values).fetchall()

    return read


@pytest.fixture(scope="session")
def dump() -> Callable[[Path], list[str]]:
    """Return a function that returns a database as SQL statements."""

    def read(path: Path) -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    return read


@pytest.fixture(scope="session")
def online_retail_rows() -> list[Row]:
    """Return customer_features of the Online Retail file, computed row by row in plain Python."""
    path = os.environ.get("TILLSIGHT_ONLINE_RETAIL", "")
    need("TILLSIGHT_ONLINE_RETAIL does not name the file", is_there=bool(path))
    invoices: dict[tuple[str, str], list[tuple[date, Decimal]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            amount = line_amount(line)
            if amount:
                invoice = (line["CustomerID"].split(".")[0], line["InvoiceNo"])
                day = date.fromisoformat(line["InvoiceDate"][:10])
                invoices.setdefault(invoice, []).append((day, amount))
    last_day = max(day for invoice in invoices.values() for day, _ in invoice)
    sales: dict[str, list[Sale]] = {}
    for (customer, _), invoice in sorted(invoices.items()):
        # The positive lines of an invoice are the order, the negative ones a return.
        for wanted in (1, -1):
            part = [(day, amount) for day, amount in invoice if amount * wanted > 0]
            if part:
                age = (last_day - min(day for day, _ in part)).days
                total = float(sum(amount for _, amount in part))
                sales.setdefault(customer, []).append((age, total, len(part)))
    return make_rows(sales, 13, last_day)


def line_amount(line: dict[str, str]) -> Decimal:
    """Return the amount of a line of a known customer and a product, else 0."""
    if not line["CustomerID"] or line["StockCode"] in NO_PRODUCTS:
        return Decimal(0)
    exact = Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="session")
def name_types_as_in_version_0_1_0() -> Callable[[Path], None]:
    """Return a function that gives the types in a model folder their names of version 0.1.0."""

    def rename(folder: Path) -> None:
        model, details = folder / "model.skops", folder / "model.json"
        with zipfile.ZipFile(model) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        schema = parts["schema.json"].replace(b"ml.models.estimators", b"ml.pipeline")
        assert schema != parts["schema.json"]
        parts["schema.json"] = schema.replace(b"BgNbdLogOdds", b"RepeatBuyingOdds")
        with zipfile.ZipFile(model, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        values = json.loads(details.read_text())
        values["model_sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
        details.write_text(json.dumps(values))

    return rename
