import csv
import gzip
import hashlib
import io
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.errors import TillsightError
from scripts.ingest.load import LoadResult
from tests.support.landing import load_files

HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
SALE = "t1,c1,p1,2024-01-31,2,19.90\n"
RETURN = "t2,c1,p1,2024-02-01,-1,-9.95\n"
LANDED = (
    "select load_id, line_number, transaction_id, customer_id, product_id, invoice_date, quantity,"
    " amount, invoice_id from raw_standard_transactions order by load_id, line_number"
)
UCI = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
UCI_LANDED = (
    "select invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id,"
    " country from raw_uci_order_lines order by load_id, line_number"
)


# --- what lands


def test_rows_land_as_text_with_the_line_they_stand_on(raw_db, landed, write):
    path = write("sales.csv", HEADER + SALE + RETURN)
    assert load_files(raw_db, [path], format_name=None, progress=None) == [
        LoadResult("sales.csv", "", "standard_transactions", 2, is_new=True)
    ]
    assert landed(LANDED) == [
        (1, 2, "t1", "c1", "p1", "2024-01-31", "2", "19.90", None),
        (1, 3, "t2", "c1", "p1", "2024-02-01", "-1", "-9.95", None),
    ]


def test_a_load_is_recorded_with_fingerprints_that_can_be_worked_out(raw_db, landed, write):
    first = write("sales.csv", HEADER + SALE)
    second = write("more.csv", HEADER + RETURN)
    load_files(raw_db, [first, second])
    sha_first = hashlib.sha256((HEADER + SALE).encode()).hexdigest()
    sha_second = hashlib.sha256((HEADER + RETURN).encode()).hexdigest()
    input_first = hashlib.sha256(f"{sha_first}standard_transactions".encode()).hexdigest()
    input_second = hashlib.sha256(
        f"{input_first}{sha_second}standard_transactions".encode()
    ).hexdigest()
    assert landed("select * from raw_loads order by load_id") == [
        (1, "sales.csv", "", "standard_transactions", sha_first, 1, input_first),
        (2, "more.csv", "", "standard_transactions", sha_second, 1, input_second),
    ]


def test_each_load_is_chained_to_the_one_before(raw_db, landed, write):
    files = [write(f"{n}.csv", HEADER + SALE.replace("t1", f"t{n}")) for n in (1, 2, 3)]
    load_files(raw_db, files)
    chain = landed("select load_id, file_sha256, input_fingerprint from raw_loads order by load_id")
    assert [load_id for load_id, _, _ in chain] == [1, 2, 3]
    (_, _, second), (_, file, third) = chain[1:]
    assert third == hashlib.sha256(f"{second}{file}standard_transactions".encode()).hexdigest()


def test_values_are_not_touched(raw_db, landed, write):
    row = 't1," c1 ",p\u00e9,01/02/2024 8:26,"1,5","say ""hi"" \u4f60\u597d"\n'
    load_files(raw_db, [write("sales.csv", HEADER + row)])
    assert landed(LANDED) == [
        (1, 2, "t1", " c1 ", "p\u00e9", "01/02/2024 8:26", "1,5", 'say "hi" \u4f60\u597d', None)
    ]


def test_an_empty_cell_is_null_and_a_blank_one_is_not(raw_db, landed, write):
    load_files(raw_db, [write("sales.csv", HEADER + 't1,,"",2024-01-31, ,0\n')])
    assert landed(LANDED) == [(1, 2, "t1", None, None, "2024-01-31", " ", "0", None)]


def test_columns_are_matched_by_name_and_strangers_left_out(raw_db, landed, write):
    content = (
        "Amount,note,QUANTITY,Invoice Date,product_id,customer_id,InvoiceID,transaction_id\n"
        "19.90,gift,2,2024-01-31,p1,c1,i1,t1\n"
    )
    load_files(raw_db, [write("sales.csv", content)])
    assert landed(LANDED) == [(1, 2, "t1", "c1", "p1", "2024-01-31", "2", "19.90", "i1")]


