from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.model_file import MODEL_FILE
from ml.predict import predict
from ml.settings import DEFAULTS, FEATURES, LABEL, Settings
from ml.train import train

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from ml.predict import predict
from ml.train import train
work_db, out = map(Path, sys.argv[1:])
train(work_db, out / "raw.db", out / "models")
predict(work_db, out / "raw.db", out / "models")
"""


@pytest.fixture(scope="module")
def trained(shop, tmp_path_factory):
    """Return the folder of a run with all candidates, and its result."""
    out = tmp_path_factory.mktemp("trained")
    told = []
    result = train(shop, out / "raw.db", out / "models", progress=lambda *step: told.append(step))
    predict(shop, out / "raw.db", out / "models")
    return out, result, told


@pytest.fixture
def run_quickly(tmp_path, quick):
    """Return a trainer into a folder of one's own."""

    def run(work_db, settings=quick):
        return train(work_db, tmp_path / "raw.db", tmp_path / "models", settings=settings)

    return run


def report(query, out, model, metric, part="all"):
    return query(
        out / "raw.db",
        "select value from raw_model_metrics"
        " where split = 'report' and model = ? and slice = ? and metric = ?",
        model,
        part,
        metric,
    )[0][0]


def test_a_run_says_what_was_trained_on_what(trained, query, shop_rows):
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
    assert len(result.model_run_id) == 12


def test_the_candidate_with_the_lowest_log_loss_before_the_last_window_is_chosen(trained, query):
    out, result, _ = trained
    losses = dict(
        query(
            out / "raw.db",
            "select model, value from raw_model_metrics"
            " where split = 'choose' and slice = 'all' and metric = 'log_loss'",
        )
    )
    candidates = {name: losses[name] for name in DEFAULTS.candidates}
    assert result.chosen_model == min(candidates, key=candidates.get)


def test_all_models_are_measured_on_both_windows_and_both_slices(trained, query):
    out, _, _ = trained
    found = set(query(out / "raw.db", "select split, model, slice from raw_model_metrics"))
    for split in ("choose", "report"):
        for model in (*DEFAULTS.candidates, "base_rate", "recency_rule"):
            for part in ("all", "one_time_buyers"):
                assert (split, model, part) in found


def test_the_counts_of_the_report_are_those_of_the_last_whole_window(trained, query, shop_rows):
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


def test_curves_are_drawn_for_the_chosen_model_and_the_baselines(trained, query):
    out, result, _ = trained
    found = query(out / "raw.db", "select distinct model, curve from raw_model_curves")
    models = (result.chosen_model, "base_rate", "recency_rule")
    names = ("calibration", "gains", "precision_recall", "roc")
    assert sorted(found) == sorted((model, name) for model in models for name in names)


def test_the_folder_holds_model_details_and_card(trained):
    out, result, _ = trained
    (folder,) = (out / "models").iterdir()
    assert folder.name == result.model_run_id
    assert sorted(path.name for path in folder.iterdir()) == ["card.md", "model.json", MODEL_FILE]
    details = json.loads((folder / "model.json").read_text())
    assert details["settings"] == DEFAULTS.as_json()
    assert details["run"]["model_run_id"] == result.model_run_id


def test_progress_begins_at_nothing_and_ends_at_all(trained):
    _, _, told = trained
    done = [step[1] for step in told]
    assert {step[0] for step in told} == {"Training the model"}
    assert {step[2] for step in told} == {done[-1]}
    assert done[0] == 0
    assert done == sorted(done)


def test_one_thread_in_another_process_gives_the_same_bytes(trained, shop, tmp_path, dump):
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


def test_training_again_changes_nothing(run_quickly, shop, tmp_path, dump):
    first = run_quickly(shop)
    before = dump(tmp_path / "raw.db")
    assert run_quickly(shop) == first
    assert dump(tmp_path / "raw.db") == before


def test_the_order_of_the_rows_changes_nothing(run_quickly, make_work_db, shop_rows):
    assert run_quickly(make_work_db(shop_rows)) == run_quickly(make_work_db(shop_rows[::-1]))


