"""Every count of customers that the page shows, and all that a reader can add up. Pure.

Each count has a name, a tuple that begins with what is counted. `privacy` withholds by these names.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from reports.marts.build import LedgerRow
from reports.marts.forecast import CurvePoint, Metric
from reports.marts.sales import Kpi
from reports.marts.segments import Cohort
from reports.marts.shop import Shop
from reports.marts.suppressed import Count, is_small, whole
from reports.privacy.cell_suppression import Key, Sum

Name = tuple[Key, ...]
DECISIONS = ("true_positive", "false_positive", "false_negative", "true_negative")
PEOPLE = frozenset({"transactions", "refunds", "customers"})
"""What the ledger lists that tells of customers; products tell of none."""
POSITIVES: Name = ("positives",)
LIKELY: Name = ("likely",)
RETURNED: Name = ("returned",)
CAME: Name = ("came",)


def size_name(as_of_date: str, segment: str) -> Name:
    """Name the customers of a segment at a date."""
    return ("size", as_of_date, segment)


def cohort_name(cohort_month: str, months_since: int) -> Name:
    """Name the customers of a cohort who ordered so many months later; 0 is the cohort itself."""
    return ("cohort", cohort_month, months_since)


def ledger_name(row: LedgerRow) -> Name:
    """Name the rows of the ledger that a line counts."""
    return ("ledger", row.entity, row.reason, row.source)


def shop_counts(shop: Shop) -> dict[Key, int]:
    """Return every count of customers by its name.

    Parameters
    ----------
    shop : Shop
        As read from the marts.

    Returns
    -------
    dict of tuple to int
        Also counts that the page does not show themselves, but lets a reader work out.
    """
    pairs = (*_segment_counts(shop), *_time_counts(shop), *_forecast_counts(shop))
    return {name: whole(figure) for name, figure in pairs}


def _segment_counts(shop: Shop) -> Iterator[tuple[Name, Count]]:
    today = shop.build.as_of_date or ""
    yield from ((size_name(today, row.segment), row.customers) for row in shop.segments)
    yield from ((("detail", row.segment), row.customers) for row in shop.segment_details)
    for cell in shop.score_cells:
        yield ("cell", cell.recency_score, cell.frequency_score), cell.customers
    for row in shop.thresholds:
        yield ("score", row.measure, row.score), row.customers
        yield ("tied", row.measure, row.score), row.tied_customers
    yield from ((("ties", tie.measure), tie.customers) for tie in shop.ties)
    lines = (*shop.ledger, *shop.ledger_by_source)
    yield from ((ledger_name(line), line.row_count) for line in lines if line.entity in PEOPLE)


def _time_counts(shop: Shop) -> Iterator[tuple[Name, Count]]:
    for size in shop.segment_sizes:
        yield size_name(size.as_of_date, size.segment), size.customers
    for kpi in shop.kpis:
        yield ("active", kpi.as_of_date), kpi.active_customers
        yield ("new", kpi.as_of_date), kpi.new_customers
    yield from ((("known", kpi.as_of_date), kpi.customers_with_orders) for kpi in shop.kpis[1:])
    for month in shop.months:
        yield ("month", month.month), month.customers
        yield cohort_name(month.month, 0), month.new_customers
    for row in shop.cohorts:
        yield cohort_name(row.cohort_month, row.months_since), row.retained_customers
    yield RETURNED, sum(whole(row.retained_customers) for row in _came_back(shop))
    for move in shop.moves:
        yield ("move", move.from_segment, move.to_segment), move.customers
    for total in shop.move_totals:
        yield ("direction", total.direction), total.customers
    for cause in shop.move_causes:
        yield ("cause", cause.cause, cause.direction), cause.customers


def _came_back(shop: Shop) -> list[Cohort]:
    first = min((row.cohort_month for row in shop.cohorts), default="")
    return [
        row
        for row in shop.cohorts
        if row.months_since == 1 and row.is_complete and row.cohort_month > first
    ]


def _forecast_counts(shop: Shop) -> Iterator[tuple[Name, Count]]:
    yield from ((("band", row.band), row.customers) for row in shop.probability_bands)
    yield LIKELY, shop.likely_buyers
    for window in shop.windows:
        yield ("window", window.as_of_date), window.customers
        yield ("buyers", window.as_of_date), window.buyers or 0
    for date in shop.track_dates:
        yield ("forecast", date.prediction_date), date.customers
        yield ("came", date.prediction_date), date.buyers
        yield ("marked", date.prediction_date), date.marked
        yield ("marked came", date.prediction_date), date.marked_buyers
    for band in shop.track_bands:
        yield ("track", band.band), band.customers
        yield ("track came", band.band), band.buyers
    yield CAME, shop.track_total.buyers or 0
    for metric in judged(shop.metrics):
        if metric.metric == "positives":
            yield POSITIVES, whole(metric.value)
        elif metric.metric in DECISIONS:
            yield ("decision", metric.model, metric.metric), whole(metric.value)
    yield from ((tenth_name(point), _of_tenth(point)) for point in tenths(shop.curves))


def judged(metrics: Iterable[Metric]) -> list[Metric]:
    """Return the figures of all customers of the report window."""
    return [row for row in metrics if row.split == "report" and row.slice == "all"]


def tenths(curves: Iterable[CurvePoint]) -> list[CurvePoint]:
    """Return the groups of customers that the calibration curves are made of."""
    return [point for point in curves if point.curve == "calibration"]


def tenth_name(point: CurvePoint) -> Name:
    """Name the buyers in one group of a calibration curve."""
    return ("tenth", point.model, point.point)


def _of_tenth(point: CurvePoint) -> int:
    """Return the buyers of the group, or its customers where it is small itself."""
    buyers = round(point.y * point.row_count)
    return point.row_count if is_small(point.row_count) else buyers


def shop_sums(shop: Shop, counts: Mapping[Key, int]) -> list[Sum]:
    """Return all that a reader can add up.

    Parameters
    ----------
    shop : Shop
        As read from the marts.
    counts : mapping of tuple to int
        What `shop_counts` returns for it.

    Returns
    -------
    list of Sum
        Those that hold for these counts.
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
    """Yield the ways in which all customers fall into groups: their number is public."""
    for first in ("detail", "cell", "band"):
        yield Sum(tuple(name for name in counts if isinstance(name, tuple) and name[0] == first))
    yield Sum(tuple(size_name(today, row.segment) for row in shop.segments))
    for tie in shop.ties:
        own = [row.score for row in shop.thresholds if row.measure == tie.measure]
        if shop.build.scoring_method != "ntile":
            yield Sum(tuple(("score", tie.measure, score) for score in own))
        yield Sum(tuple(("tied", tie.measure, score) for score in own), (("ties", tie.measure),))


