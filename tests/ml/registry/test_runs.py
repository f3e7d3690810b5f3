from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ml.data.schema import CurveRow, MetricRow, PredictionRow
from ml.errors import ModelError
from ml.registry import database, runs

LOG_COLUMNS = "prediction_date, customer_id, model_run_id, purchase_probability, predicted_label"


@pytest.fixture
def raw_db(tmp_path):
    return tmp_path / "raw.db"


@pytest.fixture
def add(raw_db, make_run):
    """Return what writes runs by name, one transaction each."""

    def write(*names, status="trained"):
        for name in names:
            with database.writing(raw_db) as connection:
                runs.write_run(connection, make_run(model_run_id=name, status=status), [], [])

    return write


@pytest.fixture
def score(raw_db):
    """Return what writes predictions of a run and a day, and keeps them in the log."""

    def write(run, day, **chances):
        rows = [
            PredictionRow(customer_id, chance, int(chance >= 0.5), 0.6, day, "[]")
            for customer_id, chance in chances.items()
        ]
        with database.writing(raw_db) as connection:
            runs.write_predictions(connection, run, [rows])
            runs.log_predictions(connection, horizon_days=30)

    return write


def place(raw_db):
    """Return each run with its number, whether it is pinned, and whether it is in use."""
    with database.writing(raw_db) as connection:
        return [
            (one.run.model_run_id, one.run_number, one.is_pinned, one.is_in_use)
            for one in runs.listed(connection)
        ]


def used(raw_db):
    with database.writing(raw_db) as connection:
        return runs.in_use(connection).model_run_id


def choose(raw_db, name):
    with database.writing(raw_db) as connection:
        runs.pin(connection, name)


def log(query, raw_db):
    return query(raw_db, f"select {LOG_COLUMNS} from raw_prediction_log order by 1, 2, 3")


def test_a_run_comes_back_as_it_was_written(raw_db, make_run):
    run = make_run(message='It isn\'t "sure"; drop table raw_model_runs', windows='[{"a": 1}]')
    with database.writing(raw_db) as connection:
        runs.write_run(connection, run, [], [])
        assert runs.find(connection, run.model_run_id) == run
        assert runs.in_use(connection) == run
        assert runs.listed(connection)[0].run == run


def test_there_is_no_run_of_an_unknown_name(raw_db, add):
    add("a")
    with database.writing(raw_db) as connection:
        assert runs.find(connection, "b") is None


def test_the_latest_run_is_in_use(raw_db, add):
    add("a", "b")
    assert place(raw_db) == [("b", 2, False, True), ("a", 1, False, False)]
    assert used(raw_db) == "b"


def test_a_run_that_is_written_again_becomes_the_latest(raw_db, add):
    add("a", "b", "b", "a")
    assert place(raw_db) == [("a", 3, False, True), ("b", 2, False, False)]


def test_a_run_that_is_there_can_be_made_the_latest(raw_db, add):
    add("a", "b", "c")
    for _ in range(2):
        with database.writing(raw_db) as connection:
            runs.make_latest(connection, "a")
    assert place(raw_db) == [("a", 4, False, True), ("c", 3, False, False), ("b", 2, False, False)]


def test_a_run_chosen_by_hand_is_in_use_until_another_is(raw_db, add):
    add("a", "b")
    choose(raw_db, "a")
    assert place(raw_db) == [("b", 2, False, False), ("a", 1, True, True)]
    add("c")
    assert used(raw_db) == "a"
    choose(raw_db, "b")
    assert place(raw_db) == [("c", 3, False, False), ("b", 2, True, True), ("a", 1, False, False)]


def test_choosing_none_goes_back_to_the_latest(raw_db, add):
    add("a", "b")
    choose(raw_db, "a")
    choose(raw_db, None)
    assert place(raw_db) == [("b", 2, False, True), ("a", 1, False, False)]


def test_training_a_chosen_run_again_leaves_it_chosen(raw_db, add):
    add("a", "b")
    choose(raw_db, "a")
    add("a")
    assert place(raw_db) == [("a", 3, True, True), ("b", 2, False, False)]


def test_without_a_run_none_is_listed_and_none_in_use(raw_db):
    assert place(raw_db) == []
    with pytest.raises(ModelError, match=r"no model has been trained yet. Run 'tillsight train'"):
        used(raw_db)


def test_the_same_run_again_replaces_its_figures_and_no_others(raw_db, make_run, query):
    for name, value in (("a", 0.1), ("b", 0.3), ("a", 0.2)):
        with database.writing(raw_db) as connection:
            metric = MetricRow("report", "2024-05-31", "blend", "all", "log_loss", value, 0.0, 1.0)
            curve = CurveRow("blend", "roc", 0, value, value, 7)
            runs.write_run(connection, make_run(model_run_id=name), [metric], [curve])
    found = "select model_run_id, value, low, high from raw_model_metrics order by 1"
    assert query(raw_db, found) == [("a", 0.2, 0.0, 1.0), ("b", 0.3, 0.0, 1.0)]
    assert query(raw_db, "select model_run_id, x, row_count from raw_model_curves order by 1") == [
        ("a", 0.2, 7),
        ("b", 0.3, 7),
    ]


