from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ml.data.features import SqliteFeatures
from ml.data.schema import MetricRow, column_names
from ml.evaluation import verdict
from ml.models.baselines import BASELINES
from ml.predict import predict
from ml.registry.serialization import library_versions
from ml.settings import DEFAULTS, FEATURES, LABEL, Settings
from ml.train import train

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from ml.data.features import SqliteFeatures
from ml.predict import predict
from ml.train import train
work_db, out = map(Path, sys.argv[1:])
train(SqliteFeatures(work_db), out / "raw.db", out / "models")
predict(SqliteFeatures(work_db), out / "raw.db", out / "models")
"""


@pytest.fixture(scope="module")
def trained(shop, tmp_path_factory):
    """Return folder, result and reported progress of a run with all candidates."""
    out = tmp_path_factory.mktemp("trained")
    reported = []
    result = train(
        SqliteFeatures(shop),
        out / "raw.db",
        out / "models",
        progress=lambda *step: reported.append(step),
    )
    predict(SqliteFeatures(shop), out / "raw.db", out / "models")
    return out, result, reported


def report(query, out, model, metric, part="all"):
    return query(
        out / "raw.db",
        "select value from raw_model_metrics"
        " where split = 'report' and model = ? and slice = ? and metric = ?",
        model,
        part,
        metric,
    )[0][0]


def test_the_run_describes_its_training(trained, query, shop_rows):
    out, result, _ = trained
    (row,) = query(
        out / "raw.db",
        "select model_run_id, status, chosen_model, as_of_date, horizon_days, training_windows,"
        " first_training_date, last_training_date, evaluated_as_of_date, evaluation_rows,"
        " base_rate, training_rows, run_number, model_file from raw_model_runs",
    )
    last = [row for row in shop_rows if row["snapshot_number"] == 1]
    fitted = [row for row in shop_rows if 1 <= row["snapshot_number"] <= 6]
    assert row == (
        result.model_run_id,
        "trained",
        result.chosen_model,
        "2024-06-30",
        30,
        6,
        "2024-01-02",
        "2024-05-31",
        "2024-05-31",
        len(last),
        pytest.approx(sum(row[LABEL] for row in last) / len(last)),
        len(fitted),
        1,
        f"{result.model_run_id}/model.skops",
    )
    assert result.status == "trained"
    assert result.is_new
    assert re.fullmatch("[0-9a-f]{12}", result.model_run_id)


def test_the_run_contains_what_reproduces_it(trained, query):
    out, _, _ = trained
    (row,) = query(
        out / "raw.db",
        "select feature_names, settings, library_versions, data_fingerprint from raw_model_runs",
    )
    assert json.loads(row[0]) == list(FEATURES)
    assert json.loads(row[1]) == DEFAULTS.as_json()
    assert json.loads(row[2]) == library_versions()
    assert re.fullmatch("[0-9a-f]{64}", row[3])


def test_the_run_lists_its_windows_newest_first(trained, query, shop_rows):
    out, _, _ = trained
    windows = json.loads(query(out / "raw.db", "select windows from raw_model_runs")[0][0])
    assert [window["as_of_date"] for window in windows] == sorted(
        {row["as_of_date"] for row in shop_rows}, reverse=True
    )
    assert windows[0] == {
        "as_of_date": "2024-06-30",
        "label_end_date": "2024-07-30",
        "customers": 300,
        "buyers": None,
        "roles": ["score"],
    }
    for number, window in enumerate(windows[1:], start=1):
        rows = [row for row in shop_rows if row["snapshot_number"] == number]
        assert window["customers"] == len(rows)
        assert window["buyers"] == sum(row[LABEL] for row in rows)
        assert window["label_end_date"] == windows[number - 1]["as_of_date"]
    assert windows[1]["roles"] == ["report", "final"]
    assert "choose" in windows[2]["roles"]


def test_the_verdict_follows_from_the_stored_metrics(trained, query):
    out, result, _ = trained
    columns = column_names(MetricRow)
    figures = query(out / "raw.db", f"select {', '.join(columns)} from raw_model_metrics")
    expected = verdict.decide(
        [MetricRow(**dict(zip(columns, row, strict=True))) for row in figures], result.chosen_model
    )
    (row,) = query(
        out / "raw.db", "select verdict, verdict_reason, verdict_rules, message from raw_model_runs"
    )
    assert row[:2] == (expected.label, expected.reason)
    assert json.loads(row[2]) == list(verdict.RULES)
    name = result.chosen_model.replace("_", " ")
    assert row[3] == result.message == f"The model is a {name}. {expected.reason}"


def test_the_card_is_stored_in_the_run_and_in_the_folder(trained, query):
    out, result, _ = trained
    ((card,),) = query(out / "raw.db", "select card from raw_model_runs")
    assert (out / "models" / result.model_run_id / "card.md").read_text() == card
    assert card.startswith(f"# Purchase forecast {result.model_run_id}\n")


def test_the_card_contains_no_customer_ids(run_quickly, make_work_db, shop_rows, query):
    hostile = "<script>alert(1)</script> | `x` | [a](javascript:b) #"
    rows = [row | {"customer_id": f"{hostile}{row['customer_id']}"} for row in shop_rows]
    work_db = make_work_db(rows)
    run_quickly(work_db)
    ((card,),) = query(work_db.parent / "raw.db", "select card from raw_model_runs")
    assert not re.search(r"script|alert|\]\(", card)


def test_the_first_candidate_is_selected_unless_another_is_significantly_better(trained, query):
    out, result, _ = trained
    first, *others = DEFAULTS.candidates
    gaps = query(
        out / "raw.db",
        "select model, value, high from raw_model_metrics where split = 'choose' and metric = ?",
        f"log_loss_minus_{first}",
    )
    assert sorted(row[0] for row in gaps) == sorted(others)
    clear = {model: value for model, value, high in gaps if high < 0}
    assert result.chosen_model == min(clear, key=clear.get, default=first)


def test_all_models_have_metrics_by_window_and_slice(trained, query):
    out, _, _ = trained
    found = set(
        query(
            out / "raw.db",
            "select split, as_of_date, model, slice from raw_model_metrics"
            " where metric = 'log_loss' and split <> 'history'",
        )
    )
    assert found == {
        (split, day, model, part)
        for split, day in (("choose", "2024-05-01"), ("report", "2024-05-31"))
        for model in (*DEFAULTS.candidates, *BASELINES)
        for part in ("all", "one_time_buyers")
    }


def test_the_model_is_backtested_on_earlier_windows(trained, query):
    out, result, _ = trained
    found = query(
        out / "raw.db",
        "select distinct as_of_date, model from raw_model_metrics where split = 'history'",
    )
    days = ("2023-12-03", "2024-01-02", "2024-02-01", "2024-03-02", "2024-04-01", "2024-05-01")
    models = (result.chosen_model, *BASELINES)
    assert sorted(found) == sorted((day, model) for day in days for model in models)


def test_intervals_contain_their_value_and_rates_are_within_0_and_1(trained, query):
    out, _, _ = trained
    rows = query(
        out / "raw.db",
        "select metric, value, low, high from raw_model_metrics where low is not null",
    )
    assert len(rows) > 300
    for metric, value, low, high in rows:
        # Rounding errors of the mean over replicates.
        assert low - 1e-12 <= value <= high + 1e-12, metric
        if metric not in ("log_loss", "lift_top_tenth") and "minus" not in metric:
            assert -1e-12 <= low <= high <= 1 + 1e-12, metric


def test_counts_of_the_report_window(trained, query, shop_rows):
    out, result, _ = trained
    last = [row for row in shop_rows if row["snapshot_number"] == 1]
    once = [row for row in last if row["frequency"] == 1]
    for part, rows in (("all", last), ("one_time_buyers", once)):
        assert report(query, out, result.chosen_model, "rows", part) == len(rows)
        buyers = sum(row[LABEL] for row in rows)
        assert report(query, out, result.chosen_model, "positives", part) == buyers
    counts = ("true_positive", "false_positive", "true_negative", "false_negative")
    assert sum(report(query, out, result.chosen_model, name) for name in counts) == len(last)


def test_each_feature_has_an_importance(trained, query):
    out, result, _ = trained
    found = query(
        out / "raw.db",
        "select model, slice from raw_model_metrics where metric = 'permutation_importance'",
    )
    assert sorted(found) == sorted((result.chosen_model, f"feature:{name}") for name in FEATURES)


def test_curves_of_the_selected_model_and_the_baselines(trained, query):
    out, result, _ = trained
    found = query(out / "raw.db", "select distinct model, curve from raw_model_curves")
    models = (result.chosen_model, *BASELINES)
    names = ("calibration", "gains", "precision_recall", "roc")
    assert sorted(found) == sorted((model, name) for model in models for name in names)


def test_the_folder_contains_model_details_and_card(trained):
    out, result, _ = trained
    (folder,) = (out / "models").iterdir()
    assert folder.name == result.model_run_id
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.md",
        "model.json",
        "model.skops",
    ]
    details = json.loads((folder / "model.json").read_text())
    assert details["settings"] == DEFAULTS.as_json()
    assert details["run"]["model_run_id"] == result.model_run_id


def test_progress_is_reported_from_0_to_the_total(trained):
    _, _, reported = trained
    done = [step[1] for step in reported]
    assert {step[0] for step in reported} == {"Training the model"}
    assert {step[2] for step in reported} == {done[-1]}
    assert done[0] == 0
    assert done == sorted(done)


def test_a_process_with_one_thread_gives_the_same_bytes(trained, shop, tmp_path, dump):
    out, _, _ = trained
    one_thread = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LOKY_MAX_CPU_COUNT": "1",
        "PYTHONHASHSEED": "1",
    }
    subprocess.run(
        [sys.executable, "-c", RUN, str(shop), str(tmp_path)],
        check=True,
        cwd=ROOT,
        env=os.environ | one_thread,
    )
    assert dump(tmp_path / "raw.db") == dump(out / "raw.db")
    files = [path.relative_to(out) for path in (out / "models").glob("*/*")]
    assert len(files) == 3
    for file in files:
        assert (tmp_path / file).read_bytes() == (out / file).read_bytes()


def test_training_is_idempotent(run_quickly, short_shop, tmp_path, dump):
    first = run_quickly(short_shop)
    before = dump(tmp_path / "raw.db")
    assert run_quickly(short_shop) == first
    assert dump(tmp_path / "raw.db") == before


def test_the_run_does_not_depend_on_the_row_order(run_quickly, make_work_db, short_rows):
    assert run_quickly(make_work_db(short_rows)) == run_quickly(make_work_db(short_rows[::-1]))


def test_another_setting_or_value_gives_another_run(
    run_quickly, make_work_db, short_shop, short_rows, fast_settings
):
    runs = [run_quickly(short_shop)]
    runs.append(run_quickly(short_shop, Settings(**vars(fast_settings) | {"seed": 1})))
    changed = [
        row | {"monetary": row["monetary"] + (place == 900)} for place, row in enumerate(short_rows)
    ]
    runs.append(run_quickly(make_work_db(changed)))
    assert len({run.model_run_id for run in runs}) == 3


def test_auc_is_plausible_without_leakage(trained, query):
    out, result, _ = trained
    assert 0.55 < report(query, out, result.chosen_model, "roc_auc") < 0.9


def test_a_large_shop_is_sampled_for_fitting(
    run_quickly, shop, shop_rows, fast_settings, query, tmp_path
):
    limits = {"fit_row_limit": 600, "choose_row_limit": 150, "report_row_limit": 200}
    result = run_quickly(shop, Settings(**vars(fast_settings) | limits))
    assert result.status == "trained"
    # 100 rows from each of six windows; rounding adds at most one to each.
    assert 600 <= result.training_rows <= 606
    assert 200 <= report(query, tmp_path, "logistic_regression", "rows") <= 201
