"""Imports in `ml` run one way, from the scoring and training commands down to the settings."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = (
    {"ml.errors", "ml.progress", "ml.settings"},
    {"ml.data"},
    {"ml.models"},
    {"ml.evaluation"},
    {"ml.registry"},
    {"ml.fit", "ml.backtest", "ml.train", "ml.predict"},
)
MODULES = sorted(path for path in (ROOT / "ml").rglob("*.py") if path.name != "__init__.py")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported_modules(path: Path) -> set[str]:
    """Return the modules of `ml` that a module imports."""
    known = {module_name(other) for other in MODULES}
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names & known


def layer(module: str) -> int:
    package = ".".join(module.split(".")[:2])
    return next(place for place, modules in enumerate(LAYERS) if package in modules)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_from_its_own_layer_and_lower_ones(path: Path) -> None:
    name = module_name(path)
    assert not {other for other in imported_modules(path) if layer(other) > layer(name)}


def test_imports_have_no_cycles() -> None:
    remaining = {module_name(path): imported_modules(path) for path in MODULES}
    while free := {name for name, needed in remaining.items() if not needed & set(remaining)}:
        for name in free:
            del remaining[name]
    assert not remaining
