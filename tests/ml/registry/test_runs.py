from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ml.data.schema import TABLES, CurveRow, MetricRow, PredictionRow
from ml.errors import ModelError
from ml.registry import database, runs

LOG_COLUMNS = "prediction_date, customer_id, model_run_id, purchase_probability, predicted_label"


@pytest.fixture
def raw_db(tmp_path):
    return tmp_path / "raw.db"


@pytest.fixture
def add(raw_db, make_run):
    """Return a function that writes runs in one transaction each."""

    def write(*names, status="trained"):
        for name in names:
            with database.writing(raw_db) as connection:
                runs.write_run(connection, make_run(model_run_id=name, status=status), [], [])

    return write


@pytest.fixture
def score(raw_db):
    """Return a function that writes and logs predictions of a run and a day."""

    def write(run, day, **chances):
        rows = [
            PredictionRow(customer_id, chance, int(chance >= 0.5), 0.6, day, "[]")
            for customer_id, chance in chances.items()
        ]
        with database.writing(raw_db) as connection:
            runs.write_predictions(connection, run, [rows])
            runs.log_predictions(connection, horizon_days=30)

    return write


def run_states(raw_db):
    """Return each run with its number, whether it is pinned, and whether it is in use."""
    with database.writing(raw_db) as connection:
        return [
            (one.run.model_run_id, one.run_number, one.is_pinned, one.is_in_use)
            for one in runs.listed(connection)
        ]


def run_in_use(raw_db):
    with database.writing(raw_db) as connection:
        return runs.in_use(connection).model_run_id


def pin(raw_db, name):
    with database.writing(raw_db) as connection:
        runs.pin(connection, name)


def log(query, raw_db):
    return query(raw_db, f"select {LOG_COLUMNS} from raw_prediction_log order by 1, 2, 3")


def test_a_run_is_read_as_it_was_written(raw_db, make_run):
    run = make_run(message='It isn\'t "sure"; drop table raw_model_runs', windows='[{"a": 1}]')
    with database.writing(raw_db) as connection:
        runs.write_run(connection, run, [], [])
        assert runs.find(connection, run.model_run_id) == run
        assert runs.in_use(connection) == run
        assert runs.listed(connection)[0].run == run


def test_find_returns_none_for_an_unknown_id(raw_db, add):
    add("a")
    with database.writing(raw_db) as connection:
        assert runs.find(connection, "b") is None


def test_the_latest_run_is_in_use(raw_db, add):
    add("a", "b")
    assert run_states(raw_db) == [("b", 2, False, True), ("a", 1, False, False)]
    assert run_in_use(raw_db) == "b"


def test_rewriting_a_run_makes_it_the_latest(raw_db, add):
    add("a", "b", "b", "a")
    assert run_states(raw_db) == [("a", 3, False, True), ("b", 2, False, False)]


def test_make_latest(raw_db, add):
    add("a", "b", "c")
    for _ in range(2):
        with database.writing(raw_db) as connection:
            runs.make_latest(connection, "a")
    assert run_states(raw_db) == [
        ("a", 4, False, True),
        ("c", 3, False, False),
        ("b", 2, False, False),
    ]


def test_a_pinned_run_is_in_use_until_another_is_pinned(raw_db, add):
    add("a", "b")
    pin(raw_db, "a")
    assert run_states(raw_db) == [("b", 2, False, False), ("a", 1, True, True)]
    add("c")
    assert run_in_use(raw_db) == "a"
    pin(raw_db, "b")
    assert run_states(raw_db) == [
        ("c", 3, False, False),
        ("b", 2, True, True),
        ("a", 1, False, False),
    ]


def test_unpinning_returns_to_the_latest_run(raw_db, add):
    add("a", "b")
    pin(raw_db, "a")
    pin(raw_db, None)
    assert run_states(raw_db) == [("b", 2, False, True), ("a", 1, False, False)]


def test_rewriting_a_pinned_run_keeps_it_pinned(raw_db, add):
    add("a", "b")
    pin(raw_db, "a")
    add("a")
    assert run_states(raw_db) == [("a", 3, True, True), ("b", 2, False, False)]


def test_without_runs_in_use_raises(raw_db):
    assert run_states(raw_db) == []
    with pytest.raises(ModelError, match=r"no model has been trained yet. Run 'tillsight train'"):
        run_in_use(raw_db)


def test_rewriting_a_run_replaces_its_metrics_only(raw_db, make_run, query):
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


def test_the_same_metric_of_two_windows_gives_two_rows(raw_db, make_run, query):
    metrics = [
        MetricRow("history", day, "blend", "all", "log_loss", 0.5)
        for day in ("2024-04-01", "2024-05-01")
    ]
    with database.writing(raw_db) as connection:
        runs.write_run(connection, make_run(), metrics, [])
    assert query(raw_db, "select count(*), count(low) from raw_model_metrics") == [(2, 0)]


