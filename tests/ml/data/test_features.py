from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ml.data.features import (
    DECIMALS,
    SqliteFeatures,
    customers,
    read_contact,
    read_labels,
    read_summaries,
    read_window,
    reading,
    score_customers,
)
from ml.data.schema import ROWS, PredictionRow
from ml.errors import ModelError
from ml.registry import database, runs
from ml.settings import FEATURES, LABEL


def prediction(customer_id):
    return PredictionRow(customer_id, 0.4, 1, 0.6, "2024-06-30", "[]")


def test_a_missing_work_db_says_what_to_type(tmp_path):
    with (
        pytest.raises(ModelError, match=r"there is no .*work.db. Run 'tillsight build' first"),
        reading(tmp_path / "work.db"),
    ):
        pass


def test_a_work_db_without_features_says_what_to_type(tmp_path):
    sqlite3.connect(tmp_path / "work.db").close()
    with (
        pytest.raises(ModelError, match=r"no table customer_features. Run 'tillsight build'"),
        reading(tmp_path / "work.db"),
    ):
        pass


def test_a_missing_column_is_named(make_work_db):
    columns = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)
    path = make_work_db([], tuple(name for name in columns if name != "frequency"))
    with pytest.raises(ModelError, match="no column frequency"), reading(path):
        pass


def test_a_file_that_is_no_database_says_what_to_type(tmp_path):
    (tmp_path / "work.db").write_text("not a database, but long enough to be looked at " * 50)
    with (
        pytest.raises(ModelError, match=r"cannot be read .* Run 'tillsight build'"),
        reading(tmp_path / "work.db"),
    ):
        pass


def test_reading_cannot_write(shop):
    with (
        reading(shop) as features,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        list(features.rows("delete from customer_features", size=1))


def test_a_path_with_odd_characters_can_be_read(shop, tmp_path):
    odd = tmp_path / "till & sight? 50%#"
    odd.mkdir()
    (odd / "work.db").write_bytes(shop.read_bytes())
    with reading(odd / "work.db") as connection:
        assert read_summaries(connection)


def test_summaries_count_customers_and_buyers(shop, shop_rows):
    with reading(shop) as connection:
        summaries = read_summaries(connection)
    assert [summary.snapshot_number for summary in summaries] == list(range(10))
    assert summaries[0].buyers is None
    for summary in summaries:
        rows = [row for row in shop_rows if row["snapshot_number"] == summary.snapshot_number]
        assert summary.rows == len(rows)
        assert summary.history_days == max(row["tenure_days"] for row in rows)
        if summary.buyers is not None:
            assert summary.buyers == sum(row[LABEL] for row in rows)


def test_a_window_is_read_in_the_order_of_customers(make_work_db, shop_rows):
    path = make_work_db(shop_rows[::-1])
    with reading(path) as connection:
        window = read_window(connection, read_summaries(connection)[1])
    rows = [row for row in shop_rows if row["snapshot_number"] == 1]
    assert window.customer_ids == sorted(row["customer_id"] for row in rows)
    assert window.labels.tolist() == [row[LABEL] for row in rows]
    expected = np.array([[row[name] for name in FEATURES] for row in rows], dtype=np.float64)
    np.testing.assert_array_equal(window.features, expected.round(DECIMALS))


def test_a_window_can_be_read_in_part(shop):
    with reading(shop) as connection:
        summary = read_summaries(connection)[1]
        ids, labels = read_labels(connection, summary)
        for wanted in (ids[3:6], ids[10:11]):
            assert read_window(connection, summary, wanted).customer_ids == wanted
    assert len(ids) == labels.size == summary.rows


def alike(parts):
    """Give every customer the same score, in parts as they come."""
    for rows in parts:
        ids, features = customers(rows)
        assert features.shape == (len(ids), len(FEATURES))
        yield [prediction(one) for one in ids]


def test_the_whole_snapshot_is_scored_in_parts(shop, shop_rows):
    with reading(shop) as connection:
        parts = list(score_customers(connection, 0, 7, alike))
    assert [len(rows) for rows in parts[:-1]] == [7] * (len(parts) - 1)
    latest = sorted(row["customer_id"] for row in shop_rows if row["snapshot_number"] == 0)
    assert [row.customer_id for rows in parts for row in rows] == latest


def test_features_that_are_spread_score_themselves(shop):
    class Spread(SqliteFeatures):
        def scored(self, statement, *values, scorer, size):
            assert (statement, values, size) == (ROWS, (0,), 7)
            yield from scorer([[("elsewhere", None, *[1.0] * len(FEATURES))]])

    with closing(sqlite3.connect(shop)) as connection:
        (rows,) = score_customers(Spread(connection), 0, 7, alike)
    assert rows == [prediction("elsewhere")]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("many", "a value that is no number"), (float("inf"), "an infinite monetary for customer c0")],
)
def test_a_value_that_is_no_number_is_refused(make_work_db, shop_rows, value, sentence):
    path = make_work_db([{**shop_rows[0], "monetary": value}])
    with reading(path) as connection, pytest.raises(ModelError, match=sentence):
        list(score_customers(connection, 0, 10, alike))


def test_cost_and_benefit_of_a_contact_are_read(make_work_db):
    for contact in ((None, None), (0.5, 12.0), (0, 3)):
        with reading(make_work_db([], contact=contact)) as connection:
            assert read_contact(connection) == contact


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("drop table forecast_settings", id="no table"),
        pytest.param("delete from forecast_settings", id="no row"),
        pytest.param("insert into forecast_settings values (1, 2)", id="two rows"),
    ],
)
def test_damaged_forecast_settings_say_what_to_type(make_work_db, damage):
    path = make_work_db([])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    with (
        reading(path) as connection,
        pytest.raises(ModelError, match="Run 'tillsight build'"),
    ):
        read_contact(connection)


def test_a_failed_write_changes_nothing(tmp_path, dump):
    raw_db = tmp_path / "raw.db"
    with database.writing(raw_db) as connection:
        runs.write_predictions(connection, "a", [[prediction("1")]])
    before = dump(raw_db)
    with (
        pytest.raises(ModelError, match="cannot be written"),
        database.writing(raw_db) as connection,
    ):
        runs.write_predictions(connection, "b", [[prediction("2")], [prediction("2")]])
    assert dump(raw_db) == before


def test_a_busy_database_says_so(tmp_path):
    raw_db = tmp_path / "raw.db"
    with closing(sqlite3.connect(raw_db, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with (
            pytest.raises(ModelError, match="Close what has it open"),
            database.writing(raw_db, patience=0),
        ):
            pass
