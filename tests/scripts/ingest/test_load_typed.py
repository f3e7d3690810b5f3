import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.errors import TillsightError
from scripts.ingest.load import LoadResult
from tests.support.landing import load_files

EIGHT_TWENTY_SIX = datetime.fromisoformat("2010-12-01 08:26:00")
LANDED = (
    "select load_id, line_number, transaction_id, customer_id, product_id, invoice_date, quantity,"
    " amount, invoice_id from raw_standard_transactions order by load_id, line_number"
)
UCI_LANDED = (
    "select invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id,"
    " country from raw_uci_order_lines order by load_id, line_number"
)


def write_workbook(path, sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


# --- Parquet


def test_parquet_values_land_in_one_way_of_writing(raw_db, landed, tmp_path):
    table = pa.table(
        {
            "InvoiceNo": pa.array([536365, None], pa.int64()),
            "stranger": [[1], [2]],
            "StockCode": pa.array(["00123", ""]).dictionary_encode(),
            "Description": [b"caf\xc3\xa9", None],
            "Quantity": [6.0, float("nan")],
            "InvoiceDate": pa.array([EIGHT_TWENTY_SIX, None], pa.timestamp("ns")),
            "UnitPrice": [Decimal("2.50"), Decimal("0.00000001")],
            "CustomerID": [17850.5, 1e22],
            "Country": [True, False],
        }
    )
    path = tmp_path / "lines.parquet"
    pq.write_table(table, path)
    (result,) = load_files(raw_db, [path])
    assert result == LoadResult("lines.parquet", "", "uci_order_lines", 2, is_new=True)
    assert landed(UCI_LANDED) == [
        (
            "536365",
            "00123",
            "caf\u00e9",
            "6",
            "2010-12-01 08:26:00",
            "2.50000000",
            "17850.5",
            "true",
        ),
        (None, None, None, None, None, "0.00000001", "1e+22", "false"),
    ]
    assert landed("select line_number from raw_uci_order_lines") == [(2,), (3,)]


def test_parquet_dates_have_no_time_and_times_keep_their_offset(raw_db, landed, tmp_path):
    table = pa.table(
        {
            "Name": ["#1", "#2"],
            "Email": ["a@b.example", "a@b.example"],
            "Created at": pa.array(
                [datetime(2024, 7, 1, 16, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)],
                pa.timestamp("us", "America/New_York"),
            ),
            "Cancelled at": [date(2024, 7, 2), None],
            "Lineitem quantity": [1, 2],
            "Lineitem name": ["x", "y"],
            "Lineitem price": [0.1, -0.0],
        }
    )
    path = tmp_path / "orders.parquet"
    pq.write_table(table, path)
    load_files(raw_db, [path])
    assert landed(
        "select created_at, cancelled_at, lineitem_price from raw_shopify_order_lines"
    ) == [
        ("2024-07-01 12:00:00-04:00", "2024-07-02", "0.1"),
        ("2023-12-31 19:00:00-05:00", None, "0"),
    ]


def test_a_parquet_file_of_many_batches_lands_whole(raw_db, landed, tmp_path):
    ids = [f"c{n}" for n in range(25_001)]
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"name": ids, "customer_id": ids}), path, row_group_size=7_000)
    load_files(raw_db, [path])
    assert landed(
        "select count(*), count(distinct customer_id), min(line_number), max(line_number),"
        " sum(customer_id = 'c' || (line_number - 2)) from raw_standard_customers"
    ) == [(25_001, 25_001, 2, 25_002, 25_001)]


def test_a_parquet_column_of_lists_is_a_sentence(raw_db, landed, tmp_path):
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"customer_id": ["c"], "name": [["a", "b"]]}), path)
    with pytest.raises(TillsightError, match=r"people\.parquet: column 'name' contains list"):
        load_files(raw_db, [path])
    assert landed("select count(*) from raw_loads") == [(0,)]


def test_a_damaged_parquet_file_is_a_sentence(raw_db, landed, tmp_path):
    path = tmp_path / "people.parquet"
    ids = [f"customer {n}" for n in range(5_000)]
    pq.write_table(pa.table({"customer_id": ids, "name": ids}), path)
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    with pytest.raises(TillsightError, match=r"people\.parquet is not a valid Parquet file"):
        load_files(raw_db, [path])
    assert landed("select count(*) from raw_loads") == [(0,)]


# --- workbooks


