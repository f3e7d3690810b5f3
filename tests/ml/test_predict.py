from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ml.data.features import SqliteFeatures
from ml.data.schema import PredictionRow
from ml.errors import ModelError
from ml.predict import predict, score
from ml.registry import database, runs
from ml.registry.serialization import StoredModel
from ml.settings import FEATURES, LABEL, Settings
from ml.train import train


@pytest.fixture(scope="module")
def trained(shop, fast_settings, tmp_path_factory):
    """Return the folder of a scored run, and the result of scoring."""
    out = tmp_path_factory.mktemp("scored")
    train(SqliteFeatures(shop), out / "raw.db", out / "models", settings=fast_settings)
    return out, predict(SqliteFeatures(shop), out / "raw.db", out / "models")


@pytest.fixture
def trained_copy(trained, tmp_path):
    """Return a copy of that folder that a test can change."""
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


def test_label_and_confidence_follow_from_the_probability(trained, query):
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


class ConstantModel:
    """A model with the constant probability 0.5."""

    def probability(self, features):
        return np.full(len(features), 0.5)


@pytest.mark.parametrize(("threshold", "label"), [(0.5, 1), (0.500001, 0)])
def test_a_probability_equal_to_the_threshold_is_marked(threshold, label):
    features = np.ones((1, len(FEATURES)))
    model = StoredModel(ConstantModel(), threshold, features[0], horizon_days=30)
    (row,) = score(model, ["a"], features, as_of_date="2024-06-30", settings=Settings())
    assert row == PredictionRow("a", 0.5, label, 0.5, "2024-06-30", "[]")


def test_every_customer_has_three_reasons(trained, query):
    # A linear model uses every family, so that each has a contribution.
    out, _ = trained
    reported = [json.loads(row[6]) for row in predictions(query, out)]
    assert {len(sentences) for sentences in reported} == {3}
    for sentences in reported:
        assert len(sentences) == len(set(sentences))
        for sentence in sentences:
            assert sentence.endswith((" (raises)", " (lowers)"))


def test_predictions_do_not_depend_on_the_chunk_size(trained, query, shop, trained_copy):
    before = predictions(query, trained[0])
    predict(
        SqliteFeatures(shop),
        trained_copy / "raw.db",
        trained_copy / "models",
        settings=Settings(chunk_rows=7),
    )
    assert predictions(query, trained_copy) == before


def test_progress_is_reported_by_chunk(shop, trained_copy):
    reported = []
    settings = Settings(chunk_rows=100)
    result = predict(
        SqliteFeatures(shop),
        trained_copy / "raw.db",
        trained_copy / "models",
        progress=lambda *step: reported.append(step),
        settings=settings,
    )
    total = result.customers
    expected = [*range(0, total, 100), total]
    assert reported == [("Scoring customers", done, total) for done in expected]


def test_predictions_are_replaced(trained_copy, query, make_work_db, shop_rows):
    latest = [row for row in shop_rows if row["snapshot_number"] == 0]
    work_db = make_work_db([row | {"customer_id": f"new {row['customer_id']}"} for row in latest])
    predict(SqliteFeatures(work_db), trained_copy / "raw.db", trained_copy / "models")
    assert all(row[0].startswith("new ") for row in predictions(query, trained_copy))


def test_no_customers_give_no_predictions(trained_copy, query, make_work_db):
    result = predict(
        SqliteFeatures(make_work_db([])), trained_copy / "raw.db", trained_copy / "models"
    )
    assert result.customers == 0
    assert predictions(query, trained_copy) == []


def log(query, out):
    columns = (
        "prediction_date, customer_id, model_run_id, horizon_days, purchase_probability,"
        " predicted_label"
    )
    return query(out / "raw.db", f"select {columns} from raw_prediction_log order by 1, 2, 3")


def test_predictions_are_logged(trained, query):
    out, result = trained
    expected = [
        ("2024-06-30", customer_id, result.model_run_id, 30, probability, label)
        for customer_id, probability, label, *_ in predictions(query, out)
    ]
    assert log(query, out) == expected


