"""The past: which windows did what, the figures at each, and what became of forecasts. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.formatting import DASH, capital, day, interval, model_name, number, percent, short_day
from reports.marts.forecast import Metric, TrackBand, TrackDate, TrackTotal, Window
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed
from reports.page.components import Chart, make_chart
from reports.page.forecast import history_charts
from reports.page.forecast.score_charts import band_label
from reports.page.table import Column, Measured, Table

ROLES = {
    "fit": "fits the candidates",
    "choose": "chooses model and threshold",
    "refit": "fits what is judged",
    "report": "judges",
    "final": "fits the model in use",
    "score": "is forecast",
    "history": "judges an earlier model",
}
CROSS_VALIDATED = (
    "There are too few windows for one that chooses: the model was chosen by cross-validation "
    "within those that it learns from."
)
BESIDE = ("base_rate", "recency_rule", "bg_nbd")


def window_with(windows: Sequence[Window], role: str) -> Window | None:
    """Return the newest window of a role."""
    return next((window for window in windows if role in json.loads(window.roles)), None)


def windows_chart(windows: Sequence[Window]) -> Chart | None:
    """Draw how the windows lie, or nothing where the run names none."""
    if not any(json.loads(window.roles) for window in windows):
        return None
    judged = window_with(windows, "report")
    finding = (
        f"Judged on the {judged.label_days} days after {day(judged.as_of_date)}, before "
        "learning from them"
        if judged
        else "Which past windows were used, and for what"
    )
    crossed = "" if window_with(windows, "choose") else f" {CROSS_VALIDATED}"
    return make_chart(
        "windows",
        finding,
        "A bar is a window: the days in which an order counts. What is known of a customer ends "
        "before them. Each row learns from earlier windows alone; looking back, every past date "
        "is judged by models that knew only the windows before it. Dotted: the as-of date."
        f"{crossed}",
        windows_table(windows),
        history_charts.windows(windows),
        size="wide",
    )


def windows_table(windows: Sequence[Window]) -> Table:
    """Write every window with its customers, buyers and roles."""
    return Table(
        caption="Windows of the run in use",
        columns=(
            Column("As of", is_number=False),
            Column("Orders count until", is_number=False),
            Column("Customers"),
            Column("Buyers"),
            Column("Share"),
            Column("What it does", is_number=False),
        ),
        rows=tuple(
            (
                day(window.as_of_date),
                day(window.label_end_date),
                number(window.customers),
                number(window.buyers),
                percent(window.buyer_share, decimals=1),
                roles_in_words(window),
            )
            for window in windows
        ),
    )


def roles_in_words(window: Window) -> str:
    """Say what a window is for."""
    roles = [ROLES.get(role, role) for role in json.loads(window.roles)]
    return capital(", ".join(roles)) or "Not used"


def past_charts(metrics: Sequence[Metric], in_use: str) -> tuple[Chart, ...]:
    """Draw log loss and ROC-AUC at each past window; nothing where there is one window only."""
    losses = _over_time(metrics, in_use, "log_loss")
    ranks = _over_time(metrics, in_use, "roc_auc")
    drawn = []
    if len(losses.get(in_use, ())) > 1:
        sure = beyond_chance(metrics, in_use)
        finding = losses_finding(losses, in_use)
        drawn.append(_past_chart("past-log-loss", finding, losses, in_use, sure))
    if len(ranks.get(in_use, ())) > 1:
        drawn.append(_past_chart("past-roc-auc", ranks_finding(ranks[in_use]), ranks, in_use))
    return tuple(drawn)


def beyond_chance(metrics: Sequence[Metric], in_use: str) -> str:
    """Say at how many past dates it beat each baseline, or was beaten, with the whole interval."""
    counted, lost = [], []
    for baseline in BESIDE:
        name = f"log_loss_minus_{baseline}"
        rows_of = _over_time(metrics, in_use, name).get(in_use, ())
        if rows_of:
            won = sum(row.high is not None and row.high < 0 for row in rows_of)
            counted.append(f"the {model_name(baseline)} at {won} of {len(rows_of)}")
            worse = sum(row.low is not None and row.low > 0 for row in rows_of)
            if worse:
                lost.append(f"the {model_name(baseline)} at {worse}")
    told = f" Beyond chance it beat {', '.join(counted)}." if counted else ""
    told += f" Beyond chance it was beaten by {', '.join(lost)}." if lost else ""
    return told.replace("the BG/NBD", "BG/NBD")


def _over_time(
    metrics: Sequence[Metric], in_use: str, metric: str
) -> Mapping[str, Sequence[Metric]]:
    """Return a figure by model and date, the model in use first."""
    judged = [
        row
        for row in metrics
        if row.metric == metric and row.slice == "all" and row.split in {"history", "report"}
    ]
    by_model = {
        model: sorted((row for row in judged if row.model == model), key=lambda row: row.as_of_date)
        for model in (in_use, *BESIDE)
    }
    return {model: found for model, found in by_model.items() if found}


PAST = {
    "past-log-loss": ("Log loss", "Log loss at each past date, lower is better."),
    "past-roc-auc": ("ROC-AUC", "ROC-AUC at each past date, higher is better; 0.5 is chance."),
}


def _past_chart(
    name: str,
    finding: str,
    found: Mapping[str, Sequence[Metric]],
    in_use: str,
    sure: str = "",
) -> Chart:
    title, caption = PAST[name]
    return make_chart(
        name,
        finding,
        f"{caption} Every model had seen only what lay before that date. Band: 95% interval.{sure}",
        past_table(found, in_use, f"{title} at each past date"),
        history_charts.over_time(found, in_use=in_use, title=title),
    )


def losses_finding(found: Mapping[str, Sequence[Metric]], in_use: str) -> str:
    """Say at how many past dates the model in use had the lowest log loss."""
    others = [rows_of for model, rows_of in found.items() if model != in_use]
    if not others:
        return "The log loss of the forecast at each past date"
    lowest: dict[str, float] = {}
    for row in (row for rows_of in others for row in rows_of):
        lowest[row.as_of_date] = min(row.value, lowest.get(row.as_of_date, row.value))
    compared = [row for row in found[in_use] if row.as_of_date in lowest]
    won = sum(row.value < lowest[row.as_of_date] for row in compared)
    dates = len(compared)
    where = f"all {dates}" if won == dates else f"{won} of {dates}"
    return f"At {where} past dates the forecast was closer to the truth than all beside it"


def ranks_finding(own: Sequence[Metric]) -> str:
    """Say between what the ROC-AUC of the model in use moved."""
    lowest, highest = min(row.value for row in own), max(row.value for row in own)
    low, high = number(lowest, decimals=2), number(highest, decimals=2)
    if low == high:
        return f"The ranking held: ROC-AUC was {low} at each of {len(own)} past dates"
    return f"ROC-AUC lay between {low} and {high} at {len(own)} past dates"


def past_table(found: Mapping[str, Sequence[Metric]], in_use: str, caption: str) -> Table:
    """Write a figure at each past date, latest first, a column for each method."""
    by_key = {(row.model, row.as_of_date): row for row in _all(found)}
    dates = sorted({row.as_of_date for row in _all(found)}, reverse=True)
    return Table(
        caption=caption,
        columns=(
            Column("As of", is_number=False),
            *(
                Column(f"{capital(model_name(model))}{' (in use)' if model == in_use else ''}")
                for model in found
            ),
        ),
        rows=tuple(
            (day(date), *(_measured(by_key.get((model, date))) for model in found))
            for date in dates
        ),
    )


def _all(found: Mapping[str, Sequence[Metric]]) -> list[Metric]:
    return [row for rows_of in found.values() for row in rows_of]


def _measured(row: Metric | None) -> Measured:
    if row is None:
        return Measured(DASH)
    between = "" if row.low is None else interval(row.low, row.high, decimals=3)
    return Measured(number(row.value, decimals=3), between)


def track_record(shop: Shop) -> TrackRecord:
    """Set past forecasts beside what came true, or say when the first can be."""
    if not shop.track_dates:
        return TrackRecord((), _nothing_due(shop.forecast_due))
    return TrackRecord((_dates_chart(shop), _bands_chart(shop)), "")


def _nothing_due(due: str | None) -> str:
    if due is None:
        return "No forecast has come due yet: what was expected and what came true will stand here."
    return f"No forecast has come due yet: the present one does on {day(due)}."


def _dates_chart(shop: Shop) -> Chart:
    return make_chart(
        "track-record",
        track_finding(shop.track_total),
        "Buyers expected on the day of each forecast (the sum of the probabilities), and those of "
        "these customers who ordered before its horizon was over. Where forecasts overlap, a buyer "
        "counts in each.",
        track_table(shop.track_dates),
        history_charts.came_true(shop.track_dates),
    )


def track_finding(total: TrackTotal) -> str:
    """Say how many buyers past forecasts expected, and how many there were."""
    expected, ordered = number(total.expected_buyers), number(total.buyers)
    if total.dates == 1:
        return f"The past forecast expected {expected} buyers; {ordered} ordered"
    return f"{total.dates} past forecasts together expected {expected} buyers; {ordered} ordered"


def _bands_chart(shop: Shop) -> Chart:
    return make_chart(
        "track-calibration",
        _bands_finding(shop.track_total.error),
        "All past forecasts in tenths of the probability, weighted by customers; dotted: what was "
        "predicted comes true.",
        track_bands_table(shop.track_bands),
        history_charts.track_bands(shop.track_bands),
    )


def _bands_finding(error: Figure | None) -> str:
    if isinstance(error, Suppressed):
        return "Past probabilities beside what came true"
    points = 100 * (error or 0)
    return f"Past probabilities and what came true differ by {number(points, decimals=1)} points"


def track_table(found: Sequence[TrackDate]) -> Table:
    """Write every past forecast, latest first."""
    return Table(
        caption="What past forecasts expected, and what came true",
        columns=(
            Column("Forecast as of", is_number=False),
            Column("Due on", is_number=False),
            Column("Run"),
            Column("Customers"),
            Column("Expected buyers"),
            Column("Ordered"),
            Column("Marked"),
            Column("Marked who ordered"),
            Column("Brier score"),
        ),
        rows=tuple(
            (
                short_day(row.prediction_date),
                short_day(row.horizon_end_date),
                number(row.run_number),
                number(row.customers),
                number(row.expected_buyers, decimals=1),
                number(row.buyers),
                number(row.marked),
                f"{number(row.marked_buyers)} ({percent(row.marked_share)})",
                number(row.brier, decimals=3),
            )
            for row in reversed(found)
        ),
    )


def track_bands_table(found: Sequence[TrackBand]) -> Table:
    """Write predicted and realised rates by tenth of the probability."""
    return Table(
        caption="Past forecasts by probability",
        columns=(
            Column("Probability", is_number=False),
            Column("Customers"),
            Column("Predicted"),
            Column("Ordered"),
            Column("Share that ordered"),
        ),
        rows=tuple(
            (
                band_label(row.band),
                number(row.customers),
                percent(row.mean_probability, decimals=1),
                number(row.buyers),
                percent(row.buyer_share, decimals=1),
            )
            for row in found
        ),
    )


@dataclass(frozen=True)
class TrackRecord:
    """What became of past forecasts; `empty` stands while none has come due."""

    charts: tuple[Chart, ...]
    empty: str
