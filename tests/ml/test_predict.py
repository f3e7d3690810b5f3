from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ml.data.schema import PredictionRow
from ml.errors import ModelError
from ml.predict import predict, score
from ml.registry import database, runs
from ml.registry.serialization import Model
from ml.settings import FEATURES, LABEL, Settings
from ml.train import train


@pytest.fixture(scope="module")
def trained(shop, quick, tmp_path_factory):
    """Return the folder of a run whose customers are scored, and the result of scoring."""
    out = tmp_path_factory.mktemp("scored")
    train(shop, out / "raw.db", out / "models", settings=quick)
    return out, predict(shop, out / "raw.db", out / "models")


@pytest.fixture
def copy(trained, tmp_path):
    """Return a copy of that folder to spoil."""
    for path in trained[0].rglob("*"):
        if path.is_file():
            place = tmp_path / path.relative_to(trained[0])
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return tmp_path


COLUMNS = (
    "customer_id, purchase_probability, predicted_label, confidence, prediction_date,"
    " model_run_id, reasons"
)


def predictions(query, out):
    return query(out / "raw.db", f"select {COLUMNS} from raw_predictions order by 1")


def test_every_customer_of_the_latest_snapshot_is_scored_once(trained, query, shop_rows):
    out, result = trained
    latest = sorted(row["customer_id"] for row in shop_rows if row["snapshot_number"] == 0)
    assert [row[0] for row in predictions(query, out)] == latest
    assert result.customers == len(latest)


def test_a_prediction_follows_from_its_probability(trained, query):
    out, result = trained
    ((threshold,),) = query(out / "raw.db", "select threshold from raw_model_runs")
    rows = predictions(query, out)
    for _, probability, label, confidence, date, run, _ in rows:
        assert 0 < probability < 1
        assert label == (probability >= threshold)
        assert confidence == (probability if label else 1 - probability)
        assert date == result.prediction_date == "2024-06-30"
        assert run == result.model_run_id
    assert {row[2] for row in rows} == {0, 1}
    assert result.expected_buyers == pytest.approx(sum(row[1] for row in rows))


class SaysHalf:
    """A forecast that says one half of everybody."""

    def probability(self, features):
        return np.full(len(features), 0.5)


@pytest.mark.parametrize(("threshold", "label"), [(0.5, 1), (0.500001, 0)])
def test_the_threshold_itself_is_enough(threshold, label):
    features = np.ones((1, len(FEATURES)))
    model = Model(SaysHalf(), threshold, features[0], horizon_days=30)
    (row,) = score(model, ["a"], features, as_of_date="2024-06-30", settings=Settings())
    assert row == PredictionRow("a", 0.5, label, 0.5, "2024-06-30", "[]")


def test_every_customer_has_three_reasons_with_a_direction(trained, query):
    # A linear model reads every family, so that each moves the probability at least a little.
    out, _ = trained
    told = [json.loads(row[6]) for row in predictions(query, out)]
    assert {len(sentences) for sentences in told} == {3}
    for sentences in told:
        assert len(sentences) == len(set(sentences))
        for sentence in sentences:
            assert sentence.endswith((" (raises)", " (lowers)"))


def test_the_size_of_the_chunks_changes_nothing(trained, query, shop, copy):
    before = predictions(query, trained[0])
    predict(shop, copy / "raw.db", copy / "models", settings=Settings(chunk_rows=7))
    assert predictions(query, copy) == before


def test_scoring_tells_its_progress(shop, copy):
    told = []
    settings = Settings(chunk_rows=100)
    result = predict(
        shop,
        copy / "raw.db",
        copy / "models",
        progress=lambda *step: told.append(step),
        settings=settings,
    )
    total = result.customers
    expected = [*range(0, total, 100), total]
    assert told == [("Scoring customers", done, total) for done in expected]


def test_new_customers_replace_the_old_predictions(copy, query, make_work_db, shop_rows):
    latest = [row for row in shop_rows if row["snapshot_number"] == 0]
    work_db = make_work_db([row | {"customer_id": f"new {row['customer_id']}"} for row in latest])
    predict(work_db, copy / "raw.db", copy / "models")
    assert all(row[0].startswith("new ") for row in predictions(query, copy))