def test_scoring_is_idempotent_in_the_log(trained_copy, query, shop):
    before = log(query, trained_copy)
    predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert log(query, trained_copy) == before


def test_the_log_keeps_earlier_days(trained_copy, query, make_work_db, shop_rows):
    later = [row | {"as_of_date": "2024-07-30"} for row in shop_rows if not row["snapshot_number"]]
    before = log(query, trained_copy)
    predict(SqliteFeatures(make_work_db(later)), trained_copy / "raw.db", trained_copy / "models")
    after = log(query, trained_copy)
    assert after[: len(before)] == before
    assert {row[0] for row in after[len(before) :]} == {"2024-07-30"}
    assert len(after) == len(before) + len(later)


def test_a_failed_scoring_is_not_logged(trained_copy, query, shop):
    before = log(query, trained_copy)
    (file,) = (trained_copy / "models").glob("*/model.skops")
    file.write_bytes(b"")
    with pytest.raises(ModelError):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert log(query, trained_copy) == before


@pytest.fixture
def two_runs(trained_copy, short_shop, fast_settings):
    """Return the ids of the copied run and of a newer one."""
    newer = train(
        SqliteFeatures(short_shop),
        trained_copy / "raw.db",
        trained_copy / "models",
        settings=fast_settings,
    )
    with database.writing(trained_copy / "raw.db") as connection:
        newest_first = [one.run.model_run_id for one in runs.listed(connection)]
    assert newest_first[0] == newer.model_run_id
    return newest_first[::-1]


def pin(out, name):
    with database.writing(out / "raw.db") as connection:
        runs.pin(connection, name)


def test_the_pinned_model_scores(trained_copy, two_runs, shop, query):
    older, newer = two_runs
    assert (
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models").model_run_id
        == newer
    )
    by_the_newer = predictions(query, trained_copy)
    pin(trained_copy, older)
    assert (
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models").model_run_id
        == older
    )
    assert {row[5] for row in predictions(query, trained_copy)} == {older}
    assert [row[1] for row in predictions(query, trained_copy)] != [row[1] for row in by_the_newer]
    pin(trained_copy, None)
    predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert predictions(query, trained_copy) == by_the_newer


def test_the_log_contains_both_models_of_a_day(trained_copy, two_runs, shop, query):
    older, newer = two_runs
    predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    pin(trained_copy, older)
    predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert {row[2] for row in log(query, trained_copy)} == {older, newer}
    assert query(
        trained_copy / "raw.db",
        "select distinct model_run_id from raw_prediction_log"
        " where log_number = (select max(log_number) from raw_prediction_log)",
    ) == [(older,)]


def test_the_pinned_model_scores_if_a_newer_run_has_no_model(
    trained_copy, make_work_db, shop_rows, shop, query
):
    with database.writing(trained_copy / "raw.db") as connection:
        name = runs.in_use(connection).model_run_id
    pin(trained_copy, name)
    train(
        SqliteFeatures(make_work_db(shop_rows[:5])),
        trained_copy / "raw.db",
        trained_copy / "models",
    )
    assert (
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models").model_run_id
        == name
    )
    assert len(predictions(query, trained_copy)) == 300


def test_a_pinned_model_without_files_raises_with_the_command_to_run(trained_copy, two_runs, shop):
    pin(trained_copy, two_runs[0])
    (trained_copy / "models" / two_runs[0] / "model.skops").unlink()
    with pytest.raises(
        ModelError, match=f"model {two_runs[0]} cannot be read .*'tillsight model use"
    ):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")


def test_no_run_raises_with_the_command_to_run(shop, tmp_path):
    with pytest.raises(ModelError, match=r"no model has been trained yet. Run 'tillsight train'"):
        predict(SqliteFeatures(shop), tmp_path / "raw.db", tmp_path / "models")


