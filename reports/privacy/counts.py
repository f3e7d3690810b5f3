"""The cells of the page, and the sums of them that a reader can compute. Pure.

The name of a cell is a tuple: its kind, then the values that tell it from others of its kind.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from reports.marts.build import PEOPLE, LedgerRow
from reports.marts.forecast import CurvePoint, Metric
from reports.marts.sales import Kpi
from reports.marts.segments import Cohort
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, is_small, whole
from reports.privacy.cell_suppression import Key, Sum
from reports.privacy.field_rules import Name, declared_counts

DECISIONS = ("true_positive", "false_positive", "false_negative", "true_negative")
POSITIVES: Name = ("positives",)
LIKELY: Name = ("likely",)
RETURNED: Name = ("returned",)
CAME: Name = ("came",)


def size_name(as_of_date: str | None, segment: str) -> Name:
    """Return the cell of a segment at a date; of a finer segment where the date is None."""
    return ("size", as_of_date, segment)


def cohort_name(cohort_month: str, months_since: int) -> Name:
    """Return the cell of a cohort so many months later; 0 is the cohort itself."""
    return ("cohort", cohort_month, months_since)


def ledger_name(row: LedgerRow) -> Name:
    """Return the cell of a line of the ledger."""
    return ("ledger", row.entity, row.reason, row.source)


def shop_counts(shop: Shop) -> dict[Key, int]:
    """Return the value of every cell: declared by a field, or derivable from a published rate."""
    pairs = (*declared_counts(shop), *_derivable_counts(shop))
    return {name: whole(figure) for name, figure in pairs}


def _derivable_counts(shop: Shop) -> Iterator[tuple[Name, Count]]:
    """Yield the counts that no field holds, but that follow from a published rate."""
    yield RETURNED, sum(whole(row.retained_customers) for row in _returning_cohorts(shop))
    for metric in of_report_window(shop.metrics):
        if metric.metric == "positives":
            yield POSITIVES, whole(metric.value)
        elif metric.metric in DECISIONS:
            yield ("decision", metric.model, metric.metric), whole(metric.value)
    yield from ((tenth_name(point), _of_tenth(point)) for point in tenths(shop.curves))


def _returning_cohorts(shop: Shop) -> list[Cohort]:
    """Return the cells of the cohort grid that the return rate is computed from."""
    first = min((row.cohort_month for row in shop.cohorts), default="")
    return [
        row
        for row in shop.cohorts
        if row.months_since == 1 and row.is_complete and row.cohort_month > first
    ]


def of_report_window(metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics of all customers of the report window."""
    return [row for row in metrics if row.split == "report" and row.slice == "all"]


def tenths(curves: Iterable[CurvePoint]) -> list[CurvePoint]:
    """Return the points of the calibration curves, one for each tenth of the customers."""
    return [point for point in curves if point.curve == "calibration"]


def tenth_name(point: CurvePoint) -> Name:
    """Return the cell of the buyers in a tenth."""
    return ("tenth", point.model, point.point)


def _of_tenth(point: CurvePoint) -> int:
    """Return the buyers of a tenth, or its customers where the tenth itself is small."""
    buyers = round(point.y * point.row_count)
    return point.row_count if is_small(point.row_count) else buyers


def shop_sums(shop: Shop, counts: Mapping[Key, int]) -> list[Sum]:
    """Return the sums that a reader can compute and that hold for these counts.

    Parameters
    ----------
    shop : Shop
        As read from the marts.
    counts : mapping of tuple to int
        Its cells, as `shop_counts` returns them.
    """
    today = shop.build.as_of_date or ""
    sums = (
        *_partitions(shop, counts, today),
        *_score_sums(shop, counts),
        *_move_sums(shop, today),
        *_month_sums(shop),
        *_snapshot_sums(shop),
        *_forecast_sums(shop),
        *_model_sums(shop, counts),
        *_ledger_sums(shop),
    )
    return [one for one in sums if _holds(one, counts)]


