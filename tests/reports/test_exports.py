from __future__ import annotations

import csv
import io
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import exports, rows
from reports.errors import ReportError

FILES = [
    "customers.csv",
    "customers_champions.csv",
    "customers_loyal.csv",
    "customers_at-risk.csv",
    "customers_lost.csv",
]


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+44 20", "'+44 20"),
        ("-5", "'-5"),
        ("@home", "'@home"),
        ("\tTab", "'\tTab"),
        ("\rReturn", "'\rReturn"),
        ("\0", "'\0"),
        ("1=1", "1=1"),
        (" =1", " =1"),
        ("", ""),
    ],
)
def test_only_a_text_that_begins_like_a_formula_gets_an_apostrophe(text, expected):
    assert exports.safe_text(text) == expected


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_comes_back_from_the_csv_and_numbers_are_never_touched(text, number):
    row = rows.ExportRow(text, text, text, text, -443, number)
    file = io.StringIO(newline="")
    assert exports.write_rows(file, [row], exports.COLUMNS) == 1
    heading, line = list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True))
    assert heading == list(exports.COLUMNS)
    assert line[4] == "-443"
    assert float(line[5]) == number
    for cell in line[:4]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
        assert cell.removeprefix("'") == text.removeprefix("'")


def test_all_customers_and_one_file_for_each_segment_are_written(marts, tmp_path, connection):
    written = exports.write_exports(marts, tmp_path / "exports")
    assert [file.path.name for file in written] == FILES
    counts = dict(connection.execute("select segment, count(*) from rfm_scores group by segment"))
    assert [file.rows for file in written] == [
        40,
        *(counts[name] for name in ("Champions", "Loyal", "At-Risk", "Lost")),
    ]
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == sorted(FILES)


def test_a_file_holds_what_the_tables_say_sorted_by_id(marts, tmp_path, connection):
    exports.write_exports(marts, tmp_path)
    found = read(tmp_path / "customers_champions.csv")
    expected = connection.execute(
        "select c.customer_id, c.name, c.email, r.segment, r.rfm_cell, p.purchase_probability"
        " from customers c join rfm_scores r using (customer_id)"
        " join predictions p using (customer_id)"
        " where r.segment = 'Champions' order by customer_id"
    ).fetchall()
    assert len(found) == len(expected) > 0
    for line, (customer_id, name, email, segment, cell, probability) in zip(
        found, expected, strict=True
    ):
        assert line["customer_id"].removeprefix("'") == customer_id
        assert line["name"].removeprefix("'") == (name or "")
        assert (line["email"], line["segment"], line["rfm_score"]) == (email, segment, cell)
        assert float(line["purchase_probability"]) == probability


def test_customers_without_an_order_stand_in_the_file_of_all_with_empty_scores(marts, tmp_path):
    exports.write_exports(marts, tmp_path)
    last = read(tmp_path / "customers.csv")[-1]
    assert last["customer_id"] == "c39"
    assert (last["segment"], last["rfm_score"], last["purchase_probability"]) == ("", "", "")


def test_an_empty_segment_has_a_heading_only(empty_marts, tmp_path):
    exports.write_exports(empty_marts, tmp_path)
    heading = ",".join(exports.COLUMNS) + "\r\n"
    assert [(tmp_path / name).read_bytes().decode() for name in FILES] == [heading] * 5


def test_the_same_marts_give_the_same_bytes(marts, tmp_path):
    for folder in ("a", "b"):
        exports.write_exports(marts, tmp_path / folder)
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_failure_leaves_the_old_files(marts, tmp_path, monkeypatch):
    exports.write_exports(marts, tmp_path)
    before = (tmp_path / "customers.csv").read_bytes()

    def fail(*_args, **_kwargs):
        raise sqlite3.DatabaseError("disk image is malformed")

    monkeypatch.setattr(exports.queries, "read_export", fail)
    with pytest.raises(ReportError, match="cannot be read"):
        exports.write_exports(marts, tmp_path)
    assert (tmp_path / "customers.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def choose(marts, out, **choice):
    settings = {"segment": None, "start": None, "end": None, "include_predictions": True}
    return exports.write_export(marts, out, **{**settings, **choice})


def test_a_choice_of_segment_and_days_counts_both_ends(marts, tmp_path, connection):
    (day,) = connection.execute(
        "select max(order_date) from orders join rfm_scores using (customer_id)"
        " where segment = 'Champions' group by customer_id limit 1"
    ).fetchone()
    expected = connection.execute(
        "select customer_id from orders join rfm_scores using (customer_id)"
        " where segment = 'Champions' group by customer_id having max(order_date) = ?",
        (day,),
    ).fetchall()
    out = tmp_path / "deep" / "one.csv"
    written = choose(marts, out, segment="Champions", start=day, end=day)
    assert written == exports.ExportedFile(out, rows=len(expected))
    assert [line["customer_id"] for line in read(out)] == [key for (key,) in expected]


def test_predictions_can_be_left_out(marts, tmp_path):
    choose(marts, tmp_path / "out.csv", include_predictions=False)
    assert "purchase_probability" not in read(tmp_path / "out.csv")[0]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"segment": "Best"}, "no segment 'Best'. Choose one of: Champions, Loyal, At-Risk, Lost"),
        ({"start": "31.12.2023"}, "start date '31.12.2023' is not a day. Write it as YYYY-MM-DD"),
        ({"end": "2024-02-30"}, "end date '2024-02-30' is not a day"),
        ({"start": "2024-02-02", "end": "2024-02-01"}, "2024-02-02 lies after the end date"),
    ],
)
def test_a_choice_that_cannot_be_is_explained_and_writes_nothing(marts, tmp_path, choice, sentence):
    with pytest.raises(ReportError) as told:
        choose(marts, tmp_path / "out.csv", **choice)
    assert sentence in str(told.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_explained(marts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be made"):
        choose(marts, tmp_path / "file" / "out.csv")