def test_without_a_model_predictions_are_deleted_and_the_reason_returned(
    trained_copy, query, make_work_db, shop_rows, shop
):
    run = train(
        SqliteFeatures(make_work_db(shop_rows[:5])),
        trained_copy / "raw.db",
        trained_copy / "models",
    )
    result = predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert (result.customers, result.expected_buyers) == (0, 0)
    assert result.message == run.message
    assert predictions(query, trained_copy) == []


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
def test_a_missing_file_raises_and_keeps_the_predictions(trained_copy, query, shop, name):
    before = predictions(query, trained_copy)
    (file,) = (trained_copy / "models").glob(f"*/{name}")
    file.unlink()
    with pytest.raises(ModelError, match=r"cannot be read .*Run 'tillsight train'"):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert predictions(query, trained_copy) == before


def test_a_damaged_file_raises_and_keeps_the_predictions(trained_copy, query, shop):
    before = predictions(query, trained_copy)
    (file,) = (trained_copy / "models").glob("*/model.skops")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"damaged.*Run 'tillsight train'"):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert predictions(query, trained_copy) == before


def test_another_horizon_raises(trained_copy, make_work_db, shop_rows):
    work_db = make_work_db([row | {"horizon_days": 60} for row in shop_rows])
    with pytest.raises(ModelError, match="looks 30 days ahead and the data 60"):
        predict(SqliteFeatures(work_db), trained_copy / "raw.db", trained_copy / "models")


@pytest.mark.parametrize(
    ("feature", "begins"),
    [
        ("average_order_value", ("Spends",)),
        ("share_returned", ("Returned", "Never returned")),
        ("tenure_days", ("First order was",)),
    ],
)
def test_the_first_reason_is_the_feature_that_determines_the_label(
    make_work_db, shop_rows, tmp_path, fast_settings, query, feature, begins
):
    # The feature is random and determines the label. Its values are large enough to keep the
    # tenure above the recency.
    random = np.random.default_rng(0)
    rows = [row | {feature: 400 + 1000 * random.random()} for row in shop_rows]
    for row in rows:
        row[LABEL] = int(row[feature] > 900) if row["snapshot_number"] else None
    work_db = make_work_db(rows)
    train(SqliteFeatures(work_db), tmp_path / "raw.db", tmp_path / "models", settings=fast_settings)
    predict(SqliteFeatures(work_db), tmp_path / "raw.db", tmp_path / "models")
    latest = {row["customer_id"]: row for row in rows if row["snapshot_number"] == 0}
    clear = 0
    for customer_id, *_, reported in predictions(query, tmp_path):
        customer = latest[customer_id]
        if customer["mean_gap_days"] is None or abs(customer[feature] - 900) < 250:
            continue
        clear += 1
        direction = "(raises)" if customer[feature] > 900 else "(lowers)"
        first = json.loads(reported)[0]
        assert first.startswith(begins), customer_id
        assert first.endswith(direction), customer_id
    assert clear > 50


def test_a_model_trained_on_later_sales_raises(shop, trained_copy, query):
    with closing(sqlite3.connect(trained_copy / "raw.db")) as raw:
        raw.execute("update raw_model_runs set as_of_date = '2024-07-30'")
        raw.commit()
    with pytest.raises(ModelError, match=r"up to 2024-07-30, after 2024-06-30.*tillsight train"):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert len(predictions(query, trained_copy)) > 0


def test_a_model_of_version_0_1_0_raises_with_the_command_to_run(
    shop, trained_copy, query, name_types_as_in_version_0_1_0
):
    before = predictions(query, trained_copy)
    (folder,) = (trained_copy / "models").iterdir()
    name_types_as_in_version_0_1_0(folder)
    with pytest.raises(
        ModelError, match=r"ml\.pipeline\.RepeatBuyingOdds.*Another version.*Run 'tillsight train'"
    ):
        predict(SqliteFeatures(shop), trained_copy / "raw.db", trained_copy / "models")
    assert predictions(query, trained_copy) == before
