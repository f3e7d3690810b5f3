"""Scores, segments and the ledger against a second method of computing them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from scripts.errors import TillsightError
from scripts.settings import Settings
from tests.support.independent_scores import CENT, ledger, rfm, standard_lines, uci_lines

COLUMNS = [
    "recency",
    "frequency",
    "monetary",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "overall_rfm_score",
    "segment",
    "rfm_cell",
]
HEADER = ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"]


def query(settings: Settings, sql: str) -> pd.DataFrame:
    with closing(sqlite3.connect(settings.marts_db)) as connection:
        return pd.read_sql(sql, connection)


def scores(settings: Settings) -> pd.DataFrame:
    """Read rfm_scores with exact amounts."""
    table = query(settings, "select * from rfm_scores").set_index("customer_id").sort_index()
    table["monetary"] = [Decimal(str(value)).quantize(CENT) for value in table["monetary"]]
    return table[COLUMNS]


def assert_same_scores(settings: Settings, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(scores(settings), expected[COLUMNS], check_dtype=False)


def ledger_of(settings: Settings) -> dict[str, tuple[int, Decimal]]:
    table = query(
        settings, "select reason, row_count, amount from row_ledger where entity = 'transactions'"
    )
    return {
        row.reason: (row.row_count, Decimal(str(row.amount)).quantize(CENT))
        for row in table.itertuples()
    }


@pytest.mark.real_data
def test_scores_of_every_customer_of_the_real_file(real_shop, online_retail):
    assert_same_scores(real_shop, rfm(uci_lines(online_retail)))


@pytest.mark.real_data
def test_the_ledger_adds_up_to_the_real_file_in_rows_and_money(real_shop, online_retail):
    expected = ledger(uci_lines(online_retail))
    assert ledger_of(real_shop) == expected
    assert sum(rows for rows, _ in expected.values()) == 541_909


def test_scores_of_every_customer_of_the_demo_shop(demo_shop):
    lines = standard_lines(demo_shop.demo_dir / "transactions.csv")
    assert_same_scores(demo_shop, rfm(lines))


def test_the_ledger_adds_up_to_the_demo_shop(demo_shop):
    expected = ledger(standard_lines(demo_shop.demo_dir / "transactions.csv"))
    found = ledger_of(demo_shop)
    unreadable = sum(rows for reason, (rows, _) in found.items() if reason.startswith("unreadable"))
    assert unreadable == expected.pop("unreadable")[0]
    assert {reason: found[reason] for reason in expected} == expected
    assert sum(rows for rows, _ in found.values()) == sum(1 for _ in transactions(demo_shop))


def transactions(settings: Settings) -> list[str]:
    return (settings.demo_dir / "transactions.csv").read_text().splitlines()[1:]


@pytest.fixture(scope="module")
def shop_without_invoices(shop_of):
    """A few customers without invoice ids, with a return larger than its order."""
    rows = [
        HEADER,
        ["t1", "a", "p1", "2022-12-31", "1", "10.00"],
        ["t2", "a", "p1", "2023-01-01", "1", "10.00"],
        ["t3", "b", "p2", "2023-06-30", "2", "5.50"],
        ["t4", "b", "p2", "2023-07-01", "-4", "-11.00"],
        ["t5", "b", "p2", "2023-07-02", "-1", "-3.00"],
        ["t6", "c", "p1", "2024-01-01", "1", "0"],
        ["t7", "d", "p3", "2024-01-01", "1", "99.99"],
        ["t8", "d", "p3", "2024-01-01", "1", "99.99"],
        ["t9", "", "p3", "2024-01-01", "1", "7.00"],
        ["t10", "e", "p3", "2023-12-31", "1", "1.005"],
        ["t11", "e", "p3", "2023-13-31", "1", "1.00"],
        ["t12", "é", "p3", "2024-02-29", "1", "12.34"],
        ["t13", "E", "p3", "2024-02-28", "3", "12.34"],
    ]
    return shop_of(rows)


def test_without_invoices_each_transaction_is_an_order(shop_without_invoices):
    file = shop_without_invoices.data_dir / "transactions.csv"
    assert_same_scores(shop_without_invoices, rfm(standard_lines(file)))


def test_figures_computed_by_hand(shop_without_invoices):
    found = scores(shop_without_invoices)
    # the as-of date is 29 February 2024, the latest kept line
    assert dict(found["recency"]) == {
        "a": (date(2024, 2, 29) - date(2023, 1, 1)).days,
        "b": (date(2024, 2, 29) - date(2023, 6, 30)).days,
        "d": 59,
        "e": 60,
        "é": 0,
        "E": 1,
    }
    assert dict(found["frequency"]) == {"a": 2, "b": 1, "d": 2, "e": 1, "é": 1, "E": 1}
    assert {name: str(value) for name, value in found["monetary"].items()} == {
        "a": "20.00",
        "b": "-8.50",
        "d": "199.98",
        "e": "1.01",
        "é": "12.34",
        "E": "12.34",
    }


def test_a_customer_with_rejected_lines_only_is_not_published(shop_without_invoices):
    customers = query(
        shop_without_invoices, "select customer_id from customers order by customer_id"
    )
    assert customers["customer_id"].tolist() == ["E", "a", "b", "d", "e", "é"]


def test_every_landed_row_is_kept_or_rejected(shop_without_invoices):
    kept = query(shop_without_invoices, "select transaction_id from transactions")
    rejected = query(shop_without_invoices, "select line_number, reason from rejected_rows")
    assert len(kept) + len(rejected) == 13
    assert dict(zip(rejected["line_number"], rejected["reason"], strict=True)) == {
        7: "zero_amount",
        10: "no_customer",
        12: "unreadable_invoice_date",
    }


def test_one_customer_is_scored_and_published(shop_of):
    settings = shop_of([HEADER, ["t1", "only", "p", "2024-05-05", "1", "9.99"]])
    assert scores(settings).loc["only"].tolist() == [
        0,
        1,
        Decimal("9.99"),
        1,
        1,
        1,
        3,
        "Lost",
        "111",
    ]


def test_a_shop_without_customers_is_published(shop_of):
    settings = shop_of([HEADER])
    assert query(settings, "select * from rfm_scores").empty
    assert query(settings, "select sum(customers) from segments").iloc[0, 0] == 0
    info = query(settings, "select * from build_info").iloc[0]
    assert info["landed_rows"] == 0
    assert info["as_of_date"] is None
    assert info["data_tests"] == info["data_tests_passed"]


def test_an_earlier_as_of_date_observes_no_later_day(shop_of):
    rows = [
        HEADER,
        ["t1", "a", "p", "2024-01-01", "1", "10.00"],
        ["t2", "a", "p", "2024-01-31", "1", "20.00"],
        ["t3", "b", "p", "2024-02-01", "1", "30.00"],
    ]
    settings = shop_of(rows, as_of="2024-01-31")
    found = scores(settings)
    assert found["recency"].to_dict() == {"a": 0}
    assert found["monetary"].to_dict() == {"a": Decimal("30.00")}
    assert ledger_of(settings)["after_as_of_date"] == (1, Decimal("30.00"))


def test_an_as_of_date_before_the_first_sale_publishes_nothing(shop_of):
    rows = [HEADER, ["t1", "a", "p", "2024-01-01", "1", "10.00"]]
    with pytest.raises(TillsightError, match="no line that can be kept is dated 2023-12-31"):
        shop_of(rows, as_of="2023-12-31")