def test_columns_in_another_order_without_strangers(raw_db, landed, write):
    load_files(raw_db, [write("people.csv", "name,customer_id\nZoe,c1\n")])
    assert landed("select customer_id, name from raw_standard_customers") == [("c1", "Zoe")]


def test_a_very_long_value_lands(raw_db, landed, write):
    load_files(raw_db, [write("sales.csv", HEADER + SALE.replace("c1", "x" * 1_000_000))])
    assert landed("select length(customer_id) from raw_standard_transactions") == [(1_000_000,)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeff" + HEADER + SALE, id="byte order mark"),
        pytest.param(
            "\ufeff" + HEADER.replace("transaction_id", '"transaction_id"') + SALE, id="quoted"
        ),
        pytest.param((HEADER + SALE).replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param((HEADER + SALE).replace("\n", "\r"), id="old Macintosh line ends"),
        pytest.param((HEADER + SALE).rstrip("\n"), id="no last line end"),
        pytest.param((HEADER + SALE).replace(",", ";"), id="semicolons"),
        pytest.param((HEADER + SALE).replace(",", "\t"), id="tabs"),
        pytest.param(HEADER + SALE + "\n\n\n", id="blank lines at the end"),
    ],
)
def test_the_same_sale_however_it_is_written(raw_db, landed, write, content):
    load_files(raw_db, [write("sales.csv", content)])
    assert landed(LANDED) == [(1, 2, "t1", "c1", "p1", "2024-01-31", "2", "19.90", None)]


@pytest.mark.parametrize("name", ["sales.CSV", "sales.tsv", "sales.txt"])
def test_names_of_text_files(raw_db, landed, write, name):
    load_files(raw_db, [write(name, HEADER + SALE)])
    assert landed("select file_name from raw_loads") == [(name,)]


def test_a_compressed_file_lands_like_a_plain_one(raw_db, landed, write):
    packed = gzip.compress((HEADER + SALE).encode(), mtime=0)
    load_files(raw_db, [write("sales.csv.gz", packed)])
    assert landed(LANDED) == [(1, 2, "t1", "c1", "p1", "2024-01-31", "2", "19.90", None)]
    assert landed("select file_sha256 from raw_loads") == [(hashlib.sha256(packed).hexdigest(),)]


def test_a_semicolon_within_a_value_separates_nothing(raw_db, landed, write):
    load_files(raw_db, [write("sales.csv", HEADER + SALE.replace("c1", '"a;b;c;d;e;f;g"'))])
    assert landed("select customer_id from raw_standard_transactions") == [("a;b;c;d;e;f;g",)]


def test_a_header_without_rows_loads_no_rows(raw_db, landed, write):
    (result,) = load_files(raw_db, [write("sales.csv", HEADER)])
    assert (result.row_count, result.is_new) == (0, True)
    assert landed("select form, row_count from raw_loads") == [("standard_transactions", 0)]


def test_other_encodings(raw_db, landed, write):
    latin = write("latin.csv", (HEADER + SALE.replace("c1", "Zo\u00eb \u00a3")).encode("latin-1"))
    wide = write("wide.csv", (HEADER + SALE.replace("c1", "Zo\u00eb \u20ac")).encode("utf-16"))
    load_files(raw_db, [latin], encoding="latin-1")
    load_files(raw_db, [wide], encoding="utf-16")
    assert landed("select customer_id from raw_standard_transactions order by load_id") == [
        ("Zo\u00eb \u00a3",),
        ("Zo\u00eb \u20ac",),
    ]


# --- the line of a row


def test_a_row_stands_on_the_line_it_starts_on(raw_db, landed, write):
    content = (
        HEADER  # line 1
        + 't1,"one\ntwo\r\nthree\rfour",p,d,1,1\n'  # lines 2 to 5
        + "t2,c,p,d,1,1\n"  # line 6
        + "\n\n"  # lines 7 and 8 are blank
        + 't3,c,p,d,1,"\n"\n'  # lines 9 and 10
        + '"t4\n\n",c,p,d,1,1\n'  # lines 11 to 13
        + "t5,c,p,d,1,1\n"  # line 14
    )
    load_files(raw_db, [write("sales.csv", content)])
    assert landed(
        "select line_number, substr(transaction_id, 1, 2) from raw_standard_transactions"
    ) == [(2, "t1"), (6, "t2"), (9, "t3"), (11, "t4"), (14, "t5")]
    assert landed("select customer_id from raw_standard_transactions where line_number = 2") == [
        ("one\ntwo\r\nthree\rfour",)
    ]


