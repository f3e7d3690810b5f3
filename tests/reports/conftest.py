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

from reports.site.writer import write_site
from tests.support.requirements import need

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
        connection.executescript((HERE / "marts_model.sql").read_text(encoding="utf-8"))
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
        "insert into model_runs (model_run_id, status, message, run_number, is_in_use, is_pinned)"
        " values ('run-1', 'unavailable', 'the history is 24 days long; 60 are needed', 1, 1, 0)"
    )
    connection.commit()
    connection.close()
    return path


@pytest.fixture(scope="session")
def odd_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with ids that are e-mails, with an odd id and with probabilities at their ends."""
    path = make_marts(tmp_path_factory.mktemp("odd") / "marts.db")
    connection = sqlite3.connect(path)
    changes = [
        ("customer_id > 'c20'", "'=' || customer_id || '@shop.example'"),
        ("customer_id = 'c08'", "'a/../b c?d#e%2F'"),
    ]
    for table in (
        "customers",
        "customer_360",
        "rfm_scores",
        "predictions",
        "orders",
        "transactions",
    ):
        for chosen, value in changes:
            connection.execute(f"update {table} set customer_id = {value} where {chosen}")
    ends = [("c01", 0.0), ("c02", 1.0), ("c04", 0.000001), ("c06", 0.00005)]
    connection.executemany(
        "update customer_360 set purchase_probability = ?2 where customer_id = ?1", ends
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
    need(
        f"There is no Chromium at {program}; set TILLSIGHT_CHROMIUM to its path.",
        is_there=program.exists(),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sites(
    marts: Path,
    large_marts: Path,
    empty_marts: Path,
    lone_marts: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """Write a page for each shop, and return their addresses."""
    made = {}
    for name, path in {
        "small": marts,
        "large": large_marts,
        "empty": empty_marts,
        "lone": lone_marts,
    }.items():
        out = tmp_path_factory.mktemp(name)
        made[name] = write_site(path, out / "site", exports_dir=out / "exports").index.as_uri()
    return made


@pytest.fixture
def visit(chromium: Any, sites: dict[str, str]) -> Iterator[Any]:
    """Open a page; at the end nothing may have gone wrong on it or left the disk."""
    contexts, complaints = [], []

    def opened(name="large", *, address="", width=1280, ready=True, **settings):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **settings)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda shown: complaints.append(f"dialog: {shown.message}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "data:", "blob:"))
                or complaints.append(f"request: {request.url}")
            ),
        )
        page.goto(sites[name] + address)
        if ready:
            page.wait_for_selector("html[data-table=ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints
