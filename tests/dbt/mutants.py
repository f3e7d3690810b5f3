"""Mutation testing of the SQL: one deliberate error at a time, and which test detects it.

Each mutant of `mutants.yml` is applied to a copy of the project. dbt builds the changed model and
its descendants on a small shop, with unit tests and data tests. If dbt passes, the pytest files run
that check figures by a second method. If no test detects a mutant, a test is missing.

Run it with `make mutants`, or `python -m tests.dbt.mutants --only rfm_scores --jobs 2`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from queue import SimpleQueue

import yaml

from scripts import pipeline
from scripts.demo.files import write_demo
from scripts.project import Project
from scripts.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MUTANTS_FILE = Path(__file__).with_suffix(".yml")
FIXTURES = ROOT / "tests" / "fixtures" / "hostile"
# In addition to the demo shop: other formats, refunds, currencies, corrections, unusual dates.
OTHER_FILES = ("uci_oddities.csv", "shopify_money.csv", "currencies_mixed.csv", "ids_twice.csv")
CUSTOMERS = 600
LONGEST_SECONDS = 1800
PYTEST_FILES = (
    "tests/end_to_end/test_hostile_files.py",
    "tests/end_to_end/test_row_ledger.py",
    "tests/end_to_end/test_scores.py",
    "tests/reports/page/figures/test_from_sales.py",
)
FAILURES = {"error", "fail", "runtime error"}


@dataclass(frozen=True)
class Mutant:
    """One change: a text in a file below dbt_project, its replacement and the consequence."""

    file: str
    old: str
    new: str
    why: str

    @property
    def name(self) -> str:
        return f"{Path(self.file).stem}: {self.why}"

    @property
    def selection(self) -> str:
        """dbt selection: the model and its descendants, or everything for a macro."""
        return "*" if self.file.startswith("macros/") else f"{Path(self.file).stem}+"

    def apply(self, dbt_dir: Path) -> None:
        """Apply the change; the caller restores the file.

        Raises
        ------
        ValueError
            If the text does not occur exactly once, or the replacement is equal.
        """
        path = dbt_dir / self.file
        text = path.read_text()
        if text.count(self.old) != 1 or self.old == self.new:
            raise ValueError(
                f"{self.file}: '{self.old}' occurs {text.count(self.old)} times; it must occur "
                f"once and differ from '{self.new}'. Change tests/dbt/mutants.yml"
            )
        path.write_text(text.replace(self.old, self.new))


def read_mutants(only: str = "") -> list[Mutant]:
    """Return the mutants whose file or reason contains a text."""
    mutants = [Mutant(**entry) for entry in yaml.safe_load(MUTANTS_FILE.read_text())]
    return [mutant for mutant in mutants if only in mutant.file or only in mutant.why]


# --- the shop


def prepare_shop(folder: Path) -> None:
    """Run a small shop twice, 45 days apart, so that predictions have outcomes."""
    settings = Settings(data_dir=folder)
    demo = write_demo(settings.demo_dir, customers=CUSTOMERS)
    files = [demo.customers, demo.products, demo.transactions]
    last = max(line.split(",")[4] for line in demo.transactions.read_text().splitlines()[1:])
    before = date.fromisoformat(last[:10]) - timedelta(days=45)
    pipeline.run(Project.create(replace(settings, as_of=before.isoformat())), files)
    pipeline.run(Project.create(settings), [FIXTURES / name for name in OTHER_FILES])


def copy_project(folder: Path) -> Path:
    """Copy tracked and new files, so that the working tree is not changed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


# --- one mutant


def try_mutant(mutant: Mutant, project: Path, shop: Path) -> str:
    """Return the test that detected the mutant, or an empty text."""
    dbt_dir = project / "dbt_project"
    original = (dbt_dir / mutant.file).read_text()
    mutant.apply(dbt_dir)
    try:
        return killed_by_dbt(mutant.selection, dbt_dir, shop) or killed_by_pytest(project)
    finally:
        (dbt_dir / mutant.file).write_text(original)


