"""The rules of the dbt project, held against its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.dbt_runner import Dbt
from scripts.settings import Settings

DBT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
LAYERS = ("staging", "intermediate", "features", "marts")
CALENDAR = re.compile(
    r"'now'|current_date|current_time|getdate|random\(|cast\([^)]* as date\)", re.IGNORECASE
)
ENGINES = ("sqlite", "duckdb", "postgres", "spark")
# What one of the engines reads and another does not, or reads otherwise.
ENGINE = re.compile(
    r"julianday|strftime|unixepoch|\bglob\b|json_|printf\(|::|\bifnull\(|\browid\b"
    r"|try_cast|regexp_|split_part|make_date|string_agg|\bilike\b|\bqualify\b|\binterval\b"
    r"|\bextract\(|//|\boffset\b|information_schema|\b(?:lower|upper|greatest|least|round)\(",
    re.IGNORECASE,
)
LOGIC = re.compile(r"\bover\b|\bcase\b|rfm_score\w*\(|segment_of\(", re.IGNORECASE)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory, settings_in) -> Any:
    settings: Settings = settings_in(tmp_path_factory.mktemp("manifest"))
    return Dbt(settings).manifest


@pytest.fixture(scope="module")
def models(manifest) -> list[Any]:
    found = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return sorted(found, key=lambda node: node.name)


def code(model: Any) -> str:
    """Return the SQL of a model without its comments."""
    return re.sub(r"--[^\n]*|\{#.*?#\}", "", model.raw_code, flags=re.DOTALL)


def plain_sql(model: Any) -> str:
    """Return what a model writes itself, without what it leaves to macros."""
    return re.sub(r"\{\{.*?\}\}", "", code(model), flags=re.DOTALL)


def model_tests(manifest: Any, model: Any) -> Iterator[Any]:
    for node in manifest.nodes.values():
        if getattr(node, "attached_node", None) == model.unique_id:
            yield node


def test_every_model_lies_in_a_layer(models):
    assert not [model.name for model in models if model.fqn[1] not in LAYERS]


def test_names_say_the_layer(models):
    prefixes = {"staging": "stg_", "intermediate": "int_", "features": "", "marts": ""}
    misnamed = [
        model.name
        for model in models
        if not model.name.startswith(prefixes[model.fqn[1]])
        or (model.fqn[1] == "marts" and model.name.startswith(("stg_", "int_", "dim_", "fct_")))
    ]
    assert not misnamed


def test_staging_models_are_named_after_their_folder(models):
    staging = [model for model in models if model.fqn[1] == "staging"]
    assert staging
    assert not [
        model.name for model in staging if not model.name.startswith(f"stg_{model.fqn[2]}__")
    ]


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


def test_only_staging_reads_sources(models):
    trespassers = [
        model.name
        for model in models
        if model.fqn[1] != "staging"
        and any(parent.startswith("source.") for parent in model.depends_on.nodes)
    ]
    assert not trespassers


def test_staging_reads_one_source_and_nothing_else(models):
    staging = [model for model in models if model.fqn[1] == "staging"]
    assert not [
        model.name
        for model in staging
        if len(model.depends_on.nodes) != 1 or not model.depends_on.nodes[0].startswith("source.")
    ]


def test_no_model_depends_on_a_later_layer(models):
    layer_of = {model.unique_id: LAYERS.index(model.fqn[1]) for model in models}
    by_id = {model.unique_id: model.name for model in models}
    backwards = [
        (model.name, by_id[parent])
        for model in models
        for parent in model.depends_on.nodes
        if parent in layer_of and layer_of[parent] > layer_of[model.unique_id]
    ]
    assert not backwards


def test_engine_specific_sql_stands_in_macros_alone(manifest, models):
    singular = [
        node
        for node in manifest.nodes.values()
        if node.resource_type == "test" and not hasattr(node, "test_metadata")
    ]
    assert len(singular) >= 15
    assert not [node.name for node in (*models, *singular) if ENGINE.search(plain_sql(node))]


def test_every_dispatched_macro_has_a_form_for_every_engine():
    text = "\n".join(path.read_text() for path in sorted((DBT_DIR / "macros").glob("**/*.sql")))
    forms = set(re.findall(r"\{% macro (\w+)\(", text))
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)', 'tillsight'\)", text))
    assert len(dispatched) >= 20
    assert not [
        f"{engine}__{name}"
        for name in dispatched
        for engine in ENGINES
        if not {f"{engine}__{name}", f"default__{name}"} & forms
    ]


def test_every_table_declares_the_types_of_its_columns(models):
    assert not [
        f"{model.name}.{column.name}"
        for model in models
        if model.config.materialized == "table"
        for column in model.columns.values()
        if column.data_type not in ("TEXT", "INTEGER", "REAL", "DATE", "DATETIME")
    ]


def test_no_model_asks_the_clock_or_casts_to_a_date(models):
    assert not [model.name for model in models if CALENDAR.search(code(model))]


def test_no_model_is_longer_than_it_can_be_read(models):
    assert not [model.name for model in models if len(model.raw_code.splitlines()) > 120]


def test_most_models_are_short(models):
    lengths = sorted(len(model.raw_code.splitlines()) for model in models)
    assert lengths[len(lengths) // 2] <= 60


def test_models_end_in_select_star_from_their_last_step(models):
    assert not [
        model.name
        for model in models
        if not re.search(r"\)\n\nselect \* from \w+\n?$", model.raw_code)
    ]


def test_every_window_order_ends_in_a_unique_key(models):
    unique = (
        "customer_id",
        "line_number",
        "transaction_id",
        "line_of_order",
        "day",
        "load_id",
        "model_run_id",
        "currency",
    )
    loose = [
        (model.name, order)
        for model in models
        for order in re.findall(r"row_number\(\) over \([^()]*order by ([^()]*?)\s*\)", code(model))
        if not re.sub(r"\s+(asc|desc)$", "", order.strip())
        .split()[-1]
        .split(".")[-1]
        .startswith(unique)
    ]
    assert not loose


def test_every_mart_is_a_public_contract_with_a_primary_key(models):
    marts = [model for model in models if model.fqn[1] == "marts"]
    assert len(marts) >= 18
    for mart in marts:
        assert mart.config.contract.enforced, mart.name
        assert mart.config.access == "public", mart.name
        kinds = [
            constraint.type for column in mart.columns.values() for constraint in column.constraints
        ]
        kinds += [constraint.type for constraint in mart.constraints]
        assert "primary_key" in kinds, mart.name


def test_every_table_has_a_test_of_its_key(manifest, models):
    # no key, since they have one row
    one_row = {"int_observed_period", "int_reporting_currency", "forecast_settings"}
    keyless = [
        model.name
        for model in models
        if model.config.materialized == "table"
        and model.name not in one_row
        and not {test.test_metadata.name for test in model_tests(manifest, model)}
        & {"unique", "unique_together"}
    ]
    assert not keyless


def test_every_raw_table_has_a_test_of_its_key(manifest):
    for source in manifest.sources.values():
        tests = [
            node.test_metadata.name
            for node in manifest.nodes.values()
            if node.resource_type == "test"
            and node.depends_on.nodes == [source.unique_id]
            and node.test_metadata
        ]
        assert {"unique", "unique_together"} & set(tests), source.name


def test_every_model_with_a_window_or_a_case_has_a_unit_test(manifest, models):
    tested = {unit_test.model for unit_test in manifest.unit_tests.values()}
    assert not [
        model.name for model in models if LOGIC.search(code(model)) and model.name not in tested
    ]


def test_every_unit_test_says_what_it_shows(manifest):
    assert not [
        test.name for test in manifest.unit_tests.values() if not (test.description or "").strip()
    ]


def test_every_exposure_has_an_owner_and_a_description(manifest):
    exposures = list(manifest.exposures.values())
    assert {exposure.name for exposure in exposures} == {
        "dashboard",
        "exports",
        "api",
        "classifier",
        "bi_tools",
    }
    assert not [
        exposure.name
        for exposure in exposures
        if not exposure.description or not exposure.owner.email
    ]


def test_every_macro_of_the_project_has_a_comment(manifest):
    own = sorted((DBT_DIR / "macros").glob("**/*.sql"))
    silent = [
        f"{path.name}: {match}"
        for path in own
        for match in re.findall(r"(?<!#\}\n)\{% macro (?![a-z]+__)(\w+)", path.read_text())
    ]
    assert not silent
