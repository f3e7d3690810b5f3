"""How Tillsight is installed: as a checkout of its repository, or as a package."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parents[1]
"""Folder of `dbt_project`, `ml`, `reports` and `scripts`: the checkout, or site-packages."""


def is_checkout() -> bool:
    """Return whether the code runs from a checkout of the repository."""
    file = PROJECT_DIR / "pyproject.toml"
    return file.is_file() and 'name = "tillsight"' in file.read_text(encoding="utf-8")


def base_dir() -> Path:
    """Return the folder of `.env` and of the default data folder `data`.

    It is the checkout, so that commands work from any directory. An installed package may be
    read-only, so that it is the working directory there.
    """
    return PROJECT_DIR if is_checkout() else Path.cwd()


def install_command(extra: str) -> str:
    """Return the command that installs an extra of `pyproject.toml`, and where to type it."""
    if not is_checkout():
        # this interpreter's own pip also works in the environments that pipx makes
        return f"{shlex.quote(sys.executable)} -m pip install 'tillsight[{extra}]'"
    if (PROJECT_DIR / f"requirements-{extra}.lock").exists():
        return f"make .venv/installed-{extra} (in {PROJECT_DIR})"
    return f"pip install --editable '.[{extra}]' (in {PROJECT_DIR})"


def repair_command() -> str:
    """Say how to restore missing files and libraries of the installation."""
    if is_checkout():
        return f"type 'make demo' in {PROJECT_DIR}, which installs the locked libraries"
    return "install Tillsight again with pip or pipx, which installs its libraries"
