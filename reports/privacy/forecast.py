"""What a page for anybody may show of the forecast. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reports.marts.forecast import (
    CurvePoint,
    Metric,
    ModelRun,
    TrackBand,
    TrackDate,
    TrackTotal,
    Window,
)
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Withheld, is_small, known
from reports.privacy.cell_suppression import Key
from reports.privacy.counts import CAME, DECISIONS, POSITIVES, Name, judged, tenth_name, tenths

Words = Mapping[Key, Withheld]
Group = tuple[str, str, str]
"""Split, date and slice of the customers that figures were measured on."""
OF_DECISIONS = frozenset({*DECISIONS, "accuracy", "precision", "recall", "f1", "contact_profit"})
FEW = "The figures behind it are of too few customers to be shown."
NAMES_FEW = re.compile(r"(?<![\d.,])[1-4] (?:rows of )?(?:customer|buyer)s?\b")
HIDDEN = Withheld.WITHHELD


def suppress(shop: Shop, words: Words) -> Shop:
    """Withhold the figures of the forecast that tell of a small group.

    Parameters
    ----------
    shop : Shop
        As read from the marts.
    words : mapping of tuple to Withheld
        The counts that are withheld, by the names of `shop_counts`.

    Returns
    -------
    Shop
        Rows of metrics and points of curves are left out; `withheld_metrics` names what is missing
        of the report window.
    """
    hidden = _hidden_metrics(shop, words)
    # Rows of training are the customers of all windows: a window that is withheld would follow.
    has_hidden_window = any(("window", row.as_of_date) in words for row in shop.windows)
    runs = tuple(_run(run, words) for run in shop.model_runs)
    if has_hidden_window:
        runs = tuple(replace(run, training_rows=HIDDEN, card=None) for run in runs)
    return replace(
        shop,
        model_runs=runs,
        metrics=tuple(row for row in shop.metrics if row not in hidden),
        withheld_metrics=frozenset(
            (row.model, row.slice, row.metric) for row in hidden if row.split == "report"
        ),
        curves=_curves(shop, words),
        windows=tuple(_window(row, words) for row in shop.windows),
        track_dates=tuple(_track_date(row, words) for row in shop.track_dates),
        track_bands=tuple(_track_band(row, words) for row in shop.track_bands),
        track_total=_track_total(shop, words),
    )


def _hidden_metrics(shop: Shop, words: Words) -> frozenset[Metric]:
    """Return the figures that are of a small group, or tell of one."""
    sizes = _sizes(shop.metrics)
    decisions = _small_decisions(shop.metrics, words)
    bent = {point.model for point in tenths(shop.curves) if tenth_name(point) in words}

    def is_hidden(row: Metric) -> bool:
        group, everybody = _group(row), (row.split, row.as_of_date, "all")
        is_judged = (row.split, row.slice) == ("report", "all")
        return (
            (row.split == "report" and POSITIVES in words)
            or any(_has_few(sizes[one]) for one in (group, everybody) if one in sizes)
            or (row.metric in OF_DECISIONS and (group, row.model) in decisions)
            or (row.metric == "lift_top_tenth" and _is_small_lift(row, sizes.get(group)))
            or (row.metric == "expected_calibration_error" and is_judged and row.model in bent)
        )

    return frozenset(filter(is_hidden, shop.metrics))


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
    """Tell whether customers, buyers or the others of a group are few."""
    customers, buyers = sizes
    return is_small(customers) or is_small(buyers) or is_small(customers - buyers)


def _small_decisions(metrics: Iterable[Metric], words: Words) -> set[tuple[Group, str]]:
    """Return the groups and models of which a field of the confusion matrix is withheld."""
    return {
        (_group(row), row.model)
        for row in metrics
        if row.metric in DECISIONS
        and (
            is_small(row.value)
            or (_group(row)[::2] == ("report", "all") and _decision(row) in words)
        )
    }


def _decision(row: Metric) -> Name:
    return ("decision", row.model, row.metric)


def _is_small_lift(row: Metric, sizes: tuple[int, int] | None) -> bool:
    """Tell whether the best-ranked tenth, or the buyers in it, are few."""
    if sizes is None or not sizes[0]:
        return True
    customers, buyers = sizes
    reached = max(1, round(customers / 10))
    return is_small(reached) or is_small(round(row.value * buyers * reached / customers, 6))


def _run(run: ModelRun, words: Words) -> ModelRun:
    customers = known(run.evaluation_rows) or 0
    buyers = round(customers * (known(run.base_rate) or 0))
    is_few = is_small(customers) or is_small(buyers) or is_small(customers - buyers)
    if run.is_in_use and POSITIVES in words:
        is_few = True
    if is_few:
        run = replace(
            run,
            evaluation_rows=Withheld.SMALL if is_small(customers) else run.evaluation_rows,
            base_rate=HIDDEN,
        )
    tells = is_few or bool(NAMES_FEW.search(f"{run.verdict_reason} {run.message}"))
    if tells:
        run = replace(run, verdict_reason=run.verdict_reason and FEW, message=run.message and FEW)
    return replace(run, card=None if tells or not run.card else _without_tables(run.card))


def _without_tables(card: str) -> str:
    """Leave out the passages that hold tables: their figures stand on the page, small ones not."""
    passages = re.split(r"(?m)^(?=#{1,6} )", card)
    return "".join(text for text in passages if not re.search(r"(?m)^\s*\|", text))


def _curves(shop: Shop, words: Words) -> tuple[CurvePoint, ...]:
    """Leave out points between which a small group lies, and small groups themselves."""
    found = {
        row.metric: round(row.value)
        for row in judged(shop.metrics)
        if row.metric in {"rows", "positives"}
    }
    if len(found) < 2 or POSITIVES in words or is_small(found["rows"] - found["positives"]):
        return ()
    kept = [point for point in tenths(shop.curves) if tenth_name(point) not in words]
    for curve in ("gains", "precision_recall", "roc"):
        for model in dict.fromkeys(point.model for point in shop.curves):
            own = [row for row in shop.curves if (row.curve, row.model) == (curve, model)]
            kept += _thinned(own, found["rows"], found["positives"])
    return tuple(sorted(kept, key=lambda point: (point.curve, point.model, point.point)))


def _thinned(points: Sequence[CurvePoint], customers: int, buyers: int) -> list[CurvePoint]:
    """Keep points that are 0 or at least five buyers, and as many others, apart."""
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
    """Return buyers and others up to a point; None where the point does not tell."""
    if point.curve == "roc":
        return round(point.y * buyers), round(point.x * (customers - buyers))
    if point.curve == "gains":
        bought = round(point.y * buyers)
        return bought, round(point.x * customers) - bought
    bought = round(point.x * buyers)
    return (bought, round(bought / point.y) - bought) if point.y else None


def _word(words: Words, *name: Key) -> Withheld | None:
    return words.get(name)


def _window(row: Window, words: Words) -> Window:
    customers = _word(words, "window", row.as_of_date)
    buyers = _word(words, "buyers", row.as_of_date)
    if row.buyers is not None and (customers or buyers):
        row = replace(row, buyers=buyers or HIDDEN, buyer_share=HIDDEN)
    return replace(row, customers=customers or row.customers)


def _track_date(row: TrackDate, words: Words) -> TrackDate:
    day = row.prediction_date
    customers = _word(words, "forecast", day)
    marked, both = _word(words, "marked", day), _word(words, "marked came", day)
    row = replace(
        row,
        buyers=_word(words, "came", day) or row.buyers,
        marked=marked or row.marked,
        marked_buyers=both or row.marked_buyers,
        marked_share=HIDDEN if marked or both else row.marked_share,
    )
    if not customers:
        return row
    return replace(
        row,
        customers=customers,
        expected_buyers=HIDDEN,
        buyers=_also(row.buyers),
        marked=_also(row.marked),
        marked_buyers=_also(row.marked_buyers),
        marked_share=HIDDEN,
        brier=HIDDEN,
    )


def _also(figure: Figure) -> Withheld:
    return figure if isinstance(figure, Withheld) else HIDDEN


def _track_band(row: TrackBand, words: Words) -> TrackBand:
    customers, buyers = _word(words, "track", row.band), _word(words, "track came", row.band)
    if customers:
        return replace(
            row,
            customers=customers,
            mean_probability=HIDDEN,
            buyers=buyers or HIDDEN,
            buyer_share=HIDDEN,
        )
    return replace(row, buyers=buyers, buyer_share=HIDDEN) if buyers else row


def _track_total(shop: Shop, words: Words) -> TrackTotal:
    total = shop.track_total
    names = [(first, row.band) for row in shop.track_bands for first in ("track", "track came")]
    return replace(
        total,
        buyers=words.get(CAME, total.buyers),
        error=HIDDEN if any(name in words for name in names) else total.error,
    )
