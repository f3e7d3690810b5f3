"""For any rows whatever, kept and left out add up to what was landed, in rows and in money.

dbt compiles the judging models once. Their SQL then runs in memory, as dbt would run it, on rows
that hypothesis makes up: any text in any column, of every format, in several loads.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import pytest
from dbt.cli.main import dbtRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scripts.dbt_runner import Dbt
from scripts.engines.raw_schema import LOADS_DDL, format_ddl
from scripts.ingest.formats import FORMATS, Format, format_named
from scripts.project import Project
from scripts.settings import PROJECT_DIR

# In the order in which they are made; each schema is a database of its own, as in the real files.
MODELS = {
    "int_reporting_currency": "work",
    "int_transactions_parsed": "work",
    "int_transactions_classified": "work",
    "int_customers_classified": "work",
    "int_products_classified": "work",
    "row_ledger": "main",
    "rejected_rows": "main",
    "transactions": "main",
}
CENT, MICRO = Decimal("0.01"), Decimal("0.000001")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
LIMIT = Decimal(10_000_000_000)


class Load(NamedTuple):
    """Rows of one file: for each the values of the format's columns."""

    file_format: Format
    rows: list[tuple[str | None, ...]]


# --- any rows


# What a cell of a shop may hold, so that rows are also kept, met again, and left out late.
LIKELY = {
    "id": ["a", "A", "b ", "17850.0", "17850", "1.2E+11", "POST", "M", "gift_0001_10", "#1", "c1"],
    "date": [
        "2024-01-31",
        "2024-02-29 23:59:59",
        "2024-01-31T10:00Z",
        "1/2/2024",
        "24:00",
        "45292",
    ],
    "number": ["0", "-0.0", "1", "-1", "1.005", "0.004", "9999999999.99", "1e10", "1e309", "1,5"],
    "word": ["EUR", "usd", "voided", "x@shop.example", "X@shop.example", "=1+1", "</script>"],
}
EVERYTHING_LIKELY = [value for values in LIKELY.values() for value in values]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
DECIMALS = st.decimals(
    min_value=-1_000_000, max_value=1_000_000, places=6, allow_nan=False, allow_infinity=False
).map(lambda value: format(value, "f"))


def cells(column: str) -> st.SearchStrategy[str | None]:
    """Make values for a column: those that fit it most often, and any other."""
    if re.search("quantity|amount|price|subtotal|discount", column):
        fitting = st.sampled_from(LIKELY["number"]) | DECIMALS | st.integers(-9, 9).map(str)
    elif re.search("date|_at$", column):
        fitting = st.sampled_from(LIKELY["date"]) | st.dates().map(str)
    elif re.search("_id$|_no$|code|^name$|sku", column):
        fitting = st.sampled_from(LIKELY["id"])
    else:
        fitting = st.sampled_from(LIKELY["word"])
    others = st.none() | ANY_TEXT | st.sampled_from(EVERYTHING_LIKELY)
    # a file has no empty text: that lands as NULL
    return st.one_of(fitting, fitting, fitting, others).map(lambda value: value or None)


def loads_of(file_format: Format) -> st.SearchStrategy[Load]:
    row = st.tuples(*(cells(column.name) for column in file_format.columns))
    return st.lists(row, max_size=8).map(lambda rows: Load(file_format, rows))


LOADS = st.lists(st.one_of(*map(loads_of, FORMATS)), min_size=1, max_size=4)


# --- the judge


class Judge:
    """The compiled SQL of the judging models, over tables in memory."""

    def __init__(self, connection: sqlite3.Connection, statements: dict[str, str]) -> None:
        self._connection = connection
        self._statements = statements

    def judge(self, loads: Sequence[Load]) -> None:
        """Land rows in place of those before, and make the models of them."""
        for table in ("raw_loads", *(file_format.table for file_format in FORMATS)):
            self._connection.execute(f"delete from raw.{table}")
        for load_id, load in enumerate(loads, start=1):
            self._land(load_id, load)
        for model, schema in MODELS.items():
            self._connection.execute(f"drop table if exists {schema}.{model}")
            self._connection.execute(f"create table {schema}.{model} as {self._statements[model]}")

    def _land(self, load_id: int, load: Load) -> None:
        places = ", ".join("?" * (len(load.file_format.columns) + 2))
        self._connection.executemany(
            f"insert into raw.{load.file_format.table} values ({places})",
            ((load_id, line, *row) for line, row in enumerate(load.rows, start=2)),
        )
        self._connection.execute(
            "insert into raw.raw_loads values (?, 'f', '', ?, ?, ?, 'x')",
            (load_id, load.file_format.name, str(load_id), len(load.rows)),
        )

    def ask(self, sql: str) -> list[tuple]:
        return self._connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def judge(tmp_path_factory, settings_in) -> Iterator[Judge]:
    own = settings_in(tmp_path_factory.mktemp("judge"))
    Project.create(own)
    manifest = Dbt(own).manifest
    arguments = ("--project-dir", own.dbt_dir, "--profiles-dir", own.dbt_dir)
    paths = ("--target-path", own.dbt_output_dir, "--log-path", own.dbt_output_dir)
    quiet = ("--quiet", "--log-level", "none", "--log-level-file", "none")
    with own.dbt_environment():
        own.new_marts_db.parent.mkdir(parents=True, exist_ok=True)
        compiled = dbtRunner(manifest=manifest).invoke(
            ["compile", "--select", *MODELS, *map(str, (*arguments, *paths)), *quiet]
        )
    assert compiled.success, compiled.exception
    statements = {result.node.name: result.node.compiled_code for result in compiled.result}
    with closing(sqlite3.connect(":memory:")) as connection:
        for schema in ("raw", "work"):
            connection.execute(f"attach ':memory:' as {schema}")
        for ddl in (LOADS_DDL, *map(format_ddl, FORMATS)):
            connection.execute(ddl.replace("if not exists ", "if not exists raw."))
        seed = PROJECT_DIR / "dbt_project" / "seeds" / "non_product_codes.csv"
        with seed.open(newline="") as file:
            header, *codes = csv.reader(file)
        connection.execute(f"create table work.non_product_codes ({', '.join(header)})")
        places = ", ".join("?" * len(header))
        connection.executemany(f"insert into work.non_product_codes values ({places})", codes)
        yield Judge(connection, statements)


