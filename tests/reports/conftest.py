"""A small shop as the marts publish it, with customers whose names try to break the page."""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
AS_OF = "2024-06-30"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HOSTILE_NAMES = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    'O\'Hara "Quotes" & Co, Ltd',
    "Zoë 🛍️ 👩‍👩‍👧",
    "محمد العربي",
    "x" * 500,
    "+44 20 7946",
    "-5",
    "@home",
    "\tTab first",
    "two\nlines",
    "</script><!-- & \u2028 ]]>",
    "eve@example.com",
    None,
    "${constructor} {{ 7 * 7 }}",
    "<img src=x onerror=alert(2)>",
    "\\'));alert(3);//",
    "C:\\new\\table",
]
HOSTILE_IDS = {3: "c\"03'", 5: "<b>05", 7: "=07"}


def _customer_id(number: int) -> str:
    return HOSTILE_IDS.get(number, f"c{number:02d}")


def _customers(count: int) -> Iterator[tuple[Any, ...]]:
    countries = ["United Kingdom", "France", "Côte d'Ivoire", None]
    for number in range(count):
        name = HOSTILE_NAMES[number] if number < len(HOSTILE_NAMES) else f"Customer {number}"
        yield (
            _customer_id(number),
            name,
            f"person{number}@mail.example",
            f"2023-{1 + number % 12:02d}-{1 + number % 28:02d}" if number % 5 else None,
            countries[number % 4],
            "2023-01-01 00:00:00",
        )


def _lines(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of up to nine orders each; the last two customers have none."""
    as_of = datetime.date.fromisoformat(AS_OF)
    for number in range(max(1, count - 2) if count else 0):
        for order in range(1 + number * 7 % 9):
            age = number * 13 % 120 + order * (9 + number % 5 * 2)
            day = (as_of - datetime.timedelta(days=age)).isoformat()
            invoice = f"{number:02d}-{order}"
            for line in range(1 + (number + order) % 4):
                product = (number + 3 * order + line) % 8
                amount = round(4.5 * (1 + product) * (1 + line) + number / 10, 2)
                key = (f"{invoice}-{line}", _customer_id(number), f"p{product}", day)
                yield (*key, 1 + line, amount, f"{day} 10:00:00", invoice, 0)
            if number % 6 == 0 and order == 0:
                key = (f"{invoice}-r", _customer_id(number), "p1", day)
                yield (*key, -1, -3.25, f"{day} 11:00:00", invoice, 1)


def _metrics() -> Iterator[tuple[str, str, str, str, float]]:
    quality = {
        "random_forest": (0.78, 0.61, 0.41, 0.13, 0.04, 2.6),
        "logistic_regression": (0.76, 0.58, 0.43, 0.14, 0.05, 2.4),
        "recency_rule": (0.70, 0.49, 0.50, 0.17, 0.09, 2.0),
        "base_rate": (0.50, 0.31, 0.62, 0.21, 0.02, 1.0),
    }
    names = (
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "expected_calibration_error",
        "lift_top_tenth",
    )
    for model, values in quality.items():
        for name, value in zip(names, values, strict=True):
            yield "report", model, "all", name, value
    counts = {
        "true_positive": 80.0,
        "false_positive": 30.0,
        "false_negative": 20.0,
        "true_negative": 170.0,
        "rows": 300.0,
        "positives": 100.0,
        "accuracy": 0.8333,
        "precision": 0.7273,
        "recall": 0.8,
        "f1": 0.7619,
    }
    for name, value in counts.items():
        yield "report", "random_forest", "all", name, value
    yield "report", "random_forest", "one_time_buyers", "roc_auc", 0.66
    yield "report", "random_forest", "one_time_buyers", "rows", 120.0
    for feature, value in (("recency", 0.08), ("frequency", 0.05), ("tenure_days", -0.001)):
        yield "report", "random_forest", f"feature:{feature}", "permutation_importance", value


def _curves() -> Iterator[tuple[str, str, int, float, float, int]]:
    for model, bend in (("random_forest", 3), ("recency_rule", 2)):
        for point in range(11):
            x = point / 10
            yield model, "roc", point, x, round(1 - (1 - x) ** bend, 4), 300
            yield model, "precision_recall", point, x, round(0.9 - 0.55 * x, 4), 300
            yield model, "gains", point, x, round(1 - (1 - x) ** bend, 4), 300
            if point < 10:
                yield model, "calibration", point, x + 0.05, round(0.9 * x + 0.06, 4), 30


def _fill_model(connection: sqlite3.Connection) -> None:
    run = (
        "insert into model_runs values (?, 'trained', null, ?, 30, 'random_forest', 0.42, 1800, 6,"
        " ?, ?, ?, 300, 0.31, ?, ?, 'd', ?, ?)"
    )
    features = '["recency", "frequency", "tenure_days"]'
    versions = '{"scikit-learn": "1.9.1"}'
    dates = ("2024-06-30", "2023-12-02", "2024-05-01", "2024-05-31")
    connection.execute(run, ("run-1", *dates, features, versions, 2, 1))
    connection.execute(run, ("run-0", *dates, features, versions, 1, 0))
    connection.executemany("insert into model_metrics values ('run-1', ?, ?, ?, ?, ?)", _metrics())
    connection.executemany("insert into model_curves values ('run-1', ?, ?, ?, ?, ?, ?)", _curves())


def make_marts(path: Path, *, customers: int = 40, trained: bool = True) -> Path:
    """Write a consistent marts.db of so many customers, with or without a model."""
    connection = sqlite3.connect(path)
    connection.executescript((HERE / "marts_schema.sql").read_text(encoding="utf-8"))
    connection.executemany("insert into customers values (?, ?, ?, ?, ?, ?)", _customers(customers))
    products = [(f"p{n}", f"Lamp <{n}> & shade", "Lamps", 4.5, "2023-01-01") for n in range(8)]
    connection.executemany("insert into products values (?, ?, ?, ?, ?)", products)
    connection.executemany(
        "insert into transactions values (?, ?, ?, ?, ?, ?, ?, ?, ?)", _lines(customers)
    )
    for statement in (HERE / "marts_rows.sql").read_text(encoding="utf-8").split(";\n"):
        if "insert into predictions" in statement and not trained:
            continue
        bound = {"as_of": AS_OF if customers else None} if ":as_of" in statement else {}
        connection.execute(statement, bound)
    if trained and customers:
        _fill_model(connection)
    connection.commit()
    connection.close()
    return path


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("shop") / "marts.db")


@pytest.fixture(scope="session")
def large_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough customers for several pages of the table and several chunks of profiles."""
    return make_marts(tmp_path_factory.mktemp("large") / "marts.db", customers=450)


@pytest.fixture(scope="session")
def empty_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("empty") / "marts.db", customers=0, trained=False)


@pytest.fixture(scope="session")
def lone_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("lone") / "marts.db", customers=1, trained=False)


@pytest.fixture(scope="session")
def untrained_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose latest run could not train."""
    path = make_marts(tmp_path_factory.mktemp("untrained") / "marts.db", trained=False)
    connection = sqlite3.connect(path)
    connection.execute(
        "insert into model_runs (model_run_id, status, message, run_number, is_latest)"
        " values ('run-1', 'unavailable', 'the history is 24 days long; 60 are needed', 1, 1)"
    )
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def connection(marts: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(marts)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start one browser for the session, or say why the tests cannot run."""
    program = Path(os.environ.get("TILLSIGHT_CHROMIUM", "/usr/bin/chromium"))
    if not program.exists():
        reason = f"There is no Chromium at {program}; set TILLSIGHT_CHROMIUM to its path."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=CHROMIUM_ARGS)
        yield browser
        browser.close()
