from __future__ import annotations

import csv
import io
import json
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.errors import ReportError
from reports.exports import customer_lists
from reports.exports.customer_lists import named_files
from reports.exports.selection import COLUMNS, Choice
from reports.marts import reader
from reports.marts.customers import ExportRow

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
    assert customer_lists.safe_text(text) == expected


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_comes_back_from_the_csv_and_numbers_are_never_touched(text, number):
    row = ExportRow(text, text, text, text, -443, number)
    written = "".join(customer_lists.csv_lines([row], COLUMNS))
    heading, line = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert heading == list(COLUMNS)
    assert line[4] == "-443"
    assert float(line[5]) == number
    for cell in line[:4]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
        assert cell.removeprefix("'") == text.removeprefix("'")


def test_all_customers_and_one_file_for_each_segment_are_written(marts, tmp_path, connection):
    written = customer_lists.write_exports(marts, tmp_path / "exports")
    assert [file.path.name for file in written] == FILES
    counts = dict(connection.execute("select segment, count(*) from rfm_scores group by segment"))
    assert [file.rows for file in written] == [
        40,
        *(counts[name] for name in ("Champions", "Loyal", "At-Risk", "Lost")),
    ]
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == [
        "build.json",
        *sorted(FILES),
    ]


def test_beside_them_stands_which_build_they_are_of(marts, tmp_path, connection):
    written = customer_lists.write_exports(marts, tmp_path)
    told = json.loads((tmp_path / "build.json").read_text(encoding="utf-8"))
    assert told["customers"] == {file.path.name: file.rows for file in written}
    ((fingerprint, as_of),) = connection.execute(
        "select build_fingerprint, as_of_date from build_info"
    )
    assert (told["build_fingerprint"], told["as_of_date"]) == (fingerprint, as_of)


def test_a_file_holds_what_the_tables_say_sorted_by_id(marts, tmp_path, connection):
    customer_lists.write_exports(marts, tmp_path)
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
    customer_lists.write_exports(marts, tmp_path)
    last = read(tmp_path / "customers.csv")[-1]
    assert last["customer_id"] == "c39"
    assert (last["segment"], last["rfm_score"], last["purchase_probability"]) == ("", "", "")


def test_an_empty_segment_has_a_heading_only(empty_marts, tmp_path):
    customer_lists.write_exports(empty_marts, tmp_path)
    heading = ",".join(COLUMNS) + "\r\n"
    assert [(tmp_path / name).read_bytes().decode() for name in FILES] == [heading] * 5


def test_the_same_marts_give_the_same_bytes(marts, tmp_path):
    for folder in ("a", "b"):
        customer_lists.write_exports(marts, tmp_path / folder)
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_failure_leaves_the_old_files(marts, tmp_path, monkeypatch):
    customer_lists.write_exports(marts, tmp_path)
    before = (tmp_path / "customers.csv").read_bytes()

    def fail(*_args, **_kwargs):
        raise sqlite3.DatabaseError("disk image is malformed")

    monkeypatch.setattr(customer_lists.reader, "read_export", fail)
    with pytest.raises(ReportError, match="cannot be read"):
        customer_lists.write_exports(marts, tmp_path)
    assert (tmp_path / "customers.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build.json", *sorted(FILES)]


def choose(marts, out, **choice):
    return customer_lists.write_export(marts, out, Choice(**choice))


def test_a_choice_of_days_keeps_who_ordered_then_also_if_not_last(marts, tmp_path, connection):
    ordered = dict(
        connection.execute(
            "select customer_id, group_concat(order_date) from orders join rfm_scores"
            " using (customer_id) where segment = 'Champions' group by customer_id"
        )
    )
    start, end = sorted(min(days.split(",")) for days in ordered.values())[:2]
    expected = sorted(
        key for key, days in ordered.items() if any(start <= day <= end for day in days.split(","))
    )
    out = tmp_path / "deep" / "one.csv"
    written = choose(marts, out, segment="Champions", start=start, end=end)
    assert written == customer_lists.ExportedFile(out, rows=len(expected))
    assert [line["customer_id"].removeprefix("'") for line in read(out)] == expected
    assert 0 < len(expected) < len(ordered)
    assert all(max(ordered[key].split(",")) > end for key in expected)


@pytest.mark.parametrize("choice", [{"start": "2024-06-20"}, {"end": "2024-04-01"}])
def test_one_end_of_the_days_is_enough(marts, tmp_path, connection, choice):
    (count,) = connection.execute(
        "select count(distinct customer_id) from orders where order_date >= ? and order_date <= ?",
        (choice.get("start", "0000-01-01"), choice.get("end", "9999-12-31")),
    ).fetchone()
    assert 0 < count < 38
    assert choose(marts, tmp_path / "out.csv", **choice).rows == count


def test_every_choice_has_a_file_of_its_own_beside_those_of_the_folder(marts):
    with reader.open_marts(marts) as connection:
        named = named_files(connection)
    assert {name: choice.file_name for name, choice in named.items()} == {n: n for n in named}
    others = [
        replace(choice, **left_out)
        for choice in named.values()
        for left_out in ({"include_predictions": False}, {"include_email": False})
    ]
    assert not {choice.file_name for choice in others} & set(named)


def test_predictions_can_be_left_out(marts, tmp_path):
    choose(marts, tmp_path / "out.csv", include_predictions=False)
    assert "purchase_probability" not in read(tmp_path / "out.csv")[0]


def test_without_email_no_address_is_left_in_any_column(marts, tmp_path):
    choose(marts, tmp_path / "out.csv", include_email=False)
    choose(marts, tmp_path / "with.csv")
    found, full = read(tmp_path / "out.csv"), read(tmp_path / "with.csv")
    assert list(found[0]) == [column for column in COLUMNS if column != "email"]
    assert b"@mail" not in (tmp_path / "out.csv").read_bytes()
    assert [line["name"] for line in full if line["name"] == "eve@example.com"]
    for line, whole in zip(found, full, strict=True):
        del whole["email"]
        whole["name"] = whole["name"].replace("eve@example.com", "(e-mail hidden)")
        assert line == whole


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
