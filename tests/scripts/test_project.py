"""A project: made once per command, and creating nothing when it only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import project as project_module
from scripts.cli.app import app
from scripts.engines import engine_of
from scripts.engines.sqlite import SqliteEngine
from scripts.errors import TillsightError
from scripts.project import Project, locked

HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"


@pytest.fixture
def calls(monkeypatch) -> Counter[str]:
    counted: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            counted[name] += 1
            return function(*arguments)

        return call

    monkeypatch.setattr(project_module, "engine_of", counting("engine", engine_of))
    ensure = counting("raw tables", SqliteEngine.ensure_raw_tables)
    monkeypatch.setattr(SqliteEngine, "ensure_raw_tables", ensure)
    return counted


def test_a_run_makes_one_engine_and_ensures_the_raw_tables_once(calls, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(HEADER + "t1,a,p,2024-01-01,1,9.99\n")
    result = CliRunner().invoke(app, ["run", str(file), "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == 0, result.output
    assert calls == {"engine": 1, "raw tables": 1}


@pytest.mark.parametrize("command", ["report", "export", "model list", "backup"])
def test_a_reading_command_makes_no_engine(calls, demo_shop, command):
    arguments = [*command.split(), "--data-dir", str(demo_shop.data_dir)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert not calls


def test_opening_a_folder_that_does_not_exist_creates_nothing(tmp_path, settings_in):
    with pytest.raises(
        TillsightError, match=f"There is no shop in {tmp_path / 'data'}. Type: tillsight run"
    ):
        Project.open(settings_in(tmp_path / "data"), "report")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["raw.db", "marts.db"])
def test_opening_the_parent_folder_of_the_demo_shop_names_it(tmp_path, settings_in, name):
    (tmp_path / "demo_duckdb").mkdir()
    (tmp_path / "demo_duckdb" / name).touch()
    with pytest.raises(
        TillsightError, match=f"type: tillsight report --data-dir {tmp_path / 'demo_duckdb'}"
    ):
        Project.open(settings_in(tmp_path), "report")
    (tmp_path / name).touch()
    assert Project.open(settings_in(tmp_path), "report").settings.data_dir == tmp_path


def test_files_of_killed_runs_are_removed_under_the_lock(tmp_path: Path, settings_in):
    (tmp_path / "building").mkdir()
    with locked(settings_in(tmp_path)):
        assert not (tmp_path / "building").exists()
