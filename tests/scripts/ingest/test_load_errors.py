import gzip
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from scripts.engines import sqlite as sqlite_engine
from scripts.engines.sqlite import SqliteRaw
from scripts.errors import TillsightError
from scripts.ingest import load
from scripts.storage import sqlite
from tests.support.landing import load_files

HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
SALE = "t1,c1,p1,2024-01-31,2,19.90\n"
RETURN = "t2,c1,p1,2024-02-01,-1,-9.95\n"

# --- what is wrong with a text file


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(
            HEADER + SALE + "t2,c,p\n", "line 3: 3 values where the header has 6", id="short"
        ),
        pytest.param(
            HEADER + SALE + "t2,c,p,d,1,2,3\n", "line 3: 7 values where the header has 6", id="long"
        ),
        pytest.param(
            HEADER + 't1,"a\nb",p,d,1,1\n' + "t2\n",
            "line 4: 1 values where the header has 6",
            id="short after a line break in a value",
        ),
        pytest.param(
            HEADER + SALE * 150 + "t2,c,p\n" + SALE,
            "line 152: 3 values where the header has 6",
            id="short further down",
        ),
        pytest.param(
            HEADER + SALE + 't2,"c,p,d,1,1\n' + SALE * 5,
            "line 3: a value begins here with a quotation mark that is never closed",
            id="quotation mark not closed",
        ),
        pytest.param(
            HEADER + SALE * 120 + 't2,"c"x,p,d,1,1\n' + SALE * 5,
            "line 122: a quotation mark ends a value here but more of the value follows",
            id="quotation mark not doubled",
        ),
        pytest.param(
            HEADER + SALE + 't2,"' + "x" * 1_100_000 + "\n" + SALE,
            "line 3: a value of this row has more than 1,048,576 characters",
            id="endless value",
        ),
        pytest.param(
            HEADER + SALE + "t" * 17_000_000,
            "line 3: a value of this row has more than 1,048,576 characters",
            id="endless line",
        ),
        pytest.param(HEADER + SALE + "t2,\0,p,d,1,1\n", "line 3: a NUL byte", id="NUL"),
        pytest.param(
            HEADER + SALE * 9_000 + "t2,\0,p,d,1,1\n", "line 9002: a NUL byte", id="NUL far down"
        ),
        pytest.param(
            (HEADER + SALE * 9_000 + "t2,\u00a3,p,d,1,1\n").encode("latin-1"),
            "line 9002: byte 0xA3 is not utf-8; name the encoding of the file, for example "
            "--encoding latin-1",
            id="another encoding",
        ),
        pytest.param(
            (HEADER + SALE).encode("utf-16"),
            "line 1: this is UTF-16 text; load it with --encoding utf-16",
            id="UTF-16",
        ),
        pytest.param("a|b|c\n1|2|3\n", "line 1: the header is one column, 'a|b|c'", id="bars"),
        pytest.param(
            'transaction_id,"customer_id\n' + SALE,
            "line 1: a value begins here with a quotation mark that is never closed",
            id="header not closed",
        ),
    ],
)
def test_a_faulty_text_file_is_a_sentence_and_nothing_lands(raw_db, landed, write, content, fault):
    path = write("sales.csv", content)
    with pytest.raises(TillsightError) as caught:
        load_files(raw_db, [path])
    assert str(caught.value).startswith(f"{path}, {fault}")
    assert "\n" not in str(caught.value)
    assert landed("select count(*) from raw_loads") == [(0,)]
    assert landed("select count(*) from raw_standard_transactions") == [(0,)]


def test_an_endless_line_of_short_values_is_a_sentence(raw_db, write):
    path = write("sales.csv", HEADER + SALE + "t," * 9_000_000)
    with pytest.raises(TillsightError, match=r"line 3: \d+ values where the header has 6 columns"):
        load_files(raw_db, [path])


@pytest.mark.parametrize("content", ["", "\n\n", "\r\n", "\ufeff"], ids=repr)
def test_an_empty_file_is_a_sentence(raw_db, write, content):
    with pytest.raises(TillsightError, match=r"sales\.csv is empty; it needs a header and a line"):
        load_files(raw_db, [write("sales.csv", content)])


