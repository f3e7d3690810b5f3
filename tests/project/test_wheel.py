from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dbt_project", "ml", "reports", "scripts")
GENERATED = shutil.ignore_patterns("target", "logs", "__pycache__", ".user.yml")


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the wheel, and an empty working directory."""

    environment: Path
    directory: Path

    @property
    def site_packages(self) -> Path:
        (found,) = self.environment.glob("lib/python*/site-packages")
        return found

    def __call__(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TILLSIGHT_", "PYTHON", "COV_"))
        }
        return subprocess.run(
            [str(self.environment / "bin" / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            env={**own, "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.directory)},
        )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is built from, so that nothing is written into the checkout."""
    folder = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=GENERATED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = relative_files(source, PACKAGES)
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", source, "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder)
    assert relative_files(source, PACKAGES) == files
    (built,) = folder.glob("tillsight-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in an environment that takes its dependencies, and nothing else, from this one."""
    folder = tmp_path_factory.mktemp("installed")
    made = Installation(folder / "venv", folder / "work")
    made.directory.mkdir()
    venv.create(made.environment, symlinks=True)
    python = made.environment / "bin" / "python"
    pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    # a path in a .pth file comes after the environment's own, and .pth files in it are not read
    others = [path for path in sys.path if Path(path).name == "site-packages"]
    (made.site_packages / "dependencies.pth").write_text("\n".join(others))
    return made


def relative_files(folder: Path, names: Sequence[str]) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for name in names
        for path in (folder / name).rglob("*")
        if path.is_file()
    }


def rows(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]


def test_the_wheel_holds_every_source_file_and_nothing_else(source, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == relative_files(source, PACKAGES)


def test_extras_are_those_of_the_project(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = archive.read(metadata).decode()
    extras = {line.split()[-1] for line in told.splitlines() if line.startswith("Provides-Extra:")}
    assert {"api", "duckdb", "postgres", "spark"} <= extras


def test_the_installed_command_does_the_whole_job_outside_the_repository(installed):
    names = ", ".join(PACKAGES)
    code = f"import {names}; print(*(list(package.__path__)[0] for package in ({names})))"
    places = installed("python", "-c", code).stdout.split()
    assert places == [str(installed.site_packages / name) for name in PACKAGES]
    before = {
        name: (installed.site_packages / name).stat().st_mtime_ns
        for name in relative_files(installed.site_packages, PACKAGES)
    }

    demo = installed("tillsight", "demo", "--customers", "200")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    shop = installed.directory / "data" / "demo"
    assert rows(shop / "marts.db", "customers") == 200

    file = shop / "files" / "transactions.csv"
    run = installed("tillsight", "run", os.path.relpath(file, installed.directory))
    assert run.returncode == 0, run.stdout + run.stderr
    own = installed.directory / "data"
    assert rows(own / "marts.db", "transactions") == rows(shop / "marts.db", "transactions")

    for folder in (shop, own):
        page = (folder / "site" / "index.html").read_text(encoding="utf-8")
        assert "</html>" in page
        lists = list((folder / "exports").glob("customers_*.csv"))
        assert len(lists) == 4 + 11  # segments and finer segments
        header = (folder / "exports" / "customers.csv").read_text().splitlines()[0]
        assert header.startswith("customer_id,")
    assert {
        name: (installed.site_packages / name).stat().st_mtime_ns
        for name in relative_files(installed.site_packages, PACKAGES)
    } == before, "a command wrote into the installed package, which may be read-only"


def test_the_installed_command_reads_the_env_file_of_the_working_directory(installed):
    (installed.directory / ".env").write_text("TILLSIGHT_DATA_DIR=elsewhere\n")
    try:
        result = installed("tillsight", "model", "list")
    finally:
        (installed.directory / ".env").unlink()
    assert "There is no shop in elsewhere." in result.stderr


def test_a_missing_extra_is_named_with_the_command_that_installs_it(installed):
    code = (
        "import scripts.engines as e; e.find_spec = lambda _: None\n"
        "from scripts.settings import read_settings\n"
        "e.engine_of(read_settings(target='duckdb'))"
    )
    told = installed("python", "-c", code).stderr.splitlines()[-1]
    python = installed.environment / "bin" / "python"
    assert told.endswith(f"type: {python} -m pip install 'tillsight[duckdb]'")
