"""What `make bench` measures by: its shop, its peers, its measure and its chart."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from scripts.demo.files import write_demo
from scripts.demo.purchases import LAST_DATE
from tests.benchmarks import results, rfm_path, spark_scale
from tests.benchmarks.agreement import customers_that_differ
from tests.benchmarks.chart import LABEL_GAP, log_chart
from tests.benchmarks.measure import Usage, measured, middle
from tests.benchmarks.peers import PEERS
from tests.benchmarks.run import HERE, rounds
from tests.benchmarks.shop import write_shop

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def transactions(demo_shop):
    return demo_shop.demo_dir / "transactions.csv"


def lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_customer_of_the_shop_has_the_lines_of_two(tmp_path):
    files = write_shop(tmp_path, 40)
    demo = write_demo(tmp_path / "demo", customers=80)
    bought = Counter(line["customer_id"] for line in lines(demo.transactions))
    expected = {f"C{n:07d}": bought[f"C{n:07d}"] + bought[f"C{n + 40:07d}"] for n in range(1, 41)}
    found = Counter(line["customer_id"] for line in lines(files.transactions))
    assert found == {"": bought[""], **expected}
    assert len(lines(files.customers)) == 40


def test_the_last_day_and_the_days_before_are_all_the_lines(tmp_path):
    files = write_shop(tmp_path, 300)
    day, before = lines(files.day), lines(files.before)
    assert {line["invoice_date"] for line in day} == {LAST_DATE.isoformat()}
    assert LAST_DATE.isoformat() not in {line["invoice_date"] for line in before}
    both = sorted(line["transaction_id"] for line in day + before)
    assert both == sorted(line["transaction_id"] for line in lines(files.transactions))


def test_the_table_of_the_shell_is_ours(demo_shop, transactions, tmp_path):
    shutil.copy(transactions, tmp_path / "transactions.csv")
    shell = ["sqlite3", "peer.db", f".read {HERE / 'rfm.sql'}"]
    subprocess.run(shell, cwd=tmp_path, check=True)
    assert customers_that_differ(demo_shop.marts_db, tmp_path / "peer.db") == 0


@pytest.mark.parametrize(
    ("peer", "most"),
    [
        ("duckdb", 0),
        ("polars", 0),
        # qcut cuts elsewhere by a customer or two at three edges of three scores
        ("pandas", 18),
    ],
)
def test_the_tables_of_other_peers_are_ours(demo_shop, transactions, tmp_path, peer, most):
    pytest.importorskip(peer, reason=f"{peer} is a peer of 'make bench' alone")
    PEERS[peer](transactions, tmp_path / "peer.db")
    assert customers_that_differ(demo_shop.marts_db, tmp_path / "peer.db") <= most


def test_the_script_for_the_shell_makes_the_tables_that_dbt_made(demo_shop, tmp_path):
    for name in ("raw", "work", "marts"):
        shutil.copy(demo_shop.data_dir / f"{name}.db", tmp_path)
    script = rfm_path.script(demo_shop.dbt_output_dir / "target", tmp_path)
    assert "drop table main.rfm_scores;" in script
    shell = ["sqlite3", "-bail", "marts.db"]
    subprocess.run(shell, cwd=tmp_path, check=True, input=script, text=True)
    tables = []
    for path in (demo_shop.marts_db, tmp_path / "marts.db"):
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("select * from rfm_scores order by customer_id").fetchall()
            declared = connection.execute(
                "select type, name, sql from sqlite_master where tbl_name = 'rfm_scores'"
            ).fetchall()
        tables.append(sorted(map(str, [*declared, *rows])))
    assert len(tables[0]) > 500
    assert tables[0] == tables[1]


def test_a_customer_with_another_value_is_one_that_differs(demo_shop, transactions, tmp_path):
    PEERS["pandas"](transactions, tmp_path / "peer.db")
    before = customers_that_differ(demo_shop.marts_db, tmp_path / "peer.db")
    with closing(sqlite3.connect(tmp_path / "peer.db")) as connection, connection:
        connection.execute("update rfm set monetary = monetary + 1")
        scored = connection.execute("select count(*) from rfm").fetchone()[0]
    assert before < customers_that_differ(demo_shop.marts_db, tmp_path / "peer.db") == scored


def test_memory_is_that_of_the_child(tmp_path):
    held = bytearray(200 * 2**20)
    small = measured([sys.executable, "-S", "-c", "pass"], tmp_path)
    large = measured([sys.executable, "-S", "-c", "held = bytearray(100 * 2**20)"], tmp_path)
    assert small.megabytes < 50
    assert 100 <= large.megabytes < 150
    assert len(held) > 0


def test_a_command_that_fails_ends_the_measurement(tmp_path):
    with pytest.raises(SystemExit, match="failed"):
        measured([sys.executable, "-S", "-c", "raise SystemExit(3)"], tmp_path)


def test_the_middle_is_the_median_of_times_and_the_most_memory():
    found = [Usage(1.0, 5.0, 30.0), Usage(3.0, 4.0, 20.0), Usage(2.0, 9.0, 10.0)]
    assert middle(found) == Usage(2.0, 5.0, 30)


def test_the_chart_is_logarithmic_and_its_labels_are_apart():
    picture = log_chart(
        {"one": {10: 1.0, 100: 10.0, 1000: 100.0}, "other": {1000: 99.0}, "third": {1000: 98.0}},
        title="Seconds <by customers>",
        description="All of it",
    )
    root = ElementTree.fromstring(picture)  # noqa: S314  our own
    assert root.find(f"{SVG}title").text == "Seconds <by customers>"
    assert root.get("role") == "img"
    assert root.find(f"{SVG}desc").text == "All of it"
    path = root.find(f"{SVG}g/{SVG}path").get("d")
    points = [[float(value) for value in place.split(",")] for place in path[1:].split("L")]
    first, second = ((b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    assert first == pytest.approx(second, abs=0.2)
    places = sorted(float(text.get("y")) for text in root.findall(f"{SVG}g/{SVG}text"))
    assert all(below - above >= LABEL_GAP for above, below in pairwise(places))


def test_what_is_written_around_the_tables_stays(tmp_path, monkeypatch):
    for name in ("RESULTS", "README", "CHART"):
        monkeypatch.setattr(results, name, tmp_path / name)
    results.README.write_text(f"Before\n{results.BEGIN}\nold\n{results.END}\nAfter\n")
    usage = {"seconds": 2.0, "cpu_seconds": 1.0, "megabytes": 5}
    usages = {results.PEER: usage, "tillsight load": {**usage, "seconds": 3.0}}
    found = {"lines": 190, "runs": 1, "usages": usages, "differing": {results.PEER: 0}}
    results.merge(100, found)
    results.merge(10, found)
    results.write_readme()
    text = results.README.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "old" not in text
    assert text.index("### 10 customers") < text.index("### 100 customers, 190 lines")
    assert "| tillsight load | 3.0 | 1.50 | 1.0 | 1.00 | 5 |  |" in text


def test_the_growth_is_told_of_what_was_measured_at_both_sizes(tmp_path, monkeypatch):
    for name in ("RESULTS", "README", "CHART"):
        monkeypatch.setattr(results, name, tmp_path / name)
    results.README.write_text(f"{results.BEGIN}\n{results.END}")
    usage = {"seconds": 2.0, "cpu_seconds": 1.0, "megabytes": 5}
    small = {results.PEER: usage, "pandas": usage}
    large = {results.PEER: {**usage, "cpu_seconds": 10.5}}
    results.merge(10, {"lines": 190, "runs": 1, "usages": small, "differing": {}})
    results.merge(100, {"lines": 1900, "runs": 1, "usages": large, "differing": {}})
    results.write_readme()
    title = "### From 10 to 100 customers, 10.0 times the lines"
    growth = results.README.read_text().split(title)[1]
    assert f"| {results.PEER} | 10.5 |" in growth
    assert "pandas" not in growth


def test_what_was_found_is_told_after_every_program(tmp_path):
    files = write_shop(tmp_path, 40)

    def measures(*_):
        yield "first", Usage(1.0, 1.0, 1.0)
        yield "second", Usage(2.0, 2.0, 2.0)

    told = [list(found) for found, _ in rounds(files, 1, [measures])]
    assert told == [["first"], ["first", "second"], ["first", "second"]]


def spark_stage(stage, ended, written):
    measures = [{"Name": spark_scale.WRITTEN, "Value": written}]
    info = {"Stage ID": stage, "Completion Time": ended, "Accumulables": measures}
    return {"Event": "SparkListenerStageCompleted", "Stage Info": info}


def spark_task(stage, begun, ended):
    info = {"Launch Time": begun, "Finish Time": ended}
    return {"Event": "SparkListenerTaskEnd", "Stage ID": stage, "Task Info": info}


def test_a_model_on_spark_has_the_stages_that_ended_while_it_was_built():
    begun = datetime(2024, 1, 1)  # noqa: DTZ001  as dbt has it, without a zone
    timing = [
        SimpleNamespace(name="compile", started_at=begun),
        SimpleNamespace(name="execute", completed_at=begun + timedelta(seconds=5)),
    ]
    result = SimpleNamespace(timing=timing, node=SimpleNamespace(name="orders"))
    start = int(begun.replace(tzinfo=UTC).timestamp() * 1000)
    events = [
        {"Event": "SparkListenerJobStart"},
        spark_task(1, start, start + 1000),
        spark_stage(1, start + 1000, 2**20),
        *(spark_task(2, start, start + 1000 * seconds) for seconds in (1, 2, 4)),
        spark_stage(2, start + 4000, 2**21),
        spark_stage(3, start + 6000, 2**30),
    ]
    ((name, found),) = spark_scale._stages([result], events)
    assert (name, found.seconds, found.tasks, found.skew) == ("orders", 5, [1, 2, 4], 2)
    table = spark_scale._report(1_000_000, 8, {name: found}).splitlines()
    assert table[0] == "### 1,000,000 lines, 8 partitions"
    assert "| orders | 5 | 0 | 3 | 0 | 3 | 2.0 |" in table
    assert "| all | 5 | 0 | 3 | 0 |  |  |" in table