def killed_by_dbt(selection: str, dbt_dir: Path, shop: Path) -> str:
    """Build a selection on a copy of the shop and return the first failed node."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for name in ("raw.db", "work.db", "marts.db"):
            shutil.copy(shop / name, data / name)
        results = dbt_dir / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        build = run(
            [Path(sys.executable).with_name("dbt"), "build", "--fail-fast", "--select", selection],
            dbt_dir,
            TILLSIGHT_DATA_DIR=str(data),
        )
    if build.returncode == 0:
        return ""
    nodes = json.loads(results.read_text())["results"] if results.exists() else []
    failed = [node["unique_id"] for node in nodes if node["status"] in FAILURES]
    if not failed:
        raise RuntimeError(f"dbt could not build anything: {build.stdout[-2000:]}")
    kind, _, name = failed[0].partition(".tillsight.")
    # a data test's name may end in a checksum; a unit test's name begins with its model
    return f"data test {name.partition('.')[0]}" if kind == "test" else f"unit test {name}"


def killed_by_pytest(project: Path) -> str:
    """Run the pytest files that check figures in the changed copy; return the first failure."""
    tests = run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "--no-header"),
            *(name for name in PYTEST_FILES if (project / name).exists()),
        ],
        project,
    )
    if tests.returncode == 0:
        return ""
    failed = [line for line in tests.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed:
        raise RuntimeError(f"pytest could not run: {tests.stdout[-2000:]}{tests.stderr[-2000:]}")
    return f"pytest {failed[0].split(' - ')[0].split(' ', 1)[1]}"


def run(
    command: Sequence[str | Path], folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy, without the variables that enable tests of the real file."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TILLSIGHT", "CI"))
    }
    return subprocess.run(
        command,
        cwd=folder,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


# --- all mutants


def try_all(mutants: Sequence[Mutant], shop: Path, jobs: int) -> dict[Mutant, str]:
    """Try the mutants in parallel and print each outcome."""
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(copy_project(Path(folder) / str(number)))
        require_content(Path(folder) / "0" / "dbt_project", shop)

        def try_one(mutant: Mutant) -> str:
            copy = copies.get()
            try:
                return try_mutant(mutant, copy, shop)
            finally:
                copies.put(copy)

        outcomes: dict[Mutant, str] = {}
        with ThreadPoolExecutor(jobs) as pool:
            for mutant, killer in zip(mutants, pool.map(try_one, mutants), strict=True):
                outcomes[mutant] = killer
                say(f"{len(outcomes):3}/{len(mutants)}  {mutant.name}\n         {verdict(killer)}")
    return outcomes


def require_content(dbt_dir: Path, shop: Path) -> None:
    """Raise if a test fails without a change, because it would seem to detect every mutant."""
    if failing := killed_by_dbt("*", dbt_dir, shop):
        raise RuntimeError(f"{failing} fails without a change; fix it first")


def verdict(killer: str) -> str:
    return f"killed by {killer}" if killer else "SURVIVED"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the result of the script


def main() -> int:
    """Try the selected mutants; return 1 if any survived."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only", default="", help="mutants whose file or reason contains this text"
    )
    parser.add_argument("--list", action="store_true", help="list the mutants without trying them")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="number of parallel processes"
    )
    parser.add_argument("--shop", type=Path, help="folder of the prepared shop; made if missing")
    options = parser.parse_args()
    mutants = read_mutants(options.only)
    if options.list:
        say("\n".join(mutant.name for mutant in mutants))
        return 0
    if not mutants:
        say(f"no mutant contains '{options.only}'; --list shows all")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        shop = options.shop or Path(folder)
        if not (shop / "marts.db").exists():
            say("Preparing a shop")
            prepare_shop(shop)
        outcomes = try_all(mutants, shop, options.jobs)
    survivors = [mutant for mutant, killer in outcomes.items() if not killer]
    say(f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants were detected")
    for mutant in survivors:
        say(f"survived: {mutant.file}\n  - {mutant.old}\n  + {mutant.new}\n  {mutant.why}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
