"""Time the main job against the sqlite3 shell, in turn, on a made-up shop.

Ratios within one run are what counts: seconds differ from machine to machine. Run it with
`make bench`, or `python -m tests.benchmarks.run --customers 100000 --runs 5`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.demo import write_demo

HERE = Path(__file__).resolve().parent
TILLSIGHT = Path(sys.executable).with_name("tillsight")


@dataclass(frozen=True)
class Timing:
    """One run: wall seconds, and the largest memory of the process in megabytes."""

    seconds: float
    megabytes: float


def timed(command: list[str | Path], folder: Path) -> Timing:
    """Run a command and wait for it; `wait4` tells the memory of this child alone."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command} failed")
    return Timing(time.perf_counter() - started, usage.ru_maxrss / 1024)


def shell(shop: Path, folder: Path) -> Timing:
    """The peer: import and score in the sqlite3 shell."""
    shutil.copy(HERE / "rfm.sql", folder)
    shutil.copy(shop / "transactions.csv", folder)
    return timed(["sqlite3", "peer.db", ".read rfm.sql"], folder)


def load(shop: Path, folder: Path) -> Timing:
    """Land the transactions."""
    return timed([TILLSIGHT, "load", shop / "transactions.csv", "--data-dir", folder], folder)


def whole_run(shop: Path, folder: Path) -> Timing:
    """Load, build with all tests, train, score, page and exports."""
    files = [shop / f"{name}.csv" for name in ("customers", "products", "transactions")]
    return timed([TILLSIGHT, "run", *files, "--data-dir", folder], folder)


def measure(job: Callable[[Path, Path], Timing], shop: Path) -> Timing:
    """Run a job in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return job(shop, Path(folder))


def show(timings: Mapping[str, Sequence[Timing]], *, customers: int) -> None:
    """Print medians, and their ratios to the first one, the peer."""
    middle = {name: median(timing.seconds for timing in found) for name, found in timings.items()}
    peer, *_ = middle.values()
    runs = len(next(iter(timings.values())))
    print(f"{customers:,} customers, median of {runs} runs")  # noqa: T201  its result
    for name, found in timings.items():
        megabytes = max(timing.megabytes for timing in found)
        ratio = middle[name] / peer
        print(f"{name:16}{middle[name]:8.1f} s {ratio:8.2f} x {megabytes:8.0f} MB")  # noqa: T201


def main() -> None:
    """Measure in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("sqlite3"):
        raise SystemExit("the sqlite3 shell is not installed; it is the peer that is timed")

    jobs = {"sqlite3 shell": shell, "tillsight load": load, "tillsight run": whole_run}
    timings: dict[str, list[Timing]] = {name: [] for name in jobs}
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder)
        write_demo(shop, customers=options.customers)
        for _ in range(options.runs):
            for name, job in jobs.items():
                timings[name].append(measure(job, shop))

    show(timings, customers=options.customers)


if __name__ == "__main__":
    main()
