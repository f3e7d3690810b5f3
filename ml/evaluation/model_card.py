"""The model card: what the model is for, how it was made, and how good it is. Pure text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ml.data.schema import MetricRow, RunRow
from ml.models.baselines import BASELINES

_MEASURES: Final = (
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
_STEPS: Final = (("choosing", "fit", "choose"), ("reporting", "refit", "report"))

_Figures = Mapping[tuple[str, str, str, str], MetricRow]


def write_card(run: RunRow, metrics: Iterable[MetricRow], level_shift: float) -> str:
    """Write the model card.

    Parameters
    ----------
    run : RunRow
        A run with status `trained`.
    metrics : iterable of MetricRow
        Its figures.
    level_shift : float
        Log-odds that the model in use adds for every customer.

    Returns
    -------
    str
        Markdown; the same for the same run.
    """
    rows = list(metrics)
    figures = {
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
        _making(run, level_shift),
        "## How the past was used",
        _drawing(windows),
        _windows_table(windows),
        "## How good it is",
        _judging(run),
        _table(figures, models, "report", "all"),
        _lead(figures, str(run.chosen_model)),
        "The same for customers who had ordered once:",
        _table(figures, models, "report", "one_time_buyers"),
        "What the choice was made by, on earlier customers:",
        _table(figures, models, "choose", "all"),
        _choice(rows),
        "## How good it would have been before",
        _history(rows, str(run.chosen_model)),
        "## What it leans on",
        "How much the log loss grows when a feature's values are dealt out among customers anew.",
        _importance(rows),
        _limits(run),
        _reproduction(run),
    )
    return "\n\n".join(parts) + "\n"


def _purpose(run: RunRow) -> str:
    """Say what is forecast, of whom and what for."""
    return (
        "## What it is for\n\n"
        f"The probability that a customer places an order in the {run.horizon_days} days after "
        f"{run.as_of_date}, for every customer with an order up to then. It is meant to rank "
        "customers for a campaign and to estimate how many will order. It is not meant to "
        "decide about a person's price, credit or rights."
    )


def _making(run: RunRow, level_shift: float) -> str:
    """Say how the model was fitted and chosen."""
    rule = (
        "which gave the best F1 on the choosing window"
        if run.threshold_rule == "best_f1"
        else "from which a contact pays: its cost over what an order brings"
    )
    return (
        "## How it was made\n\n"
        f"`{run.chosen_model}`, fitted on {run.training_rows:,} rows from {run.training_windows} "
        f"past as-of dates, {run.first_training_date} to {run.last_training_date}. Features are "
        "as of each date; the label is an order in the days after it. A customer is marked as "
        f"worth contacting from a probability of {run.threshold:.3f}, {rule}. The level of all "
        "probabilities "
        f"is shifted by {level_shift:+.3f} in log-odds, part of the drift seen in the last whole "
        "window."
    )


def _drawing(windows: Sequence[Mapping[str, Any]]) -> str:
    """Draw which window does what in each step, the oldest on the left."""
    oldest_first = windows[::-1]
    lines = [
        f"{name:<10} {_marks(oldest_first, fitted, judged)}"
        for name, fitted, judged in (*_STEPS, ("scoring", "final", "score"))
    ]
    dates = f"{oldest_first[0]['as_of_date']} to {oldest_first[-1]['as_of_date']}"
    legend = (
        f"One letter a window, {dates}: F fits, C chooses, R reports, S is scored. Each window is "
        "judged by models that had seen only what lies to its left."
    )
    return "```text\n" + "\n".join(lines) + f"\n```\n\n{legend}"


def _marks(windows: Iterable[Mapping[str, Any]], fitted: str, judged: str) -> str:
    """Write a letter for each window of one step."""
    return " ".join(
        judged[0].upper()
        if judged in window["roles"]
        else "F"
        if fitted in window["roles"]
        else "."
        for window in windows
    )


def _windows_table(windows: Iterable[Mapping[str, Any]]) -> str:
    """List the windows, the newest first."""
    lines = [
        "| As of | Label until | Customers | Ordered | Used to |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for window in windows:
        buyers = window["buyers"]
        ordered = "not known yet" if buyers is None else f"{buyers:,}"
        lines.append(
            f"| {window['as_of_date']} | {window['label_end_date']} | {window['customers']:,} | "
            f"{ordered} | {', '.join(window['roles']) or '-'} |"
        )
    return "\n".join(lines)


def _judging(run: RunRow) -> str:
    """Say whom the model was judged on."""
    return (
        f"On the {run.evaluation_rows:,} customers of {run.evaluated_as_of_date}, of whom "
        f"{run.base_rate:.1%} ordered. Nothing was fitted or chosen on them. In brackets the 95% "
        "bootstrap interval."
    )


def _table(figures: _Figures, models: Sequence[str], split: str, part: str) -> str:
    """Write measures by model; a measure that is not defined is a dash."""
    lines = [
        "| | " + " | ".join(f"`{name}`" for name in models) + " |",
        "| --- |" + " ---: |" * len(models),
    ]
    for metric, title, style in _MEASURES:
        rows = [figures.get((split, name, part, metric)) for name in models]
        if any(rows):
            lines.append(f"| {title} | " + " | ".join(_cell(row, style) for row in rows) + " |")
    baselines = ", ".join(f"`{name}`" for name in BASELINES)
    return "\n".join(lines) + f"\n\nBaselines: {baselines}."


def _cell(row: MetricRow | None, style: str) -> str:
    """Write a figure with its interval."""
    if row is None:
        return "-"
    if row.low is None or row.high is None:
        return format(row.value, style)
    return f"{row.value:{style}} ({row.low:{style}} to {row.high:{style}})"


def _lead(figures: _Figures, model: str) -> str:
    """Say how much less the model surprises than each baseline, on the same customers."""
    lines = ["Log loss less that of each baseline, customer by customer; below 0 is better:", ""]
    for baseline in BASELINES:
        row = figures["report", model, "all", f"log_loss_minus_{baseline}"]
        lines.append(f"* `{baseline}` {row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})")
    return "\n".join(lines)


def _choice(rows: Iterable[MetricRow]) -> str:
    """Say by how much each other candidate differs from the first, on the choosing window."""
    found = [row for row in rows if row.split == "choose" and "_minus_" in row.metric]
    if not found:
        return "There was one candidate, so nothing was chosen."
    first = found[0].metric.removeprefix("log_loss_minus_")
    lines = [
        (
            f"`{first}` is taken unless another is better by more than chance explains. Log loss "
            "less its own, customer by customer:"
        ),
        "",
        *(f"* `{row.model}` {row.value:+.4f} ({row.low:+.4f} to {row.high:+.4f})" for row in found),
    ]
    return "\n".join(lines)


def _history(rows: Iterable[MetricRow], model: str) -> str:
    """Write the log loss and AUC of each window that was judged, the newest first."""
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
            "Log loss on each past window, by models of the windows before it; the first is the "
            "report above. Which candidate it is and its threshold were chosen later, on the "
            "choosing window."
        ),
        "",
        f"| As of | {names} | ROC AUC of `{model}` |",
        "| --- |" + " ---: |" * (len(models) + 1),
    ]
    for as_of_date in dates:
        cells = [_cell(found.get((as_of_date, name, "log_loss")), ".4f") for name in models]
        area = _cell(found.get((as_of_date, model, "roc_auc")), ".3f")
        lines.append(f"| {as_of_date} | {' | '.join(cells)} | {area} |")
    return "\n".join(lines)


def _importance(rows: Iterable[MetricRow]) -> str:
    """List the features, the most important first."""
    found = [
        (row.value, row.slice.removeprefix("feature:"))
        for row in rows
        if row.metric == "permutation_importance"
    ]
    ranked = sorted(found, key=lambda item: (-item[0], item[1]))
    return "\n".join(f"* `{feature}` {value:+.5f}" for value, feature in ranked)


def _limits(run: RunRow) -> str:
    """Say what the model cannot know, and where not to use it."""
    return (
        "## Limits, and where not to use it\n\n"
        "* It knows orders and returns, not prices, campaigns, stock or why a customer left.\n"
        "* It says who will order, not who orders because of a contact: for that, leave a random "
        "part of the customers uncontacted and compare.\n"
        "* Season and trend are seen as a drift of the level only: a first Christmas surprises.\n"
        "* A customer with one order has hardly a history; see the second table.\n"
        "* Guests without a customer id are not in it.\n"
        f"* It looks {run.horizon_days} days ahead and no further; a later day needs a new "
        "scoring.\n"
        "* The figures are of one shop. For another one, train it there."
    )


def _reproduction(run: RunRow) -> str:
    """Say what the model can be made again from."""
    return (
        "## To make it again\n\n"
        f"Data fingerprint `{run.data_fingerprint}`; libraries `{run.library_versions}`. "
        "Settings and all figures stand in `model.json`. The same data, settings and versions "
        "give the same file, byte for byte."
    )
