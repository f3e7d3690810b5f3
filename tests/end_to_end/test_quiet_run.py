"""The whole job asks no network and no clock, and tells no e-mail address to anybody."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from scripts.settings import PROJECT_DIR
from tests.end_to_end.test_pipeline import DEMO_FILES, content, dump

TILLSIGHT = Path(sys.executable).with_name("tillsight")
DOMAIN = "secret.example"

# Read by Python before anything else: forbids the network, writes down who tries it all the same
# (a library may swallow the refusal), and lets the clock jump.
GUARD = """
import itertools
import os
import socket
import sys
import time

NETWORK = {"socket.connect", "socket.sendto", "socket.sendmsg"}
NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


def refuse(event, arguments):
    is_network = event in NETWORK and arguments[0].family != socket.AF_UNIX
    if is_network or event in NAMES:
        with open(os.environ["TRIED"], "a") as file:
            file.write(f"{event} {arguments[1:]}\\n")
        raise ConnectionRefusedError(event)


sys.addaudithook(refuse)
real, began, asked = time.time_ns, time.monotonic(), itertools.count()
DAY = 86_400 * 1_000_000_000


def jumping():
    # decades ago, and three years on every second; after a century (archives of models can name no
    # year after 2107) a day on every second; or back, a day each time that somebody asks
    if "BACKWARDS" in os.environ:
        return real() - next(asked) * DAY
    seconds = int(time.monotonic() - began)
    return real() + ((min(seconds, 35) * 3 - 30) * 365 + max(seconds - 35, 0)) * DAY