def test_an_emptied_shop_has_no_predictions(copy, query, make_work_db):
    result = predict(make_work_db([]), copy / "raw.db", copy / "models")
    assert result.customers == 0
    assert predictions(query, copy) == []


def log(query, out):
    columns = (
        "prediction_date, customer_id, model_run_id, horizon_days, purchase_probability,"
        " predicted_label"
    )
    return query(out / "raw.db", f"select {columns} from raw_prediction_log order by 1, 2, 3")


def test_predictions_land_in_the_log(trained, query):
    out, result = trained
    expected = [
        ("2024-06-30", customer_id, result.model_run_id, 30, probability, label)
        for customer_id, probability, label, *_ in predictions(query, out)
    ]
    assert log(query, out) == expected


def test_scoring_again_leaves_the_log_as_it_was(copy, query, shop):
    before = log(query, copy)
    predict(shop, copy / "raw.db", copy / "models")
    assert log(query, copy) == before


def test_a_later_day_is_logged_beside_the_earlier_one(copy, query, make_work_db, shop_rows):
    later = [row | {"as_of_date": "2024-07-30"} for row in shop_rows if not row["snapshot_number"]]
    before = log(query, copy)
    predict(make_work_db(later), copy / "raw.db", copy / "models")
    after = log(query, copy)
    assert after[: len(before)] == before
    assert {row[0] for row in after[len(before) :]} == {"2024-07-30"}
    assert len(after) == len(before) + len(later)


def test_what_fails_is_not_logged(copy, query, shop):
    before = log(query, copy)
    (file,) = (copy / "models").glob("*/model.skops")
    file.write_bytes(b"")
    with pytest.raises(ModelError):
        predict(shop, copy / "raw.db", copy / "models")
    assert log(query, copy) == before


@pytest.fixture
def two(copy, short_shop, quick):
    """Return the names of the run of the copy and of a newer one."""
    newer = train(short_shop, copy / "raw.db", copy / "models", settings=quick)
    with database.writing(copy / "raw.db") as connection:
        newest_first = [one.run.model_run_id for one in runs.listed(connection)]
    assert newest_first[0] == newer.model_run_id
    return newest_first[::-1]


def choose(out, name):
    with database.writing(out / "raw.db") as connection:
        runs.pin(connection, name)


def test_the_model_chosen_by_hand_scores(copy, two, shop, query):
    older, newer = two
    assert predict(shop, copy / "raw.db", copy / "models").model_run_id == newer
    by_the_newer = predictions(query, copy)
    choose(copy, older)
    assert predict(shop, copy / "raw.db", copy / "models").model_run_id == older
    assert {row[5] for row in predictions(query, copy)} == {older}
    assert [row[1] for row in predictions(query, copy)] != [row[1] for row in by_the_newer]
    choose(copy, None)
    predict(shop, copy / "raw.db", copy / "models")
    assert predictions(query, copy) == by_the_newer


def test_both_models_of_a_day_are_in_the_log_and_the_last_one_has_the_highest_number(
    copy, two, shop, query
):
    older, newer = two
    predict(shop, copy / "raw.db", copy / "models")
    choose(copy, older)
    predict(shop, copy / "raw.db", copy / "models")
    assert {row[2] for row in log(query, copy)} == {older, newer}
    assert query(
        copy / "raw.db",
        "select distinct model_run_id from raw_prediction_log"
        " where log_number = (select max(log_number) from raw_prediction_log)",
    ) == [(older,)]


def test_a_model_chosen_by_hand_stays_in_use_when_a_newer_run_has_none(
    copy, make_work_db, shop_rows, shop, query
):
    with database.writing(copy / "raw.db") as connection:
        name = runs.in_use(connection).model_run_id
    choose(copy, name)
    train(make_work_db(shop_rows[:5]), copy / "raw.db", copy / "models")
    assert predict(shop, copy / "raw.db", copy / "models").model_run_id == name
    assert len(predictions(query, copy)) == 300


