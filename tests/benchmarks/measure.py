"""What a program takes: wall time, processor time and memory, as the system accounts for a child.

Linux lets a child begin with the memory of the process that starts it, so a program is started by
a small one: this module, run as a script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Usage:
    """What one run of a program took.

    Attributes
    ----------
    seconds : float
        Wall time.
    cpu_seconds : float
        Processor time, its own and the system's for it.
    megabytes : float
        Largest resident memory, in units of 2**20 bytes.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float


def measured(command: Sequence[str | Path], folder: Path) -> Usage:
    """Run a command in a folder and wait for it.

    Raises
    ------
    SystemExit
        If it fails.
    """
    with tempfile.NamedTemporaryFile("r") as report:
        starter = [sys.executable, "-S", __file__, report.name, *command]
        if subprocess.run(starter, cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed")
        return Usage(*json.load(report))


def middle(usages: Sequence[Usage]) -> Usage:
    """Return the medians of the times, and the largest memory."""
    return Usage(
        round(median(usage.seconds for usage in usages), 2),
        round(median(usage.cpu_seconds for usage in usages), 2),
        round(max(usage.megabytes for usage in usages)),
    )


def main() -> int:
    """Run a command and write down what it took; return whether it failed."""
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    taken = (seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    Path(sys.argv[1]).write_text(json.dumps(taken))
    return int(status != 0)


if __name__ == "__main__":
    sys.exit(main())