def test_every_sheet_of_a_workbook_lands(raw_db, landed, tmp_path):
    path = write_workbook(
        tmp_path / "shop.xlsx",
        {
            "People": [["customer_id", "name"], [17850, "Zo\u00eb"], [17851.5, True]],
            "Nothing": [],
            "Sales": [
                [
                    "transaction_id",
                    "customer_id",
                    "product_id",
                    "invoice_date",
                    "quantity",
                    "amount",
                ],
                ["t1", 17850, "00123", EIGHT_TWENTY_SIX, 2, 19.9],
                ["t2", 17850, "00123", date(2010, 12, 2), -1, -9.95],
            ],
        },
    )
    assert load_files(raw_db, [path]) == [
        LoadResult("shop.xlsx", "People", "standard_customers", 2, is_new=True),
        LoadResult("shop.xlsx", "Sales", "standard_transactions", 2, is_new=True),
    ]
    assert landed("select load_id, sheet, form, row_count from raw_loads order by load_id") == [
        (1, "People", "standard_customers", 2),
        (2, "Sales", "standard_transactions", 2),
    ]
    assert landed("select customer_id, name from raw_standard_customers") == [
        ("17850", "Zo\u00eb"),
        ("17851.5", "true"),
    ]
    assert landed(LANDED) == [
        (2, 2, "t1", "17850", "00123", "2010-12-01 08:26:00", "2", "19.9", None),
        (2, 3, "t2", "17850", "00123", "2010-12-02", "-1", "-9.95", None),
    ]


def test_a_workbook_loaded_again_changes_nothing(raw_db, tmp_path):
    path = write_workbook(
        tmp_path / "shop.xlsx",
        {
            "A": [["customer_id", "name"], ["c", "n"]],
            "B": [["product_id", "product_name", "price"]],
        },
    )
    first = load_files(raw_db, [path])
    before = raw_db.read_bytes()
    again = load_files(raw_db, [path])
    assert [(r.sheet, r.format, r.row_count) for r in again] == [
        ("A", "standard_customers", 1),
        ("B", "standard_products", 0),
    ]
    assert [r.is_new for r in first + again] == [True, True, False, False]
    assert raw_db.read_bytes() == before


def test_sheets_have_fingerprints_of_their_own(raw_db, landed, tmp_path):
    rows = [["customer_id", "name"], ["c", "n"]]
    path = write_workbook(tmp_path / "shop.xlsx", {"A": rows, "B": rows})
    load_files(raw_db, [path])
    file = hashlib.sha256(path.read_bytes()).hexdigest()
    first = hashlib.sha256(f"{file}Astandard_customers".encode()).hexdigest()
    second = hashlib.sha256(f"{first}{file}Bstandard_customers".encode()).hexdigest()
    assert landed("select file_sha256, input_fingerprint from raw_loads order by load_id") == [
        (file, first),
        (file, second),
    ]


def test_rows_of_a_sheet_have_their_row_numbers(raw_db, landed, tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for cell, value in {
        "C3": "customer_id",
        "D3": "name",
        "C4": "c4",
        "D6": "six",
        "C7": "c7",
        "D7": "seven",
    }.items():
        sheet[cell] = value
    workbook.save(tmp_path / "people.xlsx")
    load_files(raw_db, [tmp_path / "people.xlsx"])
    assert landed("select line_number, customer_id, name from raw_standard_customers") == [
        (4, "c4", None),
        (6, None, "six"),
        (7, "c7", "seven"),
    ]


def test_a_long_sheet_lands_whole(raw_db, landed, tmp_path):
    rows = [[f"c{n}", "n"] if n % 150 else [None, None] for n in range(1_000)]
    path = write_workbook(tmp_path / "people.xlsx", {"A": [["customer_id", "name"], *rows]})
    (result,) = load_files(raw_db, [path])
    # 0, 150, 300, 450, 600, 750 and 900 are blank.
    assert result.row_count == 993
    assert landed(
        "select count(*), sum(customer_id = 'c' || (line_number - 2)) from raw_standard_customers"
    ) == [(993, 993)]


def test_a_sheet_that_fits_no_format_keeps_the_whole_workbook_out(raw_db, landed, tmp_path):
    path = write_workbook(
        tmp_path / "shop.xlsx",
        {"People": [["customer_id", "name"], ["c", "n"]], "Notes": [["remember"], ["the milk"]]},
    )
    with pytest.raises(TillsightError, match=r"shop\.xlsx, sheet 'Notes', row 1: the header fits"):
        load_files(raw_db, [path])
    assert landed("select count(*) from raw_loads") == [(0,)]
    assert landed("select count(*) from raw_standard_customers") == [(0,)]


def test_an_empty_workbook_is_a_sentence(raw_db, tmp_path):
    path = write_workbook(tmp_path / "shop.xlsx", {"A": [], "B": []})
    with pytest.raises(TillsightError, match=r"shop\.xlsx is empty; it needs a sheet"):
        load_files(raw_db, [path])
