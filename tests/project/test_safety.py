"""Rules that protect users: one reader of the environment, no clock, no pickle, locked packages."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest
import yaml

from tests.project.source_code import MODULES, ROOT, imported_names, relative, tracked_files

# Tokens and requests expire; the run log and the terminal show times. No figure depends on these.
CLOCK_READERS = {
    "reports/api/build_cache.py",
    "scripts/cli/console.py",
    "scripts/cli/run_log.py",
}
DATABASE_READERS = {"ml/data/features.py", "ml/registry/database.py", "reports/marts/reader.py"}
REGISTRY_HOST = re.compile(r"index-url|find-links|https?://\S*(pypi|simple)\S*", re.IGNORECASE)
DEVELOPER_PATH = re.compile(r"(^|[\s'\"(=])/(home|root|work|Users)/", re.MULTILINE)
WRITTEN_TABLE = re.compile(
    r"\b(?:insert (?:or \w+ )?into|create table(?: if not exists)?+|delete from|update(?= \w+ set))"
    r" (?:raw\.)?+(\w+)"
)
# Temporary tables, and the row of the marts that receives the fingerprint of the build.
WRITTEN_BESIDE_RAW = {"drawn", "described", "build_info"}
modules = pytest.mark.parametrize("path", MODULES, ids=relative)
reports = pytest.mark.parametrize(
    "path", [path for path in MODULES if path.is_relative_to(ROOT / "reports")], ids=relative
)


@modules
def test_only_settings_reads_the_environment(path):
    if relative(path) != "scripts/settings.py":
        assert not re.search(r"os\.environ|getenv|environb", path.read_text())


@modules
def test_ml_and_reports_open_databases_in_declared_modules_only(path):
    if relative(path) not in DATABASE_READERS and not relative(path).startswith("scripts/"):
        assert ".connect(" not in path.read_text()


@reports
def test_reports_run_queries_in_the_reader_only(path):
    if relative(path) != "reports/marts/reader.py":
        assert not re.search(r"\.(execute\w*|fetch\w+|row_factory)\b", path.read_text())


@reports
def test_reports_contain_sql_in_marts_and_api_queries_only(path):
    if relative(path) != "reports/api/queries.py" and path.parent.name != "marts":
        assert not re.search(r"\bselect\b[^.]*?\bfrom\b", path.read_text())


@modules
def test_reports_run_queries_in_the_reader_alone(path):
    if relative(path).startswith("reports/") and relative(path) != "reports/marts/reader.py":
        assert not re.search(r"\.(execute\w*|fetch\w+|row_factory)\b", path.read_text())


@modules
def test_reports_contain_sql_in_marts_and_api_queries_alone(path):
    is_report = relative(path).startswith("reports/")
    has_queries = relative(path).startswith(("reports/marts/", "reports/api/queries.py"))
    if is_report and not has_queries:
        assert not re.search(r"\bselect\b[^.]*?\bfrom\b", path.read_text())


@modules
def test_no_module_reads_the_clock_or_unpickles(path):
    if relative(path) in CLOCK_READERS:
        return
    roots = {name.split(".")[0] for name in imported_names(ast.parse(path.read_text()))}
    assert not roots & {"pickle", "joblib", "random", "time"}
    assert not re.search(r"\.(now|today|utcnow)\(", path.read_text())


@modules
def test_python_writes_raw_tables_only(path):
    tables = set(WRITTEN_TABLE.findall(path.read_text())) - WRITTEN_BESIDE_RAW
    assert not {table for table in tables if not table.startswith("raw_")}


def test_no_file_names_a_package_registry():
    named = [
        str(path)
        for path in tracked_files()
        if path.suffix in {".lock", ".toml", ".txt", ".cfg", ".md", ".yml", ""}
        and REGISTRY_HOST.search((ROOT / path).read_text(errors="replace"))
    ]
    assert not named


def test_every_locked_package_has_hashes():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        hashed = re.findall(r"^([a-z0-9._-]+)==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        named = re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)
        assert hashed == named
        assert len(named) > 40


def test_the_python_and_the_dbt_project_have_the_same_version():
    python_project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dbt_project = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())
    assert python_project["project"]["version"] == dbt_project["version"]


def test_no_file_names_a_path_of_a_developer():
    suffixes = {".md", ".py", ".sql", ".yml", ".j2", ".js", ".css", ".toml", ".example"}
    named = [
        str(path)
        for path in tracked_files()
        if path.suffix in suffixes and DEVELOPER_PATH.search((ROOT / path).read_text())
    ]
    assert not named
