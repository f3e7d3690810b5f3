"""Load files into a raw.db without a data folder around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.engines.sqlite import SqliteRaw, ensure_raw
from scripts.ingest import load
from scripts.ingest.load import LoadResult


def load_files(raw_db: Path, files: Sequence[Path], **options: Any) -> list[LoadResult]:
    ensure_raw(raw_db)
    return load.load_files(SqliteRaw(raw_db), files, **options)
