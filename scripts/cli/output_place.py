"""Where `--out` may write: see `scripts.preconditions.require_output_place`."""

from __future__ import annotations

import json
from pathlib import Path

import reports.site.writer
from reports.exports.selection import COLUMNS
from reports.site.options import SiteOptions
from scripts import preconditions
from scripts.cli import console
from scripts.errors import TillsightError
from scripts.settings import Settings
from scripts.storage import sqlite


def require_for_page(
    settings: Settings, steps: console.Steps, out: Path, options: SiteOptions, *, overwrite: bool
) -> None:
    """Raise unless the page may be written to a path."""
    preconditions.require_place_for_page(out, single_file=options.single_file)
    has_place = options.is_public or options.single_file
    own = settings.page_path(is_public=options.is_public, single_file=options.single_file)
    preconditions.require_output_place(
        settings,
        out,
        allowed=[own] if has_place else [],
        is_own=_is_page,
        confirm=lambda question: overwrite or steps.ask(question),
    )


def require_for_export(
    settings: Settings, steps: console.Steps, out: Path, *, overwrite: bool
) -> None:
    """Raise unless a list of customers, or the metadata for Datasette, may be written to a path."""
    if out.expanduser().is_dir():
        raise TillsightError(f"--out {out} is a folder; name a file in it")
    if out.suffix.lower() in {".db", ".yml"} and not out.exists():
        raise TillsightError(
            f"--out {out} ends like a database or settings; choose a name like customers.csv"
        )
    preconditions.require_output_place(
        settings,
        out,
        allowed=[settings.exports_dir],
        is_own=lambda file: _is_customer_list(file) or _is_metadata(file),
        confirm=lambda question: overwrite or steps.ask(question),
    )


def require_for_backup(
    settings: Settings, steps: console.Steps, out: Path, *, overwrite: bool
) -> None:
    """Raise unless a backup may be written to a path."""
    if out.expanduser().is_dir():
        raise TillsightError(f"--out {out} is a folder; name a file in it")
    preconditions.require_output_place(
        settings,
        out,
        allowed=[settings.backups_dir],
        is_own=sqlite.is_database,  # `back_up` refuses a database that is not a backup
        confirm=lambda question: overwrite or steps.ask(question),
    )


def _is_page(place: Path) -> bool:
    index = place / "index.html" if place.is_dir() else place
    if not index.exists():
        return place.is_dir() and not any(place.iterdir())
    return reports.site.writer.read_build(index) is not None


def _is_customer_list(file: Path) -> bool:
    """Recognise a list by its first line: our columns in their order, some of them left out."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        columns = opened.readline(200).strip().split(",")
    required = set(COLUMNS) - {"email", "purchase_probability"}
    return required <= set(columns) and columns == [name for name in COLUMNS if name in columns]


def _is_metadata(file: Path) -> bool:
    """Recognise metadata for Datasette by the table that every version of it describes."""
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
        return any("customer_360" in one["tables"] for one in described["databases"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
