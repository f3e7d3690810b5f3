"""Lock of a data folder: one process at a time."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from scripts.errors import TillsightError
from scripts.settings import Settings


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the lock of a data folder; the system releases it if the process dies.

    Raises
    ------
    TillsightError
        If another process holds it; names the process where it is known.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lock, holder = settings.data_dir / ".lock", settings.data_dir / ".lock-holder"
    try:
        connection = sqlite3.connect(lock, timeout=0)
        connection.execute("begin exclusive")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise TillsightError(
                f"another tillsight{_holder_text(holder)} is at work in {settings.data_dir}; wait "
                "for it, or choose another folder with --data-dir"
            ) from None
        raise TillsightError(
            f"{settings.data_dir} cannot be written to ({error}); make it writable, "
            "or choose another folder with --data-dir"
        ) from None
    with closing(connection):
        holder.write_text(f"{os.getpid()} {platform.node()}\n")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def _holder_text(holder: Path) -> str:
    """Describe the process that holds the lock, unless its note is outdated."""
    try:
        name, machine = holder.read_text().split()
        process = int(name)
        since = datetime.fromtimestamp(holder.stat().st_mtime, UTC).astimezone()
    except (OSError, ValueError):
        return ""  # the process is just starting or ending
    if machine != platform.node():
        return f" (process {process} on {machine}, since {since:%Y-%m-%d %H:%M})"
    return f" (process {process}, since {since:%Y-%m-%d %H:%M})" if _is_running(process) else ""


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return False  # os.kill would end it there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True