def test_a_run_without_a_model_deletes_the_predictions(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    add("b", status="unavailable")
    assert query(raw_db, "select count(*) from raw_predictions") == [(0,)]
    assert len(log(query, raw_db)) == 1


def test_a_run_without_a_model_keeps_the_predictions_of_the_pinned_run(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    pin(raw_db, "a")
    add("b", status="unavailable")
    assert query(raw_db, "select customer_id from raw_predictions") == [("one",)]


def test_predictions_are_replaced_and_logged(raw_db, score, query):
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


def test_the_log_is_replaced_for_the_same_run_and_day(raw_db, score, query):
    # Customer two was merged into customer one in between.
    score("a", "2024-06-30", one=0.4, two=0.6)
    score("a", "2024-06-30", one=0.5)
    assert log(query, raw_db) == [("2024-06-30", "one", "a", 0.5, 1)]


def test_the_log_contains_several_runs_of_the_same_day(raw_db, score, query):
    score("a", "2024-06-30", one=0.4)
    score("b", "2024-06-30", one=0.7)
    assert log(query, raw_db) == [
        ("2024-06-30", "one", "a", 0.4, 0),
        ("2024-06-30", "one", "b", 0.7, 1),
    ]


def test_the_latest_scoring_has_the_highest_log_number(raw_db, score, query):
    numbers = "select model_run_id, log_number from raw_prediction_log order by log_number"
    score("a", "2024-06-30", one=0.4)
    score("b", "2024-06-30", one=0.7)
    assert query(raw_db, numbers) == [("a", 1), ("b", 2)]
    score("a", "2024-06-30", one=0.4)
    assert query(raw_db, numbers) == [("b", 2), ("a", 3)]
    score("a", "2024-07-30", one=0.4)
    assert query(raw_db, f"{numbers} desc limit 1") == [("a", 4)]


def test_no_predictions_do_not_change_the_log(raw_db, score, query):
    score("a", "2024-06-30", one=0.4)
    before = query(raw_db, "select * from raw_prediction_log")
    score("b", "2024-06-30")
    assert query(raw_db, "select * from raw_prediction_log") == before


def test_ensure_tables_is_idempotent(raw_db):
    with closing(sqlite3.connect(raw_db)) as connection:
        runs.ensure_tables(connection)
        first = list(connection.iterdump())
        runs.ensure_tables(connection)
        assert list(connection.iterdump()) == first


def test_tables_of_this_version_are_not_recreated(raw_db, add, score, query):
    add("a")
    score("a", "2024-06-30", one=0.4)
    with database.writing(raw_db):
        pass
    assert run_states(raw_db) == [("a", 1, False, True)]
    assert query(raw_db, "select count(*) from raw_predictions") == [(1,)]


@pytest.mark.parametrize(
    "old",
    [
        "alter table raw_model_runs drop column card",
        "alter table raw_model_metrics add column split_of_old text",
        "alter table raw_predictions rename column reasons to explanations",
    ],
)
def test_tables_of_another_version_are_recreated_except_the_log(raw_db, add, score, query, old):
    add("a")
    score("a", "2024-06-30", one=0.4)
    before = query(raw_db, "select * from raw_prediction_log")
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute(old)
        connection.execute("create table raw_uci_order_lines (invoice_no text)")
        connection.execute("insert into raw_uci_order_lines values ('536365')")
        connection.commit()
    assert run_states(raw_db) == []
    assert query(raw_db, "select count(*) from raw_predictions") == [(0,)]
    assert query(raw_db, "select * from raw_prediction_log") == before
    assert query(raw_db, "select * from raw_uci_order_lines") == [("536365",)]
    add("b")
    score("b", "2024-07-30", one=0.5)
    assert run_states(raw_db) == [("b", 1, False, True)]
    assert len(log(query, raw_db)) == 2


def test_a_missing_log_is_created_without_recreating_the_runs(raw_db, add):
    add("a")
    with closing(sqlite3.connect(raw_db)) as connection:
        connection.execute("drop table raw_prediction_log")
    assert run_states(raw_db) == [("a", 1, False, True)]


def test_at_most_one_run_is_in_use(raw_db, add):
    add("a", "b", "c")
    for name in ("a", "b", None, "c"):
        pin(raw_db, name)
        assert [is_in_use for *_, is_in_use in run_states(raw_db)].count(True) == 1


def reversed_table(name):
    """Return the statement that creates a table with its columns in reverse order."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"create table {name} ({TABLES[name]})")
        columns = connection.execute(f"pragma table_info({name})").fetchall()
    definitions = [
        f"{column} {kind}{' not null' * not_null}" for _, column, kind, not_null, _, _ in columns
    ]
    key = [column for _, column, _, _, _, place in columns if place]
    return f"create table {name} ({', '.join(definitions[::-1])}, primary key ({', '.join(key)}))"


def test_the_order_of_the_columns_in_the_database_does_not_matter(
    raw_db, add, score, make_run, query
):
    with closing(sqlite3.connect(raw_db)) as connection:
        for name in TABLES:
            connection.execute(reversed_table(name))
    run = make_run(model_run_id="a")
    metric = MetricRow("report", "2024-05-31", "blend", "all", "log_loss", 0.5, 0.4, 0.6)
    with database.writing(raw_db) as connection:
        runs.write_run(connection, run, [metric], [CurveRow("blend", "roc", 0, 0.1, 0.2, 7)])
    score("a", "2024-06-30", one=0.4)
    add("b")
    assert query(raw_db, "select * from raw_model_runs limit 1")[0][-1] == "a"
    with database.writing(raw_db) as connection:
        assert runs.find(connection, "a") == run
        assert [one.run for one in runs.listed(connection)][1] == run
        assert runs.in_use(connection).model_run_id == "b"
    assert query(raw_db, "select value, low, high from raw_model_metrics") == [(0.5, 0.4, 0.6)]
    assert query(raw_db, "select x, y, row_count from raw_model_curves") == [(0.1, 0.2, 7)]
    assert log(query, raw_db) == [("2024-06-30", "one", "a", 0.4, 0)]
