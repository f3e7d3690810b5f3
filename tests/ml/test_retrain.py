"""Retraining: when a model is kept, and which model folders are deleted."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from contextlib import closing

import pytest

from ml.data.features import SqliteFeatures
from ml.predict import predict
from ml.registry import runs
from ml.registry.database import writing
from ml.settings import LABEL
from ml.train import train


@pytest.fixture(scope="module")
def minimal_settings(fast_settings):
    """Return settings with one candidate and without a backtest."""
    return dataclasses.replace(
        fast_settings, candidates=("hist_gradient_boosting",), history_windows=0
    )


@pytest.fixture(scope="module")
def trained(short_shop, minimal_settings, tmp_path_factory):
    """Return the folder of a run, and its result."""
    out = tmp_path_factory.mktemp("trained")
    return out, train(
        SqliteFeatures(short_shop), out / "raw.db", out / "models", settings=minimal_settings
    )


@pytest.fixture
def trained_run(trained, tmp_path):
    """Copy that run to the folder of the test, and return its result."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    return trained[1]


@pytest.fixture
def train_if_changed(run_quickly, minimal_settings):
    """Return a function that trains with `only_if_changed`."""

    def run(work_db, settings=minimal_settings, **options):
        return run_quickly(work_db, settings, only_if_changed=True, **options)

    return run


@pytest.fixture
def pin(tmp_path):
    """Return a function that pins a run."""

    def choose(name):
        with writing(tmp_path / "raw.db") as connection:
            runs.pin(connection, name)

    return choose


@pytest.fixture
def train_with_seeds(run_quickly, short_shop, minimal_settings):
    """Return a function that trains one run for each seed."""

    def train_all(*train_with_seeds, **options):
        return [
            run_quickly(
                short_shop, dataclasses.replace(minimal_settings, seed=seed), **options
            ).model_run_id
            for seed in train_with_seeds
        ]

    return train_all


def folders(tmp_path):
    return sorted(path.name for path in (tmp_path / "models").iterdir())


def files(tmp_path):
    """Return content and modification time of each model file."""
    return {
        path.relative_to(tmp_path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (tmp_path / "models").glob("*/*")
    }


def run_in_use(tmp_path):
    with writing(tmp_path / "raw.db") as connection:
        return runs.in_use(connection).model_run_id


def changed_by(feature, short_rows):
    """Return the rows with one changed value in a training window."""
    (place, *_) = (n for n, row in enumerate(short_rows) if row["snapshot_number"] == 2)
    value = short_rows[place][feature]
    other = {**short_rows[place], feature: 1 - value if feature == LABEL else value + 0.01}
    return [*short_rows[:place], other, *short_rows[place + 1 :]]


def test_unchanged_data_keeps_the_model(trained_run, train_if_changed, short_shop, tmp_path, dump):
    before, database = files(tmp_path), dump(tmp_path / "raw.db")
    second = train_if_changed(short_shop)
    assert trained_run.is_new
    assert not second.is_new
    assert second.message == (
        f"Neither sales nor settings have changed, so the model is kept. {trained_run.message}"
    )
    assert dataclasses.replace(second, is_new=True, message=trained_run.message) == trained_run
    assert files(tmp_path) == before
    assert dump(tmp_path / "raw.db") == database


def test_a_model_is_always_trained_by_default(
    trained_run, run_quickly, short_shop, minimal_settings, tmp_path
):
    before = files(tmp_path)
    assert run_quickly(short_shop, minimal_settings) == trained_run
    after = files(tmp_path)
    assert {name: content for name, (content, _) in after.items()} == {
        name: content for name, (content, _) in before.items()
    }
    assert after != before


def test_a_model_is_trained_if_there_is_none(train_if_changed, short_shop):
    assert train_if_changed(short_shop).is_new


@pytest.mark.parametrize("feature", ["monetary", LABEL])
def test_a_changed_value_retrains(trained_run, train_if_changed, make_work_db, short_rows, feature):
    second = train_if_changed(make_work_db(changed_by(feature, short_rows)))
    assert second.is_new
    assert second.model_run_id != trained_run.model_run_id


def test_a_changed_contact_cost_retrains(trained_run, train_if_changed, make_work_db, short_rows):
    found = [
        train_if_changed(make_work_db(short_rows, contact=contact))
        for contact in ((1.0, 5.0), (2.0, 5.0), (2.0, 8.0))
    ]
    assert all(run.is_new for run in found)
    assert len({run.model_run_id for run in (trained_run, *found)}) == 4


def test_a_changed_setting_retrains(trained_run, train_if_changed, short_shop, minimal_settings):
    second = train_if_changed(short_shop, dataclasses.replace(minimal_settings, recency_bins=9))
    assert second.is_new
    assert second.model_run_id != trained_run.model_run_id


def test_restored_data_uses_the_earlier_model(
    trained_run, train_if_changed, make_work_db, short_rows, tmp_path, query
):
    second = train_if_changed(make_work_db(changed_by("monetary", short_rows)))
    third = train_if_changed(make_work_db(short_rows))
    assert (third.model_run_id, third.is_new) == (trained_run.model_run_id, False)
    assert run_in_use(tmp_path) == trained_run.model_run_id
    numbers = "select model_run_id, run_number from raw_model_runs order by run_number"
    assert query(tmp_path / "raw.db", numbers) == [
        (second.model_run_id, 2),
        (trained_run.model_run_id, 3),
    ]


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    ],
)
def test_a_damaged_model_is_retrained(
    trained_run, train_if_changed, short_shop, tmp_path, name, damage
):
    (path,) = (tmp_path / "models").glob(f"*/{name}")
    whole = path.read_bytes()
    damage(path)
    second = train_if_changed(short_shop)
    assert second.is_new
    assert second.model_run_id == trained_run.model_run_id
    assert path.read_bytes() == whole


