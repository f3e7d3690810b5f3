"""The README and .env.example agree with the code."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from reports.api.app import make_api
from reports.api.options import ApiOptions
from scripts.cli.app import app
from scripts.ingest.formats import FORMATS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = (
    *("demo", "load", "build", "train", "model", "predict"),
    *("report", "export", "serve", "token", "run", "backup", "restore", "doctor"),
)


def table_names(first_cell: str) -> list[str]:
    """Return the names between backticks in the first column of the table with this header."""
    table = README.split(f"| {first_cell} |", 1)[1].split("\n\n", 1)[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_the_readme_has_at_most_220_lines():
    assert len(README.splitlines()) <= 220


def test_the_readme_lists_exactly_the_commands():
    assert set(typer.main.get_group(app).commands) == set(COMMANDS)
    named = {name.split()[1] for name in table_names("command") if name.startswith("tillsight ")}
    assert named == set(COMMANDS)


@pytest.mark.parametrize(
    "command", [*sorted(set(COMMANDS) - {"model"}), "model list", "model show", "model use"]
)
def test_every_command_has_help_with_an_example(command):
    result = CliRunner().invoke(app, [*command.split(), "--help"], terminal_width=200)
    assert result.exit_code == 0
    assert "Examples" in result.output
    assert f"tillsight {command}" in result.output


@pytest.mark.parametrize(
    ("command", "options"),
    [
        *((name, "--data-dir --as-of --target --quiet") for name in ("demo", "run", "build")),
        *((name, "--data-dir --as-of --target --quiet") for name in ("train", "predict")),
        ("load", "--data-dir --target --quiet"),
        *((name, "--data-dir --quiet") for name in ("report", "export", "backup")),
        *((f"model {name}", "--data-dir") for name in ("list", "show", "use")),
        *((name, "--data-dir") for name in ("serve", "doctor")),
        ("restore", "--data-dir --target"),
        ("token", ""),
    ],
)
def test_a_command_takes_only_the_shared_options_that_it_uses(command, options):
    shared = {"--data-dir", "--as-of", "--target", "--quiet"}
    taken = set(re.findall(r"(--[a-z-]+)", help_of(command)))
    assert shared & taken == set(options.split())


def help_of(command: str) -> str:
    return CliRunner().invoke(app, [*command.split(), "--help"], terminal_width=200).output


@pytest.mark.parametrize("command", ["report", "export", "serve", "token"])
def test_the_readme_lists_exactly_the_options_of_a_command(command):
    (description,) = re.findall(rf"\| `tillsight {command}` \|(.*)\|", README)
    own = set(re.findall(r"(--[a-z-]+)", help_of(command)))
    shared = set(re.findall(r"(--[a-z-]+)", help_of("build")))
    named = set(re.findall(r"`(--[a-z-]+)", description))
    # Of a pair like --email/--no-email the README names the one that is not the default.
    pairs = {name for name in own if name.replace("--", "--no-", 1) in own}
    assert named == own - shared - pairs


def test_the_readme_lists_exactly_the_endpoints(tmp_path):
    options = ApiOptions(tmp_path / "marts.db", tmp_path / "site", tmp_path / "dbt_docs.html")
    paths = make_api(options).openapi()["paths"]
    served = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    assert set(table_names("endpoint")) == served


def test_the_options_in_the_readme_exist():
    every = {option for command in COMMANDS for option in re.findall("--[a-z-]+", help_of(command))}
    assert set(re.findall(r"`(--[a-z-]+)", README)) <= every


def test_the_readme_lists_exactly_the_dbt_vars():
    project = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())
    assert set(table_names("setting")) == set(project["vars"])


def test_the_readme_lists_exactly_the_marts():
    marts = {path.stem for path in (ROOT / "dbt_project" / "models" / "marts").glob("**/*.sql")}
    assert set(table_names("table")) == marts


def test_the_formats_of_the_readme_are_those_that_are_read():
    assert set(table_names("format")) == {file_format.name for file_format in FORMATS}


def test_the_query_in_the_readme_runs(demo_shop):
    query = re.search(r"```sql\n(.*?)```", README, re.DOTALL)
    assert query
    with closing(sqlite3.connect(demo_shop.marts_db)) as connection:
        rows = connection.execute(query.group(1)).fetchall()
    assert rows
    assert all(probability < 0.5 for *_, probability, _ in rows)


def test_the_links_in_the_readme_exist():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_make_targets_in_the_readme_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)
    assert {"demo", "test", "lint", "format", "help"} <= set(named)
    assert set(named) <= set(targets)


def test_the_variables_in_env_example_are_read():
    example = (ROOT / ".env.example").read_text()
    settings = (ROOT / "scripts" / "settings.py").read_text()
    names = re.findall(r"TILLSIGHT_[A-Z_]+", example)
    assert names
    assert not [name for name in names if f'"{name}"' not in settings]