def _score_sums(shop: Shop, counts: Mapping[Key, int]) -> Iterator[Sum]:
    """Yield rows, columns and blocks of the score grid; the size of a quarter is public."""
    are_quarters = shop.build.scoring_method == "ntile"
    pairs = [(cell.recency_score, cell.frequency_score) for cell in shop.score_cells]
    for place, measure in enumerate(("recency", "frequency")):
        for score in (1, 2, 3, 4):
            own = tuple(("cell", *pair) for pair in pairs if pair[place] == score)
            total = ("score", measure, score)
            is_public = are_quarters and not is_small(counts.get(total, 0))
            yield Sum(own, () if is_public else (total,))
    links = [
        (("cell", cell.recency_score, cell.frequency_score), ("detail", detail))
        for cell in shop.score_cells
        for detail in json.loads(cell.details)
    ]
    for block in _blocks(links):
        yield Sum(
            tuple(name for name in block if name[0] == "cell"),
            tuple(name for name in block if name[0] == "detail"),
        )


def _blocks(links: Iterable[tuple[Name, Name]]) -> list[list[Name]]:
    """Return what hangs together: finer segments and the cells that they are spread over."""
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
    """Yield what months and cohorts share."""
    # Revenue and orders of all months are public; they are withheld by customers of the month.
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
    came_back = [cohort_name(row.cohort_month, 1) for row in _came_back(shop)]
    yield Sum(tuple(came_back), (RETURNED,))


def _snapshot_sums(shop: Shop) -> Iterator[Sum]:
    """Yield how snapshots grow out of each other, and which of them are calendar months."""
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
    for model in dict.fromkeys(row.model for row in judged(shop.metrics)):
        right, vain, missed, left = (("decision", model, name) for name in DECISIONS)
        yield Sum((right, missed), (POSITIVES,))
        yield Sum((right, vain, missed, left))
    for model in dict.fromkeys(point.model for point in tenths(shop.curves)):
        own = [tenth_name(point) for point in tenths(shop.curves) if point.model == model]
        yield Sum(tuple(own))


def _ledger_sums(shop: Shop) -> Iterator[Sum]:
    lines = [row for row in shop.ledger if row.entity in PEOPLE]
    for entity in dict.fromkeys(row.entity for row in lines):
        # How many transactions were kept is public.
        own = [row for row in lines if row.entity == entity]
        told: Sequence[LedgerRow] = [row for row in own if not row.is_kept]
        yield Sum(tuple(map(ledger_name, own if entity == "customers" else told)))
    for line in lines:
        parts = [
            ledger_name(row)
            for row in shop.ledger_by_source
            if (row.entity, row.reason) == (line.entity, line.reason)
        ]
        yield Sum(tuple(parts), (ledger_name(line),))
