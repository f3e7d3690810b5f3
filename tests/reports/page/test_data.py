"""The data section: reasons and the row ledger."""

from __future__ import annotations

from reports.formatting import Money
from reports.marts.build import LedgerRow
from reports.page import data

MONEY = Money("GBP")


def test_ledger_reasons_are_written_in_words():
    assert data.reason_in_words("unreadable_invoice_date") == (
        "The invoice date is missing or cannot be read"
    )
    assert data.reason_in_words("something_new") == "Something new"


def test_an_email_in_a_file_name_is_hidden():
    row = LedgerRow("sales_eve@example.com.csv", "transactions", "kept", 1, 3, 9.0)
    (line,) = data.ledger_table([row], MONEY, by_source=True).rows
    assert "@" not in line[0]
