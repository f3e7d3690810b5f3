"""Datasette opens `marts.db` by what `tillsight export --datasette` writes and says."""

from __future__ import annotations

import html
import json
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette.app import Datasette
from typer.testing import CliRunner

from scripts.cli.app import app
from tests.support.async_helpers import run_apart

CLOSED = ("customers", "rejected_rows")


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture(scope="module")
def written(demo_shop, tmp_path_factory) -> tuple[Path, str]:
    """The metadata file, and what the command line said."""
    file = tmp_path_factory.mktemp("datasette") / "datasette.json"
    result = CliRunner().invoke(
        app, ["export", "--datasette", "--out", str(file), "--data-dir", str(demo_shop.data_dir)]
    )
    assert result.exit_code == 0
    return file, result.output


@pytest.fixture(scope="module")
def ask(written, demo_shop) -> Callable[..., list[Answer]]:
    """Ask a Datasette that was started as the command line says, as anybody or as root."""
    metadata = json.loads(written[0].read_text(encoding="utf-8"))

    async def get(paths: Sequence[str], *, is_root: bool) -> list[Answer]:
        served = Datasette([str(demo_shop.marts_db)], metadata=metadata)
        await served.invoke_startup()
        actor = {"ds_actor": served.sign({"a": {"id": "root"}}, "actor")} if is_root else {}
        answers = [await served.client.get(path, cookies=actor) for path in paths]
        for database in served.databases.values():
            database.close()
        return [Answer(answer.status_code, answer.text) for answer in answers]

    return lambda *paths, is_root=False: run_apart(get(paths, is_root=is_root))


def query(demo_shop, sql: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{demo_shop.marts_db}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def marts(demo_shop) -> list[tuple[str, str]]:
    """Return names and descriptions of the published tables."""
    return query(
        demo_shop,
        "select table_name, description from table_docs where layer = 'marts' order by table_name",
    )


def sql_path(sql: str) -> str:
    return "/marts.json?" + urlencode({"sql": sql, "_shape": "arrays"})


def test_every_table_is_shown_with_what_it_means(ask, demo_shop):
    tables = marts(demo_shop)
    assert {"customer_360", *CLOSED} < {name for name, _ in tables}
    pages = ask(*(f"/marts/{name}?_size=1" for name, _ in tables), is_root=True)
    for (name, description), page in zip(tables, pages, strict=True):
        columns = query(
            demo_shop,
            "select column_name, description from column_docs where table_name = ?",
            name,
        )
        shown = html.unescape(page.text)
        assert page.status == 200
        assert f"{name}: one row per" in shown
        assert description in shown
        for column, meaning in columns:
            assert re.search(rf"<dt>{column}</dt><dd>{re.escape(meaning)}", shown), (name, column)


def test_every_row_is_there(ask, demo_shop):
    tables = [name for name, _ in marts(demo_shop)]
    pages = ask(*(f"/marts/{name}.json?_size=0" for name in tables), is_root=True)
    for name, page in zip(tables, pages, strict=True):
        ((count,),) = query(demo_shop, f"select count(*) from {name}")
        assert page.json["filtered_table_rows_count"] == count


def test_customers_open_with_the_dearest_first_and_counted_by_segment(ask, demo_shop):
    (page,) = ask("/marts/customer_360.json?_shape=objects&_size=5")
    best = query(
        demo_shop, "select customer_id from customer_360 order by net_revenue desc limit 5"
    )
    assert [(row["customer_id"],) for row in page.json["rows"]] == best
    counted = page.json["facet_results"]["segment"]["results"]
    assert sorted((fact["value"], fact["count"]) for fact in counted if fact["value"]) == query(
        demo_shop, "select segment, count(*) from rfm_scores group by segment order by segment"
    )


def test_orders_and_facets_are_columns_of_their_table(written, demo_shop):
    described = json.loads(written[0].read_text())["databases"]["marts"]["tables"]
    opened_by = [
        (name, column)
        for name, table in described.items()
        for column in [table.get("sort"), table.get("sort_desc"), *table.get("facets", ())]
        if column
    ]
    assert opened_by
    assert set(opened_by) <= set(
        query(demo_shop, "select table_name, column_name from column_docs")
    )


def test_nobody_else_reads_an_email(ask, demo_shop):
    emails = [
        email for (email,) in query(demo_shop, "select email from customers where email <> ''")
    ]
    tables = [name for name, _ in marts(demo_shop)]
    files = ask(*(f"/marts/{name}.csv?_stream=on" for name in tables))
    expected = [403 if name in CLOSED else 200 for name in tables]
    assert [file.status for file in files] == expected
    assert len(emails) > 100
    told = "".join(file.text for file in files)
    assert not [email for email in emails if email in told]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(sql_path("select email from customers"), id="SQL"),
        pytest.param(
            "/marts/customer_360.json?" + urlencode({"_where": "1 in (select 1 from customers)"}),
            id="a condition in SQL",
        ),
        pytest.param("/marts/customers/C0000001.json", id="a row"),
        pytest.param("/marts.db", id="the file"),
    ],
)
def test_nobody_else_comes_by_another_way(ask, path):
    (answer,) = ask(path)
    assert answer.status == 403
    assert "@" not in answer.text


def test_who_has_the_link_reads_everything_but_takes_no_file(ask, demo_shop):
    sql, file = ask(sql_path("select email from customers"), "/marts.db", is_root=True)
    assert sql.json["rows"][:3] == [
        list(row) for row in query(demo_shop, "select email from customers limit 3")
    ]
    assert file.status == 403


@pytest.mark.parametrize(
    "sql", ["delete from predictions", "with one as (select 1) delete from predictions"]
)
def test_nothing_can_be_written(ask, demo_shop, sql):
    before = demo_shop.marts_db.read_bytes()
    (answer,) = ask(sql_path(sql), is_root=True)
    assert answer.status == 400
    assert re.search("must be a SELECT|readonly database", answer.text)
    assert demo_shop.marts_db.read_bytes() == before


def test_what_the_command_line_says_can_be_typed(written, demo_shop):
    file, said = written
    (typed,) = re.findall(r"^Type: +(.+)$", said, re.MULTILINE)
    command = shlex.split(typed)
    assert command[:4] == ["datasette", str(demo_shop.marts_db), "--metadata", str(file)]
    program = Path(sys.executable).with_name("datasette")
    answer = subprocess.run(
        [program, *command[1:], "--get", "/marts/customer_360.json?_size=1"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(answer.stdout)["filtered_table_rows_count"] == 600


def export(*options: str | Path) -> Any:
    return CliRunner().invoke(app, ["export", "--datasette", *map(str, options)])


def test_it_is_written_beside_the_csv_files(demo_shop):
    before = {path.name for path in demo_shop.exports_dir.iterdir()}
    assert export("--data-dir", demo_shop.data_dir).exit_code == 0
    file = demo_shop.exports_dir / "datasette.json"
    assert {path.name for path in demo_shop.exports_dir.iterdir()} == before | {file.name}
    file.unlink()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--segment", "Lost"], "selects no customers"),
        (["--no-predictions"], "selects no customers"),
        (["--out", "."], "is a folder"),
    ],
)
def test_a_mistake_is_a_sentence(demo_shop, options, sentence):
    result = export(*options, "--data-dir", demo_shop.data_dir)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_without_marts_the_next_step_is_named(tmp_path):
    result = export("--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "Type: tillsight run FILE..." in result.stderr
    assert not (tmp_path / "exports").exists()