def _holds(one: Sum, counts: Mapping[Key, int]) -> bool:
    if not one.parts or any(key not in counts for key, _ in one.signs()):
        return False
    return not one.total or sum(sign * counts[key] for key, sign in one.signs()) == 0


def _partitions(shop: Shop, counts: Mapping[Key, int], today: str) -> Iterator[Sum]:
    """Yield the partitions of all customers, whose number is published."""
    yield Sum(tuple(size_name(None, row.segment) for row in shop.segment_details))
    for first in ("cell", "band"):
        yield Sum(tuple(name for name in counts if isinstance(name, tuple) and name[0] == first))
    yield Sum(tuple(size_name(today, row.segment) for row in shop.segments))
    for tie in shop.ties:
        own = [row.score for row in shop.thresholds if row.measure == tie.measure]
        if shop.build.scoring_method != "ntile":
            yield Sum(tuple(("score", tie.measure, score) for score in own))
        yield Sum(tuple(("tied", tie.measure, score) for score in own), (("ties", tie.measure),))


def _score_sums(shop: Shop, counts: Mapping[Key, int]) -> Iterator[Sum]:
    """Yield rows, columns and blocks of the score grid; the size of a quartile is published."""
    are_quartiles = shop.build.scoring_method == "ntile"
    pairs = [(cell.recency_score, cell.frequency_score) for cell in shop.score_cells]
    for place, measure in enumerate(("recency", "frequency")):
        for score in (1, 2, 3, 4):
            own = tuple(("cell", *pair) for pair in pairs if pair[place] == score)
            total = ("score", measure, score)
            is_public = are_quartiles and not is_small(counts.get(total, 0))
            yield Sum(own, () if is_public else (total,))
    links = [
        (("cell", cell.recency_score, cell.frequency_score), size_name(None, detail))
        for cell in shop.score_cells
        for detail in json.loads(cell.details)
    ]
    for block in _blocks(links):
        yield Sum(
            tuple(name for name in block if name[0] == "cell"),
            tuple(name for name in block if name[0] == "size"),
        )


def _blocks(links: Iterable[tuple[Name, Name]]) -> list[list[Name]]:
    """Return the connected components: finer segments and the grid cells they overlap."""
    blocks: list[list[Name]] = []
    for link in links:
        touched = [block for block in blocks if set(block) & set(link)]
        merged = [name for block in touched for name in block]
        blocks = [block for block in blocks if block not in touched]
        blocks.append(list(dict.fromkeys([*merged, *link])))
    return blocks


def _move_sums(shop: Shop, today: str) -> Iterator[Sum]:
    """Yield rows, columns and directions of the matrix of moves."""
    names = [("move", move.from_segment, move.to_segment) for move in shop.moves]
    segments = {row.segment for row in shop.segments}
    for start in dict.fromkeys(move.from_segment for move in shop.moves):
        own = tuple(name for name in names if name[1] == start)
        before = size_name(shop.moves[0].from_as_of_date, start)
        yield Sum(own, (before if start in segments else ("new", today),))
    for end in dict.fromkeys(move.to_segment for move in shop.moves):
        yield Sum(tuple(name for name in names if name[2] == end), (size_name(today, end),))
    for total in shop.move_totals:
        own = tuple(
            ("move", move.from_segment, move.to_segment)
            for move in shop.moves
            if move.direction == total.direction
        )
        causes = [row.cause for row in shop.move_causes if row.direction == total.direction]
        yield Sum(own, (("direction", total.direction),))
        yield Sum(
            tuple(("cause", cause, total.direction) for cause in causes),
            (("direction", total.direction),),
        )


def _month_sums(shop: Shop) -> Iterator[Sum]:
    """Yield the sums that connect months and cohorts."""
    # Revenue and orders of all months are published, those of a month with its customers.
    yield Sum(tuple(("month", row.month) for row in shop.months))
    yield Sum(tuple(cohort_name(row.month, 0) for row in shop.months))
    order = {row.month: place for place, row in enumerate(shop.months)}
    for month, place in order.items():
        own = [
            cohort_name(row.cohort_month, row.months_since)
            for row in shop.cohorts
            if order.get(row.cohort_month, -1) + row.months_since == place
            and row.cohort_month in order
        ]
        yield Sum(tuple(own), (("month", month),))
    came_back = [cohort_name(row.cohort_month, 1) for row in _returning_cohorts(shop)]
    yield Sum(tuple(came_back), (RETURNED,))


