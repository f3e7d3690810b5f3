"""The section about the data: where rows went, what tests found, what tables mean."""

from __future__ import annotations

from collections.abc import Sequence

from reports.formatting import DASH, Money, count, day, month, number, plain, without_email
from reports.marts.build import BuildInfo, DataTest, LedgerRow
from reports.marts.catalog import ColumnDoc
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, known, shown
from reports.page.table import Column, Table

SCORING = {
    "ntile": "Quarters of equal size (ntile)",
    "rank": "Quarters that keep equals together (rank)",
}


RETURN_DAYS = {"return": "their own day", "order": "the day of the order"}


def _returns_note(shop: Shop, money: Money) -> str:
    amounts = {row.month: row.returned_amount for row in shop.months if row.returned_amount != 0}
    if not amounts:
        return "The data holds no returns."
    where = RETURN_DAYS.get(shop.build.return_dating, shop.build.return_dating)
    told = f"Returns count on {where} and are never an order."
    least, most = min((known(amount) or 0, name) for name, amount in amounts.items())
    return f"{told} Most were in {month(most)}: {money(least)}." if least else told


def _facts(build: BuildInfo) -> tuple[tuple[str, str], ...]:
    return (
        ("As of", day(build.as_of_date)),
        ("First order", day(build.first_order_date)),
        ("Rows landed", number(build.landed_rows)),
        ("Transactions kept", number(build.kept_transactions)),
        ("Customers", number(build.customers)),
        ("Customers with an order", number(build.scored_customers)),
        ("Orders", number(build.orders)),
        ("Products", number(build.products)),
        ("Scores", SCORING.get(build.scoring_method, build.scoring_method)),
        ("Returns count on", RETURN_DAYS.get(build.return_dating, build.return_dating)),
        ("Currency", build.reporting_currency or "as in the files"),
        ("Version", build.code_version or DASH),
        ("Input fingerprint", build.input_fingerprint or DASH),
        ("Build fingerprint", build.build_fingerprint or DASH),
    )


def rows_kept(build: BuildInfo, landed: Count) -> str:
    """Head the ledger."""
    if not landed:
        return "No transaction has been loaded yet"
    lines = count(landed, "transaction")
    return f"{number(build.kept_transactions)} of {lines} in the files were kept"


def money_covered(ledger: Sequence[LedgerRow], money: Money) -> str | None:
    """Say for how much of the landed money the figures stand; None where nothing was left out."""
    lines = [row for row in ledger if row.entity in MONEY_ENTITIES]
    left_out = [row for row in lines if not row.is_kept and row.amount]
    if not left_out or any(known(row.amount) is None for row in lines):
        return None
    landed = sum(shown(row.amount for row in lines))
    kept = sum(shown(row.amount for row in lines if row.is_kept))
    most = max(left_out, key=lambda row: (abs(known(row.amount) or 0), row.reason))
    why = reason_in_words(most.reason)
    return (
        f"This page covers {money(kept)} of the {money(landed)} in the files; left out is "
        f"above all {money(most.amount)}: {why[:1].lower()}{why[1:]}."
    )


REASONS = {
    "kept": "Kept",
    "superseded": "A later load brought the same id again",
    "duplicate": "Every field equals another row of the invoice",
    "no_customer": "No customer id (guest)",
    "not_a_product": "Not a product: postage, fees, adjustments",
    "zero_amount": "Amount is 0",
    "other_currency": "Not in the reporting currency",
    "after_as_of_date": "Dated after the as-of date",
}


def reason_in_words(reason: str) -> str:
    """Say why a row was left out."""
    if reason in REASONS:
        return REASONS[reason]
    if reason.startswith("unreadable_"):
        return f"The {plain(reason.removeprefix('unreadable_'))} is missing or cannot be read"
    return plain(reason).capitalize()


def ledger_table(ledger: Sequence[LedgerRow], money: Money, *, by_source: bool) -> Table:
    """Write what became of every landed row."""
    first = ("Source",) if by_source else ()
    texts = (*first, "What", "Why", "Kept")
    return Table(
        caption="Every landed row by source" if by_source else "Every landed row and its money",
        columns=(
            *(Column(label, is_number=False) for label in texts),
            Column("Rows"),
            Column(f"Amount ({money.unit})"),
        ),
        rows=tuple(
            (
                *((without_email(row.source),) if by_source else ()),
                row.entity.capitalize(),
                reason_in_words(row.reason),
                "yes" if row.is_kept else "no",
                number(row.row_count),
                money(row.amount, decimals=2) if row.entity in MONEY_ENTITIES else DASH,
            )
            for row in ledger
        ),
        empty="No file has been loaded yet.",
    )


MONEY_ENTITIES = frozenset({"transactions", "refunds"})


def data_tests_table(tests: Sequence[DataTest]) -> Table:
    """Write every test with its result, failures first."""
    return Table(
        caption="Tests of the data and of the SQL",
        columns=tuple(
            Column(label, is_number=False)
            for label in ("Table", "Test", "What it holds", "Kind", "Result")
        ),
        rows=tuple(
            (row.model or DASH, row.test_name, row.description or DASH, row.kind, row.status)
            for row in tests
        ),
        empty="The list of tests is empty.",
    )


def column_docs_table(docs: Sequence[ColumnDoc]) -> Table:
    """Write the dictionary of the published tables."""
    return Table(
        caption="Dictionary of the published tables",
        columns=tuple(
            Column(label, is_number=False) for label in ("Table", "Column", "Unit", "Meaning")
        ),
        rows=tuple(
            (row.table_name, row.column_name, row.unit or DASH, row.description or DASH)
            for row in docs
        ),
        empty="The dictionary is empty.",
    )


def tests_chip(build: BuildInfo) -> tuple[str, str]:
    """Say how many data tests passed, and in which tone: good, bad or none."""
    if not build.data_tests:
        return "No data tests have run", "none"
    told = f"{number(build.data_tests_passed)} of {count(build.data_tests, 'data test')} passed"
    return told, "good" if build.data_tests_passed == build.data_tests else "bad"