def test_a_header_may_stand_lower_and_span_lines(raw_db, landed, write):
    content = "\n\n" + HEADER.replace("\n", ',"a\nnote"\n') + SALE.replace("\n", ",x\n")
    load_files(raw_db, [write("sales.csv", content)])
    assert landed("select line_number from raw_standard_transactions") == [(5,)]


def test_lines_are_counted_on_through_a_long_file(raw_db, landed, write):
    # Every third row has a line break in a value, so that each three rows take four lines.
    values = ['"a\nb"', "ab", "ab"] * 10_000
    rows = [f"t{n},{value},p,d,1,1\n" for n, value in enumerate(values)]
    (result,) = load_files(raw_db, [write("sales.csv", HEADER + "".join(rows))])
    assert result.row_count == 30_000
    wrong = landed(
        "select count(*) from raw_standard_transactions where line_number <>"
        " 2 + cast(substr(transaction_id, 2) as integer)"
        "   + (cast(substr(transaction_id, 2) as integer) + 2) / 3"
    )
    assert wrong == [(0,)]


# Any text but NUL, which no CSV may hold, and halves of characters, which no file can.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from(list(',;"\r\n\t\ufeff \u2028\x1c\x85')),
    max_size=12,
)


@given(
    rows=st.lists(st.lists(TEXT, min_size=8, max_size=8), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    repeat=st.sampled_from([1, 40]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_rows_that_csv_can_write_land_unchanged(tmp_path_factory, rows, quoting, repeat):
    folder = tmp_path_factory.mktemp("round_trip")
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting)
    writer.writerow(UCI)
    lines = []
    for row in rows * repeat:
        so_far = text.getvalue()
        lines.append(
            1
            + so_far.count("\r\n")
            + so_far.replace("\r\n", "").count("\n")
            + so_far.replace("\r\n", "").count("\r")
        )
        writer.writerow(row)
    path = folder / "lines.csv"
    path.write_bytes(text.getvalue().encode())
    (result,) = load_files(folder / "raw.db", [path])

    assert result.row_count == len(rows) * repeat
    with closing(sqlite3.connect(folder / "raw.db")) as connection:
        found = connection.execute(UCI_LANDED).fetchall()
        numbers = connection.execute("select line_number from raw_uci_order_lines").fetchall()
    assert found == [tuple(value or None for value in row) for row in rows * repeat]
    assert [number for (number,) in numbers] == lines


# --- the same file again, and several files


def test_the_same_bytes_again_change_nothing(raw_db, write):
    load_files(raw_db, [write("sales.csv", HEADER + SALE)])
    before = raw_db.read_bytes()
    again = load_files(raw_db, [write("copy.csv", HEADER + SALE)])
    assert again == [LoadResult("copy.csv", "", "standard_transactions", 1, is_new=False)]
    assert raw_db.read_bytes() == before


def test_the_same_file_twice_in_one_go_lands_once(raw_db, landed, write):
    path = write("sales.csv", HEADER + SALE)
    assert [result.is_new for result in load_files(raw_db, [path, path])] == [True, False]
    assert landed("select count(*) from raw_standard_transactions") == [(1,)]


def test_naming_the_format_it_was_loaded_as_is_fine(raw_db, write):
    path = write("sales.csv", HEADER + SALE)
    load_files(raw_db, [path])
    (again,) = load_files(raw_db, [path], format_name="standard_transactions")
    assert not again.is_new


def test_naming_another_format_than_it_was_loaded_as_is_refused(raw_db, write):
    path = write("people.csv", "customer_id,name,product_id,product_name,price\nc,n,p,pn,1\n")
    load_files(raw_db, [path], format_name="standard_customers")
    with pytest.raises(TillsightError) as caught:
        load_files(raw_db, [path], format_name="standard_products")
    assert str(caught.value) == (
        f"{path} is already loaded as standard_customers; leave out --format, or load it as "
        f"standard_products into another --data-dir"
    )


def test_two_raw_files_with_the_same_input_are_the_same_bytes(tmp_path, write):
    files = [write("sales.csv", HEADER + SALE), write("more.csv", HEADER + RETURN)]
    for name in ("a.db", "b.db"):
        load_files(tmp_path / name, files)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_files_land_in_the_order_given(raw_db, landed, write):
    load_files(raw_db, [write("b.csv", HEADER + SALE), write("a.csv", HEADER + RETURN)])
    assert landed("select load_id, file_name from raw_loads order by load_id") == [
        (1, "b.csv"),
        (2, "a.csv"),
    ]


def test_no_files_is_fine(raw_db, landed):
    assert load_files(raw_db, []) == []
    assert landed("select count(*) from raw_loads") == [(0,)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("other.csv", "a,b\n1,2\n", id="no format"),
        pytest.param("other.csv", b"\xff\xfea", id="not text"),
        pytest.param("other.parquet", "PAR1", id="damaged Parquet"),
        pytest.param("other.xlsx", "PK", id="damaged workbook"),
        pytest.param("other.json", "{}", id="another kind of file"),
        pytest.param("other.csv", "", id="empty"),
    ],
)
def test_nothing_lands_when_a_later_file_can_be_seen_to_be_wrong(
    raw_db, landed, write, name, content
):
    with pytest.raises(TillsightError, match="other"):
        load_files(raw_db, [write("sales.csv", HEADER + SALE), write(name, content)])
    assert landed("select count(*) from raw_loads") == [(0,)]


def test_files_before_a_faulty_one_stay_landed(raw_db, landed, write):
    good = write("sales.csv", HEADER + SALE)
    with pytest.raises(TillsightError, match=r"bad\.csv, line 3: 2 values"):
        load_files(raw_db, [good, write("bad.csv", HEADER + RETURN + "t,c\n")])
    assert landed("select file_name, row_count from raw_loads") == [("sales.csv", 1)]
    assert landed("select count(*) from raw_standard_transactions") == [(1,)]


def test_nobody_else_writes_from_the_look_at_what_is_loaded_to_the_end(raw_db, write):
    attempts = []

    def try_to_write(_what, _done, _total):
        with (
            closing(sqlite3.connect(raw_db, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked") as caught,
        ):
            other.execute("begin immediate")
        attempts.append(caught.value)

    # No row is inserted before progress is told, so that only the transaction's beginning locks.
    load_files(raw_db, [write("sales.csv", HEADER)], progress=try_to_write)
    assert len(attempts) == 1


# --- the real file


@pytest.mark.real_data
def test_the_real_file_lands_whole(raw_db, landed, online_retail):
    (result,) = load_files(raw_db, [online_retail])
    assert (result.format, result.row_count, result.is_new) == ("uci_order_lines", 541_909, True)
    # Figures published with the data set.
    assert landed(
        "select count(distinct invoice_no), count(distinct stock_code),"
        " count(distinct customer_id), sum(customer_id is null), sum(invoice_no like 'C%'),"
        " min(invoice_date), max(invoice_date) from raw_uci_order_lines"
    ) == [(25_900, 4_070, 4_372, 135_080, 9_288, "2010-12-01 08:26:00", "2011-12-09 12:50:00")]


@pytest.mark.real_data
def test_the_real_file_lands_as_the_csv_module_reads_it(raw_db, landed, online_retail):
    load_files(raw_db, [online_retail])
    opened = gzip.open if online_retail.suffix == ".gz" else open
    with opened(online_retail, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        expected = [tuple(value or None for value in row) for row in reader]
    assert landed(UCI_LANDED) == expected
