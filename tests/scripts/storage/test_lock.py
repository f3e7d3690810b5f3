from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.errors import TillsightError
from scripts.settings import Settings
from scripts.storage import lock

HOLD = """
import sys
from pathlib import Path
from scripts.storage import lock
from scripts.settings import read_settings
with lock.only_one(read_settings(data_dir=Path(sys.argv[1]), environment={})):
    print("at work", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path, settings_in) -> Settings:
    return settings_in(tmp_path / "data")


@pytest.fixture
def other(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, settings.data_dir],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "at work\n"
        yield process
        process.kill()


def told_in(settings: Settings) -> str:
    with pytest.raises(TillsightError) as error, lock.only_one(settings):
        pass
    return str(error.value)


def test_a_second_process_is_told_who_holds_the_lock_and_since_when(settings, other):
    assert re.fullmatch(
        rf"another tillsight \(process {other.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d\) is at work "
        rf"in {re.escape(str(settings.data_dir))}; wait for it, or choose another folder with "
        "--data-dir",
        told_in(settings),
    )


def test_the_lock_of_a_dead_process_is_free(settings, other):
    other.kill()
    other.wait()
    assert (settings.data_dir / ".lock-holder").exists()
    with lock.only_one(settings):
        pass
    assert not (settings.data_dir / ".lock-holder").exists()


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        pytest.param("{dead} {here}", "another tillsight is at work", id="note of a dead process"),
        pytest.param("", "another tillsight is at work", id="note not written yet"),
        pytest.param("what {here}", "another tillsight is at work", id="no note of ours"),
        pytest.param("7 elsewhere", "another tillsight (process 7 on elsewhere, since", id="far"),
        pytest.param("1 {here}", "another tillsight (process 1, since", id="of another user"),
    ],
)
def test_a_process_that_has_ended_is_not_named(settings, other, note, expected):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (settings.data_dir / ".lock-holder").write_text(
        note.format(dead=dead.pid, here=platform.node())
    )
    assert told_in(settings).startswith(expected)


def test_an_error_releases_the_lock(settings):
    def fail() -> None:
        with lock.only_one(settings):
            assert (settings.data_dir / ".lock-holder").read_text().split()[0] == str(os.getpid())
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
