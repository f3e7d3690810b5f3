from __future__ import annotations

import json

import pytest

from reports.errors import ReportError
from reports.exports import datasette
from reports.marts import reader
from reports.marts.build import read_build
from reports.marts.catalog import ColumnDoc, LineageEdge, TableDoc

SCORES = TableDoc(
    "rfm_scores", "marts", "Scores. One row per customer; none without an order.", "select 1"
)
SPENT = ColumnDoc("rfm_scores", "monetary", "REAL", "currency", "What was spent.")


@pytest.fixture
def build(marts):
    with reader.open_marts(marts) as connection:
        return read_build(connection)


def described(build, tables=(SCORES,), columns=(SPENT,), edges=()):
    metadata = datasette.describe(build, tables, columns, edges, database="shop")
    return metadata["databases"]["shop"]["tables"]


def test_a_table_says_its_grain_and_what_it_is_made_from(build):
    edges = [LineageEdge("orders", "rfm_scores"), LineageEdge("rfm_scores", "segments")]
    assert described(build, edges=edges)["rfm_scores"] == {
        "title": "rfm_scores: one row per customer",
        "description": SCORES.description,
        "source": "dbt model rfm_scores, from orders",
        "columns": {"monetary": "What was spent. Unit: GBP."},
        "sort_desc": "monetary",
        "facets": ["segment", "segment_detail"],
    }


def test_a_table_without_a_view_or_a_grain_opens_as_it_is(build):
    plain = TableDoc("notes", "marts", "Notes.", "")
    assert described(build, [plain])["notes"] == {
        "title": "notes",
        "description": "Notes.",
        "source": "dbt model notes",
        "columns": {},
    }


def test_tables_that_are_not_published_are_left_out(build):
    inner = TableDoc("int_orders", "intermediate", "Orders. One row per order.", "")
    assert set(described(build, [inner, SCORES])) == {"rfm_scores"}


def test_what_may_hold_an_email_is_closed(build):
    tables = [TableDoc(name, "marts", "", "") for name in ("customers", "rejected_rows")]
    for entry in described(build, tables).values():
        assert entry["allow"] == {"id": "root"}


def test_the_file_is_named_after_the_database_and_the_same_twice(marts, tmp_path):
    for name in ("a.json", "b.json"):
        datasette.write_metadata(marts, tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert list(json.loads((tmp_path / "a.json").read_text())["databases"]) == ["marts"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "b.json"}


def test_a_failure_leaves_the_old_file(tmp_path):
    out = tmp_path / "datasette.json"
    out.write_text("old")
    with pytest.raises(ReportError, match="no marts database"):
        datasette.write_metadata(tmp_path / "marts.db", out)
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]
