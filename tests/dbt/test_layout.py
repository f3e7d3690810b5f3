"""Rules of the dbt project, checked against its manifest."""

from __future__ import annotations

import csv
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DBT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
LAYERS = ("staging", "intermediate", "features", "marts")
SUBJECTS = {
    "staging": {"loads", "ml", "shopify", "standard", "uci"},
    "intermediate": {
        *("forecast", "ledger", "orders", "segments", "shopify", "snapshots", "transactions"),
    },
    "marts": {"core", "customers", "forecast", "quality", "sales", "segments"},
}
MOST_FILES = 15
CALENDAR = re.compile(
    r"'now'|current_date|current_time|getdate|random\(|cast\([^)]* as date\)", re.IGNORECASE
)
ENGINES = ("sqlite", "duckdb", "postgres", "spark")
# SQL that some engine rejects or interprets differently.
ENGINE = re.compile(
    r"julianday|strftime|unixepoch|\bglob\b|json_|printf\(|::|\bifnull\(|\browid\b"
    r"|try_cast|regexp_|split_part|make_date|string_agg|\bilike\b|\bqualify\b|\binterval\b"
    r"|\bextract\(|//|\boffset\b|information_schema|\b(?:lower|upper|greatest|least|round)\(",
    re.IGNORECASE,
)
LOGIC = re.compile(r"\bover\b|\bcase\b|rfm_score\w*\(|segment_of\(", re.IGNORECASE)


def code(model: Any) -> str:
    """Return the SQL of a model without its comments."""
    return re.sub(r"--[^\n]*|\{#.*?#\}", "", model.raw_code, flags=re.DOTALL)


def plain_sql(model: Any) -> str:
    """Return the SQL of a model without its macro calls."""
    return re.sub(r"\{\{.*?\}\}", "", code(model), flags=re.DOTALL)


def model_tests(manifest: Any, model: Any) -> Iterator[Any]:
    for node in manifest.nodes.values():
        if getattr(node, "attached_node", None) == model.unique_id:
            yield node


def test_every_model_is_in_a_layer(models):
    assert not [model.name for model in models if model.fqn[1] not in LAYERS]


def test_every_model_is_in_the_folder_of_its_subject(models):
    assert not [
        model.name
        for model in models
        if model.fqn[1] in SUBJECTS
        and (len(model.fqn) != 4 or model.fqn[2] not in SUBJECTS[model.fqn[1]])
    ]


def test_no_folder_has_more_than_15_files():
    counts = Counter(
        path.parent
        for path in DBT_DIR.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts
    )
    assert len(counts) > 15
    assert not {folder: n for folder, n in counts.items() if n > MOST_FILES}


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


def test_scores_are_computed_in_one_model(models):
    assert [m.name for m in models if re.search(r"\brfm_score\(|\bntile\(", code(m))] == [
        "int_rfm_scores"
    ]


def test_the_columns_of_a_transaction_are_listed_in_one_macro(models):
    listing = [
        model.name
        for model in models
        if model.fqn[2] == "transactions" and "customer_email" in plain_sql(model)
    ]
    assert listing == []


def test_finer_segments_are_named_in_the_seeds_alone():
    with (DBT_DIR / "seeds" / "rfm_segment_map.csv").open(newline="") as file:
        names = {row["segment_detail"] for row in csv.DictReader(file)}
    assert len(names) == 11
    literal = re.compile(
        rf"""(?:["'(=]|: )(?:{"|".join(map(re.escape, sorted(names)))})(?:["'),}}&]|$)""",
        re.MULTILINE,
    )
    tracked = subprocess.run(
        ["git", "ls-files", "dbt_project", "ml", "reports", "scripts"],  # noqa: S607
        cwd=DBT_DIR.parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    code_files = [name for name in tracked if name.endswith((".py", ".sql", ".yml", ".j2", ".js"))]
    assert len(code_files) > 300
    assert not [
        name
        for name in code_files
        if (DBT_DIR.parent / name).exists() and literal.search((DBT_DIR.parent / name).read_text())
    ]


def test_engine_specific_sql_is_in_macros_only(manifest, models):
    singular = [
        node
        for node in manifest.nodes.values()
        if node.resource_type == "test" and not hasattr(node, "test_metadata")
    ]
    assert len(singular) >= 15
    assert not [node.name for node in (*models, *singular) if ENGINE.search(plain_sql(node))]


def test_every_dispatched_macro_is_defined_for_every_engine():
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


def test_no_model_reads_the_clock_or_casts_to_a_date(models):
    assert not [model.name for model in models if CALENDAR.search(code(model))]


def test_no_model_is_longer_than_120_lines(models):
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