def _snapshot_sums(shop: Shop) -> Iterator[Sum]:
    """Yield the sums that connect snapshots with each other and with calendar months."""
    for kpi in shop.kpis[1:]:
        own = [row.segment for row in shop.segment_sizes if row.as_of_date == kpi.as_of_date]
        yield Sum(tuple(size_name(kpi.as_of_date, name) for name in own), _known(kpi))
    for place, (now, before) in enumerate(pairwise(shop.kpis)):
        new: Name = ("new", now.as_of_date)
        yield Sum((*_known(before), new), _known(now) if place else ())
        yield Sum((("buyers", before.as_of_date), new), (("active", now.as_of_date),))
    for kpi in shop.kpis:
        for month in shop.months:
            if _is_month(kpi.as_of_date, shop.build.horizon_days, month.month):
                yield Sum((("active", kpi.as_of_date),), (("month", month.month),))
                yield Sum((("new", kpi.as_of_date),), (cohort_name(month.month, 0),))


def _known(kpi: Kpi) -> tuple[Name]:
    return (("known", kpi.as_of_date),)


def _is_month(as_of_date: str, days: int, month: str) -> bool:
    last = datetime.date.fromisoformat(as_of_date)
    is_last = (last + datetime.timedelta(days=1)).day == 1
    return is_last and (last - datetime.timedelta(days=days - 1)).isoformat() == month


def _forecast_sums(shop: Shop) -> Iterator[Sum]:
    likely = [row.band for row in shop.probability_bands if row.band >= 5]
    yield Sum(tuple(("band", band) for band in likely), (LIKELY,))
    for window in shop.windows:
        day = window.as_of_date
        yield Sum((("window", day),), (("known", day),))
        yield Sum((("window", day),), (("forecast", day),))
        yield Sum((("buyers", day),), (("came", day),))
    dates = [row.prediction_date for row in shop.track_dates]
    bands = [row.band for row in shop.track_bands]
    yield Sum(tuple(("forecast", day) for day in dates))
    yield Sum(tuple(("track", band) for band in bands))
    yield Sum(tuple(("came", day) for day in dates), (CAME,))
    yield Sum(tuple(("track came", band) for band in bands), (CAME,))


def _model_sums(shop: Shop, counts: Mapping[Key, int]) -> Iterator[Sum]:
    run = next((run for run in shop.model_runs if run.is_in_use), None)
    if run and run.evaluated_as_of_date:
        yield Sum((("buyers", run.evaluated_as_of_date),), (POSITIVES,))
    for model in dict.fromkeys(row.model for row in of_report_window(shop.metrics)):
        hit, false_alarm, miss, rejection = (("decision", model, name) for name in DECISIONS)
        yield Sum((hit, miss), (POSITIVES,))
        yield Sum((hit, false_alarm, miss, rejection))
    for model in dict.fromkeys(point.model for point in tenths(shop.curves)):
        own = [tenth_name(point) for point in tenths(shop.curves) if point.model == model]
        yield Sum(tuple(own))


def _ledger_sums(shop: Shop) -> Iterator[Sum]:
    lines = [row for row in shop.ledger if row.entity in PEOPLE]
    for entity in dict.fromkeys(row.entity for row in lines):
        # The number of kept transactions is published.
        own = [row for row in lines if row.entity == entity]
        rejected: Sequence[LedgerRow] = [row for row in own if not row.is_kept]
        yield Sum(tuple(map(ledger_name, own if entity == "customers" else rejected)))
    for line in lines:
        parts = [
            ledger_name(row)
            for row in shop.ledger_by_source
            if (row.entity, row.reason) == (line.entity, line.reason)
        ]
        yield Sum(tuple(parts), (ledger_name(line),))
