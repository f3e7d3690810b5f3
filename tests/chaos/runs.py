"""Runs of the command line in a forked process that has everything imported, killed or not."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from scripts.cli import app, console

HEAVY = ("dbt.adapters.sqlite", "sklearn.ensemble", "ml.predict", "ml.train", "scripts.dbt_runner")
STEPS = (
    "Loading",
    "Building the features",
    "Training",
    "Scoring",
    "Building the marts",
    "Writing the exports",
    "Writing the page",
    "Publishing",
)
ENDED = "after the end"
CHANGES = {"os.rename", "os.remove", "os.symlink", "os.link", "os.mkdir", "os.rmdir", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Moment:
    """When to kill.

    Attributes
    ----------
    step : str
        The step at work.
    share : float
        How far it has come, from 0 to 1: of its seconds, or of its file operations.
    by_clock : bool
        Whether seconds count; else the process is killed right before a file operation.
    """

    step: str
    share: float
    by_clock: bool


@dataclass(frozen=True)
class Usual:
    """What a step takes when nobody kills it."""

    seconds: float
    operations: int


def warm_up() -> None:
    """Import what takes seconds to import, once, before the forks."""
    for name in HEAVY:
        importlib.import_module(name)


def run(data_dir: Path, files: list[Path], log: Path) -> dict[str, Usual]:
    """Run to the end; an `AssertionError` with what was said where the run fails."""
    process, told = _start(data_dir, files, log)
    steps = [(*line, time.monotonic()) for line in told]
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, log.read_text()
    return {
        step: Usual(ended - began, operations)
        for (step, _, began), (_, operations, ended) in pairwise(steps)
    }


def kill(
    data_dir: Path, files: list[Path], log: Path, moment: Moment, usual: dict[str, Usual]
) -> str:
    """Run and kill; return the step in which that fell, or `ENDED` where the run had ended."""
    expected, step = usual[moment.step], ""
    operation = None if moment.by_clock else int(moment.share * expected.operations) + 1
    process, told = _start(data_dir, files, log, moment.step, operation)
    for step, _ in told:
        if moment.by_clock and step == moment.step:
            time.sleep(moment.share * expected.seconds)
            os.killpg(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return step if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else ENDED


def _start(
    data_dir: Path, files: list[Path], log: Path, step: str = "", operation: int | None = None
) -> tuple[int, Iterator[tuple[str, int]]]:
    """Fork a run; give its process and, while it works, each step with the operations before it."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _work(data_dir, files, log, Watch(writer, step, operation))
    os.close(writer)
    return process, _steps(reader)


def _steps(reader: int) -> Iterator[tuple[str, int]]:
    with os.fdopen(reader) as lines:
        for line in lines:
            step, _, operations = line.rstrip("\n").partition("\t")
            yield step, int(operations)


class Watch:
    """Tells each step to the parent, and kills at a file operation of one step.

    Parameters
    ----------
    writer : int
        Handle of a pipe.
    step : str
        The step to kill in.
    operation : int or None
        Number of the file operation before which to kill; None never does.
    """

    def __init__(self, writer: int, step: str, operation: int | None) -> None:
        self._writer, self._step, self._operation = writer, step, operation
        self._now, self._count = "", 0

    def begin(self, step: str) -> None:
        os.write(self._writer, f"{step}\t{self._count}\n".encode())
        self._now, self._count = step, 0

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in CHANGES and not (event == "open" and _is_writing(arguments)):
            return
        self._count += 1
        if self._now == self._step and self._count == self._operation:
            os.killpg(0, signal.SIGKILL)


def _is_writing(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & WRITING)


def _work(data_dir: Path, files: list[Path], log: Path, watch: Watch) -> NoReturn:
    """Be the command line, in a process group of one's own."""
    code = 1
    try:
        os.setsid()
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        start = console.Steps.start

        def started(steps: console.Steps, step: str) -> None:
            watch.begin(step)
            start(steps, step)

        console.Steps.start = started  # type: ignore[method-assign]
        sys.addaudithook(watch.hear)
        app.app(["run", *map(str, files), "--data-dir", str(data_dir)])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        watch.begin(ENDED)
    except BaseException:  # whatever it is, the child must not go on as the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)
