"""Statistical disclosure control of the public page: no figure of fewer than five customers. Pure.

Each field of `Shop` and of its row classes declares how it is treated (`reports.marts.suppressed`);
a field without a rule is an error. Counts are cells of `cell_suppression`; figures derived from a
suppressed cell are withheld with it. The functions below decide about the fields that declare
themselves special. Differences between two published groups are not examined.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports.marts.build import BuildInfo, LedgerRow
from reports.marts.forecast import CurvePoint, Metric, ModelRun, TrackTotal
from reports.marts.sales import Kpi, Month
from reports.marts.segments import Threshold
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed, is_small, known, shown, whole
from reports.privacy import forecast
from reports.privacy.cell_suppression import Labels, suppress_cells
from reports.privacy.counts import RETURNED, shop_counts, shop_sums
from reports.privacy.field_rules import (
    Context,
    SpecialRule,
    apply_rules,
    check_rules,
    row_classes,
    rows_of,
    rules_of,
)

WITHHELD = Suppressed.WITHHELD


def suppress(shop: Shop) -> Shop:
    """Suppress every figure of a small group of customers, and those that would disclose one.

    Parameters
    ----------
    shop : Shop
        As read from the marts.

    Returns
    -------
    Shop
        With a `Suppressed` in the place of each figure that is not published. Countries and
        e-mail numbers, which describe single customers, are left out.

    Raises
    ------
    ReportError
        If a field declares no disclosure rule.
    """
    check_rules(type(shop), SPECIAL_RULES)
    context = _context(shop)
    changed: dict[str, Any] = {}
    for name, row_class in row_classes(type(shop)).items():
        held = getattr(shop, name)
        rules = rules_of(row_class)
        after = tuple(apply_rules(row, rules, context.labels) for row in rows_of(held))
        if row_class in SPECIAL_RULES:
            after = SPECIAL_RULES[row_class].suppress(after, context)
        changed[name] = after if isinstance(held, tuple) else after[0]
    scalars = apply_rules(shop, rules_of(type(shop)), context.labels)
    (public,) = _shop((replace(scalars, **changed),), context)
    return public


def _context(shop: Shop) -> Context:
    counts = shop_counts(shop)
    is_few = is_small(whole(shop.build.scored_customers))
    labels = None if is_few else suppress_cells(counts, shop_sums(shop, counts))
    if labels is not None:
        return Context(shop, labels, is_tiny=False)
    everything = {name: _label(customers) for name, customers in counts.items() if customers}
    return Context(shop, everything, is_tiny=True)


def _label(customers: Figure) -> Suppressed:
    return Suppressed.SMALL if is_small(whole(customers)) else WITHHELD


def _withhold(row: Any, *names: str, **labels: Suppressed) -> Any:
    """Withhold figures of a row that are not missing, and put labels in the place of counts."""
    given = (name for name in names if getattr(row, name) is not None)
    return replace(row, **{**dict.fromkeys(given, WITHHELD), **labels})


def _shop(rows: tuple[Shop, ...], context: Context) -> tuple[Shop, ...]:
    (public,), shop = rows, context.shop
    removed = set(shop.metrics).difference(public.metrics)
    is_rate_public = shop.return_rate is None or RETURNED not in context.labels
    public = replace(
        public,
        landed_transactions=WITHHELD if context.is_tiny else shop.landed_transactions,
        return_rate=shop.return_rate if is_rate_public else WITHHELD,
        countries=(),
        email_numbers={},
        is_public=True,
        suppressed_metrics=frozenset(
            (row.model, row.slice, row.metric) for row in removed if row.split == "report"
        ),
    )
    return (public,)


def _build(rows: tuple[BuildInfo, ...], context: Context) -> tuple[BuildInfo, ...]:
    """Withhold all counts of a tiny shop, and totals that disclose who never ordered."""
    (build,) = rows
    if context.is_tiny:
        figures = ("landed_rows", "kept_transactions", "orders")
        labels = {name: _label(getattr(build, name)) for name in ("customers", "scored_customers")}
        build = replace(_withhold(build, *figures, **labels), first_order_date=None)
    if _few_without_order(context.shop):
        build = _withhold(build, "customers", "landed_rows")
    return (build,)


def _few_without_order(shop: Shop) -> bool:
    """Return whether the customers without an order are a small group, by either total."""
    described = (row.row_count for row in shop.ledger if row.entity == "customers" and row.is_kept)
    totals = (whole(count) for count in (shop.build.customers, *described))
    return any(is_small(total - whole(shop.build.scored_customers)) for total in totals)


def _ledger(rows: tuple[LedgerRow, ...], context: Context) -> tuple[LedgerRow, ...]:
    """Withhold the customers where their total discloses who never ordered."""
    if not _few_without_order(context.shop):
        return rows
    return tuple(
        _withhold(row, "row_count", "amount") if row.entity == "customers" else row for row in rows
    )


def _kpis(rows: tuple[Kpi, ...], context: Context) -> tuple[Kpi, ...]:
    """Withhold a change where one of its ends is suppressed, and the forecast of a tiny shop."""
    pairs = zip(rows, (*rows[1:], None), strict=False)
    found = tuple(_kpi(now, earlier) for now, earlier in pairs)
    if not context.is_tiny:
        return found
    forecasts = ("expected_buyers", "expected_buyers_low", "expected_buyers_high")
    return tuple(
        _withhold(
            now,
            *forecasts,
            "revenue_at_risk",
            customers_with_orders=_label(read.customers_with_orders),
        )
        for now, read in zip(found, context.shop.kpis, strict=True)
    )


def _kpi(now: Kpi, earlier: Kpi | None) -> Kpi:
    ends = (now, earlier) if earlier else (now,)
    names: tuple[str, ...] = ()
    if any(isinstance(kpi.active_customers, Suppressed) for kpi in ends):
        names += ("revenue_change", "active_change", "average_change")
    if any(isinstance(kpi.new_customers, Suppressed) for kpi in ends):
        names += ("new_change",)
    kpi: Kpi = _withhold(now, *names)
    return kpi


def _months(rows: tuple[Month, ...], context: Context) -> tuple[Month, ...]:
    """Round the revenue, and withhold returns: nobody knows how many customers made them."""
    return tuple(
        replace(
            row,
            revenue=row.revenue if known(row.revenue) is None else float(whole(row.revenue)),
            returned_amount=WITHHELD if row.returned_amount else 0.0,
        )
        for row in rows
    )


def _thresholds(rows: tuple[Threshold, ...], context: Context) -> tuple[Threshold, ...]:
    """Withhold the values of small scores, and those that are of a single customer."""
    return tuple(_threshold(row, context.shop.thresholds, context.labels) for row in rows)


def _threshold(row: Threshold, thresholds: tuple[Threshold, ...], labels: Labels) -> Threshold:
    # What a customer spent to the penny identifies this customer.
    if row.measure == "monetary" or isinstance(row.customers, Suppressed):
        return replace(row, lowest_value=WITHHELD, highest_value=WITHHELD)
    own = [other for other in thresholds if other.measure == row.measure]
    values = shown(end for other in own for end in (other.lowest_value, other.highest_value))
    # A value that all customers of a score share is not that of a single one.
    shared = {
        other.lowest_value
        for other in own
        if other.lowest_value == other.highest_value
        and ("score", other.measure, other.score) not in labels
    }
    ends: set[Figure] = {min(values), max(values)}
    ends -= shared
    return replace(
        row,
        lowest_value=WITHHELD if row.lowest_value in ends else row.lowest_value,
        highest_value=WITHHELD if row.highest_value in ends else row.highest_value,
    )


SPECIAL_RULES = {
    Shop: SpecialRule(("landed_transactions", "return_rate", "countries", "email_numbers"), _shop),
    BuildInfo: SpecialRule(
        (
            "first_order_date",
            "landed_rows",
            "kept_transactions",
            "customers",
            "scored_customers",
            "orders",
        ),
        _build,
    ),
    LedgerRow: SpecialRule((), _ledger),
    Kpi: SpecialRule(("revenue_change", "active_change", "new_change", "average_change"), _kpis),
    Month: SpecialRule(("returned_amount",), _months),
    Threshold: SpecialRule(("lowest_value", "highest_value"), _thresholds),
    ModelRun: SpecialRule(
        ("message", "verdict_reason", "training_rows", "evaluation_rows", "base_rate", "card"),
        forecast.suppress_runs,
    ),
    Metric: SpecialRule(("value", "low", "high"), forecast.suppress_metrics),
    CurvePoint: SpecialRule(("x", "y", "row_count"), forecast.suppress_curves),
    TrackTotal: SpecialRule(("error",), forecast.suppress_track_total),
}
"""The functions that decide about special fields, by row class."""
