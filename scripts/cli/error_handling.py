"""What goes wrong around a run: the sentence for it, its exit code, and signals on the way."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ml.errors import ModelError
from reports.errors import ReportError
from scripts.errors import TillsightError
from scripts.storage import sqlite

EXPLAINED = (TillsightError, ModelError, ReportError, OSError, sqlite3.Error, KeyboardInterrupt)
"""What a user can mend, or has done; anything else is a fault of ours and shows its traceback."""

UNTOUCHED = "What was published before is untouched."

USERS_UMASK = os.umask(0o077)
"""Who may read what the user makes, as it was when the command began."""
os.umask(USERS_UMASK)

_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room and try again"),
    errno.EFBIG: "raise the limit of file sizes (ulimit -f) and try again",
    errno.EROFS: "make it writable, or name another --data-dir",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "change its permissions, or ask its owner"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "close other programs and try again"),
    errno.EIO: "check the disk",
}


class Interrupted(KeyboardInterrupt):
    """A signal came that ends a command.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(error: KeyboardInterrupt) -> int:
    """Return what a shell expects of a process that a signal ended: 128 and its number."""
    return 128 + (error.number if isinstance(error, Interrupted) else signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a closed terminal and a request to end stop what runs inside as Ctrl+C does.

    Everything that is open is then closed and undone in order. A signal that the process was
    started to ignore, as by nohup, stays ignored.

    Raises
    ------
    Interrupted
        When a signal came, whatever went wrong in consequence: a terminal that is closed cannot be
        written to either.
    """
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    except BaseException:
        if came:
            raise Interrupted(came[0]) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def private_files() -> Iterator[None]:
    """Make every file and folder inside readable by their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def shared_files() -> Iterator[None]:
    """Let the user's own umask say who may read what is made inside."""
    before = os.umask(USERS_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def sentence(error: BaseException) -> str:
    """Say in a sentence what went wrong and what to do.

    Parameters
    ----------
    error : BaseException
        One of `EXPLAINED`.

    Examples
    --------
    >>> sentence(OSError(errno.ENOSPC, "No space left on device", "page.html")).partition(".")[2]
    'html); make room and try again. What was published before is untouched.'
    """
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted. {UNTOUCHED[:-1]}; files that had been loaded stay."
    if isinstance(error, sqlite3.Error):
        return f"{sqlite.remedy(error)}. {UNTOUCHED}"
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0)
        return f"{error.strerror or error}{place}{f'; {remedy}' if remedy else ''}. {UNTOUCHED}"
    return str(error)