def test_the_same_measure_of_two_windows_is_two_figures(raw_db, make_run, query):
    metrics = [
        MetricRow("history", day, "blend", "all", "log_loss", 0.5)
        for day in ("2024-04-01", "2024-05-01")
    ]
    with database.writing(raw_db) as connection:
        runs.write_run(connection, make_run(), metrics, [])
    assert query(raw_db, "select count(*), count(low) from raw_model_metrics") == [(2, 0)]


def test_a_run_without_a_model_takes_the_predictions_away(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    add("b", status="unavailable")
    assert query(raw_db, "select count(*) from raw_predictions") == [(0,)]
    assert len(log(query, raw_db)) == 1


def test_a_run_without_a_model_leaves_those_of_the_one_chosen_by_hand(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    choose(raw_db, "a")
    add("b", status="unavailable")
    assert query(raw_db, "select customer_id from raw_predictions") == [("one",)]


def test_predictions_are_replaced_and_remembered(raw_db, score, query):
    score("a", "2024-06-30", one=0.4, two=0.6)
    score("a", "2024-07-30", one=0.2)
    assert query(raw_db, "select customer_id, prediction_date from raw_predictions") == [
        ("one", "2024-07-30")
    ]
    assert log(query, raw_db) == [
        ("2024-06-30", "one", "a", 0.4, 0),
        ("2024-06-30", "two", "a", 0.6, 1),
        ("2024-07-30", "one", "a", 0.2, 0),
    ]
    assert query(raw_db, "select distinct horizon_days from raw_prediction_log") == [(30,)]


def test_the_same_run_and_day_again_take_their_own_place_in_the_log(raw_db, score, query):
    # The customer two was merged into one in between.
    score("a", "2024-06-30", one=0.4, two=0.6)
    score("a", "2024-06-30", one=0.5)
    assert log(query, raw_db) == [("2024-06-30", "one", "a", 0.5, 1)]


def test_another_run_of_the_same_day_stands_beside_it(raw_db, score, query):
    score("a", "2024-06-30", one=0.4)
    score("b", "2024-06-30", one=0.7)
    assert log(query, raw_db) == [
        ("2024-06-30", "one", "a", 0.4, 0),
        ("2024-06-30", "one", "b", 0.7, 1),
    ]


def test_the_last_scoring_has_the_highest_number(raw_db, score, query):
    numbers = "select model_run_id, log_number from raw_prediction_log order by log_number"
    score("a", "2024-06-30", one=0.4)
    score("b", "2024-06-30", one=0.7)
    assert query(raw_db, numbers) == [("a", 1), ("b", 2)]
    score("a", "2024-06-30", one=0.4)
    assert query(raw_db, numbers) == [("b", 2), ("a", 3)]
    score("a", "2024-07-30", one=0.4)
    assert query(raw_db, f"{numbers} desc limit 1") == [("a", 4)]


def test_no_predictions_leave_the_log_alone(raw_db, score, query):
    score("a", "2024-06-30", one=0.4)
    before = query(raw_db, "select * from raw_prediction_log")
    score("b", "2024-06-30")
    assert query(raw_db, "select * from raw_prediction_log") == before


def test_tables_can_be_made_twice(raw_db):
    with closing(sqlite3.connect(raw_db)) as connection:
        runs.ensure_tables(connection)
        first = list(connection.iterdump())
        runs.ensure_tables(connection)
        assert list(connection.iterdump()) == first


def test_tables_of_this_version_keep_their_rows(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    with database.writing(raw_db):
        pass
    assert place(raw_db) == [("a", 1, False, True)]
    assert query(raw_db, "select count(*) from raw_predictions") == [(1,)]


@pytest.mark.parametrize(
    "old",
    [
        "alter table raw_model_runs drop column card",
        "alter table raw_model_metrics add column split_of_old text",
        "alter table raw_predictions rename column reasons to explanations",
    ],
)
def test_tables_of_an_older_version_are_made_anew_and_the_log_stays(raw_db, add, score, query, old):
    add("a")
    score("a", "2024-06-30", one=0.4)
    before = query(raw_db, "select * from raw_prediction_log")
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute(old)
        connection.execute("create table raw_uci_order_lines (invoice_no text)")
        connection.execute("insert into raw_uci_order_lines values ('536365')")
        connection.commit()
    assert place(raw_db) == []
    assert query(raw_db, "select count(*) from raw_predictions") == [(0,)]
    assert query(raw_db, "select * from raw_prediction_log") == before
    assert query(raw_db, "select * from raw_uci_order_lines") == [("536365",)]
    add("b")
    score("b", "2024-07-30", one=0.5)
    assert place(raw_db) == [("b", 1, False, True)]
    assert len(log(query, raw_db)) == 2


def test_a_version_without_the_log_keeps_its_runs(raw_db, add):
    add("a")
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute("drop table raw_prediction_log")
    assert place(raw_db) == [("a", 1, False, True)]


def test_at_most_one_run_is_in_use(raw_db, add):
    add("a", "b", "c")
    for name in ("a", "b", None, "c"):
        choose(raw_db, name)
        assert [is_in_use for *_, is_in_use in place(raw_db)].count(True) == 1
