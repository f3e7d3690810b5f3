"""Time each step beside its peers on made-up shops, and write the results down.

Ratios within one run are what counts: seconds differ from machine to machine. Run it with
`make bench`, or `python -m tests.benchmarks.run --customers 10000 100000 --runs 5`. What was
measured of other sizes before stays in `results.json`, and table and chart show it too; so does
what a measurement found before it was interrupted.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.agreement import customers_that_differ
from tests.benchmarks.measure import Usage, measured, middle
from tests.benchmarks.peers import PEERS
from tests.benchmarks.results import merge, write_readme
from tests.benchmarks.rfm_path import rfm_path
from tests.benchmarks.shop import ShopFiles, write_shop
from tests.support.engines import postgres_server, variables

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TILLSIGHT = Path(sys.executable).with_name("tillsight")
BUILD_FEATURES = """
import sys
from pathlib import Path
from scripts.pipeline import build_features
from scripts.project import Project
from scripts.settings import read_settings
build_features(Project.create(read_settings(data_dir=Path(sys.argv[1]))))
"""

Measured = Iterator[tuple[str, Usage]]
Measure = Callable[[ShopFiles, Path], Measured]


def peers(files: ShopFiles, folder: Path) -> Measured:
    """Let every peer that is there make its RFM table in a folder; say which are not."""
    shutil.copy(HERE / "rfm.sql", folder)
    (folder / "transactions.csv").hardlink_to(files.transactions)
    shell = ["sqlite3", "import.db", ".mode csv", ".import transactions.csv lines"]
    yield "sqlite3 shell, .import alone", measured(shell, folder)
    (folder / "import.db").unlink()
    yield "sqlite3 shell", measured(["sqlite3", "sqlite3 shell.db", ".read rfm.sql"], folder)
    for name in PEERS:
        if find_spec(name) is None:
            print(f"{name} is not installed, and not measured; 'make bench' installs it")  # noqa: T201
            continue
        command = [sys.executable, "-m", "tests.benchmarks.peers", name]
        yield name, measured([*command, files.transactions, folder / f"{name}.db"], ROOT)


def steps(files: ShopFiles, folder: Path) -> Measured:
    """Run everything, again with the sales of one more day, and then each step by itself."""
    landed = ["load", files.transactions, "--data-dir", folder / "load"]
    yield "tillsight load", measured([TILLSIGHT, *landed], folder)
    data = ("--data-dir", folder / "shop")
    shop = [files.customers, files.products, files.before]
    yield "tillsight run", measured([TILLSIGHT, "run", *shop, *data], folder)
    yield "tillsight run, one more day", measured([TILLSIGHT, "run", files.day, *data], folder)
    features = [sys.executable, "-c", BUILD_FEATURES, folder / "shop"]
    yield "tillsight build, features alone", measured(features, ROOT)
    for step in ("train", "predict", "build", "export", "report"):
        yield f"tillsight {step}", measured([TILLSIGHT, step, *data], folder)


def engines(files: ShopFiles, folder: Path) -> Measured:
    """Run everything on the other engines; the time of a server or of Java is no child's."""
    shop = [files.customers, files.products, files.transactions]
    for target, label in (("duckdb", "duckdb"), ("spark", "spark (client)")):
        data = ("--target", target, "--data-dir", folder / target)
        yield f"tillsight run, {label}", measured([TILLSIGHT, "run", *shop, *data], folder)
    with postgres_server() as new_database:
        where = [f"{name}={value}" for name, value in variables(new_database("bench")).items()]
        data = ("--target", "postgres", "--data-dir", folder / "postgres")
        command = ["env", *where, TILLSIGHT, "run", *shop, *data]
        yield "tillsight run, postgres (client)", measured(command, folder)


def path(_: ShopFiles, folder: Path) -> Measured:
    """Hold dbt to the shell on the same SQL; the steps come before."""
    yield from rfm_path(folder / "shop", folder / "path")


MEASURES: dict[str, Measure] = {"peers": peers, "steps": steps, "path": path, "engines": engines}


def rounds(
    files: ShopFiles, runs: int, measures: Sequence[Measure]
) -> Iterator[tuple[dict[str, list[Usage]], dict[str, int]]]:
    """Measure all in turn, so many times; count customers whom a peer's table has otherwise.

    What was found so far is told after every program.
    """
    found: dict[str, list[Usage]] = {}
    differing: dict[str, int] = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=files.transactions.parent) as place:
            folder = Path(place)
            for measure in measures:
                for name, usage in measure(files, folder):
                    _tell(name, usage)
                    found.setdefault(name, []).append(usage)
                    yield found, differing
                differing |= _disagreements(folder, found)
                yield found, differing


def _disagreements(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """Count, for each peer that left a table, the customers whom the marts have otherwise."""
    marts = folder / "shop" / "marts.db"
    tables = {name: folder / f"{name}.db" for name in names if marts.exists()}
    return {
        name: customers_that_differ(marts, table)
        for name, table in tables.items()
        if table.exists()
    }


def _tell(name: str, usage: Usage) -> None:
    taken = f"{usage.seconds:9.1f} s{usage.cpu_seconds:9.1f} CPU s{usage.megabytes:9.0f} MB"
    print(f"{name:34}{taken}", flush=True)  # noqa: T201  its result


def main() -> None:
    """Measure shops of the sizes that are asked for, and write table and chart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--measure",
        nargs="+",
        choices=MEASURES,
        default=list(MEASURES),
        help="the sqlite3 shell is one of the peers, and without it there are no ratios",
    )
    options = parser.parse_args()
    if not shutil.which("sqlite3"):
        raise SystemExit("the sqlite3 shell is not installed; it is the peer that all is held to")

    measures = [MEASURES[name] for name in options.measure]
    for customers in options.customers:
        with tempfile.TemporaryDirectory() as folder:
            files = write_shop(Path(folder), customers)
            with files.transactions.open() as file:
                lines = sum(1 for _ in file) - 1
            print(f"{customers:,} customers, {lines:,} lines", flush=True)  # noqa: T201  its result
            for found, differing in rounds(files, options.runs, measures):
                usages = {name: asdict(middle(several)) for name, several in found.items()}
                facts = {"lines": lines, "runs": options.runs}
                merge(customers, {**facts, "usages": usages, "differing": differing})
        write_readme()


if __name__ == "__main__":
    main()
