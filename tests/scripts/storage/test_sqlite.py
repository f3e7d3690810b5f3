import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scripts.engines import sqlite as sqlite_engine
from scripts.errors import TillsightError
from scripts.storage import sqlite

KEY = ["load_id", "line_number"]
COLUMNS = {
    "raw_loads": [
        "load_id",
        "file_name",
        "sheet",
        "form",
        "file_sha256",
        "row_count",
        "input_fingerprint",
    ],
    "raw_standard_customers": [*KEY, "customer_id", "name", "email", "signup_date", "country"],
    "raw_standard_products": [*KEY, "product_id", "product_name", "category", "price"],
    "raw_standard_transactions": [
        *KEY,
        "transaction_id",
        "invoice_id",
        "customer_id",
        "product_id",
        "invoice_date",
        "quantity",
        "amount",
    ],
    "raw_uci_order_lines": [
        *KEY,
        "invoice_no",
        "stock_code",
        "description",
        "quantity",
        "invoice_date",
        "unit_price",
        "customer_id",
        "country",
    ],
    "raw_shopify_order_lines": [
        *KEY,
        "name",
        "email",
        "financial_status",
        "created_at",
        "cancelled_at",
        "currency",
        "subtotal",
        "discount_amount",
        "refunded_amount",
        "lineitem_quantity",
        "lineitem_name",
        "lineitem_price",
        "lineitem_sku",
        "lineitem_discount",
        "billing_name",
        "billing_country",
        "shipping_country",
    ],
}


def damage(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 200)


def test_raw_tables_are_created_empty_with_these_columns(raw_db, landed):
    sqlite_engine.ensure_raw(raw_db)
    tables = [name for (name,) in landed("select name from sqlite_master where type = 'table'")]
    assert sorted(tables) == sorted(COLUMNS)
    for table, columns in COLUMNS.items():
        assert [row[1] for row in landed(f"pragma table_info({table})")] == columns
        assert landed(f"select count(*) from {table}") == [(0,)]


@pytest.mark.parametrize("table", sorted(set(COLUMNS) - {"raw_loads"}))
def test_rows_are_text_keyed_by_load_and_line(raw_db, landed, table):
    sqlite_engine.ensure_raw(raw_db)
    columns = landed(f"pragma table_info({table})")
    assert [(row[1], row[5]) for row in columns if row[5]] == [("load_id", 1), ("line_number", 2)]
    assert {row[2].lower() for row in columns if row[1] not in KEY} == {"text"}


@pytest.mark.parametrize("table", sorted(set(COLUMNS) - {"raw_loads"}))
def test_the_key_needs_no_extra_index(raw_db, landed, table):
    sqlite_engine.ensure_raw(raw_db)
    assert (
        landed(f"select name from sqlite_master where type = 'index' and tbl_name = '{table}'")
        == []
    )


def test_the_same_bytes_cannot_be_recorded_twice(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite.connect(raw_db)) as connection:
        insert = (
            "insert into raw_loads (load_id, file_name, form, file_sha256, row_count,"
            " input_fingerprint) values (?, 'a.csv', 'f', 'abc', 1, 'x')"
        )
        connection.execute(insert, (1,))
        with pytest.raises(sqlite3.IntegrityError, match=r"raw_loads.file_sha256, raw_loads.sheet"):
            connection.execute(insert, (2,))


def test_creating_the_tables_again_keeps_their_rows(raw_db, landed):
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite.connect(raw_db)) as connection, connection:
        connection.execute(
            "insert into raw_standard_products (load_id, line_number, product_id)"
            " values (1, 2, 'p')"
        )
    before = raw_db.read_bytes()
    sqlite_engine.ensure_raw(raw_db)
    assert landed("select product_id from raw_standard_products") == [("p",)]
    assert raw_db.read_bytes() == before


def test_a_new_raw_file_has_large_pages(raw_db, landed):
    sqlite_engine.ensure_raw(raw_db)
    assert landed("pragma page_size") == [(16_384,)]


def test_two_new_raw_files_have_equal_bytes(tmp_path):
    for name in ("a.db", "b.db"):
        sqlite_engine.ensure_raw(tmp_path / name)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_existing_tables_need_no_write_lock(raw_db, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite3.connect(raw_db)) as other:
        other.execute("begin immediate")
        sqlite_engine.ensure_raw(raw_db)


