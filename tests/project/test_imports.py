"""Imports run one way: between the packages, between the layers of each, and without a cycle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.project.source_code import MODULES, import_graph, imported_names, relative

# Each package from the lowest layer up. A module belongs to the layer with the longest matching
# name. Layers in one tuple are independent: they do not import each other.
LAYERS = {
    "ml": (
        ("ml.errors", "ml.progress", "ml.settings"),
        ("ml.data",),
        ("ml.models",),
        ("ml.evaluation",),
        ("ml.registry",),
        ("ml.fit",),
        ("ml.backtest",),
        ("ml.train", "ml.predict"),
    ),
    "reports": (
        ("reports.errors", "reports.progress", "reports.marts.suppressed"),
        ("reports.formatting",),
        ("reports.marts",),
        ("reports.privacy",),
        ("reports.page",),
        ("reports.site",),
        ("reports.exports",),
        ("reports.api",),
    ),
    "scripts": (
        ("scripts.errors", "scripts.progress", "scripts.installation"),
        ("scripts.shop_settings", "scripts.ingest.formats"),
        ("scripts.settings",),
        ("scripts.storage",),
        ("scripts.ingest",),
        ("scripts.engines",),
        ("scripts.publish",),
        ("scripts.preconditions", "scripts.dbt_runner"),
        ("scripts.project",),
        ("scripts.pipeline",),
        ("scripts.doctor", "scripts.demo"),
        ("scripts.cli",),
    ),
}
PACKAGES_IMPORTED = {"ml": {"ml"}, "reports": {"reports"}, "scripts": {"ml", "reports", "scripts"}}
RANKS = {
    layer: (package, rank)
    for package, layers in LAYERS.items()
    for rank, names in enumerate(layers)
    for layer in names
}


def is_within(module: str, layer: str) -> bool:
    return module == layer or module.startswith(f"{layer}.")


def layer_of(module: str) -> str | None:
    return max((layer for layer in RANKS if is_within(module, layer)), key=len, default=None)


def upward_imports() -> list[str]:
    """Return the imports that lead to a higher layer of the same package, or to one beside."""
    found = []
    for module, targets in import_graph().items():
        for target in sorted(targets):
            own, other = layer_of(module), layer_of(target)
            if own is None or other is None or own == other:
                continue
            (package, rank), (target_package, target_rank) = RANKS[own], RANKS[other]
            if package == target_package and target_rank >= rank:
                found.append(f"{module} imports {target}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_scripts_imports_the_other_packages(path):
    package = path.relative_to(MODULES[0].parents[1]).parts[0]
    roots = {name.split(".")[0] for name in imported_names(ast.parse(path.read_text()))}
    assert roots & PACKAGES_IMPORTED.keys() <= PACKAGES_IMPORTED[package]


def test_every_module_has_a_layer():
    modules = import_graph().keys() - LAYERS.keys()
    undeclared = [module for module in sorted(modules) if layer_of(module) is None]
    assert not undeclared, "add these to LAYERS"


def test_every_layer_has_a_module():
    unused = [layer for layer in RANKS if layer not in {layer_of(name) for name in import_graph()}]
    assert not unused, "remove these from LAYERS"


def test_no_module_imports_from_a_higher_layer():
    found = upward_imports()
    assert not found, "\n".join(found)


def test_no_modules_import_each_other_in_a_circle():
    try:
        tuple(TopologicalSorter(import_graph()).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
