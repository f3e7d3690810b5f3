"""Training again: what is kept, what is made anew, and which folders stay."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from contextlib import closing

import pytest

from ml.predict import predict
from ml.registry import runs
from ml.registry.database import writing
from ml.settings import LABEL
from ml.train import train


@pytest.fixture(scope="module")
def lean(quick):
    """Return settings that judge no more than they must: these tests are not about figures."""
    return dataclasses.replace(quick, candidates=("hist_gradient_boosting",), history_windows=0)


@pytest.fixture(scope="module")
def trained(short_shop, lean, tmp_path_factory):
    """Return the folder of a run, and its result."""
    out = tmp_path_factory.mktemp("trained")
    return out, train(short_shop, out / "raw.db", out / "models", settings=lean)


@pytest.fixture
def first(trained, tmp_path):
    """Put a copy of that run where the next one goes, and return its result."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    return trained[1]


@pytest.fixture
def again(run_quickly, lean):
    """Return a trainer that keeps a model that need not be trained."""

    def run(work_db, settings=lean, **options):
        return run_quickly(work_db, settings, only_if_changed=True, **options)

    return run


@pytest.fixture
def pin(tmp_path):
    """Return what chooses a run by hand."""

    def choose(name):
        with writing(tmp_path / "raw.db") as connection:
            runs.pin(connection, name)

    return choose


@pytest.fixture
def seeds(run_quickly, short_shop, lean):
    """Return a trainer of one run a seed."""

    def train_all(*seeds, **options):
        return [
            run_quickly(short_shop, dataclasses.replace(lean, seed=seed), **options).model_run_id
            for seed in seeds
        ]

    return train_all


def folders(tmp_path):
    return sorted(path.name for path in (tmp_path / "models").iterdir())


def files(tmp_path):
    """Return the bytes and the time of each file of a model."""
    return {
        path.relative_to(tmp_path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (tmp_path / "models").glob("*/*")
    }


def used(tmp_path):
    with writing(tmp_path / "raw.db") as connection:
        return runs.in_use(connection).model_run_id


def changed_by(feature, short_rows):
    """Return the shop with another value of a customer of a window that was learned from."""
    (place, *_) = (n for n, row in enumerate(short_rows) if row["snapshot_number"] == 2)
    value = short_rows[place][feature]
    other = {**short_rows[place], feature: 1 - value if feature == LABEL else value + 0.01}
    return [*short_rows[:place], other, *short_rows[place + 1 :]]


def test_unchanged_sales_keep_the_model_and_its_bytes_and_say_so(
    first, again, short_shop, tmp_path, dump
):
    before, database = files(tmp_path), dump(tmp_path / "raw.db")
    second = again(short_shop)
    assert first.is_new
    assert not second.is_new
    assert second.message == (
        f"Neither sales nor settings have changed, so the model is kept. {first.message}"
    )
    assert dataclasses.replace(second, is_new=True, message=first.message) == first
    assert files(tmp_path) == before
    assert dump(tmp_path / "raw.db") == database


def test_unless_asked_otherwise_a_model_is_always_trained(
    first, run_quickly, short_shop, lean, tmp_path
):
    before = files(tmp_path)
    assert run_quickly(short_shop, lean) == first
    after = files(tmp_path)
    assert {name: content for name, (content, _) in after.items()} == {
        name: content for name, (content, _) in before.items()
    }
    assert after != before


def test_without_a_model_one_is_trained(again, short_shop):
    assert again(short_shop).is_new


@pytest.mark.parametrize("feature", ["monetary", LABEL])
def test_a_changed_value_trains_anew(first, again, make_work_db, short_rows, feature):
    second = again(make_work_db(changed_by(feature, short_rows)))
    assert second.is_new
    assert second.model_run_id != first.model_run_id


def test_a_changed_cost_of_a_contact_trains_anew(first, again, make_work_db, short_rows):
    found = [
        again(make_work_db(short_rows, contact=contact))
        for contact in ((1.0, 5.0), (2.0, 5.0), (2.0, 8.0))
    ]
    assert all(run.is_new for run in found)
    assert len({run.model_run_id for run in (first, *found)}) == 4


def test_a_changed_setting_trains_anew(first, again, short_shop, lean):
    second = again(short_shop, dataclasses.replace(lean, recency_bins=9))
    assert second.is_new
    assert second.model_run_id != first.model_run_id


def test_sales_that_change_back_bring_the_old_model_back(
    first, again, make_work_db, short_rows, tmp_path, query
):
    second = again(make_work_db(changed_by("monetary", short_rows)))
    third = again(make_work_db(short_rows))
    assert (third.model_run_id, third.is_new) == (first.model_run_id, False)
    assert used(tmp_path) == first.model_run_id
    numbers = "select model_run_id, run_number from raw_model_runs order by run_number"
    assert query(tmp_path / "raw.db", numbers) == [
        (second.model_run_id, 2),
        (first.model_run_id, 3),
    ]


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    ],
)
def test_a_damaged_model_is_trained_anew(first, again, short_shop, tmp_path, name, spoil):
    (path,) = (tmp_path / "models").glob(f"*/{name}")
    whole = path.read_bytes()
    spoil(path)
    second = again(short_shop)
    assert second.is_new
    assert second.model_run_id == first.model_run_id
    assert path.read_bytes() == whole


