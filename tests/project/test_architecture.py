"""The rules that keep the house as it is laid out."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from statistics import median

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ml", "reports", "scripts")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).glob("**/*.py"))
REPORTS = [path for path in MODULES if path.is_relative_to(ROOT / "reports")]
# A server tells the time, and lets tokens and requests end; the log and the screen say when and how
# long. No figure comes of either.
CLOCKS = ("reports/api/build_cache.py", "scripts/cli/clock.py")
SECRETS_AND_HOSTS = re.compile(r"index-url|find-links|https?://\S*(pypi|simple)\S*", re.IGNORECASE)


def imports(path: Path) -> set[str]:
    """Return the full names of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def functions(path: Path) -> list[ast.FunctionDef]:
    return [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    ]


def test_top_level_folders_are_the_five():
    tracked = {path.parts[0] for path in map(Path, tracked_files()) if len(path.parts) > 1}
    visible = {name for name in tracked if not name.startswith(".")}
    assert visible == {"dbt_project", "ml", "reports", "scripts", "tests"}


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607  git is found where the developer has it
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return listed.stdout.splitlines()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_ml_and_reports_know_neither_each_other_nor_the_scripts(path):
    package = path.relative_to(ROOT).parts[0]
    forbidden = {"ml": {"reports", "scripts"}, "reports": {"ml", "scripts"}, "scripts": set()}[
        package
    ]
    assert not {name for name in imports(path) if name.split(".")[0] in forbidden}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_settings_read_the_environment(path):
    if path == ROOT / "scripts" / "settings.py":
        return
    text = path.read_text()
    assert not re.search(r"os\.environ|getenv|environb", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_databases_are_opened_at_the_edge_alone(path):
    at_the_edge = {"ml/data/features.py", "ml/registry/database.py", "reports/marts/reader.py"}
    name = str(path.relative_to(ROOT))
    if name in at_the_edge or name.startswith("scripts/"):
        return
    assert ".connect(" not in path.read_text()


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_reports_run_queries_in_the_reader_alone(path):
    if path != ROOT / "reports" / "marts" / "reader.py":
        assert not re.search(r"\.(execute\w*|fetch\w+|row_factory)\b", path.read_text())


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_reports_contain_sql_in_marts_and_api_queries_alone(path):
    name = str(path.relative_to(ROOT))
    if not name.startswith("reports/marts/") and name != "reports/api/queries.py":
        assert not re.search(r"\bselect\b[^.]*?\bfrom\b", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_asks_the_clock_or_pickles(path):
    if str(path.relative_to(ROOT)) in CLOCKS:
        return
    names = imports(path)
    assert not {
        name for name in names if name.split(".")[0] in {"pickle", "joblib", "random", "time"}
    }
    assert not re.search(r"\.(now|today|utcnow)\(", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


def test_functions_are_short():
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
        for path in MODULES
        for node in functions(path)
    )
    assert median(lengths) <= 14
    assert lengths[int(len(lengths) * 0.95)] <= 45


def docstring_lines(node: ast.FunctionDef) -> int:
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) - first.lineno + 1 if is_text else 0


def test_no_registry_host_is_named_anywhere():
    named = [
        name
        for name in tracked_files()
        if (ROOT / name).suffix in {".lock", ".toml", ".txt", ".cfg", ".md", ".yml", ""}
        and (ROOT / name).is_file()
        and SECRETS_AND_HOSTS.search((ROOT / name).read_text(errors="replace"))
    ]
    assert not named


def test_every_locked_package_has_hashes():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        pinned = re.findall(
            r"^([a-z0-9._-]+)==[^\n]*\\\n    --hash=sha256:",
            (ROOT / lock).read_text(),
            re.MULTILINE,
        )
        named = re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(), re.MULTILINE)
        assert pinned == named
        assert len(named) > 40


def test_the_version_is_the_same_in_both_projects():
    python_project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dbt_project = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())
    assert python_project["project"]["version"] == dbt_project["version"]


def test_what_a_user_reads_names_no_place_of_a_developer():
    suffixes = {".md", ".py", ".sql", ".yml", ".j2", ".js", ".css", ".toml", ".example"}
    named = [
        name
        for name in tracked_files()
        if (ROOT / name).suffix in suffixes
        and (ROOT / name).is_file()
        and re.search(
            r"(^|[\s'\"(=])/(home|root|work|Users)/", (ROOT / name).read_text(), re.MULTILINE
        )
    ]
    assert not named
