"""Loads are read by column name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import astuple, fields

from scripts.ingest.raw_store import LOAD_COLUMNS, SELECT_LOADS, LoadRow, load_rows
from scripts.storage.schema import LOADS_DDL

LOAD = LoadRow(
    load_id=1,
    file_name="sales.csv",
    sheet="January",
    format="standard_transactions",
    file_sha256="abc",
    row_count=7,
    input_fingerprint="def",
)


def test_swapped_columns_change_nothing():
    names = [field.name for field in fields(LoadRow)]
    assert load_rows(names, [astuple(LOAD)]) == [LOAD]
    assert load_rows(names[::-1], [astuple(LOAD)[::-1]]) == [LOAD]


def test_the_statement_reads_what_the_columns_store():
    places = ", ".join("?" for _ in LOAD_COLUMNS)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(LOADS_DDL)
        insert = f"insert into raw_loads ({', '.join(LOAD_COLUMNS)}) values ({places})"
        connection.execute(insert, astuple(LOAD))
        cursor = connection.execute(f"{SELECT_LOADS} from raw_loads")
        assert load_rows([column[0] for column in cursor.description], cursor) == [LOAD]
