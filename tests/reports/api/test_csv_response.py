from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from dataclasses import replace

import pytest

from reports.api import csv_response
from reports.exports.customer_lists import write_export, write_exports
from reports.exports.selection import Selection
from reports.marts.customers import EXPORT_ROWS
from tests.reports.conftest import make_marts

EXPORT = "/api/export/customers"


@pytest.mark.parametrize("with_email", [False, True])
@pytest.mark.parametrize(
    ("body", "choice"),
    [
        ({"segment": None}, Selection()),
        ({"segment": "Lost"}, Selection(segment="Lost")),
        (
            {"segment": "Champions", "include_predictions": False},
            Selection(segment="Champions", include_predictions=False),
        ),
        ({"segment": None, "date_range": None}, Selection()),
        ({"segment": None, "date_range": {}}, Selection()),
        (
            {"segment": None, "date_range": {"start": "2024-06-01"}},
            Selection(start="2024-06-01"),
        ),
        (
            {"segment": "Loyal", "date_range": {"start": "2024-03-01", "end": "2024-05-31"}},
            Selection(segment="Loyal", start="2024-03-01", end="2024-05-31"),
        ),
    ],
)
def test_the_csv_equals_that_of_the_command_line(
    asking, odd_marts, tmp_path, body, choice, with_email
):
    choice = replace(choice, include_email=with_email)
    written = write_export(odd_marts, tmp_path / "out.csv", choice)
    answer = asking(odd_marts, with_email=with_email).post(EXPORT, json=body)
    assert answer.status_code == 200
    assert answer.content == written.path.read_bytes()
    assert written.rows > 0
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    named = f'attachment; filename="{choice.file_name}"'
    assert answer.headers["content-disposition"] == named
    assert len(answer.headers["x-tillsight-build"]) == 16


def test_the_links_of_the_page_return_the_exported_files(asking, odd_marts, tmp_path):
    written = write_exports(odd_marts, tmp_path)
    api, public = asking(odd_marts, with_email=True), asking(odd_marts)
    for file in written:
        address = f"/exports/{file.path.name}"
        assert api.get(address).content == file.path.read_bytes()
        assert b".example" not in public.get(address).content


def many(path, customers):
    """Write marts with so many customers more."""
    make_marts(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "insert into customers (customer_id, name, email) with recursive counted (n) as"
            " (select 1 union all select n + 1 from counted where n < ?)"
            " select printf('m%07d', n), 'Number ' || n, n || '@mail.example' from counted",
            (customers,),
        )
        connection.execute(
            "insert into customer_360 (customer_id, segment, rfm_cell, purchase_probability)"
            " select customer_id, 'Lost', '111', 0.25 from customers where customer_id like 'm%'"
        )
        connection.commit()
    return path


@pytest.mark.parametrize("choice", [Selection(segment="Lost"), Selection(include_email=False)])
def test_memory_does_not_grow_with_the_length_of_a_list(tmp_path, choice):
    peaks, sizes = [], []
    for customers in (5_000, 50_000):
        path = many(tmp_path / f"{customers}.db", customers)
        tracemalloc.start()
        opened = csv_response._open(path, lambda _: choice)
        sizes.append(sum(len(piece) for piece in csv_response._chunks(opened)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] > 1_500_000
    assert sizes[1] > 9 * sizes[0]
    assert peaks[1] < 1.2 * peaks[0]


def test_no_list_needs_a_sort(odd_marts):
    with closing(sqlite3.connect(odd_marts)) as connection:
        plan = connection.execute(
            f"explain query plan {EXPORT_ROWS}",
            {"segment": "Lost", "start": "2024-01-01", "end": None},
        ).fetchall()
    assert not [step for *_, step in plan if "TEMP B-TREE" in step]
