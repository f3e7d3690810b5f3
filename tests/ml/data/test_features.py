from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ml.data import features
from ml.data.features import (
    DECIMALS,
    SqliteFeatures,
    customer_query,
    open_features,
    read_contact,
    read_labels,
    read_summaries,
    read_window,
    score_customers,
    to_arrays,
)
from ml.data.schema import PredictionRow
from ml.errors import ModelError
from ml.registry import database, runs
from ml.settings import FEATURES, LABEL


def prediction(customer_id):
    return PredictionRow(customer_id, 0.4, 1, 0.6, "2024-06-30", "[]")


def test_a_missing_file_raises_with_the_command_to_run(tmp_path):
    with (
        pytest.raises(ModelError, match=r"there is no .*work.db. Run 'tillsight build' first"),
        open_features(SqliteFeatures(tmp_path / "work.db")),
    ):
        pass


def test_a_missing_table_raises_with_the_command_to_run(tmp_path):
    sqlite3.connect(tmp_path / "work.db").close()
    with (
        pytest.raises(ModelError, match=r"no table customer_features. Run 'tillsight build'"),
        open_features(SqliteFeatures(tmp_path / "work.db")),
    ):
        pass


def test_a_missing_column_is_named_in_the_error(make_work_db):
    columns = ("customer_id", "snapshot_number", "as_of_date", "horizon_days", LABEL, *FEATURES)
    path = make_work_db([], tuple(name for name in columns if name != "frequency"))
    with (
        pytest.raises(ModelError, match="no column frequency"),
        open_features(SqliteFeatures(path)),
    ):
        pass


def test_a_file_that_is_not_a_database_raises_with_the_command_to_run(tmp_path):
    (tmp_path / "work.db").write_text("not a database, but long enough to be looked at " * 50)
    with (
        pytest.raises(ModelError, match=r"cannot be read .* Run 'tillsight build'"),
        open_features(SqliteFeatures(tmp_path / "work.db")),
    ):
        pass


def test_the_connection_is_read_only(shop):
    with (
        open_features(SqliteFeatures(shop)) as opened,
        pytest.raises(ModelError, match="readonly"),
    ):
        list(opened.rows("delete from customer_features", size=1))


def test_a_path_with_special_characters_can_be_read(shop, tmp_path):
    odd = tmp_path / "till & sight? 50%#"
    odd.mkdir()
    (odd / "work.db").write_bytes(shop.read_bytes())
    with open_features(SqliteFeatures(odd / "work.db")) as opened:
        assert read_summaries(opened)


def test_summaries_count_customers_and_buyers(shop, shop_rows):
    with open_features(SqliteFeatures(shop)) as opened:
        summaries = read_summaries(opened)
    assert [summary.snapshot_number for summary in summaries] == list(range(10))
    assert summaries[0].buyers is None
    for summary in summaries:
        rows = [row for row in shop_rows if row["snapshot_number"] == summary.snapshot_number]
        assert summary.rows == len(rows)
        assert summary.history_days == max(row["tenure_days"] for row in rows)
        if summary.buyers is not None:
            assert summary.buyers == sum(row[LABEL] for row in rows)


def test_a_window_is_ordered_by_customer(make_work_db, shop_rows):
    path = make_work_db(shop_rows[::-1])
    with open_features(SqliteFeatures(path)) as opened:
        window = read_window(opened, read_summaries(opened)[1])
    rows = [row for row in shop_rows if row["snapshot_number"] == 1]
    assert window.customer_ids == sorted(row["customer_id"] for row in rows)
    assert window.labels.tolist() == [row[LABEL] for row in rows]
    expected = np.array([[row[name] for name in FEATURES] for row in rows], dtype=np.float64)
    np.testing.assert_array_equal(window.features, expected.round(DECIMALS))


def test_a_subset_of_customers_can_be_read(shop):
    with open_features(SqliteFeatures(shop)) as opened:
        summary = read_summaries(opened)[1]
        ids, labels = read_labels(opened, summary)
        for wanted in (ids[3:6], ids[10:11]):
            assert read_window(opened, summary, wanted).customer_ids == wanted
    assert len(ids) == labels.size == summary.rows


