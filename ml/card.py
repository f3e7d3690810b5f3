"""The model card: what the model is for, how it was made, and how good it is. Pure text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ml.pipeline import BASELINES
from ml.tables import MetricRow, RunRow

_MEASURES: Final = (
    ("log_loss", "Log loss", ".4f"),
    ("brier", "Brier score", ".4f"),
    ("expected_calibration_error", "Calibration error", ".4f"),
    ("roc_auc", "ROC AUC", ".4f"),
    ("average_precision", "Average precision", ".4f"),
    ("lift_top_tenth", "Lift in the top tenth", ".2f"),
    ("precision", "Precision", ".3f"),
    ("recall", "Recall", ".3f"),
    ("f1", "F1", ".3f"),
    ("rows", "Customers", ",.0f"),
)

_Figures = Mapping[tuple[str, str, str, str], float]


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
    figures = {(row.split, row.model, row.slice, row.metric): row.value for row in metrics}
    models = [str(run.chosen_model), *sorted(_models(figures) - {run.chosen_model})]
    parts = (
        f"# Purchase forecast {run.model_run_id}",
        run.message,
        _purpose(run),
        _making(run, level_shift),
        "## How good it is",
        _judging(run),
        _table(figures, models, "report", "all"),
        "The same for customers who had ordered once:",
        _table(figures, models, "report", "one_time_buyers"),
        "What the choice was made by, on earlier customers:",
        _table(figures, models, "choose", "all"),
        "## What it leans on",
        "How much the log loss grows when a feature's values are dealt out among customers anew.",
        _importance(figures),
        _limits(),
        _reproduction(run),
    )
    return "\n\n".join(parts) + "\n"


def _models(figures: _Figures) -> set[str]:
    """Return the models that were measured."""
    return {model for _, model, _, _ in figures}


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
    return (
        "## How it was made\n\n"
        f"`{run.chosen_model}`, fitted on {run.training_rows:,} rows from {run.training_windows} "
        f"past as-of dates, {run.first_training_date} to {run.last_training_date}. Features are "
        "as of each date; the label is an order in the days after it. A customer is said to "
        f"order from a probability of {run.threshold:.3f}, which gave the best F1 on the window "
        "before the last. The level of all probabilities is shifted by "
        f"{level_shift:+.3f} in log-odds, part of the drift seen in the last whole window."
    )


def _judging(run: RunRow) -> str:
    """Say whom the model was judged on."""
    return (
        f"On the {run.evaluation_rows:,} customers of {run.evaluated_as_of_date}, of whom "
        f"{run.base_rate:.1%} ordered. Nothing was fitted or chosen on them."
    )


def _table(figures: _Figures, models: Iterable[str], split: str, part: str) -> str:
    """Write measures by model; a measure that is not defined is a dash."""
    names = list(models)
    baselines = ", ".join(f"`{name}`" for name in BASELINES)
    lines = [
        "| | " + " | ".join(f"`{name}`" for name in names) + " |",
        "| --- |" + " ---: |" * len(names),
    ]
    for metric, title, style in _MEASURES:
        values = [figures.get((split, name, part, metric)) for name in names]
        cells = ["-" if value is None else format(value, style) for value in values]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\nBaselines: {baselines}."


def _importance(figures: _Figures) -> str:
    """List the features, the most important first."""
    found = [
        (value, part.removeprefix("feature:"))
        for (_, _, part, metric), value in figures.items()
        if metric == "permutation_importance"
    ]
    ranked = sorted(found, key=lambda item: (-item[0], item[1]))
    return "\n".join(f"* `{feature}` {value:+.5f}" for value, feature in ranked)


def _limits() -> str:
    """Say what the model cannot know."""
    return (
        "## Limits\n\n"
        "* It knows orders and returns, not prices, campaigns, stock or why a customer left.\n"
        "* Season and trend are seen as a drift of the level only: a first Christmas surprises.\n"
        "* A customer with one order has hardly a history; see the second table.\n"
        "* Guests without a customer id are not in it.\n"
        "* The figures are of one window of one shop."
    )


def _reproduction(run: RunRow) -> str:
    """Say what the model can be made again from."""
    return (
        "## To make it again\n\n"
        f"Data fingerprint `{run.data_fingerprint}`; libraries `{run.library_versions}`. "
        "Settings and all figures stand in `model.json`. The same data, settings and versions "
        "give the same file, byte for byte."
    )
