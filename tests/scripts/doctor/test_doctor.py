"""`tillsight doctor`: what is wrong is found, and each has something to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import pipeline
from scripts.cli.app import app
from scripts.doctor import data_folder, machine
from scripts.doctor.check import Check
from scripts.engines import engine_of
from scripts.errors import TillsightError
from scripts.project import Project, locked
from scripts.settings import Settings
from scripts.storage import backup


@pytest.fixture
def shop(demo_shop, tmp_path) -> Settings:
    """The demo shop for a test of one's own, as a run by the command line leaves it."""
    shutil.copytree(demo_shop.data_dir, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return replace(demo_shop, data_dir=tmp_path / "data")


def wrong(settings: Settings) -> list[Check]:
    return [check for check in machine.examine(settings) if not check.is_ok]


def only_wrong(settings: Settings) -> Check:
    (check,) = wrong(settings)
    return check


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_whole_run_is_ok(shop):
    found = {check.subject: check for check in machine.examine(shop)}
    assert wrong(shop) == []
    assert "tests passed, version 1" in found["Marts"].found
    assert "the marts contain all loaded files" in found["Freshness"].found
    assert found["Lock of the folder"].found == "free"
    assert "dbt-core" in found["Libraries"].found


def test_an_empty_folder_is_ok(settings_in, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    assert wrong(settings_in(folder)) == []


def test_what_others_can_read_is_named(shop):
    shop.data_dir.chmod(0o755)
    shop.raw_db.chmod(0o644)
    check = only_wrong(shop)
    assert check.subject == "Permissions"
    assert check.remedy == f"type 'chmod -R go-rwx {shop.data_dir}'"


@pytest.mark.parametrize("name", ["raw_duckdb", "marts_db"])
def test_what_others_can_read_of_any_engine_is_named(shop, name):
    shop.data_dir.chmod(0o755)
    shop.raw_db.chmod(0o600)
    shop.marts_db.chmod(0o600)
    path = getattr(shop, name)
    path.touch()
    path.write_bytes(path.read_bytes() or b"sales")
    path.chmod(0o644)
    assert [check.subject for check in wrong(shop)] == ["Permissions"]


def test_a_library_out_of_its_range_or_missing_is_named(shop, monkeypatch):
    installed = machine._installed
    others = {"pandas": "1.0", "jinja2": None}
    monkeypatch.setattr(machine, "_installed", lambda name: others.get(name, installed(name)))
    check = only_wrong(shop)
    assert "jinja2 is missing, pandas 1.0" in check.found
    assert "make demo" in check.remedy


def test_a_dbt_project_that_is_not_whole_is_named(shop, tmp_path):
    (tmp_path / "dbt_project.yml").touch()
    check = only_wrong(replace(shop, dbt_dir=tmp_path))
    assert "lacks profiles.yml, selectors.yml" in check.found


def test_newer_files_than_the_marts_are_counted(shop, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text(
        "transaction_id,customer_id,product_id,invoice_date,quantity,amount\nx,a,p,2025-01-01,1,1\n"
    )
    pipeline.load_files(Project.create(shop), [file])
    check = only_wrong(shop)
    assert check.found == "the marts lack 1 loaded files, up to load 4"
    assert "tillsight run" in check.remedy


def test_page_and_exports_of_another_build_than_the_marts_are_named(shop):
    execute(shop.marts_db, "update build_info set build_fingerprint = '0123456789abcdef'")
    remedies = {check.subject: check.remedy for check in wrong(shop)}
    assert remedies["Exports"] == "type 'tillsight export'"
    assert remedies["Page"] == "type 'tillsight report'"


def test_the_command_names_the_data_folder_with_its_remedies(shop):
    execute(shop.marts_db, "update build_info set build_fingerprint = '0123456789abcdef'")
    result = CliRunner().invoke(app, ["doctor", "--data-dir", str(shop.data_dir)])
    assert result.exit_code == 1
    assert "type 'tillsight report'" in result.stderr
    assert f"each with --data-dir {shop.data_dir}" in " ".join(result.stderr.split())


def test_a_page_that_names_no_build_is_named(shop):
    index = shop.site_dir / "index.html"
    index.write_text(index.read_text().replace("tillsight-build", "another-name"))
    assert only_wrong(shop).subject == "Page"


def test_marts_of_another_version_or_with_failed_tests_are_named(shop):
    execute(shop.marts_db, "pragma user_version = 7")
    assert "version 7" in wrong(shop)[0].found
    execute(shop.marts_db, "pragma user_version = 1")
    execute(shop.marts_db, "update build_info set data_tests_passed = data_tests - 1")
    assert wrong(shop)[0].subject == "Marts"


def test_a_newer_raw_db_is_named(shop):
    execute(shop.raw_db, "pragma user_version = 99")
    assert "use the newer Tillsight" in only_wrong(shop).remedy


def test_a_damaged_raw_db_is_to_be_restored(shop):
    with shop.raw_db.open("r+b") as file:
        file.seek(-16_384, os.SEEK_END)
        file.write(os.urandom(16_384))
    assert "tillsight restore" in wrong(shop)[0].remedy


def test_the_list_of_loads_damaged_is_to_be_restored_as_well(shop):
    with closing(sqlite3.connect(shop.raw_db)) as connection:
        page, size = connection.execute(
            "select rootpage, (select page_size from pragma_page_size) from sqlite_master "
            "where name = 'raw_loads'"
        ).fetchone()
    with shop.raw_db.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(100))
    check = only_wrong(shop)
    assert (check.subject, check.found.split(":")[0]) == ("Loaded", "damaged")
    assert "tillsight restore" in check.remedy
    with pytest.raises(TillsightError, match=r"raw\.db: it is damaged"):
        engine_of(shop).raw.loads()


def test_a_model_of_other_libraries_is_named(shop):
    execute(
        shop.raw_db,
        "update raw_model_runs set library_versions = json_set(library_versions, '$.scipy', '0.1')",
    )
    check = only_wrong(shop)
    assert check.found.endswith("by other versions of scipy")
    assert "tillsight run" in check.remedy


def test_left_overs_go_unless_a_run_is_at_work(shop):
    with locked(shop):
        (shop.data_dir / "building").mkdir()
        found = {check.subject: check for check in machine.examine(shop)}
        assert "another tillsight" in found["Lock of the folder"].found
        assert (shop.data_dir / "building").exists()
    assert not wrong(shop)
    assert not (shop.data_dir / "building").exists()


def test_a_disk_without_room_for_a_rebuild_is_named(shop, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(data_folder.shutil, "disk_usage", lambda _: usage(1, 1, 1_000_000))
    disk, temporary = wrong(shop)
    assert disk.found.startswith("1 MB free, a rebuild needs up to 50 MB")
    assert f"make room in {shop.data_dir}" == disk.remedy
    assert temporary.subject == "Temporary files"


def test_a_backup_is_no_left_over(shop):
    backup.back_up(shop.raw_db, shop.backups_dir)
    assert wrong(shop) == []
