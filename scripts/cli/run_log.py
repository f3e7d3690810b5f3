"""The log of commands: JSON lines in the data folder, without personal data.

A line has `time` (UTC), `process`, `version`, `command` and `event`. The event `step` adds `step`,
`rows` (null if not counted), `seconds` and `outcome`; the event `end` adds `seconds`,
`outcome` (`done`, `failed`, `interrupted`) and `error`, the message that was shown, e-mail
addresses masked.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from logging.handlers import RotatingFileHandler
from pathlib import Path

from reports.formatting import without_email

FILE_NAME = "tillsight.jsonl"
LARGEST_FILE = 1_000_000
OLDER_FILES = 4


def _utc_now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class _Handler(RotatingFileHandler):
    """Raises errors, where logging would print a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  named by logging
        """Raise the current exception."""
        raise  # noqa: PLE0704  inside the handler of logging


class RunLog:
    """The log of one command.

    Parameters
    ----------
    folder : Path
        Folder of the log, created with the first line unless the data folder is missing. The log is
        rotated.
    command : str
        Name of the command.
    on_failure : callable
        Called once with a message if the log cannot be written.
    """

    def __init__(self, folder: Path, command: str, on_failure: Callable[[str], None]) -> None:
        self._folder = folder
        self._always = {
            "process": os.getpid(),
            "version": version("tillsight"),
            "command": command,
        }
        self._on_failure = on_failure
        self._has_failed = False
        self._began = time.monotonic()

    def step(self, step: str, rows: int | None, seconds: float, outcome: str) -> None:
        """Log the end of a step."""
        self._write(event="step", step=step, rows=rows, seconds=round(seconds, 3), outcome=outcome)

    def end(self, outcome: str, error: str | None = None) -> None:
        """Log the end of the command."""
        self._write(
            event="end",
            seconds=round(time.monotonic() - self._began, 3),
            outcome=outcome,
            error=error and without_email(error),
        )

    def _write(self, **fields: str | float | None) -> None:
        if self._has_failed or not self._folder.parent.is_dir():
            return
        line = json.dumps({"time": _utc_now(), **self._always, **fields}, ensure_ascii=False)
        try:
            self._folder.mkdir(exist_ok=True)
            handler = _Handler(
                self._folder / FILE_NAME,
                maxBytes=LARGEST_FILE,
                backupCount=OLDER_FILES,
                encoding="utf-8",
                delay=True,
                errors="replace",
            )
            try:
                handler.emit(logging.makeLogRecord({"msg": line}))
            finally:
                handler.close()
        except OSError as error:
            self._has_failed = True
            self._on_failure(
                f"the log {self._folder / FILE_NAME} cannot be written "
                f"({error.strerror or error}); the command continues without it."
            )
