"""Ownership of raw tables in a database that several data folders can reach."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from scripts.errors import TillsightError

MARK = re.compile("Tillsight shop [0-9a-f]+")


def owner_mark(data_dir: Path) -> str:
    """Return the mark of a data folder, stored in its file `.shop`, which is created if missing."""
    file = data_dir / ".shop"
    if not file.is_file():
        file.write_text(f"{uuid.uuid4().hex}\n", encoding="utf-8")
    return f"Tillsight shop {file.read_text(encoding='utf-8').strip()}"


def require_own(found: str, own: str, place: str) -> None:
    """Raise TillsightError if raw tables carry the mark of another data folder."""
    if found != own:
        raise TillsightError(
            f"{place} holds the sales of another data folder; choose that one with --data-dir, or "
            "use a separate database for this one"
        )