def any_loads(test):
    """Run a test on some hundred lists of loads."""
    quickly = settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return quickly(given(loads=LOADS)(test))


# --- what holds whatever was landed


def every_landed_row_is_in_the_ledger_once(judge: Judge, loads: Sequence[Load]) -> None:
    counted = dict(
        judge.ask(
            "select load_id, sum(row_count) from row_ledger where entity <> 'refunds' group by 1"
        )
    )
    assert counted == {at: len(load.rows) for at, load in enumerate(loads, start=1) if load.rows}


def every_row_is_kept_or_left_out_with_one_reason(judge: Judge, loads: Sequence[Load]) -> None:
    ((kept,),) = judge.ask("select coalesce(sum(row_count), 0) from row_ledger where is_kept = 1")
    ((left_out,),) = judge.ask("select count(*) from rejected_rows")
    ((landed_or_refunded,),) = judge.ask("select coalesce(sum(row_count), 0) from row_ledger")
    assert kept + left_out == landed_or_refunded
    places = judge.ask("select load_id, entity, line_number from rejected_rows")
    assert len(set(places)) == len(places)
    assert judge.ask("select 1 from row_ledger where reason is null or reason = ''") == []


def a_line_is_published_once_and_whole(judge: Judge, loads: Sequence[Load]) -> None:
    rows = judge.ask(
        "select transaction_id, customer_id, product_id, invoice_date, quantity, amount, created_at"
        " from transactions"
    )
    assert all(value is not None for row in rows for value in row)
    assert max(Counter(row[0] for row in rows).values(), default=1) == 1
    assert all(row[3] == row[6][:10] and "1900" <= row[3] < "2200" for row in rows)
    # as the published file holds it: a time that is none would fail the build
    assert judge.ask("select 1 from transactions where datetime(created_at) <> created_at") == []


def what_is_kept_is_what_is_published(judge: Judge, loads: Sequence[Load]) -> None:
    of_ledger = judge.ask(
        "select coalesce(sum(row_count), 0), cast(round(coalesce(sum(amount), 0) * 100) as integer)"
        " from row_ledger where is_kept = 1 and entity in ('transactions', 'refunds')"
    )
    published = judge.ask(
        "select count(*), cast(round(coalesce(sum(amount), 0) * 100) as integer) from transactions"
    )
    assert of_ledger == published


def readable(text: str | None) -> Decimal | None:
    """Read a number as DECISIONS.md says, a second way."""
    plain = (text or "").strip(" ")
    if not NUMBER.fullmatch(plain) or abs(Decimal(plain)) >= LIMIT:
        return None
    return Decimal(plain).quantize(MICRO, ROUND_HALF_UP)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def landed_money(load: Load) -> Decimal:
    """Add up what a load's rows come to, whatever becomes of them."""
    column = {name: at for at, name in enumerate(c.name for c in load.file_format.columns)}
    total = Decimal(0)
    for row in load.rows:
        if load.file_format.name == "standard_transactions":
            total += cents(readable(row[column["amount"]]) or Decimal(0))
        elif load.file_format.name == "uci_order_lines":
            pieces, price = (readable(row[column[name]]) for name in ("quantity", "unit_price"))
            if pieces is not None and price is not None and pieces == int(pieces):
                line = pieces * price
                total += cents(line) if abs(line) < LIMIT and abs(pieces) < LIMIT / 10 else 0
    return total


def all_money_that_was_landed_is_in_the_ledger(judge: Judge, loads: Sequence[Load]) -> None:
    found = dict(judge.ask("select load_id, sum(amount) from row_ledger group by 1"))
    for load_id, load in enumerate(loads, start=1):
        if load.rows and load.file_format.name in {"standard_transactions", "uci_order_lines"}:
            assert cents(Decimal(repr(found[load_id]))) == landed_money(load)


def left_out_rows_show_what_was_landed(judge: Judge, loads: Sequence[Load]) -> None:
    for load_id, entity, line, text in judge.ask(
        "select load_id, entity, line_number, landed_text from rejected_rows"
    ):
        load = loads[load_id - 1]
        if entity != "refunds":
            landed = "".join(map(without_address, load.rows[line - 2]))
            assert Counter(text.replace(",", "")) == Counter(landed.replace(",", ""))


def without_address(value: str | None) -> str:
    return "(e-mail hidden)" if "@" in (value or "") else value or ""


# --- any rows, judged


@any_loads
def test_all_rows_that_were_landed_are_kept_or_left_out(judge, loads):
    judge.judge(loads)
    every_landed_row_is_in_the_ledger_once(judge, loads)
    every_row_is_kept_or_left_out_with_one_reason(judge, loads)
    left_out_rows_show_what_was_landed(judge, loads)


@any_loads
@example(loads=[Load(format_named("standard_transactions"), [(*"tic", "p", None, None, "1.005")])])
def test_all_money_that_was_landed_is_kept_or_left_out(judge, loads):
    judge.judge(loads)
    all_money_that_was_landed_is_in_the_ledger(judge, loads)
    what_is_kept_is_what_is_published(judge, loads)
    a_line_is_published_once_and_whole(judge, loads)
