"""The layout of the project: its folders, how many files each has, and how long files are."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from statistics import median

import pytest

from tests.project.source_code import MODULES, PACKAGES, ROOT, tracked_files

TOP_LEVEL = {"dbt_project", "ml", "reports", "scripts", "tests"}
TEST_FOLDERS = {
    *PACKAGES,
    *("dbt", "engines", "end_to_end", "project"),
    *("chaos", "benchmarks", "fixtures", "support"),
}
# Tests of every figure of the page at once; they belong to no single module.
TEST_SUITES = {Path("tests/reports/page/figures")}
SOURCE = {".py", ".sql", ".yml", ".j2", ".js", ".css"}
MOST_FILES = 15


def in_folders() -> list[Path]:
    """Return the tracked files of the five folders."""
    return [path for path in tracked_files() if path.parts[0] in TOP_LEVEL]


def test_the_top_level_folders_are_exactly_five():
    tracked = {path.parts[0] for path in tracked_files() if len(path.parts) > 1}
    assert {name for name in tracked if not name.startswith(".")} == TOP_LEVEL


def test_no_folder_has_more_than_15_source_files():
    # Files that share a name count once: a model with its yml, a script with its stylesheet.
    names: defaultdict[str, set[str]] = defaultdict(set)
    for path in in_folders():
        if path.suffix in SOURCE and path.name != "__init__.py":
            names[str(path.parent)].add(path.name.split(".")[0])
    counts = {folder: len(found) for folder, found in names.items()}
    assert {folder: n for folder, n in counts.items() if n > MOST_FILES} == {}


@pytest.mark.parametrize(
    ("suffix", "folder", "most"), [(".py", "", 400), (".sql", "dbt_project/models", 120)]
)
def test_no_file_is_too_long(suffix, folder, most):
    files = [path for path in in_folders() if path.suffix == suffix and path.is_relative_to(folder)]
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in files}
    assert len(lengths) > 50
    assert {name: n for name, n in lengths.items() if n > most} == {}


def test_the_root_of_the_tests_holds_conftest_alone():
    tests = [path for path in tracked_files() if path.parts[0] == "tests"]
    assert [path.name for path in tests if len(path.parts) == 2] == ["conftest.py"]
    assert {path.parts[1] for path in tests if len(path.parts) > 2} == TEST_FOLDERS


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_lie_in_the_folders_of_what_they_test(package):
    folders = {
        path.parent
        for path in tracked_files()
        if path.is_relative_to(f"tests/{package}") and path.match("test_*.py")
    }
    mirrored = {folder for folder in folders if folder not in TEST_SUITES}
    assert len(mirrored) > 1
    assert not [
        str(folder)
        for folder in sorted(mirrored)
        if not (ROOT / folder.relative_to("tests") / "__init__.py").exists()
    ]


def test_functions_are_short():
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert median(lengths) <= 14
    assert lengths[int(len(lengths) * 0.95)] <= 45


def docstring_lines(node: ast.FunctionDef) -> int:
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (first.end_lineno or 0) - first.lineno + 1 if is_text else 0
