"""Every table, column and test of the dbt project has a description that can be read alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DBT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
# A BI tool shows each description alone: it refers to no other description.
BACK_REFERENCE = re.compile(
    r"\bthe same(?= as|,|\. | of)|\bditto\b|\b(?:sum|end) of (?:both|that)\b|\babove\b(?=[.;]|$)"
    r"|\b(?:those|one|share|most|number) (?:of|among) them\b|\bin that time\b"
    r"|\bthat (?:range|window|period)\b|^(?:Its|Their|Those|These)\b",
    re.IGNORECASE,
)


def test_every_model_has_a_yml_of_its_own(models):
    missing = [
        model.name
        for model in models
        if not (DBT_DIR / model.original_file_path).with_suffix(".yml").exists()
    ]
    assert not missing


def test_every_model_has_a_description_that_names_its_grain(models):
    assert not [model.name for model in models if "One row per" not in model.description]


def test_every_column_is_described(models):
    silent = [
        f"{model.name}.{column.name}"
        for model in models
        for column in model.columns.values()
        if len(column.description) < 3
    ]
    assert not silent


def descriptions(manifest: Any) -> Iterator[tuple[str, str]]:
    """Yield name and description of all tables, columns and tests of the project."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        yield node.name, node.description
        for column in node.columns.values():
            yield f"{node.name}.{column.name}", column.description
    for unit_test in manifest.unit_tests.values():
        yield unit_test.name, unit_test.description or ""


def test_every_description_can_be_read_alone(manifest):
    texts = dict(descriptions(manifest))
    assert len(texts) > 500
    assert {name: text for name, text in texts.items() if BACK_REFERENCE.search(text)} == {}


@pytest.mark.parametrize(
    "text",
    ["The same as a number.", "Those of them who ordered.", "Sum of both.", "Orders in that time."],
)
def test_a_back_reference_is_recognised(text):
    assert BACK_REFERENCE.search(text)


def test_money_and_days_say_their_unit(models):
    marts = [model for model in models if model.fqn[1] in ("marts", "features")]
    unitless = [
        f"{model.name}.{column.name}"
        for model in marts
        for column in model.columns.values()
        if re.search(r"(amount|revenue|monetary|price|spend|_days$|recency$)", column.name)
        and not re.search(r"share|over_|_count|_score$|orders_last", column.name)
        and not column.meta.get("unit")
    ]
    assert not unitless


def test_every_unit_test_has_a_description(manifest):
    assert not [
        test.name for test in manifest.unit_tests.values() if not (test.description or "").strip()
    ]
