"""What is PostgreSQL's alone: whose a database is, and who reads while marts are published."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import count

import pytest

from scripts import pipeline
from scripts.engines import engine_of, postgres
from scripts.engines.bulk_load import CsvStream
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.settings import NEW_SCHEMA, Settings
from tests.support.engines import ask, connect

NUMBERS = count(1)
SALES = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
SALE = "t{},c,p,2024-01-01,1,10.00\n"


@pytest.fixture
def shop(new_database, tmp_path):
    address = new_database(f"postgres_{next(NUMBERS)}")
    shop = Settings(data_dir=tmp_path / "data", target="postgres", postgres=address)
    Project.create(shop)
    return shop


@pytest.fixture
def sales(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(SALES + SALE.format(1))
    return file


def execute(shop, *statements):
    with closing(connect(shop.postgres)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def marts(schema, run):
    """Write what makes a schema one of marts."""
    return (
        f"create schema {schema}",
        f"create table {schema}.build_info (run integer)",
        f"insert into {schema}.build_info values ({run})",
    )


def publish(shop, run):
    execute(shop, *marts(NEW_SCHEMA, run))
    engine_of(shop).publish()


def schemas(shop):
    with closing(connect(shop.postgres)) as connection:
        names = ask(connection, "select nspname from pg_namespace where nspname like 'main%'")
    return sorted(name for (name,) in names)


def test_a_database_is_for_one_data_folder(shop, sales, tmp_path):
    pipeline.load_files(Project.create(shop), [sales])
    other = replace(shop, data_dir=tmp_path / "other")
    with pytest.raises(TillsightError, match=r"holds the sales of another data folder; choose"):
        pipeline.load_files(Project.create(other), [sales])
    Project.create(shop)
    assert [load.file_name for load in engine_of(shop).raw.loads()] == ["sales.csv"]


def test_a_schema_of_somebody_else_is_not_replaced(shop):
    execute(shop, "create schema main", "create table main.invoices (id integer)")
    with pytest.raises(TillsightError, match="holds tables that are not Tillsight's"):
        engine_of(shop).prepare()
    execute(shop, "drop table main.invoices")
    engine_of(shop).prepare()
    publish(shop, 1)
    assert schemas(shop) == ["main"]


def test_a_reader_who_stays_stops_no_publish(shop, monkeypatch):
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT_MILLISECONDS", 200)
    publish(shop, 1)
    with closing(connect(shop.postgres)) as reader:
        assert ask(reader, "select run from main.build_info") == [(1,)]
        publish(shop, 2)
        publish(shop, 3)
        with closing(connect(shop.postgres)) as another:
            assert ask(another, "select run from main.build_info") == [(3,)]
        assert schemas(shop) == ["main", "main_old_1"]
    publish(shop, 4)
    assert schemas(shop) == ["main"]


def test_what_looks_like_earlier_marts_but_is_not_stays(shop):
    execute(shop, "create schema main_old_7", "create schema main_old_backup")
    publish(shop, 1)
    publish(shop, 2)
    assert schemas(shop) == ["main", "main_old_7", "main_old_backup"]


def test_who_could_read_the_marts_still_can(shop):
    publish(shop, 1)
    execute(
        shop,
        'create role "Bi tool"',
        'grant usage on schema main to "Bi tool", public',
        'grant select on main.build_info to "Bi tool"',
        "create table main.gone_tomorrow (n integer)",
        "grant select on main.gone_tomorrow to public",
    )
    publish(shop, 2)
    with closing(connect(shop.postgres)) as connection:
        assert ask(
            connection,
            "select has_schema_privilege('Bi tool', 'main', 'usage'), "
            "has_table_privilege('Bi tool', 'main.build_info', 'select'), "
            "has_table_privilege('Bi tool', 'main.build_info', 'insert')",
        ) == [(True, True, False)]
    execute(shop, 'drop owned by "Bi tool"', 'drop role "Bi tool"')


def test_a_role_whose_name_is_like_everybodys_is_not_everybody(shop):
    publish(shop, 1)
    execute(shop, 'create role "Public"', "create role stranger")
    execute(shop, 'grant usage on schema main to "Public"')
    publish(shop, 2)
    with closing(connect(shop.postgres)) as connection:
        assert ask(
            connection,
            "select has_schema_privilege('Public', 'main', 'usage'), "
            "has_schema_privilege('stranger', 'main', 'usage')",
        ) == [(True, False)]
    execute(shop, 'drop owned by "Public"', 'drop role "Public"', "drop role stranger")


def test_ctrl_c_while_rows_are_copied_is_that(shop):
    engine = engine_of(shop)

    def rows():
        yield (1, 2)
        raise KeyboardInterrupt

    statement = "copy raw.raw_loads (load_id, row_count) from stdin (format csv)"
    with (
        pytest.raises(KeyboardInterrupt),
        postgres.connected(shop.postgres) as connection,
        connection.cursor() as cursor,
    ):
        postgres._copy(cursor, statement, CsvStream(rows()))
    assert engine.raw.loads() == []


def test_an_error_of_the_server_is_told_as_its_own(shop):
    with (
        pytest.raises(TillsightError, match=r"^the PostgreSQL database \S+.* reports '.*nowhere"),
        postgres.connected(shop.postgres) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select * from nowhere")


def test_a_server_that_ends_amid_the_work_is_a_sentence(shop):
    with (
        pytest.raises(TillsightError, match="reports '"),
        postgres.connected(shop.postgres) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")
