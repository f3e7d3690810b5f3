"""Files that readers see whole: the old one until the new one is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Give a file to write beside; on success it takes the place of the old one.

    Parameters
    ----------
    path : Path
        The file; its folder is made where it is missing.

    Yields
    ------
    TextIO
        UTF-8, lines end in a line feed. If writing fails, it is gone and the old file is as it was.

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
    """Return what is left of a mode that the process gives to new files; `tempfile` gives less."""
    umask = os.umask(0o077)
    os.umask(umask)
    return mode & ~umask
