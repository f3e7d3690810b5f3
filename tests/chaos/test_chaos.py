"""Runs that are killed, while a reader looks on: a short round of `make chaos`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_few_kills_in_a_row_leave_the_old_build_or_the_new_and_the_next_run_succeeds():
    """In a process of its own, which forks: the runs start with everything imported."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.chaos.run"),
            *("--kills", "2", "--in-a-row", "2", "--workers", "1"),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kills" in done.stdout.splitlines()[-1]
