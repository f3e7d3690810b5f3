"""What the page says about the model: a verdict by written rules, and its figures. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from reports import rows
from reports.formats import DASH, count, day, model_name, number, percent, plain
from reports.tables import Column, Table

LEAST_AUC = 0.70
MOST_CALIBRATION_ERROR = 0.05
LEAST_BUYERS = 100

VERDICT_RULES = (
    (
        "Do not use: the log loss is not below that of the base rate, or customers are not ranked "
        "better than by recency alone."
    ),
    (
        f"Use with care: a buyer is ranked above a non-buyer in less than {percent(LEAST_AUC)} of "
        f"the pairs, or predicted and observed rates differ by more than "
        f"{number(100 * MOST_CALIBRATION_ERROR)} points on average, or fewer than {LEAST_BUYERS} "
        "buyers were there to judge by."
    ),
    "Use it: none of these.",
)

# Name, label, is higher better, how to write it.
METRICS = (
    ("roc_auc", "ROC-AUC", True, "ratio"),
    ("average_precision", "Average precision", True, "ratio"),
    ("log_loss", "Log loss", False, "ratio"),
    ("brier", "Brier score", False, "ratio"),
    ("expected_calibration_error", "Calibration error", False, "ratio"),
    ("lift_top_tenth", "Lift in the top tenth", True, "times"),
    ("accuracy", "Accuracy at the threshold", True, "percent"),
    ("precision", "Precision at the threshold", True, "percent"),
    ("recall", "Recall at the threshold", True, "percent"),
    ("f1", "F1 at the threshold", True, "ratio"),
)
BASELINES = ("recency_rule", "base_rate")


@dataclass(frozen=True)
class Verdict:
    """What to do with the predictions; `tone` is good, care or bad."""

    label: str
    tone: str
    reason: str


@dataclass(frozen=True)
class Confusion:
    """Customers by prediction and outcome, as text."""

    true_positive: str
    false_positive: str
    false_negative: str
    true_negative: str
    sentence: str


class Figures:
    """Look up metrics of the report window by model and name.

    Parameters
    ----------
    metrics : sequence of Metric
        All metrics of the run.
    """

    def __init__(self, metrics: Sequence[rows.Metric]) -> None:
        self._values = {
            (row.model, row.slice, row.metric): row.value
            for row in metrics
            if row.split == "report"
        }

    def get(self, model: str | None, metric: str, part: str = "all") -> float | None:
        """Return a figure, or None where it was not measured."""
        return self._values.get((model or "", part, metric))

    def models(self, chosen: str | None) -> tuple[str, ...]:
        """Return the methods that were judged: the one in use first, the baselines last."""
        judged = {model for model, part, _ in self._values if part == "all"}
        simple = [name for name in BASELINES if name in judged]
        learned = sorted(judged - set(BASELINES))
        return tuple(sorted(learned + simple, key=lambda name: name != chosen))

    def importances(self, chosen: str | None) -> tuple[tuple[str, float], ...]:
        """Return features by permutation importance, the most telling first."""
        found = [
            (part.removeprefix("feature:"), value)
            for (model, part, metric), value in self._values.items()
            if model == chosen and metric == "permutation_importance" and value is not None
        ]
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def unavailable(runs: Sequence[rows.ModelRun]) -> str | None:
    """Say why there is no model, or return None when there is one."""
    latest = next((run for run in runs if run.is_latest), None)
    if latest is None:
        return "Model unavailable: none has been trained yet. Run 'tillsight train'."
    if latest.status != "trained":
        reason = (latest.message or "the run did not finish").removeprefix("Model unavailable: ")
        return f"Model unavailable: {reason.rstrip('.')}."
    return None


def verdict(figures: Figures, chosen: str | None) -> Verdict:
    """Judge the model on the report window by `VERDICT_RULES`."""
    auc, loss = figures.get(chosen, "roc_auc"), figures.get(chosen, "log_loss")
    base_loss = figures.get("base_rate", "log_loss")
    recency_auc = figures.get("recency_rule", "roc_auc")
    if auc is None or loss is None:
        return Verdict("Use with care", "care", "Not every figure of the model was measured.")
    if base_loss is not None and loss >= base_loss:
        return Verdict(
            "Do not use",
            "bad",
            f"Its log loss of {number(loss, decimals=3)} is not below the base rate's "
            f"{number(base_loss, decimals=3)}.",
        )
    if recency_auc is not None and auc <= recency_auc:
        return Verdict(
            "Do not use",
            "bad",
            f"It ranks customers no better than recency alone ({number(auc, decimals=3)} against "
            f"{number(recency_auc, decimals=3)}).",
        )
    return _verdict_of_a_better_model(figures, chosen, auc, recency_auc)


def _verdict_of_a_better_model(
    figures: Figures, chosen: str | None, auc: float, recency_auc: float | None
) -> Verdict:
    error = figures.get(chosen, "expected_calibration_error")
    buyers = figures.get(chosen, "positives")
    doubts = []
    if auc < LEAST_AUC:
        doubts.append(f"a buyer is ranked above a non-buyer in only {percent(auc)} of the pairs")
    if error is not None and error > MOST_CALIBRATION_ERROR:
        doubts.append(
            f"predicted and observed rates differ by {number(100 * error, decimals=1)} points"
        )
    if buyers is not None and buyers < LEAST_BUYERS:
        doubts.append(f"only {number(buyers)} buyers were there to judge by")
    if doubts:
        reason = f"It beats the simple rules, but {' and '.join(doubts)}."
        return Verdict("Use with care", "care", reason)
    beside = "" if recency_auc is None else f"; recency alone {percent(recency_auc)}"
    return Verdict(
        "Use it",
        "good",
        f"On customers it had not seen it ranked a buyer above a non-buyer in {percent(auc)} of "
        f"the pairs{beside}.",
    )


def metrics_table(figures: Figures, chosen: str | None) -> Table:
    """Write the figures of the report window, one column for each method."""
    models = figures.models(chosen)
    lines = []
    for name, label, is_higher_better, style in METRICS:
        values = [figures.get(model, name) for model in models]
        if any(value is not None for value in values):
            arrow = "↑" if is_higher_better else "↓"
            lines.append((f"{label} {arrow}", *(_written(value, style) for value in values)))
    once = [figures.get(model, "roc_auc", "one_time_buyers") for model in models]
    if any(value is not None for value in once):
        label = "ROC-AUC among one-time buyers ↑"
        lines.append((label, *(_written(value, "ratio") for value in once)))
    return Table(
        caption="Figures of the report window beside the baselines",
        columns=(
            Column("Figure", is_number=False),
            *(
                Column(f"{model_name(model).capitalize()}{' (in use)' if model == chosen else ''}")
                for model in models
            ),
        ),
        rows=tuple(lines),
        empty="The model has not been judged yet.",
    )


def _written(value: float | None, style: str) -> str:
    if style == "percent":
        return percent(value, decimals=1)
    if style == "times":
        return DASH if value is None else f"{number(value, decimals=2)} ×"  # noqa: RUF001  times
    return number(value, decimals=3)


def importance_table(features: Sequence[tuple[str, float]]) -> Table:
    """Write the importance of each feature."""
    return Table(
        caption="Importance of the features",
        columns=(Column("Feature", is_number=False), Column("Growth of the log loss")),
        rows=tuple((plain(name), number(value, decimals=4)) for name, value in features),
        empty="The importance of the features was not measured.",
    )


def confusion(figures: Figures, run: rows.ModelRun) -> Confusion | None:
    """Lay out predictions against outcomes at the threshold in use."""
    names = ("true_positive", "false_positive", "false_negative", "true_negative")
    values = [figures.get(run.chosen_model, name) for name in names]
    if any(value is None for value in values):
        return None
    written = [number(value) for value in values]
    precision = figures.get(run.chosen_model, "precision")
    recall = figures.get(run.chosen_model, "recall")
    hits, false_alarms, missed, rightly_left = written
    return Confusion(
        true_positive=hits,
        false_positive=false_alarms,
        false_negative=missed,
        true_negative=rightly_left,
        sentence=f"At a threshold of {percent(run.threshold, decimals=1)}, "
        f"{percent(precision)} of the customers marked as buyers did buy, and "
        f"{percent(recall)} of all buyers were marked",
    )


def facts(run: rows.ModelRun) -> tuple[tuple[str, str], ...]:
    """Return when the model was trained, on what, and on what it was judged."""
    versions = json.loads(run.library_versions or "{}")
    features = json.loads(run.feature_names or "[]")
    return (
        ("Method in use", model_name(run.chosen_model or DASH)),
        ("Trained as of", day(run.as_of_date)),
        (
            "Training rows",
            f"{number(run.training_rows)} in {count(run.training_windows or 0, 'window')}",
        ),
        (
            "Training dates",
            f"{day(run.first_training_date)} to {day(run.last_training_date)}",
        ),
        ("Judged as of", day(run.evaluated_as_of_date)),
        ("Judged on", count(run.evaluation_rows or 0, "customer")),
        ("Base rate there", percent(run.base_rate, decimals=1)),
        ("Horizon", count(run.horizon_days or 0, "day")),
        ("Features", number(len(features))),
        ("Run", f"{run.run_number} ({run.model_run_id})"),
        ("Libraries", ", ".join(f"{name} {versions[name]}" for name in sorted(versions)) or DASH),
    )


def runs_table(runs: Sequence[rows.ModelRun]) -> Table:
    """Write all runs, the latest first."""
    return Table(
        caption="Training runs",
        columns=(
            Column("Run"),
            Column("As of", is_number=False),
            Column("Result", is_number=False),
            Column("Method", is_number=False),
            Column("Training rows"),
        ),
        rows=tuple(
            (
                str(run.run_number),
                day(run.as_of_date),
                run.message or run.status,
                model_name(run.chosen_model or DASH),
                number(run.training_rows),
            )
            for run in runs
        ),
    )


def reached_by(points: Sequence[rows.CurvePoint], chosen: str | None, share: float) -> str | None:
    """Say how many buyers the best-ranked `share` of customers holds."""
    own = [point for point in points if point.curve == "gains" and point.model == chosen]
    if not own:
        return None
    near = min(own, key=lambda point: (abs(point.x - share), point.point))
    return f"Contacting the best {percent(near.x)} of customers reaches {percent(near.y)} of buyers"
