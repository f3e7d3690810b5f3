from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.errors import ReportError
from reports.exports import customer_lists
from reports.exports.customer_lists import named_files
from reports.exports.selection import COLUMNS, Selection
from reports.marts import reader
from reports.marts.customers import ExportRow

FILES = [
    "customers.csv",
    "customers_champions.csv",
    "customers_loyal.csv",
    "customers_at-risk.csv",
    "customers_lost.csv",
    "customers_top-regulars.csv",
    "customers_regulars.csv",
    "customers_light-buyers.csv",
    "customers_slipping-away.csv",
    "customers_dormant.csv",
    "customers_long-gone.csv",
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
def test_only_text_that_begins_like_a_formula_is_escaped(text, expected):
    assert customer_lists.safe_text(text) == expected


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_text_and_numbers_round_trip(text, number):
    row = ExportRow(text, text, text, text, -443, number)
    written = "".join(customer_lists.csv_lines([row], COLUMNS))
    heading, line = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert heading == list(COLUMNS)
    assert line[4] == "-443"
    assert float(line[5]) == number
    for cell in line[:4]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
        assert cell.removeprefix("'") == text.removeprefix("'")


def test_one_file_for_all_customers_and_for_each_segment_is_written(marts, tmp_path, connection):
    written = customer_lists.write_exports(marts, tmp_path / "exports")
    assert [file.path.name for file in written] == FILES
    counts = dict(connection.execute("select segment, count(*) from rfm_scores group by segment"))
    counts |= connection.execute(
        "select segment_detail, count(*) from rfm_scores group by segment_detail"
    )
    finer = ("Top regulars", "Regulars", "Light buyers", "Slipping away", "Dormant", "Long gone")
    assert [file.rows for file in written] == [
        40,
        *(counts[name] for name in ("Champions", "Loyal", "At-Risk", "Lost", *finer)),
    ]
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == [
        "build.json",
        *sorted(FILES),
    ]


def test_build_json_names_the_build_of_the_files(marts, tmp_path, connection):
    written = customer_lists.write_exports(marts, tmp_path)
    told = json.loads((tmp_path / "build.json").read_text(encoding="utf-8"))
    assert told["customers"] == {file.path.name: file.rows for file in written}
    ((fingerprint, as_of),) = connection.execute(
        "select build_fingerprint, as_of_date from build_info"
    )
    assert (told["build_fingerprint"], told["as_of_date"]) == (fingerprint, as_of)


def test_a_file_has_the_rows_of_the_tables_sorted_by_id(marts, tmp_path, connection):
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


def test_customers_without_an_order_are_in_the_file_of_all_with_empty_scores(marts, tmp_path):
    customer_lists.write_exports(marts, tmp_path)
    last = read(tmp_path / "customers.csv")[-1]
    assert last["customer_id"] == "c39"
    assert (last["segment"], last["rfm_score"], last["purchase_probability"]) == ("", "", "")


def test_an_empty_segment_has_a_heading_only(empty_marts, tmp_path):
    customer_lists.write_exports(empty_marts, tmp_path)
    heading = ",".join(COLUMNS) + "\r\n"
    assert [(tmp_path / name).read_bytes().decode() for name in FILES[:5]] == [heading] * 5


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

    monkeypatch.setattr(customer_lists, "read_export", fail)
    with pytest.raises(ReportError, match="cannot be read"):
        customer_lists.write_exports(marts, tmp_path)
    assert (tmp_path / "customers.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build.json", *sorted(FILES)]


def export(marts, out, **selection):
    return customer_lists.write_export(marts, out, Selection(**selection))


def test_a_selection_of_days_includes_every_customer_with_an_order_in_them(
    marts, tmp_path, connection
):
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
    written = export(marts, out, segment="Champions", start=start, end=end)
    assert written == customer_lists.ExportedFile(out, rows=len(expected))
    assert [line["customer_id"].removeprefix("'") for line in read(out)] == expected
    assert 0 < len(expected) < len(ordered)
    assert all(max(ordered[key].split(",")) > end for key in expected)


def test_the_customers_of_a_finer_segment_can_be_selected(marts, tmp_path, connection):
    expected = connection.execute(
        "select customer_id from rfm_scores where segment_detail = 'Dormant' order by customer_id"
    )
    assert export(marts, tmp_path / "out.csv", segment="Dormant").rows > 0
    found = [line["customer_id"].removeprefix("'") for line in read(tmp_path / "out.csv")]
    assert found == [customer_id for (customer_id,) in expected]


@pytest.mark.parametrize(
    ("finer", "file"),
    [
        ("at risk", "customers_at-risk.csv"),
        ("Champions", "customers_champions.csv"),
        ("Light-Buyers", "customers_light-buyers.csv"),
        ("★", "customers.csv"),
    ],
)
def test_two_lists_with_the_same_file_name_are_refused(marts, tmp_path, finer, file):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(
            "update segment_details set segment_detail = ? where segment_detail = 'Dormant'",
            [finer],
        )
    with pytest.raises(ReportError, match=rf"'{finer}'.* share the file name {file}.* Rename"):
        customer_lists.write_exports(copy, tmp_path / "exports")
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("selection", [{"start": "2024-06-20"}, {"end": "2024-04-01"}])
def test_one_end_of_the_days_is_enough(marts, tmp_path, connection, selection):
    (count,) = connection.execute(
        "select count(distinct customer_id) from orders where order_date >= ? and order_date <= ?",
        (selection.get("start", "0000-01-01"), selection.get("end", "9999-12-31")),
    ).fetchone()
    assert 0 < count < 38
    assert export(marts, tmp_path / "out.csv", **selection).rows == count


def test_every_selection_has_its_own_file_name(marts):
    with reader.open_marts(marts) as connection:
        named = named_files(connection)
    assert {name: selection.file_name for name, selection in named.items()} == {n: n for n in named}
    others = [
        replace(selection, **left_out)
        for selection in named.values()
        for left_out in ({"include_predictions": False}, {"include_email": False})
    ]
    assert not {selection.file_name for selection in others} & set(named)


def test_predictions_can_be_left_out(marts, tmp_path):
    export(marts, tmp_path / "out.csv", include_predictions=False)
    assert "purchase_probability" not in read(tmp_path / "out.csv")[0]


def test_without_email_no_address_is_left_in_any_column(marts, tmp_path):
    export(marts, tmp_path / "out.csv", include_email=False)
    export(marts, tmp_path / "with.csv")
    found, full = read(tmp_path / "out.csv"), read(tmp_path / "with.csv")
    assert list(found[0]) == [column for column in COLUMNS if column != "email"]
    assert b"@mail" not in (tmp_path / "out.csv").read_bytes()
    assert [line["name"] for line in full if line["name"] == "eve@example.com"]
    for line, whole in zip(found, full, strict=True):
        del whole["email"]
        whole["name"] = whole["name"].replace("eve@example.com", "(e-mail hidden)")
        assert line == whole


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        ({"segment": "Best"}, "no segment 'Best'. Choose one of: Champions, Loyal, At-Risk, Lost"),
        ({"segment": "dormant"}, "Slipping away, Dormant, Long gone."),
        ({"start": "31.12.2023"}, "start date '31.12.2023' is not a day. Write it as YYYY-MM-DD"),
        ({"end": "2024-02-30"}, "end date '2024-02-30' is not a day"),
        ({"start": "2024-02-02", "end": "2024-02-01"}, "2024-02-02 is later than the end date"),
    ],
)
def test_an_invalid_selection_is_refused_and_writes_nothing(marts, tmp_path, selection, sentence):
    with pytest.raises(ReportError) as told:
        export(marts, tmp_path / "out.csv", **selection)
    assert sentence in str(told.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_created_is_reported(marts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be made"):
        export(marts, tmp_path / "file" / "out.csv")
