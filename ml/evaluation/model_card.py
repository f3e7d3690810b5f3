"""The model card: intended use, training, evaluation and limits of a model, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ml.data.schema import MetricRow, ModelRun, Split
from ml.models.baselines import BASELINES

_METRICS: Final = (
    ("log_loss", "Log loss", ".4f"),
    ("brier", "Brier score", ".4f"),
    ("expected_calibration_error", "Calibration error", ".4f"),
    ("roc_auc", "ROC AUC", ".4f"),
    ("average_precision", "Average precision", ".4f"),
    ("lift_top_tenth", "Lift in the top tenth", ".2f"),
    ("accuracy", "Accuracy", ".3f"),
    ("precision", "Precision", ".3f"),
    ("recall", "Recall", ".3f"),
    ("f1", "F1", ".3f"),
    ("contact_profit", "Profit of contacting", ",.2f"),
    ("rows", "Customers", ",.0f"),
    ("positives", "Buyers", ",.0f"),
)
_VERDICTS: Final = {
    "use": "Use it",
    "use_with_care": "Use with care",
    "do_not_use": "Do not use",
}
_STEPS: Final = (
    ("selection", "fit", "choose"),
    ("report", "refit", "report"),
    ("scoring", "final", "score"),
)
"""Steps of the training, with the roles of their training and their test windows."""

_Figures = Mapping[tuple[Split, str, str, str], MetricRow]


def write_card(run: ModelRun, metrics: Iterable[MetricRow], level_shift: float) -> str:
    """Return the card of a run with status `trained`.

    `level_shift` is added to the log-odds of every customer by the model that scores.
    """
    rows = list(metrics)
    figures: _Figures = {
        (row.split, row.model, row.slice, row.metric): row for row in rows if row.split != "history"
    }
    candidates = sorted({row.model for row in rows} - {run.chosen_model, *BASELINES})
    models = [str(run.chosen_model), *candidates, *BASELINES]
    windows = json.loads(run.windows)
    parts = (
        f"# Purchase forecast {run.model_run_id}",
        f"**{_VERDICTS[str(run.verdict)]}.** {run.verdict_reason}",
        "\n".join(f"* {rule}" for rule in json.loads(run.verdict_rules)),
        _purpose(run),
        _training(run, level_shift),
        "## Temporal split",
        _diagram(windows),
        _windows_table(windows),
        "## Evaluation",
        _evaluation_data(run),
        _table(figures, models, "report", "all"),
        _differences(figures, str(run.chosen_model)),
        "Customers with one order:",
        _table(figures, models, "report", "one_time_buyers"),
        "Metrics on the selection window, which chose the model:",
        _table(figures, models, "choose", "all"),
        _selection(rows),
        "## Backtest",
        _backtest(rows, str(run.chosen_model)),
        "## Permutation importance",
        "Increase of the log loss when the values of a feature are permuted.",
        _importance(rows),
        _limits(run),
        _reproduction(run),
    )
    return "\n\n".join(parts) + "\n"


def _purpose(run: ModelRun) -> str:
    return (
        "## Intended use\n\n"
        "The model forecasts the probability that a customer places an order in the "
        f"{run.horizon_days} days after {run.as_of_date}, for every customer with an order up to "
        "that day. Use it to rank "
        "customers for a campaign and to estimate the number of buyers. Do not use it to decide "
        "about a person's price, credit or rights."
    )


def _training(run: ModelRun, level_shift: float) -> str:
    rule = (
        "the threshold with the best F1 on the selection window"
        if run.threshold_rule == "best_f1"
        else "the cost of a contact divided by its benefit"
    )
    return (
        "## Training\n\n"
        f"`{run.chosen_model}`, fitted on {run.training_rows:,} rows from {run.training_windows} "
        f"past as-of dates, {run.first_training_date} to {run.last_training_date}. The features "
        "are as of each date; the label is an order within the horizon after it. Customers with "
        f"a probability of at least {run.threshold:.3f} are marked as worth contacting: {rule}. "
        f"All log-odds are shifted by {level_shift:+.3f}, which carries a part of the calibration "
        "drift of the report window forward."
    )


def _diagram(windows: Sequence[Mapping[str, Any]]) -> str:
    """Return a text diagram of the windows of each step, oldest first."""
    oldest_first = windows[::-1]
    lines = [f"{name:<10} {_letters(oldest_first, train, test)}" for name, train, test in _STEPS]
    dates = f"{oldest_first[0]['as_of_date']} to {oldest_first[-1]['as_of_date']}"
    legend = (
        f"One letter per window, {dates}: F fit, C choose, R report, S score. Models are fitted "
        "only on windows to the left of the one they are evaluated on."
    )
    return "```text\n" + "\n".join(lines) + f"\n```\n\n{legend}"


def _letters(windows: Iterable[Mapping[str, Any]], train: str, test: str) -> str:
    return " ".join(
        test[0].upper() if test in window["roles"] else "F" if train in window["roles"] else "."
        for window in windows
    )


def _windows_table(windows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        "| As-of date | Horizon end | Customers | Buyers | Roles |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for window in windows:
        buyers = window["buyers"]
        shown = "not known yet" if buyers is None else f"{buyers:,}"
        lines.append(
            f"| {window['as_of_date']} | {window['label_end_date']} | {window['customers']:,} | "
            f"{shown} | {', '.join(window['roles']) or '-'} |"
        )
    return "\n".join(lines)


def _evaluation_data(run: ModelRun) -> str:
    return (
        f"Temporal holdout: the {run.evaluation_rows:,} customers of {run.evaluated_as_of_date}, "
        f"of whom {run.base_rate:.1%} ordered. They were not used for fitting or selection. 95% "
        "bootstrap intervals in brackets."
    )


def _table(figures: _Figures, models: Sequence[str], split: Split, part: str) -> str:
    """Return a table of metrics by model, with a dash for an undefined metric."""
    lines = [
        "| | " + " | ".join(f"`{name}`" for name in models) + " |",
        "| --- |" + " ---: |" * len(models),
    ]
    for metric, title, style in _METRICS:
        rows = [figures.get((split, name, part, metric)) for name in models]
        if any(rows):
            lines.append(f"| {title} | " + " | ".join(_cell(row, style) for row in rows) + " |")
    baselines = ", ".join(f"`{name}`" for name in BASELINES)
    return "\n".join(lines) + f"\n\nBaselines: {baselines}."


def _cell(row: MetricRow | None, style: str) -> str:
    """Format a value with its interval."""
    if row is None:
        return "-"
    if row.low is None or row.high is None:
        return format(row.value, style)
    return f"{row.value:{style}} ({row.low:{style}} to {row.high:{style}})"


def _differences(figures: _Figures, model: str) -> str:
    lines = [
        "Paired difference in log loss, model minus baseline; below 0 the model is better:",
        "",
    ]
    for baseline in BASELINES:
        row = figures["report", model, "all", f"log_loss_minus_{baseline}"]
        lines.append(f"* `{baseline}` {row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})")
    return "\n".join(lines)


def _selection(rows: Iterable[MetricRow]) -> str:
    found = [row for row in rows if row.split == "choose" and "_minus_" in row.metric]
    if not found:
        return "There was one candidate, so no selection was needed."
    first = found[0].metric.removeprefix("log_loss_minus_")
    lines = [
        (
            f"`{first}` is the default; another candidate replaces it only if the 95% interval of "
            "the paired difference in log loss, candidate minus default, is below 0:"
        ),
        "",
        *(f"* `{row.model}` {row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})" for row in found),
    ]
    return "\n".join(lines)


def _backtest(rows: Iterable[MetricRow], model: str) -> str:
    """Return log loss and AUC of each evaluated window, newest first."""
    found = {
        (row.as_of_date, row.model, row.metric): row
        for row in rows
        if row.split in ("history", "report") and row.slice == "all"
    }
    dates = sorted({as_of_date for as_of_date, _, _ in found}, reverse=True)
    models = (model, *BASELINES)
    names = " | ".join(f"`{name}`" for name in models)
    lines = [
        (
            "Log loss on each past window, with models fitted on the windows before it; the first "
            "row is the report window. The candidate and its threshold were selected later, on "
            "the selection window."
        ),
        "",
        f"| As-of date | {names} | ROC AUC of `{model}` |",
        "| --- |" + " ---: |" * (len(models) + 1),
    ]
    for as_of_date in dates:
        cells = [_cell(found.get((as_of_date, name, "log_loss")), ".4f") for name in models]
        area = _cell(found.get((as_of_date, model, "roc_auc")), ".3f")
        lines.append(f"| {as_of_date} | {' | '.join(cells)} | {area} |")
    return "\n".join(lines)


def _importance(rows: Iterable[MetricRow]) -> str:
    found = [
        (row.value, row.slice.removeprefix("feature:"))
        for row in rows
        if row.metric == "permutation_importance"
    ]
    ranked = sorted(found, key=lambda item: (-item[0], item[1]))
    return "\n".join(f"* `{feature}` {value:+.5f}" for value, feature in ranked)


def _limits(run: ModelRun) -> str:
    return (
        "## Limits\n\n"
        "* The features describe orders and returns. Prices, campaigns and stock are unknown.\n"
        "* It predicts who will order, not who orders because of a contact. To measure that "
        "effect, leave a random control group uncontacted.\n"
        "* Season and trend enter as a calibration drift only: the first Christmas of a shop is "
        "not foreseen.\n"
        "* A customer with one order has little history; see the second table.\n"
        "* Guests without a customer id are not scored.\n"
        f"* The horizon is {run.horizon_days} days; score again for a later period.\n"
        "* The metrics are those of one shop; train a model for each shop."
    )


def _reproduction(run: ModelRun) -> str:
    return (
        "## Reproduction\n\n"
        f"Data fingerprint `{run.data_fingerprint}`; libraries `{run.library_versions}`. "
        "`model.json` contains the settings and all metrics. The same data, settings and "
        "versions give the same files, byte for byte."
    )
