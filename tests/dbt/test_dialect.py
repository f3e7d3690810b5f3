"""Macros of the dialect have one outcome on every engine, also on text that nobody should write."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from psycopg2.extras import execute_values

from scripts.settings import PostgresAddress
from tests.support import engines
from tests.support.engines import Row, ask

HOSTILE = Path(__file__).parents[1] / "fixtures" / "hostile"
ALPHABETS = ("0123456789", "019.+-eE", "0.5+- ", "1/-.: T9", "aÄé#@, \t\u00a0\u200b\ufeff")
NUMBERS = (
    *("1.005", "-1.005", "+5", ".5", "5.", "007", "1e3", "-1E-3", "1e9", "9e9", "0e999999"),
    *("1e400", "1e-400", "1e999999", "-1e-999999", "9999999999.9999", "10000000000", "0.0000005"),
    *(
        "999999999",
        "1000000000",
        "2.5",
        "2.0",
        " 12 ",
        "12\n",
        "12\t",
        "\t12",
        "--5",
        "+-5",
        "1.2.3",
    ),
    *("NaN", "Infinity", "0x10", "1_000", "1,5", "-", "+", ".", "1e", "e1", "١٢", "0" * 500 + "1"),
    *("9" * 500, "0." + "0" * 500 + "1", "1" + "0" * 400 + "e5", "1e-35", "1e-150"),
    *("1e-310", "1e-324", "1" * 20, "-0", "-0.0", "0.1" + "0" * 400, "0e9999", "1.5e-9999"),
)
DATES = (
    *("2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2100-02-29", "2024-04-31"),
    *("1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "2024-13-01", "2024-00-10"),
    *("2024-03-01 08:26", "2024-03-01 8:26", "2024-03-01T10:00:00.123Z", "2024-03-01T"),
    *("2024-03-01 24:00:00", "2024-03-01 23:59:60", "2024-03-01 0826", "2024-03-01 9.30"),
    *("2024-03-01 10:00+02:00", "2024-03-01 10:00:00 -05:00", "2024-03-01 now", "20240301"),
    *("1/3/2024", "13/1/2024", "1/13/2024", "29.2.2023", "29-2-2024 7:05", "1/3/2024 now"),
    *("1/3/2024 10:00:00+02:00", "1/3/2024 10:00 PM", "1/3/2024  10:00", "1/3/24", "01/03/2024 5"),
)
# A text of the settings, which dbt gives to an engine as a literal.
SHOP_NAME = "O'Neil \" \\ \\' '' -- ; /* {{ 1 }} {% raw %} {# %s $1 ${x} 🛒"
ON_TEXT = (
    "{{ read_id('written') }}",
    "case when {{ is_rounded_id('written') }} then 1 else 0 end",
    "{{ read_text('written') }}",
    "{{ read_whole_number('written') }}",
    "{{ read_micros('written') }}",
    "{{ minor_units_from_micros(read_micros('written')) }}",
    "{{ is_unreadable_number('written') }}",
    "{{ read_timestamp('written') }}",
    "{{ read_timestamp('written', slashes='day_first', dashes='month_first') }}",
    "{{ read_timestamp('written', slashes='month_first', dashes='day_first') }}",
    "{{ date_of(read_timestamp('written')) }}",
    "{{ lower_case('written') }}",
    "{{ upper_case('written') }}",
    "{{ row_without_email(row_as_text(['written', 'written'])) }}",
    f"{{{{ text_literal({json.dumps(SHOP_NAME, ensure_ascii=False)}) }}}}",
)
ON_NUMBERS = (
    "{{ minor_units_from_micros('amount') }}",
    "{{ line_amount_minor('number', 'amount') }}",
    "{{ money('amount') }}",
    "{{ money_per('abs(amount)', 'abs(number)') }}",
    "{{ divide_whole('amount', 'nullif(number, 0)') }}",
    "{{ least('amount', 'nullif(number, 0)') }}",
    "{{ greatest('amount', 'nullif(number, 0)') }}",
    "{{ round_half_away('(number / 2.0)') }}",
    "{{ date_from_day_number('day') }}",
    "{{ start_of(date_from_day_number('day')) }}",
    "{{ day_number(date_from_day_number('day')) }}",
    "{{ month_number(date_from_day_number('day')) }}",
    "{{ date_from_month_number(month_number(date_from_day_number('day'))) }}",
)
BETWEEN = "--- and ---"
QUERY = f"""
select place, {", ".join(ON_TEXT)} from texts order by place
{BETWEEN}
select place, {", ".join(ON_NUMBERS)} from numbers order by place
"""

Answers = tuple[list[Row], list[Row]]


def made_up() -> random.Random:
    """Return chance that is the same in every run."""
    return random.Random(20111209)  # noqa: S311  nothing is kept secret by it


def hostile_texts() -> list[str]:
    """Return the values of the hostile files, made-up ones, and some of both with a change."""
    found = {*NUMBERS, *DATES, ""}
    for path in HOSTILE.glob("*.csv"):
        text = path.read_bytes().decode("utf-8", errors="ignore").replace("\0", "")
        for line in csv.reader(text.splitlines()):
            found.update(line)
    known, chance = sorted(found), made_up()
    for _ in range(6_000):
        alphabet = chance.choice(ALPHABETS)
        found.add("".join(chance.choices(alphabet, k=chance.randint(1, 12))))
        text = chance.choice(chance.choice((known, DATES)))[:40]
        at = chance.randint(0, len(text))
        found.add(text[:at] + chance.choice(alphabet) + text[at + chance.randint(0, 1) :])
    return sorted(found)


def any_numbers() -> list[tuple[int, int, int]]:
    """Return rows of an amount in hundredths, a small number and a day."""
    chance = made_up()
    return [
        (
            chance.randint(-(10 ** chance.randint(1, 13)), 10 ** chance.randint(1, 13)),
            chance.choice((0, 1, 2, 3, 7, 200, -2, -5)),
            chance.randint(-25_567, 84_005),
        )
        for _ in range(6_000)
    ]


TEXTS = list(enumerate(hostile_texts()))
ROWS = [(place, *row) for place, row in enumerate(any_numbers())]


def compiled(target: str, environment: dict[str, str], folder: Path) -> list[str]:
    """Return the two queries as the macros write them for an engine."""
    arguments = ("--quiet", "compile", "--no-introspect", "--no-populate-cache", "--inline", QUERY)
    printed = engines.dbt(*arguments, target=target, environment=environment, output=folder)
    return printed.split(BETWEEN)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory) -> Answers:
    folder = tmp_path_factory.mktemp("sqlite")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table texts (place integer, written text)")
        connection.execute("create table numbers (place integer, amount, number, day)")
        connection.executemany("insert into texts values (?, ?)", TEXTS)
        connection.executemany("insert into numbers values (?, ?, ?, ?)", ROWS)
        return answers(connection, compiled("sqlite", {"TILLSIGHT_DATA_DIR": str(folder)}, folder))


def answers(connection: engines.Connection, queries: list[str]) -> Answers:
    of_text, of_numbers = (ask(connection, query) for query in queries)
    return of_text, of_numbers


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory) -> Answers:
    folder = tmp_path_factory.mktemp("duckdb")
    with closing(duckdb.connect()) as connection:
        connection.execute("create table texts (place bigint, written varchar)")
        connection.execute(
            "create table numbers (place bigint, amount bigint, number bigint, day int)"
        )
        for table, rows in (("texts", TEXTS), ("numbers", ROWS)):
            columns = [list(values) for values in zip(*rows, strict=True)]
            places = ", ".join("unnest(?)" for _ in columns)
            connection.execute(f"insert into {table} select {places}", columns)
        return answers(connection, compiled("duckdb", {"TILLSIGHT_DATA_DIR": str(folder)}, folder))


@pytest.fixture(scope="module")
def on_postgres(
    tmp_path_factory, new_database: Callable[[str], PostgresAddress]
) -> Iterator[Answers]:
    address = new_database("dialect")
    with closing(engines.connect(address)) as connection:
        with connection.cursor() as cursor:
            cursor.execute('create table texts (place bigint, written text collate "C")')
            cursor.execute(
                "create table numbers (place bigint, amount bigint, number bigint, day int)"
            )
            execute_values(cursor, "insert into texts values %s", TEXTS)
            execute_values(cursor, "insert into numbers values %s", ROWS)
        environment = engines.variables(address)
        queries = compiled("postgres", environment, tmp_path_factory.mktemp("postgres"))
        yield answers(connection, queries)


def assert_texts_agree(found: Answers, on_sqlite: Answers) -> None:
    assert len(found[0]) == len(on_sqlite[0]) == len(TEXTS) > 5_000
    assert not [
        (TEXTS[place][1], ON_TEXT[at - 1], one, other)
        for ours, theirs in zip(found[0], on_sqlite[0], strict=True)
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if one != other
        for place in ours[:1]
    ]


def assert_numbers_agree(found: Answers, on_sqlite: Answers) -> None:
    assert len(found[1]) == len(on_sqlite[1]) == len(ROWS)
    assert not [
        (ROWS[place], ON_NUMBERS[at - 1], one, other)
        for ours, theirs in zip(found[1], on_sqlite[1], strict=True)
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if one != other
        for place in ours[:1]
    ]


@pytest.mark.parametrize("engine", ["on_duckdb", "on_postgres"])
def test_text_is_read_as_sqlite_reads_it(engine, on_sqlite, request):
    assert_texts_agree(request.getfixturevalue(engine), on_sqlite)


@pytest.mark.parametrize("engine", ["on_duckdb", "on_postgres"])
def test_numbers_and_days_come_out_as_on_sqlite(engine, on_sqlite, request):
    assert_numbers_agree(request.getfixturevalue(engine), on_sqlite)


def test_the_texts_are_of_every_kind(on_sqlite):
    for at, macro in enumerate(ON_TEXT[:-1], 1):
        outcomes = {row[at] for row in on_sqlite[0]}
        assert len(outcomes) > (1 if macro.startswith("case") or "unreadable" in macro else 20), (
            macro
        )


def test_a_text_of_the_settings_is_what_sqlite_reads(on_sqlite):
    assert {row[-1] for row in on_sqlite[0]} == {SHOP_NAME}
