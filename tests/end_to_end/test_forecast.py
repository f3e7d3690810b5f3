"""The forecast in the main job: what it recovers, what it keeps, and what became of it."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scripts import pipeline
from scripts.demo.files import write_demo
from scripts.project import Project

TILLSIGHT = Path(sys.executable).with_name("tillsight")


def read(path: Path, statement: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement, values).fetchall()


def tillsight(settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TILLSIGHT, *arguments, "--data-dir", settings.data_dir],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def truth_and_forecast(tmp_path_factory, settings_in) -> tuple[np.ndarray, np.ndarray]:
    """True and forecast probability of each customer of a made-up shop of 20,000."""
    settings = settings_in(tmp_path_factory.mktemp("truth"))
    files = write_demo(settings.demo_dir, customers=20_000, with_truth=True)
    pipeline.load_files(
        Project.create(settings), [files.customers, files.products, files.transactions]
    )
    pipeline.build_features(Project.create(settings))
    pipeline.train(Project.create(settings))
    pipeline.predict(Project.create(settings))
    forecast = dict(
        read(settings.raw_db, "select customer_id, purchase_probability from raw_predictions")
    )
    with files.truth.open(newline="") as lines:
        truth = {
            row["customer_id"]: float(row["true_probability"]) for row in csv.DictReader(lines)
        }
    customers = sorted(forecast)
    assert len(customers) > 15_000
    return (
        np.array([truth[customer] for customer in customers]),
        np.array([forecast[customer] for customer in customers]),
    )


def cross_entropy(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Log loss that is to be expected where `truth` is how customers act."""
    return float(-(truth * np.log(forecast) + (1 - truth) * np.log(1 - forecast)).mean())


def test_the_log_loss_is_within_2_percent_of_that_of_the_truth(truth_and_forecast):
    truth, forecast = truth_and_forecast
    honest = np.clip(truth, 1e-6, 1 - 1e-6)
    assert cross_entropy(truth, forecast) <= 1.02 * cross_entropy(truth, honest)


def test_the_calibration_slope_is_close_to_one(truth_and_forecast):
    truth, forecast = truth_and_forecast
    log_odds = np.log(forecast / (1 - forecast))[:, None]
    fit = LogisticRegression(C=np.inf).fit(
        np.concatenate((log_odds, log_odds)),
        np.repeat([1, 0], truth.size),
        sample_weight=np.concatenate((truth, 1 - truth)),
    )
    assert 0.9 < fit.coef_[0, 0] < 1.1


@pytest.fixture(scope="module")
def two_runs(demo_shop, tmp_path_factory, settings_in):
    """A shop that was run as of 45 days before its end, and again at its end."""
    folder = tmp_path_factory.mktemp("two_runs")
    shutil.copy(demo_shop.raw_db, folder / "raw.db")
    with closing(sqlite3.connect(folder / "raw.db")) as connection:
        connection.execute("delete from raw_prediction_log")
        connection.commit()
    ((last,),) = read(demo_shop.marts_db, "select as_of_date from build_info")
    earlier = (date.fromisoformat(last) - timedelta(days=45)).isoformat()
    pipeline.run(Project.create(settings_in(folder, earlier)))
    settings = settings_in(folder)
    pipeline.run(Project.create(settings))
    return settings, earlier


def test_a_forecast_whose_horizon_is_over_is_held_against_what_happened(two_runs):
    settings, earlier = two_runs
    end = (date.fromisoformat(earlier) + timedelta(days=30)).isoformat()
    found = read(
        settings.marts_db,
        "select customer_id, prediction_date, horizon_end_date, ordered from prediction_outcomes",
    )
    ordered = {
        customer
        for (customer,) in read(
            settings.marts_db,
            "select distinct customer_id from orders where order_date > ? and order_date <= ?",
            earlier,
            end,
        )
    }
    logged = read(
        settings.raw_db,
        "select customer_id from raw_prediction_log where prediction_date = ?",
        earlier,
    )
    assert sorted(row[0] for row in found) == sorted(row[0] for row in logged)
    assert {row[1:3] for row in found} == {(earlier, end)}
    assert {row[0] for row in found if row[3]} == ordered & {row[0] for row in found}
    assert 0 < sum(row[3] for row in found) < len(found)


