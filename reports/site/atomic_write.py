"""Atomic replacement of a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Open a temporary file that replaces a file on success.

    Parameters
    ----------
    path : Path
        The file to replace; its folder is created.

    Yields
    ------
    TextIO
        UTF-8 with line feeds. On an error it is deleted, and the old file is unchanged.

    Raises
    ------
    OSError
        If the folder or the file cannot be written, or `path` is a folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
        fresh.chmod(usual_mode(0o666))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def usual_mode(mode: int) -> int:
    """Return a mode under the umask of the process; `tempfile` uses a stricter one."""
    umask = os.umask(0o077)
    os.umask(umask)
    return mode & ~umask