@pytest.mark.parametrize("name", ["sales.csv.gz", "sales.parquet", "sales.xlsx"])
def test_an_empty_file_of_any_kind_is_a_sentence(raw_db, write, name):
    with pytest.raises(TillsightError, match=f"{name} is empty; it needs a header and a line"):
        load_files(raw_db, [write(name, "")])


def test_text_of_another_encoding_than_was_named_is_a_sentence(raw_db, write):
    path = write("sales.csv", HEADER + SALE.replace("c1", "\u00a3"))
    with pytest.raises(TillsightError, match=r"line 2: byte 0xC2 is not ascii; .* utf-8"):
        load_files(raw_db, [path], encoding="ascii")
    with pytest.raises(TillsightError, match=r"sales\.csv is not utf-16 text"):
        load_files(raw_db, [path], encoding="utf-16")


@pytest.mark.parametrize("encoding", ["klingon", "base64", ""])
def test_an_unknown_encoding_is_a_sentence(raw_db, write, encoding):
    with pytest.raises(TillsightError, match=f"unknown encoding '{encoding}'; choose one like"):
        load_files(raw_db, [write("sales.csv", HEADER + SALE)], encoding=encoding)


def test_a_header_that_lacks_a_column_names_the_file_and_line(raw_db, write):
    path = write("sales.csv", HEADER.replace("amount", "total") + SALE)
    with pytest.raises(TillsightError) as caught:
        load_files(raw_db, [path])
    assert str(caught.value).startswith(f"{path}, line 1: the header fits no format; the nearest,")


def test_an_unknown_format_is_a_sentence_before_anything_is_read(raw_db, tmp_path):
    with pytest.raises(TillsightError, match="unknown format 'sales'; choose one of"):
        load_files(raw_db, [tmp_path / "missing.csv"], format_name="sales")


# --- what is wrong with a file of another kind


def test_a_compressed_file_cut_short_is_a_sentence(raw_db, landed, write):
    rows = "".join(f"t{n},c{n * 7919 % 1000},p,d,1,{n}\n" for n in range(50_000))
    packed = gzip.compress((HEADER + rows).encode(), mtime=0)
    with pytest.raises(TillsightError, match=r"sales\.csv\.gz, after line [1-9]\d+: .* gzip"):
        load_files(raw_db, [write("sales.csv.gz", packed[: len(packed) // 2])])
    assert landed("select count(*) from raw_standard_transactions") == [(0,)]


def test_a_compressed_file_with_a_wrong_checksum_is_a_sentence(raw_db, landed, write):
    packed = bytearray(gzip.compress((HEADER + SALE).encode(), mtime=0))
    packed[-6] ^= 0xFF
    with pytest.raises(
        TillsightError, match=r"after line \d+: this is not a valid gzip file \(CRC"
    ):
        load_files(raw_db, [write("sales.csv.gz", bytes(packed))])
    assert landed("select count(*) from raw_loads") == [(0,)]


def test_a_compressed_file_with_damage_within_is_a_sentence(raw_db, write):
    packed = bytearray(gzip.compress((HEADER + SALE * 5_000).encode(), mtime=0))
    packed[12] ^= 0xFF
    with pytest.raises(TillsightError, match="not a valid gzip file"):
        load_files(raw_db, [write("sales.csv.gz", bytes(packed))])


def test_a_plain_file_with_a_compressed_name_is_a_sentence(raw_db, write):
    with pytest.raises(TillsightError, match=r"not a valid gzip file .* remove \.gz from its name"):
        load_files(raw_db, [write("sales.csv.gz", HEADER + SALE)])


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (gzip.compress(b"a", mtime=0), r"\.csv\.gz"),
        (b"PK\x03\x04...", r"\.xlsx"),
        (b"PAR1...", r"\.parquet"),
    ],
)
def test_another_kind_of_file_with_a_csv_name_is_a_sentence(raw_db, write, content, suffix):
    with pytest.raises(TillsightError, match=rf"is not text but a {suffix} file; rename it"):
        load_files(raw_db, [write("sales.csv", content)])


@pytest.mark.parametrize("name", ["sales.json", "sales", "sales.xlsx.gz", "sales.gz", "sales.zip"])
def test_a_name_of_no_kind_that_can_be_loaded_is_a_sentence(raw_db, write, name):
    with pytest.raises(TillsightError, match="is not a kind of file that can be loaded; its name"):
        load_files(raw_db, [write(name, HEADER + SALE)])


@pytest.mark.parametrize("content", [b"PK\x03\x04 and then nothing", b"hello", b"PK"])
def test_a_damaged_workbook_is_a_sentence(raw_db, write, content):
    with pytest.raises(
        TillsightError, match=r"shop\.xlsx is not a valid workbook \(.*save it again"
    ):
        load_files(raw_db, [write("shop.xlsx", content)])


def test_a_workbook_cut_short_is_a_sentence(raw_db, tmp_path):
    path = tmp_path / "shop.xlsx"
    openpyxl.Workbook().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TillsightError, match=r"shop\.xlsx is not a valid workbook"):
        load_files(raw_db, [path])


def test_a_missing_file_is_a_sentence(raw_db, tmp_path):
    with pytest.raises(TillsightError, match=r"sales\.csv does not exist; check its name"):
        load_files(raw_db, [tmp_path / "sales.csv"])


def test_a_folder_is_a_sentence(raw_db, tmp_path):
    with pytest.raises(TillsightError, match=r"is a folder; name the files in it, like .*\*\.csv"):
        load_files(raw_db, [tmp_path])


def test_a_pipe_is_a_sentence(raw_db, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TillsightError, match=r"pipe\.csv is not a regular file; save its content"):
        load_files(raw_db, [tmp_path / "pipe.csv"])


def test_a_file_that_may_not_be_read_is_a_sentence(raw_db, write):
    path = write("sales.csv", HEADER + SALE)
    path.chmod(0)
    # Root may read everything; somebody else asks.
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65_534)
    try:
        with pytest.raises(TillsightError, match=r"cannot be read \(Permission denied\); check"):
            load.load_files(SqliteRaw(raw_db), [path])
    finally:
        if was_root:
            os.seteuid(0)