time.time = lambda: jumping() / 1e9
time.time_ns = jumping
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Run Python, or a program of it, under the guard; returns the process and who tried what."""
    folder = tmp_path_factory.mktemp("guard")
    (folder / "sitecustomize.py").write_text(GUARD)

    def run(*line: str | Path, **variables: str) -> tuple[subprocess.CompletedProcess[str], str]:
        tried = folder / "tried"
        tried.unlink(missing_ok=True)
        guard = {"PYTHONPATH": str(folder), "TRIED": str(tried)}
        environment = {"PATH": os.environ["PATH"], **guard, **variables}
        result = subprocess.run(
            line, check=False, capture_output=True, text=True, env=environment, timeout=600
        )
        return result, tried.read_text() if tried.exists() else ""

    return run


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('shop.example', 443)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
    ],
)
def test_the_guard_sees_who_asks_the_network(guarded, call):
    result, tried = guarded(sys.executable, "-c", f"import socket; {call}")
    assert result.returncode != 0
    assert "socket." in tried


def test_the_guard_lets_the_clock_jump(guarded):
    ask = (
        "import time; a = time.time(); time.sleep(1.1); print(round((time.time() - a) / 31536000))"
    )
    assert guarded(sys.executable, "-c", ask)[0].stdout in {"3\n", "6\n"}
    back, _ = guarded(sys.executable, "-c", ask.replace("31536000", "86400"), BACKWARDS="1")
    assert int(back.stdout) < 0


@pytest.fixture(scope="module")
def quiet_shop(guarded, demo_shop, tmp_path_factory, settings_in):
    """The demo shop once more, by the command line, under the guard."""
    settings = settings_in(tmp_path_factory.mktemp("quiet") / "data")
    files = [demo_shop.demo_dir / name for name in DEMO_FILES]
    result, tried = guarded(TILLSIGHT, "run", *files, "--data-dir", settings.data_dir)
    assert result.returncode == 0, result.stderr
    return settings, tried


def test_the_whole_job_asks_no_network(quiet_shop):
    assert quiet_shop[1] == ""


def test_dbt_reports_to_nobody():
    project = yaml.safe_load((PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text())
    assert project["flags"]["send_anonymous_usage_stats"] is False
    # dbt names a machine there as soon as it reports
    assert not (PROJECT_DIR / "dbt_project" / ".user.yml").exists()


def test_a_clock_that_jumps_changes_no_byte_of_what_is_published(quiet_shop, demo_shop):
    settings, _ = quiet_shop
    assert list(dump(settings.marts_db)) == list(dump(demo_shop.marts_db))
    assert content(settings.site_dir) == content(demo_shop.site_dir)
    assert content(settings.exports_dir) == content(demo_shop.exports_dir)


def test_a_clock_that_runs_backwards_is_a_sentence_and_the_next_build_works(
    guarded, shop_of_addresses
):
    """dbt leaves out what seems older than its start; that must not outlast the run."""
    settings, _ = shop_of_addresses
    before = settings.marts_db.read_bytes()
    line = [TILLSIGHT, "build", "--data-dir", settings.data_dir]
    (settings.dbt_output_dir / "target" / "partial_parse.msgpack").unlink()
    failed, _ = guarded(*line, BACKWARDS="1")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: dbt")
    assert settings.marts_db.read_bytes() == before
    again, _ = guarded(*line)
    assert again.returncode == 0, again.stderr
    assert settings.marts_db.read_bytes() == before


def test_everything_that_is_made_is_its_owners_alone(quiet_shop):
    settings, _ = quiet_shop
    made = [settings.data_dir, *settings.data_dir.rglob("*")]
    assert len(made) > 50
    assert not [str(path) for path in made if path.stat().st_mode & 0o077]


def test_the_log_tells_the_steps_with_rows_and_seconds(quiet_shop):
    settings, _ = quiet_shop
    text = (settings.logs_dir / "tillsight.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    *steps, end = lines
    with closing(sqlite3.connect(settings.marts_db)) as connection:
        landed, transactions, customers, scored = connection.execute(
            "select landed_rows, (select sum(row_count) from row_ledger "
            "where entity = 'transactions'), customers, (select count(*) from predictions) "
            "from build_info"
        ).fetchone()
    rows = {line["step"]: line["rows"] for line in steps}
    assert list(rows) == [
        *("Loading", "Building the features", "Training", "Scoring", "Building the marts"),
        *("Writing the exports", "Writing the page", "Publishing"),
    ]
    assert rows["Loading"] == landed
    assert rows["Scoring"] == scored
    assert rows["Building the marts"] == transactions
    assert rows["Writing the exports"] == rows["Writing the page"] == customers
    assert rows["Publishing"] is None
    assert rows["Training"] > scored
    assert all(line["seconds"] > 0 and line["outcome"] == "done" for line in lines)
    assert (end["event"], end["command"], end["error"]) == ("end", "run", None)


# --- e-mail addresses


def addresses(width: int) -> list[list[str]]:
    """Return a row for each column that has an e-mail address there and is else fine."""
    fine = ["t{row}", "c1", "p1", "2024-01-0{day}", "1", "9.50"][:width]
    return [
        [
            f"Ann {row} <ann.{row}@{DOMAIN}>"
            if column == row
            else cell.format(row=row, day=row + 1)
            for column, cell in enumerate(fine)
        ]
        for row in range(width)
    ]


@pytest.fixture(scope="module")
def shop_of_addresses(guarded, tmp_path_factory, settings_in):
    """A shop with an e-mail address in every column of every file, and what was said of it."""
    folder = tmp_path_factory.mktemp("addresses")
    tables = {
        "transactions": "transaction_id,customer_id,product_id,invoice_date,quantity,amount",
        "customers": "customer_id,name,email,signup_date,country",
        "products": "product_id,product_name,price,category",
    }
    kept = {
        "transactions": [["t8", f"eve@{DOMAIN}", f"mug@{DOMAIN}", "2024-01-09", "2", "20"]],
        "customers": [
            [f"eve@{DOMAIN}", f'Eve "eve roe"@{DOMAIN}', f"eve@{DOMAIN}", "", f"Land eve@{DOMAIN}"]
        ],
        "products": [[f"mug@{DOMAIN}", f"Mug of eve@{DOMAIN}", "10", f"mugs@{DOMAIN}"]],
    }
    for name, header in tables.items():
        columns = header.split(",")
        with (folder / f"{name} of ann@{DOMAIN}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *addresses(len(columns)), *kept[name]])
    (folder / "no header.csv").write_text(f"t1,eve@{DOMAIN},p1,2024-01-01,1,5\n")
    settings = settings_in(folder / "data")
    said = []
    for line in (
        ["run", *sorted(folder.glob("* of *.csv"))],
        ["load", folder / "no header.csv"],
        ["report", "--privacy", "public"],
        ["export", "--no-email", "--out", folder / "list.csv"],
        ["model", "show"],
        ["doctor"],
    ):
        result, _ = guarded(TILLSIGHT, *line, "--data-dir", settings.data_dir)
        said.append((str(line[0]), result.returncode, result.stdout + result.stderr))
    return settings, said


def test_no_command_says_an_address(shop_of_addresses):
    _, said = shop_of_addresses
    codes = {command: code for command, code, _ in said}
    assert (codes["run"], codes["load"], codes["export"]) == (0, 1, 0), said
    assert not [line for *_, text in said for line in text.splitlines() if DOMAIN in line]


def test_no_file_but_the_databases_and_the_lists_holds_an_address(shop_of_addresses):
    """Not the page, not the log, not what dbt leaves."""
    settings, _ = shop_of_addresses
    theirs = {path.name for path in (settings.raw_db, settings.work_db, settings.marts_db)}
    looked_at = [
        path
        for path in settings.data_dir.rglob("*")
        if path.is_file() and path.name not in theirs and path.parent.name != "exports"
    ]
    assert {"site", "site_public", "logs", "dbt", "dbt_docs.html"} <= {
        part for path in looked_at for part in path.relative_to(settings.data_dir).parts
    }
    assert not [path.name for path in looked_at if DOMAIN.encode() in path.read_bytes()]
    assert DOMAIN not in (settings.data_dir.parent / "list.csv").read_text()
    assert DOMAIN in (settings.exports_dir / "customers.csv").read_text()


def test_rows_left_out_are_there_without_their_addresses(shop_of_addresses):
    settings, _ = shop_of_addresses
    with closing(sqlite3.connect(settings.marts_db)) as connection:
        rows = connection.execute(
            "select entity, reason, landed_text from rejected_rows order by entity, line_number"
        ).fetchall()
    unreadable = [text for entity, _, text in rows if entity == "transactions"]
    assert len(unreadable) == 3  # of date, quantity and amount
    assert unreadable[0] == "t3,,c1,p1,(e-mail hidden),1,9.50"
    assert not [text for *_, text in rows if "@" in text]