def test_a_model_chosen_by_hand_whose_files_are_gone_says_what_to_type(copy, two, shop):
    choose(copy, two[0])
    (copy / "models" / two[0] / "model.skops").unlink()
    with pytest.raises(ModelError, match=f"model {two[0]} cannot be read .*'tillsight model use"):
        predict(shop, copy / "raw.db", copy / "models")


def test_without_a_run_there_is_a_sentence(shop, tmp_path):
    with pytest.raises(ModelError, match=r"no model has been trained yet. Run 'tillsight train'"):
        predict(shop, tmp_path / "raw.db", tmp_path / "models")


def test_without_a_model_predictions_are_emptied_and_the_reason_is_told(
    copy, query, make_work_db, shop_rows, shop
):
    run = train(make_work_db(shop_rows[:5]), copy / "raw.db", copy / "models")
    result = predict(shop, copy / "raw.db", copy / "models")
    assert (result.customers, result.expected_buyers) == (0, 0)
    assert result.message == run.message
    assert predictions(query, copy) == []


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
def test_a_missing_file_keeps_the_predictions(copy, query, shop, name):
    before = predictions(query, copy)
    (file,) = (copy / "models").glob(f"*/{name}")
    file.unlink()
    with pytest.raises(ModelError, match=r"cannot be read .*Run 'tillsight train'"):
        predict(shop, copy / "raw.db", copy / "models")
    assert predictions(query, copy) == before


def test_a_damaged_file_keeps_the_predictions(copy, query, shop):
    before = predictions(query, copy)
    (file,) = (copy / "models").glob("*/model.skops")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"damaged.*Run 'tillsight train'"):
        predict(shop, copy / "raw.db", copy / "models")
    assert predictions(query, copy) == before


def test_a_longer_horizon_needs_another_model(copy, make_work_db, shop_rows):
    work_db = make_work_db([row | {"horizon_days": 60} for row in shop_rows])
    with pytest.raises(ModelError, match="looks 30 days ahead and the data 60"):
        predict(work_db, copy / "raw.db", copy / "models")


@pytest.mark.parametrize(
    ("feature", "begins"),
    [
        ("average_order_value", ("Spends",)),
        ("share_returned", ("Returned", "Never returned")),
        ("tenure_days", ("First order was",)),
    ],
)
def test_the_first_reason_is_what_the_label_was_made_of(
    make_work_db, shop_rows, tmp_path, quick, query, feature, begins
):
    # The feature is tossed, so that no other tells it; who has much of it buys. Nobody has so
    # little that the first order would lie after the last one.
    random = np.random.default_rng(0)
    rows = [row | {feature: 400 + 1000 * random.random()} for row in shop_rows]
    for row in rows:
        row[LABEL] = int(row[feature] > 900) if row["snapshot_number"] else None
    work_db = make_work_db(rows)
    train(work_db, tmp_path / "raw.db", tmp_path / "models", settings=quick)
    predict(work_db, tmp_path / "raw.db", tmp_path / "models")
    latest = {row["customer_id"]: row for row in rows if row["snapshot_number"] == 0}
    clear = 0
    for customer_id, *_, told in predictions(query, tmp_path):
        customer = latest[customer_id]
        if customer["mean_gap_days"] is None or abs(customer[feature] - 900) < 250:
            continue
        clear += 1
        direction = "(raises)" if customer[feature] > 900 else "(lowers)"
        first = json.loads(told)[0]
        assert first.startswith(begins), customer_id
        assert first.endswith(direction), customer_id
    assert clear > 50


def test_a_model_that_saw_later_sales_does_not_score_an_earlier_day(shop, copy, query):
    with closing(sqlite3.connect(copy / "raw.db")) as raw:
        raw.execute("update raw_model_runs set as_of_date = '2024-07-30'")
        raw.commit()
    with pytest.raises(ModelError, match=r"up to 2024-07-30, after 2024-06-30.*tillsight train"):
        predict(shop, copy / "raw.db", copy / "models")
    assert len(predictions(query, copy)) > 0
