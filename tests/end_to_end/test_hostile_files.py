"""Hostile and broken files: each has the outcome that fixtures/hostile/outcomes.yml states."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import pipeline
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.settings import Settings, read_settings
from tests.support import hostile_files
from tests.support.landing import load_files

FOLDER = Path(__file__).parents[1] / "fixtures" / "hostile"
OUTCOMES: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "outcomes.yml").read_text())
LOADED = [name for name, outcome in OUTCOMES.items() if "loaded" in outcome]
REFUSED = [name for name, outcome in OUTCOMES.items() if "refused" in outcome]
AS_OF = "2024-12-31"
# A Python with pyarrow and calamine takes some 150 MB; the bombs unpack to 300 MB and to 20 GB.
MOST_MEMORY_MB = 500

Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """All files of the corpus, the binary and the large ones made."""
    folder = tmp_path_factory.mktemp("hostile")
    for path in FOLDER.iterdir():
        shutil.copy(path, folder)
    hostile_files.build(folder)
    return folder


def options(name: str) -> dict[str, Any]:
    return {
        key: OUTCOMES[name][key]
        for key in ("encoding", "unpacked_megabytes")
        if key in OUTCOMES[name]
    }


@pytest.fixture(scope="module")
def shop(folder, tmp_path_factory, settings_in) -> Settings:
    """All files that can be loaded, in one shop, built, with page and exports."""
    settings = settings_in(tmp_path_factory.mktemp("hostile_shop"), AS_OF)
    Project.create(settings)
    for name in LOADED:
        load_files(settings.raw_db, [folder / name], **options(name))
    pipeline.build(Project.create(settings))
    pipeline.export(Project.open(settings, "export"))
    pipeline.report(Project.open(settings, "report"))
    return settings


@pytest.fixture(scope="module")
def query(shop) -> Query:
    """Ask the published marts."""

    def ask(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(shop.marts_db)) as connection:
            return connection.execute(sql, values).fetchall()

    return ask


@pytest.fixture(scope="module")
def load_ids(shop) -> dict[str, int]:
    with closing(sqlite3.connect(shop.raw_db)) as connection:
        numbers = connection.execute("select load_id, form, row_count from raw_loads order by 1")
        return dict(zip(LOADED, (number for number, _, _ in numbers), strict=True))


def test_the_table_of_outcomes_and_the_files_are_the_same():
    lying_there = {path.name for path in FOLDER.iterdir()} - {"outcomes.yml", ".gitattributes"}
    assert lying_there == {name for name in OUTCOMES if not OUTCOMES[name].get("built")}
    assert set(hostile_files.BUILDERS) == {name for name in OUTCOMES if OUTCOMES[name].get("built")}
    assert len(OUTCOMES) >= 60
    assert sorted(LOADED + REFUSED) == sorted(OUTCOMES)


# --- refused files


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_a_file_is_refused_with_a_sentence_and_changes_nothing(name, folder, tmp_path):
    raw_db = tmp_path / "raw.db"
    load_files(raw_db, [folder / "bom_utf8.csv"])
    before = hashlib.sha256(raw_db.read_bytes()).hexdigest()
    with pytest.raises(TillsightError) as caught:
        load_files(raw_db, [folder / name], **options(name))
    sentence = str(caught.value)
    told = sentence.removeprefix(f"{folder / name}").lstrip(",: ")
    assert told.startswith(OUTCOMES[name]["refused"]) or OUTCOMES[name]["refused"] in told
    assert sentence.startswith(f"{folder / name}")
    assert sentence.isprintable()
    assert "; " in sentence or ". " in sentence, "it does not say what to do"
    assert hashlib.sha256(raw_db.read_bytes()).hexdigest() == before


def test_how_much_a_file_may_unpack_to_is_a_setting(folder, tmp_path):
    settings = read_settings(
        data_dir=tmp_path, environment={"TILLSIGHT_UNPACKED_MB": "4"}, env_file=tmp_path / ".env"
    )
    with pytest.raises(TillsightError, match="unpacks to more than 4 MB"):
        pipeline.load_files(Project.create(settings), [folder / "bomb_of_rows.csv.gz"])
    assert pipeline.load_files(
        Project.create(replace(settings, unpacked_megabytes=8)), [folder / "bomb_of_rows.csv.gz"]
    )


def test_bombs_are_refused_in_bounded_memory(folder, tmp_path):
    bombs = [name for name in REFUSED if "bomb" in name or name in {"far_cell.xlsx"}]
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from scripts.errors import TillsightError\n"
        "from tests.support.landing import load_files\n"
        "for name in sys.argv[2:]:\n"
        "    try:\n"
        "        load_files(Path(sys.argv[1]) / 'raw.db', [Path(name)], unpacked_megabytes=4)\n"
        "    except TillsightError as error:\n"
        "        print(error)\n"
        # of this program alone: ru_maxrss would count the process that started it
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, tmp_path, *(folder / name for name in bombs)],
        cwd=FOLDER.parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    *sentences, megabytes = finished.stdout.splitlines()
    assert len(sentences) == len(bombs) >= 8
    assert int(megabytes) < MOST_MEMORY_MB


def test_the_command_line_says_it_in_one_line(folder, tmp_path):
    finished = subprocess.run(
        [
            Path(sys.executable).parent / "tillsight",
            *("load", folder / "header_escapes.csv", "--data-dir", tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert "\x1b" not in finished.stderr
    assert "the header fits no format" in finished.stderr


# --- loaded files


def money(amount: object) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def ledger(query: Query, load_id: int, *, of_refunds: bool) -> dict[str, tuple[int, Decimal]]:
    rows = query(
        "select reason, row_count, amount from row_ledger "
        "where load_id = ? and (entity = 'refunds') = ?",
        load_id,
        of_refunds,
    )
    return {reason: (count, money(amount)) for reason, count, amount in rows}


def stated(outcome: dict[str, Any], key: str) -> dict[str, tuple[int, Decimal]]:
    given = outcome.get(key, {})
    return {reason: (count, money(amount)) for reason, (count, amount) in given.items()}


@pytest.mark.parametrize("name", LOADED, ids=ascii)
def test_every_row_of_a_loaded_file_is_kept_or_left_out_with_its_reason(name, query, load_ids):
    outcome, load_id = OUTCOMES[name], load_ids[name]
    assert ledger(query, load_id, of_refunds=False) == stated(outcome, "rows")
    assert ledger(query, load_id, of_refunds=True) == stated(outcome, "refunds")


@pytest.mark.parametrize(
    "name", [name for name in LOADED if "customers" in OUTCOMES[name]], ids=ascii
)
def test_customers_are_who_the_file_says(name, query):
    for customer_id, customer in OUTCOMES[name]["customers"].items():
        found = query("select name from customers where customer_id = ?", customer_id)
        assert found == [(customer,)]


@pytest.mark.parametrize("name", [name for name in LOADED if "days" in OUTCOMES[name]])
def test_lines_are_dated_as_the_file_says(name, query):
    prefix = (FOLDER / name).read_text().splitlines()[1].partition("-")[0]
    found = query(
        "select distinct invoice_date from transactions where transaction_id like ? || '-%'", prefix
    )
    assert [day for (day,) in found] == OUTCOMES[name]["days"]


def test_the_landed_format_is_the_stated_one(shop):
    with closing(sqlite3.connect(shop.raw_db)) as connection:
        formats = [name for (name,) in connection.execute("select form from raw_loads order by 1")]
    assert formats == sorted(OUTCOMES[name]["loaded"] for name in LOADED)


def test_nothing_is_lost_on_the_way(shop, query):
    with closing(sqlite3.connect(shop.raw_db)) as connection:
        landed = connection.execute("select sum(row_count) from raw_loads").fetchone()[0]
    (in_ledger,) = query("select sum(row_count) from row_ledger where entity <> 'refunds'")[0]
    (left_out,) = query("select count(*) from rejected_rows where entity <> 'refunds'")[0]
    (kept,) = query(
        "select sum(row_count) from row_ledger where is_kept = 1 and entity <> 'refunds'"
    )[0]
    assert in_ledger == kept + left_out == landed


def test_no_script_of_a_file_is_one_of_the_page(shop):
    for path in shop.site_dir.rglob("*"):
        if path.suffix in {".html", ".js"}:
            content = path.read_text()
            assert "<script>alert(1)" not in content
            assert "<img src=x" not in content
            assert "<svg/onload" not in content


def test_no_formula_of_a_file_is_one_of_an_export(shop):
    lines = (shop.exports_dir / "customers.csv").read_text(encoding="utf-8-sig").splitlines()
    cells = [cell.strip('"') for line in lines[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
