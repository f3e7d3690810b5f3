"""Files and models that the documents name exist."""

from __future__ import annotations

import re

import pytest

from tests.project.source_code import ROOT, tracked_files

DOCUMENTS = ("CONTRIBUTING.md", "DECISIONS.md", "tests/benchmarks/README.md")
# Tillsight writes these into the data folder.
GENERATED = {"settings.yml", "data/current"}
FILE_NAME = re.compile(r"[\w./-]+\.(?:py|sql|yml|csv|js|j2|md|toml)|[\w.-]+(?:/[\w.-]+)+/?")


def is_there(name: str, files: set[str]) -> bool:
    """Return whether a name is a path in the project or in its dbt project, or a file name."""
    return (
        (ROOT / name).exists()
        or (ROOT / "dbt_project" / name).exists()
        or ("/" not in name and any(file.rpartition("/")[2] == name for file in files))
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_named_in_a_document_exist(document):
    files = {str(path) for path in tracked_files()}
    text = (ROOT / document).read_text()
    quoted = {name for name in re.findall(r"`([^`\n]+)`", text) if FILE_NAME.fullmatch(name)}
    links = set(re.findall(r"\]\(([^)#:]+)\)", text))
    folder = (ROOT / document).parent
    missing = {name for name in quoted - GENERATED if not is_there(name, files)}
    missing |= {link for link in links if not (folder / link).exists()}
    assert quoted | links
    assert not sorted(missing)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_models_named_in_a_document_exist(document):
    models = {path.stem for path in tracked_files() if path.suffix == ".sql"}
    names = set(re.findall(r"\b(?:int|stg)_\w+", (ROOT / document).read_text()))
    assert names
    assert not sorted(name for name in names if name not in models)
