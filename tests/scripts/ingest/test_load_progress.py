import gzip

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.landing import load_files

HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
SALE = "t1,c1,p1,2024-01-31,2,19.90\n"


def test_progress_counts_the_bytes_of_a_text_file(raw_db, write):
    content = HEADER + SALE * 100_000
    heard = []
    load_files(raw_db, [write("sales.csv", content)], progress=lambda *said: heard.append(said))
    assert {(what, total) for what, _, total in heard} == {("Loading sales.csv", len(content))}
    done = [done for _, done, _ in heard]
    assert done == sorted(set(done))
    assert done[-1] == len(content)
    # A bar, not a message a row: at most one for each two-hundredth, and one at the start.
    assert 10 < len(done) <= 201


def test_progress_of_a_file_without_rows_ends_too(raw_db, write):
    heard = []
    path = write("sales.csv", HEADER)
    load_files(raw_db, [path], progress=lambda *said: heard.append(said))
    assert heard == [("Loading sales.csv", len(HEADER), len(HEADER))]


def test_progress_counts_compressed_bytes(raw_db, write):
    packed = gzip.compress((HEADER + SALE).encode(), mtime=0)
    heard = []
    load_files(raw_db, [write("sales.csv.gz", packed)], progress=lambda *said: heard.append(said))
    assert heard[-1] == ("Loading sales.csv.gz", len(packed), len(packed))


def test_progress_counts_the_rows_of_other_files(raw_db, tmp_path):
    heard = []
    ids = [str(n) for n in range(30_000)]
    pq.write_table(pa.table({"customer_id": ids, "name": ids}), tmp_path / "a.parquet")
    load_files(raw_db, [tmp_path / "a.parquet"], progress=lambda *said: heard.append(said[1:]))
    assert heard == [(10_000, 30_000), (20_000, 30_000), (30_000, 30_000)]