def constant_scorer(parts):
    """Give every customer the same prediction."""
    for rows in parts:
        ids, _, features = to_arrays(rows)
        assert features.shape == (len(ids), len(FEATURES))
        yield [prediction(one) for one in ids]


def test_a_snapshot_is_scored_in_chunks(shop, shop_rows):
    with open_features(SqliteFeatures(shop)) as opened:
        parts = list(score_customers(opened, 0, 7, constant_scorer))
    assert [len(rows) for rows in parts[:-1]] == [7] * (len(parts) - 1)
    latest = sorted(row["customer_id"] for row in shop_rows if row["snapshot_number"] == 0)
    assert [row.customer_id for rows in parts for row in rows] == latest


def test_a_cluster_scores_its_own_rows():
    class Cluster:
        def columns(self):
            raise NotImplementedError

        rows = draw = columns

        def scored(self, statement, *values, scorer, size):
            assert (statement, values, size) == (customer_query(), (0,), 7)
            yield from scorer([[("elsewhere", None, *[1.0] * len(FEATURES))]])

    (rows,) = score_customers(Cluster(), 0, 7, constant_scorer)
    assert rows == [prediction("elsewhere")]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("many", "a value that is no number"), (float("inf"), "an infinite monetary for customer c0")],
)
def test_a_value_that_is_not_a_finite_number_raises(make_work_db, shop_rows, value, sentence):
    path = make_work_db([{**shop_rows[0], "monetary": value}])
    with (
        open_features(SqliteFeatures(path)) as opened,
        pytest.raises(ModelError, match=sentence),
    ):
        list(score_customers(opened, 0, 10, constant_scorer))


def test_contact_cost_and_benefit_are_read(make_work_db):
    for contact in ((None, None), (0.5, 12.0), (0, 3)):
        with open_features(SqliteFeatures(make_work_db([], contact=contact))) as opened:
            assert read_contact(opened) == dict(
                zip(("contact_cost", "contact_benefit"), contact, strict=True)
            )


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("drop table forecast_settings", id="no table"),
        pytest.param("delete from forecast_settings", id="no row"),
        pytest.param("insert into forecast_settings values (1, 2)", id="two rows"),
    ],
)
def test_invalid_forecast_settings_raise_with_the_command_to_run(make_work_db, damage):
    path = make_work_db([])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    with (
        open_features(SqliteFeatures(path)) as opened,
        pytest.raises(ModelError, match="Run 'tillsight build'"),
    ):
        read_contact(opened)


def test_a_failed_write_is_rolled_back(tmp_path, dump):
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


def test_a_locked_database_raises(tmp_path):
    raw_db = tmp_path / "raw.db"
    with closing(sqlite3.connect(raw_db, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with (
            pytest.raises(ModelError, match="Close what has it open"),
            database.writing(raw_db, patience=0),
        ):
            pass


def test_the_order_of_selected_columns_does_not_matter(shop, monkeypatch):
    def read():
        with open_features(SqliteFeatures(shop)) as opened:
            summaries = read_summaries(opened)
            window = read_window(opened, summaries[1])
            labels = read_labels(opened, summaries[1])[1]
            return summaries, read_contact(opened), window, labels

    summaries, contact, window, labels = read()
    monkeypatch.setattr(features, "CUSTOMER_COLUMNS", features.CUSTOMER_COLUMNS[::-1])
    monkeypatch.setattr(features, "CONTACT_COLUMNS", features.CONTACT_COLUMNS[::-1])
    monkeypatch.setattr(
        features, "SUMMARY_COLUMNS", dict(reversed(features.SUMMARY_COLUMNS.items()))
    )
    reordered = read()
    assert reordered[:2] == (summaries, contact)
    assert reordered[2].customer_ids == window.customer_ids
    np.testing.assert_array_equal(reordered[2].features, window.features)
    assert reordered[2].labels.tolist() == window.labels.tolist() == labels.tolist()
