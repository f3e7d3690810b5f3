"""The `settings.yml` of a shop, in real builds by tillsight and by plain dbt."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts import pipeline, shop_settings
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.settings import PROJECT_DIR, Settings

DBT_DIR = PROJECT_DIR / "dbt_project"
SHOP_NAME = "O'Neil \"\" \\ {{ env_var('HOME') }} {% raw %} {# -- ; drop </h1><b> %s 🛒👨‍👩‍👧"
HEADER = ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"]
# Customer a is the worst of four in each of the three scores, d the best: sums 3, 6, 9 and 12.
SALES = [
    [f"{customer}{number}", customer, "p", f"2024-0{place}-01", "1", f"{place}0.00"]
    for place, customer in enumerate("abcd", start=1)
    for number in range(place)
]
WRONG = r"""
shop_name: "  "
as_of_date: "2030-13-45"
horizon_days: 1.5
snapshot_count: true
scoring_method: median
champions_from: "10 or 1=1"
loyal_from: "{{ env_var('HOME') }}"
at_risk_from: 3
return_dating: sale
duplicate_lines: 1
reporting_currency: "GB'"
date_order: [iso]
contact_cost: -1
contact_benefit: "5"
champion_from: 9
"""


@pytest.fixture(scope="module")
def plain_shop(shop_of) -> Settings:
    """A shop with the defaults."""
    settings: Settings = shop_of([HEADER, *SALES])
    return settings


@pytest.fixture(scope="module")
def own_shop(plain_shop, tmp_path_factory, settings_in) -> Settings:
    """The same sales with settings of its own, and a page."""
    folder = tmp_path_factory.mktemp("own") / "data"
    shutil.copytree(plain_shop.data_dir, folder, symlinks=True)
    quoted = SHOP_NAME.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "settings.yml").write_text(
        f'shop_name: "{quoted}"  # a comment\n# horizon_days: 14\n'
        "champions_from: 9\nloyal_from: 6\nat_risk_from: 4\nas_of_date: 2024-05-02\n"
    )
    settings: Settings = settings_in(folder)
    pipeline.build(Project.create(settings))
    pipeline.report(Project.open(settings, "report"))
    return settings


def read(marts_db: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(marts_db)) as connection:
        return connection.execute(statement).fetchall()


def dbt(command: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in the dbt project, as its users do."""
    bin_dir = Path(sys.executable).parent
    return subprocess.run(
        ["/bin/sh", "-c", f"{command} --target-path '{data_dir}/target' --log-path '{data_dir}'"],
        cwd=DBT_DIR,
        env={
            "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}",
            "TILLSIGHT_DATA_DIR": str(data_dir),
            "LC_ALL": "C.UTF-8",
        },
        check=False,
        capture_output=True,
        text=True,
    )


class Texts(HTMLParser):
    """The text of each element of one kind."""

    def __init__(self, html: str, tag: str) -> None:
        super().__init__()
        self._tag, self._is_inside = tag, False
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._is_inside = tag == self._tag
        self.found += [""] * self._is_inside

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != self._tag

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            self.found[-1] += data


def test_the_first_command_writes_the_settings(plain_shop):
    template = plain_shop.settings_yml.read_text()
    assert "\nshop_name: Your shop\n" in template
    assert "\n# champions_from: 10\n" in template


def test_two_shops_have_two_settings(plain_shop, own_shop):
    segments = "select customer_id, segment from rfm_scores order by customer_id"
    assert read(plain_shop.marts_db, segments) == [
        ("a", "Lost"),
        ("b", "At-Risk"),
        ("c", "Loyal"),
        ("d", "Champions"),
    ]
    assert read(own_shop.marts_db, segments) == [
        ("a", "Lost"),
        ("b", "Loyal"),
        ("c", "Champions"),
        ("d", "Champions"),
    ]
    as_of = "select as_of_date from build_info"
    assert read(plain_shop.marts_db, as_of) == [("2024-04-01",)]
    assert read(own_shop.marts_db, as_of) == [("2024-05-02",)]


def test_a_shop_name_is_data_in_the_marts_and_on_the_page(own_shop):
    assert len(SHOP_NAME) <= 80
    assert read(own_shop.marts_db, "select shop_name from build_info") == [(SHOP_NAME,)]
    page = (own_shop.site_dir / "index.html").read_text()
    assert Texts(page, "h1").found == [SHOP_NAME]
    assert Texts(page, "title").found[0].startswith(f"{SHOP_NAME}: ")
    assert os.environ["HOME"] not in Texts(page, "h1").found[0]


