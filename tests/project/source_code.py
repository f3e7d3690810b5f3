"""The files of the project, and which module imports which."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ml", "reports", "scripts")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).glob("**/*.py"))


def tracked_files() -> list[Path]:
    """Return the files that git tracks and that exist, relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607  git is found where the developer has it
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [Path(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def relative(path: Path) -> str:
    """Return a path within the project as text."""
    return str(path.relative_to(ROOT))


def module_name(path: Path) -> str:
    """Return the dotted name of a module; a package is named by its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_names(tree: ast.Module, *, type_checking: bool = True) -> Iterator[str]:
    """Yield the dotted names that a module imports, those within functions included.

    Parameters
    ----------
    tree : Module
        The parsed module.
    type_checking : bool
        Whether to include imports under `if TYPE_CHECKING`.
    """
    nodes = list(ast.walk(tree))
    guards = [
        node
        for node in nodes
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    guarded = {inner for guard in guards for line in guard.body for inner in ast.walk(line)}
    for node in nodes:
        if node in guarded and not type_checking:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def import_graph() -> dict[str, set[str]]:
    """Return the modules of the three packages, each with those that it imports when it runs."""
    names = {module_name(path): path for path in MODULES}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        imported = imported_names(ast.parse(path.read_text()), type_checking=False)
        targets = {full if full in names else full.rpartition(".")[0] for full in imported}
        graph[name] = (targets & names.keys()) - {name}
    return graph
