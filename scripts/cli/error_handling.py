"""Error messages, exit codes and signals."""

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
"""Errors that a user can fix; any other exception is a bug and shows its traceback."""

UNTOUCHED = "The published files are unchanged."

USERS_UMASK = os.umask(0o077)
"""The umask at the start of the command."""
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
    """A signal ended a command.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(error: KeyboardInterrupt) -> int:
    """Return the exit code after a signal, by the convention of shells: 128 + its number."""
    return 128 + (error.number if isinstance(error, Interrupted) else signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP like Ctrl+C: transactions inside are rolled back.

    A signal that the process ignores from its start, as under nohup, stays ignored.

    Raises
    ------
    Interrupted
        After a signal, in place of any exception that follows from it, such as a closed terminal.
    """
    received: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    except BaseException:
        if received:
            raise Interrupted(received[0]) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def private_files() -> Iterator[None]:
    """Create files and folders inside that only their owner can read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def shared_files() -> Iterator[None]:
    """Apply the user's umask to files and folders that are created inside."""
    before = os.umask(USERS_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def sentence(error: BaseException) -> str:
    """Return the message for one of the errors in `EXPLAINED`.

    Examples
    --------
    >>> sentence(OSError(errno.ENOSPC, "No space left on device", "page.html")).partition(".")[2]
    'html); make room and try again. The published files are unchanged.'
    """
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted. {UNTOUCHED[:-1]}; files that were loaded stay loaded."
    if isinstance(error, sqlite3.Error):
        return f"{sqlite.remedy(error)}. {UNTOUCHED}"
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0)
        return f"{error.strerror or error}{place}{f'; {remedy}' if remedy else ''}. {UNTOUCHED}"
    return str(error)