def test_plain_dbt_makes_the_same_marts_of_the_same_settings(own_shop, tmp_path):
    for name in ("raw.db", "work.db"):
        shutil.copy(own_shop.data_dir / name, tmp_path / name)
    shutil.copy(own_shop.settings_yml, tmp_path / "settings.yml")
    given = '--vars "$(cat $TILLSIGHT_DATA_DIR/settings.yml)"'
    built = dbt(f"dbt build --exclude-resource-type unit_test {given}", tmp_path)
    assert built.returncode == 0, built.stdout
    tables = [
        str(name)
        for (name,) in read(
            own_shop.marts_db,
            "select name from sqlite_master where type = 'table' and name not like 'sqlite%'",
        )
    ]
    assert {"rfm_scores", "customers", "build_info", "data_tests"} <= set(tables)
    for table in tables:
        rows, same = (
            read(db, f"select * from {table}") for db in (own_shop.marts_db, tmp_path / "marts.db")
        )
        if table == "build_info":  # its last column is a checksum of the published file
            rows, same = ([row[:-1] for row in one] for one in (rows, same))
        assert sorted(rows, key=repr) == sorted(same, key=repr), table


def test_dbt_refuses_the_same_values_as_tillsight(plain_shop, tmp_path):
    (tmp_path / "settings.yml").write_text(WRONG)
    with pytest.raises(TillsightError) as refused:
        shop_settings.read_overrides(tmp_path, DBT_DIR)
    ours = set(re.findall(r"line \d+: (\w+) is (?!no)", str(refused.value)))
    assert ours == set(shop_settings.read_rules(DBT_DIR))
    shutil.copy(plain_shop.raw_db, tmp_path / "raw.db")
    failed = dbt('dbt build --vars "$(cat $TILLSIGHT_DATA_DIR/settings.yml)"', tmp_path)
    assert failed.returncode != 0
    assert set(re.findall(r"Setting (\w+) is", failed.stdout)) == ours
    assert "There is no setting 'champion_from'" in failed.stdout
    assert not (tmp_path / "marts.db").exists() or not read(
        tmp_path / "marts.db", "select name from sqlite_master"
    )


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("{champions_from: 4, contact_cost: 1}", ["champions_from", "contact_cost"]),
        (
            "{loyal_from: 5, contact_cost: 2, contact_benefit: 2}",
            ["loyal_from", "contact_cost"],
        ),
    ],
)
def test_dbt_refuses_the_same_combinations_as_tillsight(content, faults, plain_shop, tmp_path):
    (tmp_path / "settings.yml").write_text(content)
    with pytest.raises(TillsightError) as refused:
        shop_settings.read_overrides(tmp_path, DBT_DIR)
    assert re.findall(r"line \d+: (\w+) is", str(refused.value)) == faults
    shutil.copy(plain_shop.raw_db, tmp_path / "raw.db")
    failed = dbt(f"dbt build --vars '{content}'", tmp_path)
    assert failed.returncode != 0
    assert re.findall(r"Setting (\w+) is", failed.stdout) == faults


def test_a_setting_is_validated_where_it_is_used_too(plain_shop, tmp_path):
    """`dbt compile` and `dbt show` run no check before."""
    shutil.copy(plain_shop.raw_db, tmp_path / "raw.db")
    failed = dbt(
        "dbt compile --inline \"{{ setting('champions_from') }}\" "
        "--vars '{champions_from: 10 or 1=1}'",
        tmp_path,
    )
    assert failed.returncode != 0
    assert "Setting champions_from is '10 or 1=1'" in failed.stdout


def test_an_as_of_date_long_after_the_last_sale_publishes_nothing(plain_shop, settings_in):
    before = plain_shop.marts_db.read_bytes()
    late = settings_in(plain_shop.data_dir, as_of="2024-05-03")
    message = (
        r"the last sale is dated 2024-04-01, more than a month before 2024-05-03; nothing was "
        r"published. Set --as-of to 2024-05-02 or earlier"
    )
    with pytest.raises(TillsightError, match=message):
        pipeline.build(Project.create(late))
    assert plain_shop.marts_db.read_bytes() == before


def test_an_as_of_date_of_the_settings_is_refused_by_the_name_of_its_file(
    plain_shop, settings_in, tmp_path
):
    shutil.copytree(plain_shop.data_dir, tmp_path / "data", symlinks=True)
    (tmp_path / "data" / "settings.yml").write_text("as_of_date: 2025-04-01\n")
    with pytest.raises(TillsightError, match=r"Set as_of_date in \S+/data/settings.yml to"):
        pipeline.build(Project.create(settings_in(tmp_path / "data")))


def test_models_read_settings_by_the_macro_alone():
    """`var` renders Jinja that a value holds."""
    files = [
        path
        for folder in ("models", "tests", "macros")
        for path in (DBT_DIR / folder).rglob("*.sql")
    ]
    assert len(files) > 60
    using = [path.name for path in files if re.search(r"(?<![a-z_.])var\(", path.read_text())]
    assert using == ["settings.sql"]