def test_commits_survive_a_power_loss(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite.connect(raw_db)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
        # 2 is FULL: the disk has it before the commit returns.
        assert connection.execute("pragma synchronous").fetchone() == (2,)


def test_a_writer_waits_for_another_one(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite.connect(raw_db)) as connection:
        (milliseconds,) = connection.execute("pragma busy_timeout").fetchone()
    assert milliseconds == 10_000


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(
        TillsightError, match=r"cannot create the folder .*choose another --data-dir"
    ):
        sqlite_engine.ensure_raw(tmp_path / "data" / "raw.db")


@pytest.mark.parametrize("name", ["plain.db", "50% off?.db", "a #1 shop.db", "é ü.db", "it's.db"])
def test_a_file_of_any_name_opens_to_be_read(tmp_path, name):
    path = tmp_path / name
    sqlite_engine.ensure_raw(path)
    with closing(sqlite.connect_read_only(path)) as connection:
        assert connection.execute("select count(*) from raw_loads").fetchone() == (0,)


def test_a_relative_path_opens_to_be_read(tmp_path, monkeypatch):
    sqlite_engine.ensure_raw(tmp_path / "raw.db")
    monkeypatch.chdir(tmp_path)
    with closing(sqlite.connect_read_only(Path("raw.db"))) as connection:
        assert connection.execute("select count(*) from raw_loads").fetchone() == (0,)


def test_a_reader_cannot_write(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with (
        closing(sqlite.connect_read_only(raw_db)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("delete from raw_loads")


def test_a_reader_makes_no_file(tmp_path):
    with pytest.raises(TillsightError, match=r"marts\.db does not exist; type 'tillsight run'"):
        sqlite.connect_read_only(tmp_path / "marts.db")
    assert not (tmp_path / "marts.db").exists()


@pytest.mark.parametrize("open_it", [sqlite.connect, sqlite.connect_read_only])
def test_a_file_that_is_no_database_is_a_sentence(tmp_path, open_it):
    path = tmp_path / "raw.db"
    path.write_text("customer_id,name\n" * 100)
    with pytest.raises(TillsightError, match=r"raw\.db: it is not a SQLite database; move it away"):
        open_it(path)
    assert path.read_text().startswith("customer_id,name\n")


def test_a_damaged_file_is_a_sentence(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    damage(raw_db, 100)
    with pytest.raises(TillsightError, match=r"raw\.db: it is damaged; move it away"):
        sqlite_engine.ensure_raw(raw_db)


@pytest.mark.parametrize("open_it", [sqlite.connect, sqlite.connect_read_only])
def test_a_locked_file_is_a_sentence(raw_db, monkeypatch, open_it):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite3.connect(raw_db)) as other:
        other.execute("begin exclusive")
        with pytest.raises(TillsightError, match=r"raw\.db: another program is using it; close"):
            open_it(raw_db)


def test_a_folder_in_place_of_the_file_is_a_sentence(tmp_path):
    with pytest.raises(TillsightError, match="it cannot be opened; check that its folder exists"):
        sqlite.connect(tmp_path)


def test_a_file_that_disappeared_is_a_sentence(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite.connect(raw_db)) as connection:
        raw_db.unlink()
        # SQLite's code is READONLY_DBMOVED, one of the finer kinds of READONLY.
        with (
            pytest.raises(TillsightError, match=r"raw\.db: it cannot be written to"),
            sqlite.explained(raw_db),
        ):
            connection.execute("delete from raw_loads")


def test_any_other_error_of_sqlite_is_a_sentence(raw_db):
    sqlite_engine.ensure_raw(raw_db)
    with (
        closing(sqlite.connect(raw_db)) as connection,
        pytest.raises(TillsightError, match=r"SQLite says 'no such table: raw_gone'; if an older"),
        sqlite.explained(raw_db),
    ):
        connection.execute("select * from raw_gone")


def test_the_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert sqlite.sha256(path) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    large = bytes(range(256)) * 9_000
    path.write_bytes(large)
    assert sqlite.sha256(path) == hashlib.sha256(large).hexdigest()