def test_a_file_that_changes_while_it_is_read_is_a_sentence(raw_db, landed, write):
    path = write("sales.csv", HEADER + SALE)

    def grow(_what, _done, _total):
        with path.open("a") as file:
            file.write(RETURN)

    with pytest.raises(TillsightError, match=r"sales\.csv changed while it was being read; wait"):
        load_files(raw_db, [path], progress=grow)
    assert landed("select count(*) from raw_standard_transactions") == [(0,)]


# --- what is wrong with raw.db


def test_a_locked_raw_file_is_a_sentence(raw_db, write, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    sqlite_engine.ensure_raw(raw_db)
    with closing(sqlite3.connect(raw_db)) as other:
        other.execute("begin immediate")
        with pytest.raises(TillsightError, match=r"raw\.db: another program is using it; close"):
            load_files(raw_db, [write("sales.csv", HEADER + SALE)])


def test_a_raw_file_that_is_no_database_is_a_sentence(raw_db, write):
    raw_db.parent.mkdir()
    raw_db.write_text("not a database, " * 100)
    with pytest.raises(TillsightError, match=r"raw\.db: it is not a SQLite database; move it away"):
        load_files(raw_db, [write("sales.csv", HEADER + SALE)])


def test_a_process_that_dies_leaves_nothing_of_its_file(raw_db, landed, write):
    load_files(raw_db, [write("before.csv", HEADER + SALE)])
    path = write("sales.csv", HEADER + "".join(f"t{n},c,p,d,1,1\n" for n in range(100_000)))
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.support.landing import load_files\n"
        "die = lambda what, done, total: done > total * 0.9 and os._exit(9)\n"
        "load_files(Path(sys.argv[1]), [Path(sys.argv[2])], progress=die)\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", program, raw_db, path],
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert died.returncode == 9
    assert landed("select count(*) from raw_standard_transactions") == [(1,)]
    assert landed("pragma integrity_check") == [("ok",)]
    (result,) = load_files(raw_db, [path])
    assert (result.row_count, result.is_new) == (100_000, True)
