"""Which of option, environment, file and default wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import TillsightError
from scripts.settings import PROJECT_DIR, read_settings


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.write_text("TILLSIGHT_DATA_DIR=/from/file\nTILLSIGHT_TARGET=duckdb\n")
    return file


def test_an_option_wins_over_all(env_file):
    settings = read_settings(
        data_dir=Path("/from/option"),
        environment={"TILLSIGHT_DATA_DIR": "/from/environment"},
        env_file=env_file,
    )
    assert settings.data_dir == Path("/from/option")


def test_the_environment_wins_over_the_file(env_file):
    environment = {"TILLSIGHT_DATA_DIR": "/from/environment"}
    settings = read_settings(environment=environment, env_file=env_file)
    assert settings.data_dir == Path("/from/environment")
    assert settings.target == "duckdb"


def test_the_file_wins_over_the_default(env_file):
    assert read_settings(environment={}, env_file=env_file).data_dir == Path("/from/file")


def test_the_default_is_the_data_folder_of_the_project(tmp_path):
    settings = read_settings(environment={}, env_file=tmp_path / "none")
    assert settings.data_dir == PROJECT_DIR / "data"
    assert settings.target == "sqlite"
    assert settings.as_of is None


def test_an_installed_package_takes_both_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.installation.is_checkout", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert read_settings(environment={}).data_dir == tmp_path / "data"
    (tmp_path / ".env").write_text("TILLSIGHT_TARGET=duckdb\n")
    assert read_settings(environment={}).target == "duckdb"


@pytest.mark.parametrize("text", ["9.12.2011", "2011-13-01", "2011-02-30", "20111209", "", "now"])
def test_an_as_of_date_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(TillsightError, match="it must be a date like"):
        read_settings(as_of=text, environment={}, env_file=tmp_path / "none")
