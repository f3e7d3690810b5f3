"""Tables of text: what stands under a chart, and what reads without one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports import model_rows, rows
from reports.formats import (
    DASH,
    Money,
    count,
    day,
    model_name,
    month,
    number,
    percent,
    plain,
    without_email,
)
from reports.withheld import Figure


@dataclass(frozen=True)
class Column:
    """The heading of a column; numbers stand to the right, sentences may take several lines."""

    label: str
    is_number: bool = True
    is_sentence: bool = False


@dataclass(frozen=True)
class Measured:
    """A figure whose interval stands below it."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of finished text under a caption; `empty` stands where there is no row.

    `groups` are headings above the columns, each with how many it spans.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Measured, ...], ...]
    empty: str = "There is nothing to show yet."
    groups: tuple[tuple[str, int], ...] = ()


def _columns(text: str, *numbers: str) -> tuple[Column, ...]:
    return (Column(text, is_number=False), *(Column(label) for label in numbers))


def months_table(months: Sequence[rows.Month], money: Money) -> Table:
    """Write revenue, orders and customers of each month."""
    return Table(
        caption="Sales by month",
        columns=_columns(
            "Month", f"Revenue ({money.unit})", "Returned", "Orders", "Customers", "New customers"
        ),
        rows=tuple(
            (
                month(row.month) + ("" if row.is_complete else " (not over)"),
                money(row.revenue),
                money(row.returned_amount),
                number(row.orders),
                number(row.customers),
                number(row.new_customers),
            )
            for row in months
        ),
        empty="There are no sales yet.",
    )


def segment_shares_table(segments: Sequence[rows.Segment], money: Money) -> Table:
    """Write customers and revenue of each segment."""
    return Table(
        caption="Customers and revenue by segment",
        columns=_columns(
            "Segment", "Customers", "Share", f"Revenue ({money.unit})", "Share of revenue"
        ),
        rows=tuple(
            (
                row.segment,
                number(row.customers),
                percent(row.customer_share),
                money(row.revenue),
                percent(row.revenue_share),
            )
            for row in segments
        ),
    )


def sizes_table(sizes: Sequence[rows.SegmentSize], money: Money) -> Table:
    """Write the size of each segment at each snapshot, latest first."""
    latest_first = sorted(sizes, key=lambda row: row.as_of_date, reverse=True)
    return Table(
        caption="Segments at each snapshot",
        columns=(
            Column("As of", is_number=False),
            Column("Segment", is_number=False),
            Column("Customers"),
            Column("Share"),
            Column(f"Revenue to date ({money.unit})"),
        ),
        rows=tuple(
            (
                day(row.as_of_date),
                row.segment,
                number(row.customers),
                percent(row.customer_share),
                money(row.revenue),
            )
            for row in latest_first
        ),
    )


def moves_table(moves: Sequence[rows.Move], money: Money) -> Table:
    """Write every move with customers and revenue."""
    words = {"up": "up", "down": "down", "same": "stayed", "new": "new"}
    return Table(
        caption="Moves between segments",
        columns=(
            Column("From", is_number=False),
            Column("To", is_number=False),
            Column("Direction", is_number=False),
            Column("Customers"),
            Column(f"Their revenue ({money.unit})"),
        ),
        rows=tuple(
            (
                row.from_segment,
                row.to_segment,
                words[row.direction],
                number(row.customers),
                money(row.revenue),
            )
            for row in moves
        ),
    )


def score_cells_table(cells: Sequence[rows.ScoreCell], money: Money) -> Table:
    """Write customers, revenue and mean probability for each pair of scores."""
    return Table(
        caption="Customers by recency score and frequency score",
        columns=(
            Column("Recency score"),
            Column("Frequency score"),
            Column("Customers"),
            Column(f"Revenue ({money.unit})"),
            Column("Mean probability"),
        ),
        rows=tuple(
            (
                str(cell.recency_score),
                str(cell.frequency_score),
                number(cell.customers),
                money(cell.revenue),
                percent(cell.mean_probability),
            )
            for cell in cells
        ),
    )


def bands_table(bands: Sequence[rows.ProbabilityBand]) -> Table:
    """Write how many customers have which probability."""
    return Table(
        caption="Customers by predicted probability",
        columns=_columns("Probability", "Customers", "Expected buyers"),
        rows=tuple(
            (
                band_label(row.band),
                number(row.customers),
                number(row.expected_buyers, decimals=1),
            )
            for row in bands
        ),
    )


def band_label(band: int) -> str:
    """Name a tenth of the probability scale."""
    return f"{10 * band}–{10 * (band + 1)}%"  # noqa: RUF001  an en dash joins two numbers


def curve_table(points: Sequence[model_rows.CurvePoint], x: str, y: str, caption: str) -> Table:
    """Write a curve in about twenty points per method."""
    shown: list[model_rows.CurvePoint] = []
    for model in sorted({point.model for point in points}):
        own = [point for point in points if point.model == model]
        step = max(1, (len(own) - 1) // 20)
        shown += [
            point for place, point in enumerate(own) if place % step == 0 or place == len(own) - 1
        ]
    return Table(
        caption=caption,
        columns=_columns("Method", x, y),
        rows=tuple(
            (
                model_name(point.model),
                percent(point.x, decimals=1),
                percent(point.y, decimals=1),
            )
            for point in shown
        ),
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


def ledger_table(ledger: Sequence[rows.LedgerRow], money: Money, *, by_source: bool) -> Table:
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
MEASURES = {
    "recency": "Recency, days",
    "frequency": "Frequency, orders",
    "monetary": "Monetary",
}


def thresholds_table(thresholds: Sequence[rows.Threshold], money: Money) -> Table:
    """Write from where to where each score reaches, and how many share a value across scores."""

    def value(row: rows.Threshold, raw: Figure) -> str:
        return money(raw, decimals=2) if row.measure == "monetary" else number(raw)

    return Table(
        caption="Where each score begins and ends",
        columns=(
            Column("Measure", is_number=False),
            Column("Score"),
            Column("From"),
            Column("To"),
            Column("Customers"),
            Column("Tied"),
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


def data_tests_table(tests: Sequence[rows.DataTest]) -> Table:
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


def column_docs_table(docs: Sequence[rows.ColumnDoc]) -> Table:
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


def tests_chip(build: rows.BuildInfo) -> tuple[str, str]:
    """Say how many data tests passed, and in which tone: good, bad or none."""
    if not build.data_tests:
        return "No data tests have run", "none"
    told = f"{number(build.data_tests_passed)} of {count(build.data_tests, 'data test')} passed"
    return told, "good" if build.data_tests_passed == build.data_tests else "bad"


CAUSES = {
    "ordered": "They ordered",
    "returned": "They returned goods",
    "silent": "They stayed away",
    "cut_points": "The cut points moved",
}
"""Why customers changed their segment, in words."""


def move_causes_table(causes: Sequence[rows.MoveCause], money: Money) -> Table:
    """Write who moved up and down for which cause."""
    return Table(
        caption="Changes of segment by cause",
        columns=(
            Column("Cause", is_number=False),
            Column("Moved", is_number=False),
            Column("Customers"),
            Column(f"Revenue so far ({money.unit})"),
        ),
        rows=tuple(
            (CAUSES[row.cause], row.direction, number(row.customers), money(row.revenue))
            for row in causes
        ),
    )