def test_the_track_record_adds_up_to_the_outcomes(two_runs):
    settings, _ = two_runs
    (whole,) = read(
        settings.marts_db,
        "select count(*), sum(purchase_probability), sum(ordered) from prediction_outcomes",
    )
    (summed,) = read(
        settings.marts_db,
        "select sum(customers), sum(expected_buyers), sum(buyers) from prediction_track_record",
    )
    assert summed == pytest.approx(whole)


def test_the_page_shows_what_came_true(two_runs):
    settings, _ = two_runs
    assert 'id="track-record"' in (settings.site_dir / "index.html").read_text()


def test_both_runs_are_listed_and_the_later_one_is_in_use(two_runs):
    settings, earlier = two_runs
    runs = read(
        settings.marts_db, "select as_of_date, is_in_use from model_runs order by run_number"
    )
    assert [run[1] for run in runs] == [0, 1]
    assert runs[0][0] == earlier


@pytest.fixture
def own_shop(two_runs, tmp_path, settings_in):
    """A copy of that shop to change."""
    settings, _ = two_runs
    shutil.copytree(settings.data_dir, tmp_path / "data")
    return settings_in(tmp_path / "data")


def test_a_model_is_kept_while_nothing_changes(own_shop):
    before = read(own_shop.raw_db, "select model_run_id, run_number from raw_model_runs")
    training = pipeline.train(Project.create(own_shop), only_if_changed=True)
    assert not training.is_new
    assert "the model is kept" in training.message
    assert read(own_shop.raw_db, "select model_run_id, run_number from raw_model_runs") == before


def test_cost_and_benefit_of_a_contact_set_the_threshold(own_shop):
    own_shop.settings_yml.write_text("contact_cost: 1\ncontact_benefit: 8\n")
    runs = read(own_shop.raw_db, "select count(*) from raw_model_runs")[0][0]
    pipeline.run(Project.create(own_shop))
    assert read(own_shop.raw_db, "select count(*) from raw_model_runs") == [(runs + 1,)]
    run = "select threshold, threshold_rule from model_runs where is_in_use = 1"
    assert read(own_shop.marts_db, run) == [(0.125, "cost_and_benefit")]
    wrong = (
        "select count(*) from predictions where predicted_label <> (purchase_probability >= 0.125)"
    )
    assert read(own_shop.marts_db, wrong) == [(0,)]


def test_a_model_can_be_chosen_by_hand_and_left_again(own_shop):
    runs = read(own_shop.raw_db, "select model_run_id from raw_model_runs order by run_number")
    older, latest = runs[0][0], runs[1][0]
    shown = tillsight(own_shop, "model", "list")
    assert shown.returncode == 0
    assert older in shown.stdout
    assert latest in shown.stdout
    assert tillsight(own_shop, "model", "use", older[:6]).returncode == 0
    used = "select model_run_id, is_pinned from raw_model_runs where is_pinned = 1"
    assert read(own_shop.raw_db, used) == [(older, 1)]
    kept = pipeline.train(Project.create(own_shop), only_if_changed=True)
    assert "chosen by hand" in kept.message
    assert pipeline.predict(Project.create(own_shop)).model_run_id == older
    assert tillsight(own_shop, "model", "use", "latest").returncode == 0
    assert read(own_shop.raw_db, used) == []


def test_the_card_of_the_model_in_use_is_shown(own_shop):
    shown = tillsight(own_shop, "model", "show")
    assert shown.returncode == 0
    assert shown.stdout.startswith("# Purchase forecast")
    assert "## Limits" in shown.stdout


def test_a_model_whose_file_is_gone_cannot_be_chosen(own_shop):
    ((older,), _) = read(
        own_shop.raw_db, "select model_run_id from raw_model_runs order by run_number"
    )
    shutil.rmtree(own_shop.models_dir / older)
    refused = tillsight(own_shop, "model", "use", older)
    assert refused.returncode == 1
    assert "choose one that 'tillsight model list' shows as kept" in refused.stderr


def test_a_run_that_is_not_there_is_a_sentence(own_shop):
    refused = tillsight(own_shop, "model", "show", "zzz")
    assert refused.returncode == 1
    assert "no run begins with 'zzz'" in refused.stderr