def test_a_model_of_version_0_1_0_is_retrained(
    run_quickly, short_shop, tmp_path, name_types_as_in_version_0_1_0
):
    first = run_quickly(short_shop)
    folder = tmp_path / "models" / first.model_run_id
    whole = (folder / "model.skops").read_bytes()
    name_types_as_in_version_0_1_0(folder)
    second = run_quickly(short_shop, only_if_changed=True)
    assert second.is_new
    assert second.model_run_id == first.model_run_id
    assert (folder / "model.skops").read_bytes() == whole
    assert predict(SqliteFeatures(short_shop), tmp_path / "raw.db", tmp_path / "models").customers


def test_a_run_without_a_model_is_retrained(train_if_changed, make_work_db, short_rows):
    work_db = make_work_db(short_rows[:5])
    assert train_if_changed(work_db).status == train_if_changed(work_db).status == "unavailable"


def test_a_pinned_model_is_not_retrained(
    trained_run, train_if_changed, make_work_db, short_rows, pin, tmp_path
):
    pin(trained_run.model_run_id)
    before = files(tmp_path)
    kept = train_if_changed(make_work_db(changed_by("monetary", short_rows)))
    assert (kept.model_run_id, kept.status, kept.is_new) == (
        trained_run.model_run_id,
        "trained",
        False,
    )
    assert kept.message == (
        f"The model {trained_run.model_run_id} was chosen by hand, so none was trained; "
        "'tillsight model use latest' goes back."
    )
    assert files(tmp_path) == before


def test_the_message_of_a_training_names_the_pinned_model(
    trained_run, run_quickly, make_work_db, short_rows, pin, tmp_path, minimal_settings
):
    pin(trained_run.model_run_id)
    second = run_quickly(make_work_db(changed_by("monetary", short_rows)), minimal_settings)
    assert second.is_new
    assert (
        f" The model {trained_run.model_run_id}, chosen by hand, stays in use; " in second.message
    )
    assert run_in_use(tmp_path) == trained_run.model_run_id


def test_an_unpinned_model_is_retrained(
    trained_run, train_if_changed, make_work_db, short_rows, pin
):
    pin(trained_run.model_run_id)
    pin(None)
    assert train_if_changed(make_work_db(changed_by("monetary", short_rows))).is_new


@pytest.mark.usefixtures("trained_run")
def test_tables_of_another_version_retrain(train_if_changed, short_shop, tmp_path):
    with closing(sqlite3.connect(tmp_path / "raw.db")) as connection:
        connection.execute("alter table raw_model_runs drop column card")
        connection.commit()
    assert train_if_changed(short_shop).is_new


def test_old_model_folders_are_deleted_and_their_runs_are_kept(
    trained_run, train_with_seeds, tmp_path, query
):
    names = [trained_run.model_run_id, *train_with_seeds(1, 2, models_kept=2)]
    assert folders(tmp_path) == sorted(names[-2:])
    assert query(
        tmp_path / "raw.db", "select model_run_id from raw_model_runs order by run_number"
    ) == [(name,) for name in names]


def test_the_folder_of_the_pinned_model_is_kept(trained_run, train_with_seeds, pin, tmp_path):
    pin(trained_run.model_run_id)
    names = train_with_seeds(1, 2, models_kept=1)
    assert folders(tmp_path) == sorted([trained_run.model_run_id, names[-1]])


@pytest.mark.usefixtures("trained_run")
def test_the_folder_of_the_model_in_use_is_always_kept(train_with_seeds, short_shop, tmp_path):
    (name,) = train_with_seeds(1, models_kept=0)
    assert folders(tmp_path) == [name]
    assert (
        predict(SqliteFeatures(short_shop), tmp_path / "raw.db", tmp_path / "models").customers
        == 300
    )


def test_a_retrained_model_counts_as_the_newest(
    trained_run, train_with_seeds, run_quickly, short_shop, minimal_settings, tmp_path
):
    (between,) = train_with_seeds(1)
    run_quickly(short_shop, minimal_settings)
    (newest,) = train_with_seeds(2, models_kept=2)
    assert folders(tmp_path) == sorted([trained_run.model_run_id, newest])
    assert between not in folders(tmp_path)


def test_a_run_without_a_model_does_not_count_as_a_kept_model(
    trained_run, train_with_seeds, run_quickly, make_work_db, short_rows, tmp_path
):
    run_quickly(make_work_db(short_rows[:5]))
    (second,) = train_with_seeds(1, models_kept=2)
    assert folders(tmp_path) == sorted([trained_run.model_run_id, second])


def test_a_folder_that_is_not_a_run_is_not_deleted(trained_run, train_with_seeds, tmp_path):
    # For example a copy of a model folder.
    copy = tmp_path / "models" / f"{trained_run.model_run_id}-before-christmas"
    (tmp_path / "models" / trained_run.model_run_id).rename(copy)
    (second,) = train_with_seeds(1, models_kept=1)
    assert folders(tmp_path) == sorted([copy.name, second])
