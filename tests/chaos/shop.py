"""A small shop whose input alternates between states, and what each leaves when nobody kills it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.demo.files import write_demo

CUSTOMERS = 40
BUILD_OF_PAGE = re.compile(r'<meta name="tillsight-build" content="([0-9a-f]{16})">')
BELONGING = frozenset(
    {
        *(
            "raw.db",
            "settings.yml",
            "work.db",
            "marts.db",
            "site",
            "exports",
            "dbt_docs.html",
            "logs",
        ),
        *("current", "generations", "models", "dbt", "logs", ".lock"),
    }
)
"""What a data folder holds when nobody is at work in it."""
DATA_OF_PAGE = re.compile(r'"folder":\s*"(data\.[0-9a-f]{10})"')


@dataclass(frozen=True)
class Transition:
    """A folder with a finished run, the file that the next run is given, and what comes of it.

    Attributes
    ----------
    name : str
        Says what changes.
    start : Path
        The data folder before; copied for each round.
    file : Path
        Loaded by the runs that are killed.
    old, new : Published
        What readers may see.
    """

    name: str
    start: Path
    file: Path
    old: Published
    new: Published


@dataclass(frozen=True)
class Published:
    """What is published, to the byte.

    Attributes
    ----------
    fingerprint : str
        Of the build.
    rows : dict of str to str
        Digests of the rows of each mart, by its name.
    files : dict of str to str
        Digests of the files of page and exports, by path.
    """

    fingerprint: str
    rows: dict[str, str]
    files: dict[str, str]


def write_inputs(folder: Path) -> tuple[list[Path], Path, Path]:
    """Write the files of a shop: its first sales, later ones, and a correction of some of those."""
    files = write_demo(folder, customers=CUSTOMERS)
    with files.transactions.open(newline="") as opened:
        header, *lines = csv.reader(opened)
    day, amount = header.index("invoice_date"), header.index("amount")
    lines.sort(key=lambda line: line[day])
    cut = len(lines) * 3 // 4
    corrected = [
        [*line[:amount], f"{float(line[amount]) + 1:.2f}", *line[amount + 1 :]]
        for line in lines[cut::7]
    ]
    first, later, correction = (folder / f"{name}.csv" for name in ("first", "later", "correction"))
    for path, chosen in ((first, lines[:cut]), (later, lines[cut:]), (correction, corrected)):
        with path.open("w", newline="") as opened:
            csv.writer(opened).writerows([header, *chosen])
    return [files.customers, files.products, first], later, correction


def published(folder: Path) -> Published:
    """Read a generation, or a data folder that nobody works in."""
    files = [*(folder / "site").rglob("*"), *(folder / "exports").iterdir()]
    return Published(
        fingerprint_of_marts(folder / "marts.db"),
        digests_of_rows(folder / "marts.db"),
        {str(path.relative_to(folder)): digest(path) for path in files if path.is_file()},
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests_of_rows(marts_db: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{marts_db}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select name from sqlite_schema where type = 'table'")
        return {
            name: hashlib.sha256(repr(_rows(connection, name)).encode()).hexdigest()
            for (name,) in tables.fetchall()
        }


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"select * from {table}").fetchall()


def fingerprint_of_marts(marts_db: Path) -> str:
    """Read the fingerprint of whole marts: the rows are as many as they should be."""
    with closing(sqlite3.connect(f"file:{marts_db}?mode=ro", uri=True)) as connection:
        fingerprint, customers, counted = connection.execute(
            "select build_fingerprint, customers, (select count(*) from customer_360)"
            " from build_info"
        ).fetchone()
    assert customers == counted
    return str(fingerprint)


def fingerprint_of_page(site: Path) -> str:
    """Read the fingerprint of a whole page: the data that it names is there."""
    html = (site / "index.html").read_text(encoding="utf-8")
    (data,) = DATA_OF_PAGE.findall(html)
    assert list((site / data).glob("customers-*.js"))
    for name in re.findall(r'(?:href|src)="([\w.]+\.(?:css|js))"', html):
        assert (site / name).stat().st_size > 0
    (fingerprint,) = BUILD_OF_PAGE.findall(html)
    return str(fingerprint)


def fingerprint_of_exports(exports: Path) -> str:
    """Read the fingerprint of whole CSV files: each has as many lines as it should have."""
    told = json.loads((exports / "build.json").read_text(encoding="utf-8"))
    for name, count in told["customers"].items():
        with (exports / name).open(newline="", encoding="utf-8") as opened:
            assert len(list(csv.reader(opened))) == count + 1
    return str(told["build_fingerprint"])


def copy(start: Path, data_dir: Path) -> None:
    """Put a copy of a data folder where another may lie."""
    shutil.rmtree(data_dir, ignore_errors=True)
    shutil.copytree(start, data_dir, symlinks=True)
