"""Disclosure control of the forecast: metrics, curves, training runs and outcomes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reports.marts.forecast import CurvePoint, Metric, ModelRun, TrackTotal
from reports.marts.shop import Shop
from reports.marts.suppressed import Suppressed, is_small, known
from reports.privacy.cell_suppression import Labels
from reports.privacy.counts import DECISIONS, POSITIVES, of_report_window, tenth_name, tenths
from reports.privacy.field_rules import Context, Name

Group = tuple[str, str, str]
"""Split, date and slice of the customers that metrics are measured on."""
OF_DECISIONS = frozenset({*DECISIONS, "accuracy", "precision", "recall", "f1", "contact_profit"})
FEW = "The figures behind it are of too few customers to be shown."
NAMES_FEW = re.compile(r"(?<![\d.,])[1-4] (?:rows of )?(?:customer|buyer)s?\b")
WITHHELD = Suppressed.WITHHELD


def suppress_metrics(rows: tuple[Metric, ...], context: Context) -> tuple[Metric, ...]:
    """Leave out the metrics that disclose a small group."""
    suppressed = _suppressed_metrics(context.shop, context.labels)
    return tuple(row for row in rows if row not in suppressed)


def suppress_runs(rows: tuple[ModelRun, ...], context: Context) -> tuple[ModelRun, ...]:
    """Withhold counts, verdicts and cards that disclose a small group."""
    runs = tuple(_run(run, context.labels) for run in rows)
    # The training rows are the sum of all windows, so they disclose the only suppressed one.
    if any(("window", row.as_of_date) in context.labels for row in context.shop.windows):
        return tuple(replace(run, training_rows=WITHHELD, card=None) for run in runs)
    return runs


def suppress_track_total(rows: tuple[TrackTotal, ...], context: Context) -> tuple[TrackTotal, ...]:
    """Withhold the calibration error where a band is suppressed."""
    bands = [row.band for row in context.shop.track_bands]
    names = [(kind, band) for band in bands for kind in ("track", "track came")]
    is_suppressed = any(name in context.labels for name in names)
    return tuple(replace(row, error=WITHHELD) if is_suppressed else row for row in rows)


def _suppressed_metrics(shop: Shop, labels: Labels) -> frozenset[Metric]:
    """Return the metrics of a small group, and those that disclose one."""
    sizes = _sizes(shop.metrics)
    decisions = _small_decisions(shop.metrics, labels)
    miscalibrated = {point.model for point in tenths(shop.curves) if tenth_name(point) in labels}

    def is_suppressed(row: Metric) -> bool:
        group, everyone = _group(row), (row.split, row.as_of_date, "all")
        is_of_report = (row.split, row.slice) == ("report", "all")
        return (
            (row.split == "report" and POSITIVES in labels)
            or any(_has_few(sizes[one]) for one in (group, everyone) if one in sizes)
            or (row.metric in OF_DECISIONS and (group, row.model) in decisions)
            or (row.metric == "lift_top_tenth" and _is_small_lift(row, sizes.get(group)))
            or (
                row.metric == "expected_calibration_error"
                and is_of_report
                and row.model in miscalibrated
            )
        )

    return frozenset(filter(is_suppressed, shop.metrics))


def _group(row: Metric) -> Group:
    return row.split, row.as_of_date, row.slice


def _sizes(metrics: Iterable[Metric]) -> dict[Group, tuple[int, int]]:
    """Return customers and buyers of each group of which both are known."""
    found = {
        (_group(row), row.metric): round(row.value)
        for row in metrics
        if row.metric in {"rows", "positives"}
    }
    return {
        group: (customers, found[group, "positives"])
        for (group, metric), customers in found.items()
        if metric == "rows" and (group, "positives") in found
    }


def _has_few(sizes: tuple[int, int]) -> bool:
    """Return whether customers, buyers or others of a group are few."""
    customers, buyers = sizes
    return is_small(customers) or is_small(buyers) or is_small(customers - buyers)


def _small_decisions(metrics: Iterable[Metric], labels: Labels) -> set[tuple[Group, str]]:
    """Return the groups and models with a suppressed cell of the confusion matrix."""
    return {
        (_group(row), row.model)
        for row in metrics
        if row.metric in DECISIONS
        and (
            is_small(row.value)
            or (_group(row)[::2] == ("report", "all") and _decision(row) in labels)
        )
    }


def _decision(row: Metric) -> Name:
    return ("decision", row.model, row.metric)


def _is_small_lift(row: Metric, sizes: tuple[int, int] | None) -> bool:
    """Return whether the best-ranked tenth, or its buyers, are few."""
    if sizes is None or not sizes[0]:
        return True
    customers, buyers = sizes
    reached = max(1, round(customers / 10))
    return is_small(reached) or is_small(round(row.value * buyers * reached / customers, 6))


def _run(run: ModelRun, labels: Labels) -> ModelRun:
    customers = known(run.evaluation_rows) or 0
    buyers = round(customers * (known(run.base_rate) or 0))
    is_few = is_small(customers) or is_small(buyers) or is_small(customers - buyers)
    if run.is_in_use and POSITIVES in labels:
        is_few = True
    if is_few:
        run = replace(
            run,
            evaluation_rows=Suppressed.SMALL if is_small(customers) else run.evaluation_rows,
            base_rate=WITHHELD,
        )
    discloses = is_few or bool(NAMES_FEW.search(f"{run.verdict_reason} {run.message}"))
    if discloses:
        run = replace(run, verdict_reason=run.verdict_reason and FEW, message=run.message and FEW)
    return replace(run, card=None if discloses or not run.card else _without_tables(run.card))


def _without_tables(card: str) -> str:
    """Leave out the sections with tables: the page itself shows their figures, suppressed."""
    sections = re.split(r"(?m)^(?=#{1,6} )", card)
    return "".join(text for text in sections if not re.search(r"(?m)^\s*\|", text))


def suppress_curves(rows: tuple[CurvePoint, ...], context: Context) -> tuple[CurvePoint, ...]:
    """Leave out suppressed tenths, and points that differ by a small group."""
    shop, labels = context.shop, context.labels
    found = {
        row.metric: round(row.value)
        for row in of_report_window(shop.metrics)
        if row.metric in {"rows", "positives"}
    }
    if len(found) < 2 or POSITIVES in labels or is_small(found["rows"] - found["positives"]):
        return ()
    kept = [point for point in tenths(rows) if tenth_name(point) not in labels]
    for curve in ("gains", "precision_recall", "roc"):
        for model in dict.fromkeys(point.model for point in rows):
            own = [row for row in rows if (row.curve, row.model) == (curve, model)]
            kept += _thinned(own, found["rows"], found["positives"])
    return tuple(sorted(kept, key=lambda point: (point.curve, point.model, point.point)))


def _thinned(points: Sequence[CurvePoint], customers: int, buyers: int) -> list[CurvePoint]:
    """Keep points whose buyers, and whose others, differ by 0 or by at least the threshold."""
    kept, last, end = [], (0, 0), (buyers, customers - buyers)
    for point in points:
        here = _reached(point, customers, buyers)
        if here and _is_apart(last, here) and _is_apart(here, end):
            kept.append(point)
            last = here
    return kept


def _is_apart(start: tuple[int, int], end: tuple[int, int]) -> bool:
    return not any(is_small(abs(there - here)) for here, there in zip(start, end, strict=True))


def _reached(point: CurvePoint, customers: int, buyers: int) -> tuple[int, int] | None:
    """Return buyers and others up to a point; None where they are undefined."""
    if point.curve == "roc":
        return round(point.y * buyers), round(point.x * (customers - buyers))
    if point.curve == "gains":
        bought = round(point.y * buyers)
        return bought, round(point.x * customers) - bought
    bought = round(point.x * buyers)
    return (bought, round(bought / point.y) - bought) if point.y else None
