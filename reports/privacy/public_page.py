"""What a page for anybody may show: no figure of fewer than five customers. Pure.

A group of 1 to 4 customers is withheld with its shares, revenue and means; so are what single
customers spent, the values at the ends of the other scores, the revenue of past snapshots, and
returns, of which nobody knows how many customers made them. `small_groups` finds what must go as
well so that no total gives a small group away.
What may be known of a group by taking two shown groups from each other (who did not come back,
say) is not withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from reports.marts.build import BuildInfo, LedgerRow
from reports.marts.sales import Kpi, Month
from reports.marts.segments import Cohort, ScoreCell, Segment, SegmentSize, Threshold
from reports.marts.shop import Shop
from reports.marts.suppressed import SMALLEST_GROUP, Count, Figure, Withheld, is_small, shown, whole
from reports.privacy import forecast as forecast_privacy
from reports.privacy.cell_suppression import Key, withhold
from reports.privacy.counts import (
    LIKELY,
    RETURNED,
    Name,
    cohort_name,
    ledger_name,
    shop_counts,
    shop_sums,
    size_name,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["SMALLEST_GROUP", "suppress"]

Words = Mapping[Key, Withheld]
Row = TypeVar("Row", bound="DataclassInstance")


def suppress(shop: Shop) -> Shop:
    """Withhold every figure of a small group of customers.

    Parameters
    ----------
    shop : Shop
        As read from the marts.

    Returns
    -------
    Shop
        The same with a `Withheld` in the place of each figure that is not shown. Countries, which
        only serve to find single customers, are left out.
    """
    counts = shop_counts(shop)
    is_few = is_small(whole(shop.build.scored_customers))
    found = None if is_few else withhold(counts, shop_sums(shop, counts))
    is_tiny = found is None
    words = _everything(counts) if found is None else found
    segments = tuple(
        _segment(row, words.get(size_name(shop.build.as_of_date or "", row.segment)))
        for row in shop.segments
    )
    suppressed = replace(
        forecast_privacy.suppress(shop, words),
        build=_build(shop.build) if is_tiny else shop.build,
        kpis=_kpis(shop.kpis, words, is_tiny=is_tiny),
        segments=segments,
        segment_details=tuple(
            _segment(row, words.get(("detail", row.segment))) for row in shop.segment_details
        ),
        months=tuple(_month(row, words) for row in shop.months),
        segment_sizes=tuple(_size(row, words) for row in shop.segment_sizes),
        moves=tuple(
            _hidden(
                row, words.get(("move", row.from_segment, row.to_segment)), "customers", "revenue"
            )
            for row in shop.moves
        ),
        move_totals=tuple(
            _hidden(row, words.get(("direction", row.direction)), "customers", "revenue")
            for row in shop.move_totals
        ),
        move_causes=tuple(
            _hidden(row, words.get(("cause", row.cause, row.direction)), "customers", "revenue")
            for row in shop.move_causes
        ),
        cohorts=tuple(_cohort(row, words) for row in shop.cohorts),
        return_rate=_rate(shop.return_rate, words.get(RETURNED)),
        score_cells=tuple(_cell(row, words) for row in shop.score_cells),
        probability_bands=tuple(
            _hidden(row, words.get(("band", row.band)), "customers", "expected_buyers")
            for row in shop.probability_bands
        ),
        thresholds=_thresholds(shop.thresholds, words),
        ties=tuple(
            _hidden(row, words.get(("ties", row.measure)), "customers") for row in shop.ties
        ),
        ledger=tuple(_line(row, words) for row in shop.ledger),
        ledger_by_source=tuple(_line(row, words) for row in shop.ledger_by_source),
        countries=(),
        email_numbers={},
        likely_buyers=words.get(LIKELY, shop.likely_buyers),
        landed_transactions=Withheld.WITHHELD if is_tiny else shop.landed_transactions,
        is_public=True,
    )
    return _only_with_orders(suppressed) if _few_without_order(shop) else suppressed


def _few_without_order(shop: Shop) -> bool:
    """Tell whether those who never ordered are a small group, by either count of customers."""
    described = (row.row_count for row in shop.ledger if _tells_of_customers(row) and row.is_kept)
    counts = (whole(count) for count in (shop.build.customers, *described))
    return any(is_small(count - whole(shop.build.scored_customers)) for count in counts)


def _only_with_orders(shop: Shop) -> Shop:
    """Withhold how many customers there are: less those with an order it tells who has none."""
    build = replace(shop.build, customers=Withheld.WITHHELD, landed_rows=Withheld.WITHHELD)
    return replace(
        shop,
        build=build,
        ledger=tuple(map(_without_customers, shop.ledger)),
        ledger_by_source=tuple(map(_without_customers, shop.ledger_by_source)),
    )


def _without_customers(row: LedgerRow) -> LedgerRow:
    word = Withheld.WITHHELD if _tells_of_customers(row) else None
    return _hidden(row, word, "row_count", "amount")


def _tells_of_customers(row: LedgerRow) -> bool:
    return row.entity == "customers"


def _everything(counts: Mapping[Key, int]) -> Words:
    """Withhold every count of a shop that has hardly a customer."""
    return {name: _word(customers) for name, customers in counts.items() if customers}


def _word(customers: Count) -> Withheld:
    return Withheld.SMALL if is_small(whole(customers)) else Withheld.WITHHELD


def _hidden(row: Row, word: Withheld | None, count: str, *figures: str) -> Row:
    """Put a word in the place of a count, and withhold the figures that go with it."""
    if word is None:
        return row
    there = (name for name in figures if getattr(row, name) is not None)
    changed: dict[str, Any] = {**dict.fromkeys(there, Withheld.WITHHELD), count: word}
    return replace(row, **changed)


def _rate(rate: Figure | None, word: Withheld | None) -> Figure | None:
    return rate if word is None or rate is None else Withheld.WITHHELD


def _build(build: BuildInfo) -> BuildInfo:
    """Withhold what tells of a shop that has hardly a customer."""
    return replace(
        build,
        first_order_date=None,
        customers=_word(build.customers),
        scored_customers=_word(build.scored_customers),
        landed_rows=Withheld.WITHHELD,
        kept_transactions=Withheld.WITHHELD,
        orders=Withheld.WITHHELD,
    )


def _kpis(kpis: tuple[Kpi, ...], words: Words, *, is_tiny: bool) -> tuple[Kpi, ...]:
    """Withhold the figures of the horizon, and a change where one of its ends is withheld."""
    return tuple(
        _kpi(now, earlier, words, is_tiny=is_tiny)
        for now, earlier in zip(kpis, (*kpis[1:], None), strict=False)
    )


def _kpi(now: Kpi, earlier: Kpi | None, words: Words, *, is_tiny: bool) -> Kpi:
    before = earlier.as_of_date if earlier else ""
    changes = ("revenue_change", "active_change", "average_change")
    active = words.get(("active", now.as_of_date))
    kpi = _hidden(
        now,
        active,
        "active_customers",
        "revenue_last_30_days",
        "orders_last_30_days",
        "average_order_value",
        *changes,
    )
    kpi = _hidden(kpi, words.get(("new", now.as_of_date)), "new_customers", "new_change")
    if ("active", before) in words:
        kpi = _hidden(kpi, Withheld.WITHHELD, *changes)
    if ("new", before) in words:
        kpi = _hidden(kpi, Withheld.WITHHELD, "new_change")
    if not is_tiny:
        return kpi
    forecast = ("expected_buyers", "expected_buyers_low", "expected_buyers_high", "revenue_at_risk")
    return _hidden(kpi, _word(now.customers_with_orders), "customers_with_orders", *forecast)


def _segment(row: Segment, word: Withheld | None) -> Segment:
    return _hidden(
        row,
        word,
        "customers",
        "customer_share",
        "revenue",
        "revenue_share",
        "average_order_value",
        "median_recency",
        "expected_buyers",
        "revenue_at_risk",
    )


def _size(row: SegmentSize, words: Words) -> SegmentSize:
    """Withhold the revenue of past snapshots: less that of a month it is that of a few days."""
    word = words.get(size_name(row.as_of_date, row.segment))
    size = _hidden(row, word, "customers", "customer_share")
    return replace(size, revenue=Withheld.WITHHELD)


def _month(row: Month, words: Words) -> Month:
    row = replace(row, revenue=float(whole(row.revenue)))
    month = _hidden(row, words.get(("month", row.month)), "customers", "orders", "revenue")
    month = _hidden(month, words.get(cohort_name(row.month, 0)), "new_customers")
    return replace(month, returned_amount=Withheld.WITHHELD if row.returned_amount else 0.0)


def _cohort(row: Cohort, words: Words) -> Cohort:
    """Withhold a cell, or all of a cohort that is small itself."""
    figures = ("retention_rate", "revenue")
    kept = words.get(cohort_name(row.cohort_month, row.months_since))
    size = words.get(cohort_name(row.cohort_month, 0))
    if size is None:
        return _hidden(row, kept, "retained_customers", *figures)
    cohort = _hidden(row, kept or Withheld.WITHHELD, "retained_customers", *figures)
    return replace(cohort, cohort_customers=size)


def _cell(row: ScoreCell, words: Words) -> ScoreCell:
    name: Name = ("cell", row.recency_score, row.frequency_score)
    return _hidden(row, words.get(name), "customers", "revenue", "mean_probability")


def _line(row: LedgerRow, words: Words) -> LedgerRow:
    return _hidden(row, words.get(ledger_name(row)), "row_count", "amount")


def _thresholds(thresholds: tuple[Threshold, ...], words: Words) -> tuple[Threshold, ...]:
    """Withhold small scores, and the ends of each measure: what single customers had."""
    return tuple(_threshold(row, thresholds, words) for row in thresholds)


def _threshold(row: Threshold, thresholds: tuple[Threshold, ...], words: Words) -> Threshold:
    own = [other for other in thresholds if other.measure == row.measure]
    values = shown(end for other in own for end in (other.lowest_value, other.highest_value))
    # A value that everybody of a score has is not that of a single customer.
    shared = {
        other.lowest_value
        for other in own
        if other.lowest_value == other.highest_value
        and ("score", other.measure, other.score) not in words
    }
    ends: set[Figure] = {min(values), max(values)}
    ends -= shared
    threshold = _hidden(row, words.get(("tied", row.measure, row.score)), "tied_customers")
    if row.measure == "monetary":
        # What somebody spent to the penny is that of one customer alone.
        threshold = replace(
            threshold, lowest_value=Withheld.WITHHELD, highest_value=Withheld.WITHHELD
        )
    if row.lowest_value in ends:
        threshold = replace(threshold, lowest_value=Withheld.WITHHELD)
    if row.highest_value in ends:
        threshold = replace(threshold, highest_value=Withheld.WITHHELD)
    word = words.get(("score", row.measure, row.score))
    figures = ("lowest_value", "highest_value", "tied_customers")
    return _hidden(threshold, word, "customers", *figures)
