"""The data section: the row ledger, thresholds, data tests, the dictionary, lineage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import (
    DASH,
    Money,
    capital,
    count,
    day,
    month,
    number,
    plain,
    without_email,
)
from reports.marts.build import BuildInfo, DataTest, LedgerRow
from reports.marts.catalog import ColumnDoc
from reports.marts.segments import Threshold, Tie
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, Figure, known, shown
from reports.page.components import Table, number_columns, text_columns
from reports.page.header import data_tests_passed
from reports.page.lineage import Picture, draw_lineage

SCORING = {
    "ntile": "Quartiles of equal size (ntile)",
    "rank": "Quartiles with equal values together (rank)",
}

RETURN_DAYS = {"return": "their own day", "order": "the day of the order"}
REASONS = {
    "kept": "Kept",
    "superseded": "A later load has the same id",
    "duplicate": "Equal in every field to another row of the invoice",
    "no_customer": "No customer id (guest)",
    "not_a_product": "Not a product: postage, fees, adjustments",
    "zero_amount": "Amount is 0",
    "other_currency": "Not in the reporting currency",
    "after_as_of_date": "Dated after the as-of date",
}
MEASURES = {
    "recency": "Recency, days",
    "frequency": "Frequency, orders",
    "monetary": "Monetary",
}
MONEY_ENTITIES = frozenset({"transactions", "refunds"})


@dataclass(frozen=True)
class Data:
    """What the data section prints; `facts` are names and values of the build."""

    ledger_finding: str
    ledger: Table
    ledger_by_source: Table
    returns_note: str
    ties: str
    thresholds: Table
    facts: tuple[tuple[str, str], ...]
    data_tests_finding: str
    data_tests: Table
    column_docs: Table
    lineage: Picture | None


def make_data(shop: Shop, money: Money) -> Data:
    """Return the data section."""
    return Data(
        ledger_finding=rows_kept(shop.build, shop.landed_transactions),
        ledger=ledger_table(shop.ledger, money, by_source=False),
        ledger_by_source=ledger_table(shop.ledger_by_source, money, by_source=True),
        returns_note=_returns_note(shop, money),
        ties=ties(shop.ties),
        thresholds=thresholds_table(shop.thresholds, money),
        facts=_facts(shop.build),
        data_tests_finding=data_tests_passed(shop.build)[0],
        data_tests=data_tests_table(shop.data_tests),
        column_docs=column_docs_table(shop.column_docs),
        lineage=draw_lineage(shop.table_docs, shop.lineage),
    )


def _returns_note(shop: Shop, money: Money) -> str:
    amounts = {row.month: row.returned_amount for row in shop.months if row.returned_amount != 0}
    if not amounts:
        return "The data has no returns."
    where = RETURN_DAYS.get(shop.build.return_dating, shop.build.return_dating)
    text = f"Returns count on {where} and are never an order."
    least, most = min((known(amount) or 0, name) for name, amount in amounts.items())
    return f"{text} Most were in {month(most)}: {money(least)}." if least else text


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
    """Return how many of the landed transactions were kept."""
    if not landed:
        return "There are no transactions yet"
    lines = count(landed, "transaction")
    return f"{number(build.kept_transactions)} of {lines} in the files were kept"


def money_covered(ledger: Sequence[LedgerRow], money: Money) -> str | None:
    """Return how much of the landed amount the page covers; None where all of it is kept."""
    lines = [row for row in ledger if row.entity in MONEY_ENTITIES]
    left_out = [row for row in lines if not row.is_kept and row.amount]
    if not left_out or any(known(row.amount) is None for row in lines):
        return None
    landed = sum(shown(row.amount for row in lines))
    kept = sum(shown(row.amount for row in lines if row.is_kept))
    most = max(left_out, key=lambda row: (abs(known(row.amount) or 0), row.reason))
    why = reason_in_words(most.reason)
    return (
        f"This page covers {money(kept)} of the {money(landed)} in the files; the largest "
        f"part left out is {money(most.amount)}: {why[:1].lower()}{why[1:]}."
    )


def reason_in_words(reason: str) -> str:
    """Return the reason for leaving a row out, in words."""
    if reason in REASONS:
        return REASONS[reason]
    if reason.startswith("unreadable_"):
        return f"The {plain(reason.removeprefix('unreadable_'))} is missing or cannot be read"
    return plain(reason).capitalize()


def ledger_table(ledger: Sequence[LedgerRow], money: Money, *, by_source: bool) -> Table:
    """Return kept and left out rows by reason."""
    first = ("Source",) if by_source else ()
    texts = (*first, "Entity", "Reason", "Kept")
    return Table(
        caption="Landed rows by source" if by_source else "Landed rows and their amounts",
        columns=(
            *text_columns(*texts),
            *number_columns("Rows", f"Amount ({money.unit})"),
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


def data_tests_table(tests: Sequence[DataTest]) -> Table:
    """Return every data test with its result, failures first."""
    return Table(
        caption="Data tests",
        columns=text_columns("Table", "Test", "Condition", "Kind", "Result"),
        rows=tuple(
            (row.model or DASH, row.test_name, row.description or DASH, row.kind, row.status)
            for row in tests
        ),
        empty="There are no data tests.",
    )


def column_docs_table(docs: Sequence[ColumnDoc]) -> Table:
    """Return the data dictionary: every column of the published tables."""
    return Table(
        caption="Data dictionary",
        columns=text_columns("Table", "Column", "Unit", "Meaning"),
        rows=tuple(
            (row.table_name, row.column_name, row.unit or DASH, row.description or DASH)
            for row in docs
        ),
        empty="The dictionary is empty.",
    )


def ties(tied: Sequence[Tie]) -> str:
    """Return how many customers share their number of orders across scores."""
    by_measure = {row.measure: row.customers for row in tied}
    if not by_measure:
        return "No customer has a score yet"
    shared = by_measure.get("frequency", 0)
    if not shared:
        return "Customers with equal numbers of orders have equal scores"
    return capital(
        f"{count(shared, 'customer')} have as many orders as a customer with another score"
    )


def thresholds_table(thresholds: Sequence[Threshold], money: Money) -> Table:
    """Return lowest and highest value by score, and how many customers are tied."""

    def value(row: Threshold, raw: Figure) -> str:
        return money(raw, decimals=2) if row.measure == "monetary" else number(raw)

    return Table(
        caption="Score thresholds",
        columns=(
            *text_columns("Measure"),
            *number_columns("Score", "From", "To", "Customers", "Tied"),
        ),
        rows=tuple(
            (
                MEASURES[row.measure],
                str(row.score),
                value(row, row.lowest_value),
                value(row, row.highest_value),
                number(row.customers),
                number(row.tied_customers),
            )
            for row in thresholds
        ),
        empty="No customer has a score yet.",
    )
