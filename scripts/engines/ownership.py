"""What tells one shop's tables from another's, where several data folders reach one database."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from scripts.errors import TillsightError

MARK = re.compile("Tillsight shop [0-9a-f]+")


def shop_mark(data_dir: Path) -> str:
    """Return the mark of a data folder, which stands in a file of it; make one where none is."""
    file = data_dir / ".shop"
    if not file.is_file():
        file.write_text(f"{uuid.uuid4().hex}\n", encoding="utf-8")
    return f"Tillsight shop {file.read_text(encoding='utf-8').strip()}"


def require_own(found: str, own: str, place: str) -> None:
    """Raise where the raw tables of a database carry the mark of another data folder.

    Raises
    ------
    TillsightError
        Says what to do.
    """
    if found != own:
        raise TillsightError(
            f"{place} holds the sales of another data folder; go on in that one with --data-dir, "
            "or name a database of its own for this one"
        )