def test_another_setting_or_value_is_another_run(run_quickly, make_work_db, shop, shop_rows, quick):
    runs = [run_quickly(shop)]
    runs.append(run_quickly(shop, Settings(**vars(quick) | {"seed": 1})))
    changed = [
        row | {"monetary": row["monetary"] + (place == 900)} for place, row in enumerate(shop_rows)
    ]
    runs.append(run_quickly(make_work_db(changed)))
    assert len({run.model_run_id for run in runs}) == 3


def test_an_honest_feature_set_is_not_suspiciously_good(trained, query):
    out, result, _ = trained
    assert 0.55 < report(query, out, result.chosen_model, "roc_auc") < 0.9


def test_a_leaked_feature_shows_as_a_suspiciously_good_model(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    leaky = [row | {"share_returned": row[LABEL] or 0} for row in shop_rows]
    run_quickly(make_work_db(leaky))
    assert report(query, tmp_path, "logistic_regression", "roc_auc") > 0.99


def test_labels_without_a_pattern_leave_nothing_to_learn(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    # Were the last window used in fitting or choosing, these could still be ranked.
    random = np.random.default_rng(0)
    tossed = [
        row | {LABEL: int(random.random() < 0.4) if row["snapshot_number"] else None}
        for row in shop_rows
    ]
    result = run_quickly(make_work_db(tossed), Settings(importance_rows=50, importance_repeats=1))
    assert report(query, tmp_path, result.chosen_model, "roc_auc") == pytest.approx(0.5, abs=0.1)


def test_the_labels_of_the_last_window_only_judge(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    turned = [
        row | {LABEL: 1 - row[LABEL]} if row["snapshot_number"] == 1 else row for row in shop_rows
    ]
    ids = [run_quickly(make_work_db(rows)).model_run_id for rows in (shop_rows, turned)]

    def of_both(statement):
        return [query(tmp_path / "raw.db", statement, model_run_id) for model_run_id in ids]

    choosing = "select model, slice, metric, value from raw_model_metrics where split = 'choose'"
    before, after = of_both(f"{choosing} and model_run_id = ?")
    assert before == after
    said = "select x, row_count from raw_model_curves where curve = 'calibration'"
    before, after = of_both(f"{said} and model_run_id = ? order by model, point")
    assert before == after
    area = (
        "select value from raw_model_metrics where split = 'report' and slice = 'all'"
        " and model = 'logistic_regression' and metric = 'roc_auc'"
    )
    ((before,),), ((after,),) = of_both(f"{area} and model_run_id = ?")
    assert before + after == pytest.approx(1)


def test_two_windows_are_enough(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 2]
    result = run_quickly(make_work_db(rows), Settings(importance_rows=50, importance_repeats=1))
    assert result.status == "trained"
    older = sum(row["snapshot_number"] == 2 for row in rows)
    chosen_on = query(
        tmp_path / "raw.db",
        "select distinct value from raw_model_metrics"
        " where split = 'choose' and slice = 'all' and metric = 'rows'",
    )
    assert chosen_on == [(older,)]


def test_cross_validation_asks_about_customers_who_were_not_fitted_on(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    random = np.random.default_rng(0)
    rows = [
        row | {LABEL: int(random.random() < 0.4) if row["snapshot_number"] else None}
        for row in shop_rows
        if row["snapshot_number"] <= 2
    ]
    run_quickly(make_work_db(rows), Settings(importance_rows=50, importance_repeats=1))
    area = query(
        tmp_path / "raw.db",
        "select value from raw_model_metrics where split = 'choose' and slice = 'all'"
        " and model in ('random_forest', 'hist_gradient_boosting') and metric = 'roc_auc'",
    )
    assert [value for (value,) in area] == [pytest.approx(0.5, abs=0.1)] * 2


@pytest.mark.parametrize(("rate", "sign"), [(0.7, 1), (0.1, -1)])
def test_a_surprise_in_the_last_window_is_carried_forward(
    run_quickly, make_work_db, shop_rows, tmp_path, rate, sign
):
    random = np.random.default_rng(0)
    rows = []
    for row in shop_rows:
        chance = rate if row["snapshot_number"] == 1 else 0.4
        bought = int(random.random() < chance) if row["snapshot_number"] else None
        rows.append(row | {LABEL: bought})
    run_quickly(make_work_db(rows))
    (details,) = (tmp_path / "models").glob("*/model.json")
    assert json.loads(details.read_text())["level_shift"] * sign > 0.1


def test_the_threshold_is_where_f1_was_best_not_a_half(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    # One in ten buys and three others look alike: nobody has a half, and F1 wants all four.
    rows = []
    for place, row in enumerate(shop_rows):
        looks = place % 10 < 4
        bought = int(place % 10 == 0) if row["snapshot_number"] else None
        rows.append(row | {"share_returned": float(looks), LABEL: bought})
    run_quickly(make_work_db(rows))
    assert 0.1 < query(tmp_path / "raw.db", "select threshold from raw_model_runs")[0][0] < 0.4
    assert report(query, tmp_path, "logistic_regression", "recall") > 0.5


def test_a_large_shop_is_sampled_for_fitting(run_quickly, shop, shop_rows, quick, query, tmp_path):
    limits = {"fit_row_limit": 600, "choose_row_limit": 150, "report_row_limit": 200}
    result = run_quickly(shop, Settings(**vars(quick) | limits))
    assert result.status == "trained"
    # 100 of each of six windows, and at most one more of each by rounding.
    assert 600 <= result.training_rows <= 606
    assert 200 <= report(query, tmp_path, "logistic_regression", "rows") <= 201


def unavailable(result, tmp_path, query):
    """Check what a run without a model leaves behind, and return its sentence."""
    assert result.status == "unavailable"
    (row,) = query(
        tmp_path / "raw.db",
        "select status, message, chosen_model, model_file from raw_model_runs"
        " where run_number = (select max(run_number) from raw_model_runs)",
    )
    assert row == ("unavailable", result.message, None, None)
    assert query(tmp_path / "raw.db", "select count(*) from raw_predictions") == [(0,)]
    return result.message


def test_no_customer_is_unavailable(run_quickly, make_work_db, tmp_path, query):
    message = unavailable(run_quickly(make_work_db([])), tmp_path, query)
    assert message.startswith("Model unavailable: there is no customer with an order.")


def test_a_short_history_is_unavailable_and_says_how_short(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    rows = [row | {"tenure_days": min(24, row["tenure_days"])} for row in shop_rows[:40]]
    message = unavailable(run_quickly(make_work_db(rows)), tmp_path, query)
    assert message.startswith("Model unavailable: the history is 24 days long; 90 are needed")


def test_one_past_window_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 1]
    unavailable(run_quickly(make_work_db(rows)), tmp_path, query)


def test_one_customer_is_unavailable(run_quickly, make_work_db, shop_rows, tmp_path, query):
    rows = [row for row in shop_rows if row["customer_id"] == shop_rows[0]["customer_id"]]
    rows = [row | {"tenure_days": 300} for row in rows]
    unavailable(run_quickly(make_work_db(rows)), tmp_path, query)


@pytest.mark.parametrize("label", [0, 1])
def test_one_kind_of_customer_is_unavailable(
    run_quickly, make_work_db, shop_rows, tmp_path, query, label
):
    rows = [row | {LABEL: label if row["snapshot_number"] else None} for row in shop_rows]
    assert "both buyers and others are needed" in unavailable(
        run_quickly(make_work_db(rows)), tmp_path, query
    )


def test_too_few_buyers_for_cross_validation_is_unavailable(
    run_quickly, make_work_db, shop_rows, tmp_path, query
):
    rows = [row for row in shop_rows if row["snapshot_number"] <= 2]
    older = [row for row in rows if row["snapshot_number"] == 2]
    for place, row in enumerate(older):
        rows[rows.index(row)] = row | {LABEL: int(place < 3)}
    assert "3 customers of the past windows ordered" in unavailable(
        run_quickly(make_work_db(rows)), tmp_path, query
    )


def test_a_run_without_a_model_takes_the_old_predictions_away(
    run_quickly, make_work_db, shop, shop_rows, tmp_path, query
):
    run_quickly(shop)
    predict(shop, tmp_path / "raw.db", tmp_path / "models")
    assert query(tmp_path / "raw.db", "select count(*) from raw_predictions") != [(0,)]
    unavailable(run_quickly(make_work_db(shop_rows[:5])), tmp_path, query)