def test_a_run_without_a_model_is_tried_again(again, make_work_db, short_rows):
    work_db = make_work_db(short_rows[:5])
    assert again(work_db).status == again(work_db).status == "unavailable"


def test_a_model_chosen_by_hand_is_not_replaced(
    first, again, make_work_db, short_rows, pin, tmp_path
):
    pin(first.model_run_id)
    before = files(tmp_path)
    kept = again(make_work_db(changed_by("monetary", short_rows)))
    assert (kept.model_run_id, kept.status, kept.is_new) == (first.model_run_id, "trained", False)
    assert kept.message == (
        f"The model {first.model_run_id} was chosen by hand, so none was trained; "
        "'tillsight model use latest' goes back."
    )
    assert files(tmp_path) == before


def test_training_beside_a_model_chosen_by_hand_says_which_is_in_use(
    first, run_quickly, make_work_db, short_rows, pin, tmp_path, lean
):
    pin(first.model_run_id)
    second = run_quickly(make_work_db(changed_by("monetary", short_rows)), lean)
    assert second.is_new
    assert f" The model {first.model_run_id}, chosen by hand, stays in use; " in second.message
    assert used(tmp_path) == first.model_run_id


def test_a_choice_taken_back_trains_again(first, again, make_work_db, short_rows, pin):
    pin(first.model_run_id)
    pin(None)
    assert again(make_work_db(changed_by("monetary", short_rows))).is_new


@pytest.mark.usefixtures("first")
def test_a_newer_version_of_the_tables_trains_again(again, short_shop, tmp_path):
    with closing(sqlite3.connect(tmp_path / "raw.db")) as connection:
        connection.execute("alter table raw_model_runs drop column card")
        connection.commit()
    assert again(short_shop).is_new


def test_the_newest_models_are_kept_and_runs_outlive_their_models(first, seeds, tmp_path, query):
    names = [first.model_run_id, *seeds(1, 2, models_kept=2)]
    assert folders(tmp_path) == sorted(names[-2:])
    assert query(
        tmp_path / "raw.db", "select model_run_id from raw_model_runs order by run_number"
    ) == [(name,) for name in names]


def test_the_model_chosen_by_hand_is_kept_however_old(first, seeds, pin, tmp_path):
    pin(first.model_run_id)
    names = seeds(1, 2, models_kept=1)
    assert folders(tmp_path) == sorted([first.model_run_id, names[-1]])


@pytest.mark.usefixtures("first")
def test_the_model_in_use_is_kept_even_if_none_is_wanted(seeds, short_shop, tmp_path):
    (name,) = seeds(1, models_kept=0)
    assert folders(tmp_path) == [name]
    assert predict(short_shop, tmp_path / "raw.db", tmp_path / "models").customers == 300


def test_a_model_that_is_trained_again_counts_as_new(
    first, seeds, run_quickly, short_shop, lean, tmp_path
):
    (between,) = seeds(1)
    run_quickly(short_shop, lean)
    (newest,) = seeds(2, models_kept=2)
    assert folders(tmp_path) == sorted([first.model_run_id, newest])
    assert between not in folders(tmp_path)


def test_a_run_without_a_model_takes_no_place(
    first, seeds, run_quickly, make_work_db, short_rows, tmp_path
):
    run_quickly(make_work_db(short_rows[:5]))
    (second,) = seeds(1, models_kept=2)
    assert folders(tmp_path) == sorted([first.model_run_id, second])


def test_a_folder_that_is_no_run_of_ours_stays(first, seeds, tmp_path):
    # Such as a copy that somebody made by hand.
    copy = tmp_path / "models" / f"{first.model_run_id}-before-christmas"
    (tmp_path / "models" / first.model_run_id).rename(copy)
    (second,) = seeds(1, models_kept=1)
    assert folders(tmp_path) == sorted([copy.name, second])
