"""What was measured, kept as JSON, and the table and chart that are made of it."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.benchmarks.chart import log_chart

HERE = Path(__file__).resolve().parent
RESULTS, README, CHART = HERE / "results.json", HERE / "README.md", HERE / "chart.svg"
BEGIN, END = "<!-- written by run.py -->", "<!-- end of what run.py writes -->"
PEER = "sqlite3 shell"
DRAWN = (
    "tillsight run",
    "tillsight load",
    "sqlite3 shell",
    "pandas",
    "duckdb",
    "polars",
    "tillsight run, one more day",
)

Results = dict[str, dict[str, Any]]


def merge(customers: int, found: dict[str, Any]) -> None:
    """Keep what was measured of a size in place of what was measured of it before."""
    results = _read()
    results[str(customers)] = {**found, "machine": machine()}
    ordered = dict(sorted(results.items(), key=lambda item: int(item[0])))
    RESULTS.write_text(json.dumps(ordered, indent=2) + "\n")


def write_readme() -> None:
    """Write the chart, and the tables between their marks."""
    results = _read()
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    tables = [_table(int(size), found) for size, found in results.items()]
    written = "\n\n".join([*tables, *_growth(results)])
    README.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}")
    CHART.write_text(_chart(results))


def machine() -> str:
    """Name what decides the seconds: processor, cores, system, versions."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} cores, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _read() -> Results:
    found: Results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def _table(customers: int, found: dict[str, Any]) -> str:
    peer = found["usages"][PEER]
    rows = [
        f"| {name} | {usage['seconds']:.1f} | {usage['seconds'] / peer['seconds']:.2f} "
        f"| {usage['cpu_seconds']:.1f} | {usage['cpu_seconds'] / peer['cpu_seconds']:.2f} "
        f"| {usage['megabytes']:.0f} | {_agreement(name, found)} |"
        for name, usage in found["usages"].items()
    ]
    return "\n".join(
        [
            f"### {customers:,} customers, {found['lines']:,} lines",
            "",
            f"{_repetitions(found['runs'])}; {found['machine']}.",
            "",
            "| what | wall s | x shell | CPU s | x shell | peak MB | customers that differ |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
        ]
    )


def _growth(results: Results) -> Iterator[str]:
    """Say how many times the processor time of a size is that of the size before."""
    for (small, before), (large, after) in pairwise(results.items()):
        lines = after["lines"] / before["lines"]
        rows = [
            f"| {name} | {usage['cpu_seconds'] / before['usages'][name]['cpu_seconds']:.1f} |"
            for name, usage in after["usages"].items()
            if name in before["usages"]
        ]
        yield "\n".join(
            [
                f"### From {int(small):,} to {int(large):,} customers, {lines:.1f} times the lines",
                "",
                "| what | times the CPU seconds |",
                "| --- | ---: |",
                *rows,
            ]
        )


def _repetitions(runs: int) -> str:
    return "One run" if runs == 1 else f"Medians of {runs} runs"


def _agreement(name: str, found: dict[str, Any]) -> str:
    return f"{found['differing'][name]:,}" if name in found["differing"] else ""


def _chart(results: Results) -> str:
    lines = {
        name: {
            int(size): found["usages"][name]["cpu_seconds"]
            for size, found in results.items()
            if name in found["usages"]
        }
        for name in DRAWN
    }
    there = {name: points for name, points in lines.items() if points}
    said = "; ".join(
        f"{name} " + ", ".join(f"{points[size]:.1f} s at {size:,}" for size in points)
        for name, points in there.items()
    )
    return log_chart(
        there,
        title="Processor time by number of customers",
        description=f"Both axes are logarithmic. {said}.",
    )
