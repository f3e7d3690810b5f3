"""Windows, backtest and track record: the forecast at past dates. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.formatting import DASH, capital, day, interval, model_name, number, percent, short_day
from reports.marts.forecast import Metric, TrackBand, TrackDate, TrackTotal, Window
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed
from reports.page.components import (
    Chart,
    Column,
    Measured,
    Table,
    make_chart,
    number_columns,
    text_columns,
)
from reports.page.forecast import history_charts
from reports.page.forecast.score_charts import band_label

ROLES = {
    "fit": "trains the candidates",
    "choose": "selects model and threshold",
    "refit": "trains the evaluated model",
    "report": "evaluates",
    "final": "trains the model in use",
    "score": "is forecast",
    "history": "evaluates in the backtest",
}
CROSS_VALIDATED = (
    "There are too few windows for a selection window: the model was selected by cross-validation "
    "within the training windows."
)
BESIDE = ("base_rate", "recency_rule", "bg_nbd")


def window_with(windows: Sequence[Window], role: str) -> Window | None:
    """Return the newest window of a role."""
    return next((window for window in windows if role in json.loads(window.roles)), None)


def windows_chart(windows: Sequence[Window]) -> Chart | None:
    """Return the windows of the run; None where the run has no windows."""
    if not any(json.loads(window.roles) for window in windows):
        return None
    report = window_with(windows, "report")
    finding = (
        f"Evaluated on the {report.label_days} days after {day(report.as_of_date)}, which the "
        "evaluated model had not seen"
        if report
        else "Windows of the run and their roles"
    )
    crossed = "" if window_with(windows, "choose") else f" {CROSS_VALIDATED}"
    return make_chart(
        "windows",
        finding,
        "A bar is a window: the days in which an order counts as a purchase. Features use only "
        "the data before it. Each row trains on earlier windows only; the backtest evaluates each "
        "past date with models of the windows before it. Dotted: the as-of date."
        f"{crossed}",
        windows_table(windows),
        history_charts.windows(windows),
        size="wide",
        sources=("model_runs",),
    )


def windows_table(windows: Sequence[Window]) -> Table:
    """Return every window with its customers, buyers and roles."""
    return Table(
        caption="Windows of the run in use",
        columns=(
            *text_columns("As of", "Until"),
            *number_columns("Customers", "Buyers", "Share"),
            *text_columns("Role"),
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
    """Return the roles of a window in words."""
    roles = [ROLES.get(role, role) for role in json.loads(window.roles)]
    return capital(", ".join(roles)) or "Not used"


def past_charts(metrics: Sequence[Metric], in_use: str) -> tuple[Chart, ...]:
    """Return log loss and ROC-AUC at each past date; nothing where there is only one."""
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
    """Return at how many past dates the interval of the difference to a baseline excludes zero."""
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
    text = f" Beyond chance it beat {', '.join(counted)}." if counted else ""
    text += f" Beyond chance it was beaten by {', '.join(lost)}." if lost else ""
    return text.replace("the BG/NBD", "BG/NBD")


def _over_time(
    metrics: Sequence[Metric], in_use: str, metric: str
) -> Mapping[str, Sequence[Metric]]:
    """Return a figure by model and date, the model in use first."""
    evaluated = [
        row
        for row in metrics
        if row.metric == metric and row.slice == "all" and row.split in {"history", "report"}
    ]
    by_model = {
        model: sorted(
            (row for row in evaluated if row.model == model), key=lambda row: row.as_of_date
        )
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
        f"{caption} Backtest: each model used only the data before that date. Band: 95% "
        f"interval.{sure}",
        past_table(found, in_use, f"{title} at each past date"),
        history_charts.over_time(found, in_use=in_use, title=title),
        sources=("model_metrics",),
    )


def losses_finding(found: Mapping[str, Sequence[Metric]], in_use: str) -> str:
    """Return at how many past dates the model in use had the lowest log loss."""
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
    return f"At {where} past dates the forecast had a lower log loss than every baseline"


def ranks_finding(own: Sequence[Metric]) -> str:
    """Return the range of the ROC-AUC of the model in use."""
    lowest, highest = min(row.value for row in own), max(row.value for row in own)
    low, high = number(lowest, decimals=2), number(highest, decimals=2)
    if low == high:
        return f"ROC-AUC was stable: {low} at each of {len(own)} past dates"
    return f"ROC-AUC was between {low} and {high} at {len(own)} past dates"


def past_table(found: Mapping[str, Sequence[Metric]], in_use: str, caption: str) -> Table:
    """Return a metric at each past date, latest first, with a column for each method."""
    by_key = {(row.model, row.as_of_date): row for row in _all(found)}
    dates = sorted({row.as_of_date for row in _all(found)}, reverse=True)
    return Table(
        caption=caption,
        columns=(
            *text_columns("As of"),
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
    """Return past forecasts and their outcomes, or when the first outcome is due."""
    if not shop.track_dates:
        return TrackRecord((), _nothing_due(shop.forecast_due))
    return TrackRecord((_dates_chart(shop), _bands_chart(shop)), "")


def _nothing_due(due: str | None) -> str:
    if due is None:
        return "No forecast is due yet. Past forecasts and their outcomes will be shown here."
    return f"No forecast is due yet. The current one is due on {day(due)}."


def _dates_chart(shop: Shop) -> Chart:
    return make_chart(
        "track-record",
        track_finding(shop.track_total),
        "Expected buyers of each forecast (the sum of the probabilities), and the customers who "
        "ordered within its horizon. Where forecasts overlap, a buyer counts in each.",
        track_table(shop.track_dates),
        history_charts.came_true(shop.track_dates),
        sources=("prediction_track_record", "prediction_outcomes"),
    )


def track_finding(total: TrackTotal) -> str:
    """Return expected and actual buyers of all past forecasts."""
    expected, ordered = number(total.expected_buyers), number(total.buyers)
    if total.dates == 1:
        return f"The past forecast expected {expected} buyers; {ordered} ordered"
    return f"{total.dates} past forecasts together expected {expected} buyers; {ordered} ordered"


def _bands_chart(shop: Shop) -> Chart:
    return make_chart(
        "track-calibration",
        _bands_finding(shop.track_total.error),
        "Calibration of all past forecasts by tenth of the probability; dotted: perfect "
        "calibration.",
        track_bands_table(shop.track_bands),
        history_charts.track_bands(shop.track_bands),
        sources=("prediction_track_record", "prediction_outcomes"),
    )


def _bands_finding(error: Figure | None) -> str:
    if isinstance(error, Suppressed):
        return "Predicted and observed rates of past forecasts"
    points = number(100 * (error or 0), decimals=1)
    return f"Predicted and observed rates of past forecasts differ by {points} points"


def track_table(found: Sequence[TrackDate]) -> Table:
    """Return every past forecast, latest first."""
    return Table(
        caption="Past forecasts and their outcomes",
        columns=(
            *text_columns("Forecast as of", "Due on"),
            *number_columns("Run", "Customers", "Expected buyers", "Ordered"),
            *number_columns("Marked", "Marked who ordered", "Brier score"),
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
    """Return predicted and observed rates by tenth of the probability."""
    return Table(
        caption="Past forecasts by probability",
        columns=(
            *text_columns("Probability"),
            *number_columns("Customers", "Predicted", "Ordered", "Share that ordered"),
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
    """Past forecasts and their outcomes; `empty` is printed while no forecast is due."""

    charts: tuple[Chart, ...]
    empty: str
