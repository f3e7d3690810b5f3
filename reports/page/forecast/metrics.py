"""The metrics of the model in use and of the baselines, as tables and findings. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reports.formatting import (
    DASH,
    Money,
    capital,
    day,
    interval,
    model_name,
    number,
    percent,
    plain,
)
from reports.marts.forecast import CurvePoint, Metric, ModelRun
from reports.marts.suppressed import Suppressed
from reports.page.components import (
    Column,
    Measured,
    Table,
    TableCard,
    number_columns,
    text_columns,
)

BASELINES = ("base_rate", "recency_rule", "rfm_quartiles", "bg_nbd")


@dataclass(frozen=True)
class Measure:
    """A metric: its name, its label with the better direction, and its number format."""

    name: str
    label: str
    style: str

    def __call__(self, value: float, money: Money) -> str:
        """Write a value."""
        if self.style == "percent":
            return percent(value, decimals=1)
        if self.style == "money":
            return money(value)
        if self.style == "times":
            return f"{number(value, decimals=2)} ×"  # noqa: RUF001  times
        return number(value, decimals=3)

    def between(self, row: Metric, money: Money) -> str:
        """Write the interval of a value, the unit once; nothing where it is missing."""
        value, *ends = (
            self(end, money) for end in (row.value, row.low, row.high) if end is not None
        )
        if len(ends) < 2 or ends == [value, value]:
            return ""
        return f"{ends[0].rstrip(' ×%')} to {ends[1]}"  # noqa: RUF001  times


MEASURES = (
    Measure("log_loss", "Log loss\u00a0↓", "ratio"),
    Measure("brier", "Brier score\u00a0↓", "ratio"),
    Measure("expected_calibration_error", "Calibration error\u00a0↓", "ratio"),
    Measure("roc_auc", "ROC-AUC\u00a0↑", "ratio"),
    Measure("average_precision", "Average precision\u00a0↑", "ratio"),
    Measure("lift_top_tenth", "Lift in the top tenth\u00a0↑", "times"),
    Measure("accuracy", "Accuracy at the threshold\u00a0↑", "percent"),
    Measure("precision", "Precision at the threshold\u00a0↑", "percent"),
    Measure("recall", "Recall at the threshold\u00a0↑", "percent"),
    Measure("f1", "F1 at the threshold\u00a0↑", "ratio"),
    Measure("contact_profit", "Profit of contacting those marked\u00a0↑", "money"),
)
ONE_TIME_MEASURES = (
    *MEASURES[:1],
    *MEASURES[2:4],
    Measure("buyer_share", "Base rate: share that ordered", "percent"),
)

HOW_MEASURED = (
    "Measured on the report window, which follows all training data. Below a metric is its 95% "
    "bootstrap interval over customers. The base rate gives every customer the same probability, "
    "the recency rule uses only the last order, RFM quartiles use the three scores, BG/NBD is the "
    "standard model of repeat purchases. ↑ higher is better, ↓ lower is better."
)


class Figures:
    """Look up the metrics of the report window.

    Parameters
    ----------
    metrics : sequence of Metric
        All metrics of the run.
    in_use : str or None
        The model in use.
    withheld : collection of tuple
        Model, slice and metric of the figures that a public page withholds.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        in_use: str | None,
        withheld: Collection[tuple[str, str, str]] = (),
    ) -> None:
        self.in_use = in_use or ""
        self.withheld = withheld
        self._found = {
            (row.model, row.slice, row.metric): row for row in metrics if row.split == "report"
        }

    def row(self, model: str, metric: str, part: str = "all") -> Metric | None:
        """Return a metric with its interval; None where it was not measured."""
        return self._found.get((model, part, metric))

    def get(self, metric: str, part: str = "all") -> float | None:
        """Return the value of a metric of the model in use; None where it was not measured."""
        row = self.row(self.in_use, metric, part)
        return row.value if row else None

    def missing(self, model: str, metric: str, part: str = "all") -> str:
        """Return the text of a metric that was not measured or is withheld."""
        is_withheld = (model, part, metric) in self.withheld
        return Suppressed.WITHHELD.value if is_withheld else DASH

    def models(self) -> tuple[str, ...]:
        """Return the evaluated methods: the model in use, other candidates, the baselines."""
        evaluated = {model for model, part, _ in (*self._found, *self.withheld) if part == "all"}
        tried = sorted(evaluated - {self.in_use} - set(BASELINES))
        first = [self.in_use] if self.in_use in evaluated else []
        return (*first, *tried, *(name for name in BASELINES if name in evaluated))

    def differences(self) -> tuple[tuple[str, Metric], ...]:
        """Return the baselines and the differences in log loss to them."""
        found = ((name, self.row(self.in_use, f"log_loss_minus_{name}")) for name in BASELINES)
        return tuple((name, row) for name, row in found if row)

    def importances(self) -> tuple[tuple[str, float], ...]:
        """Return the features and their permutation importance, the highest first."""
        found = [
            (part.removeprefix("feature:"), row.value)
            for (model, part, metric), row in self._found.items()
            if model == self.in_use and metric == "permutation_importance"
        ]
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def all_customers(figures: Figures, money: Money) -> TableCard:
    """Return the metrics of the report window, with a column for each method."""
    return TableCard(
        finding=_closest(figures),
        caption=HOW_MEASURED,
        table=_measured_table(
            figures,
            MEASURES,
            "all",
            money,
            caption="Metrics of the report window",
        ),
    )


def _closest(figures: Figures) -> str:
    own = figures.get("log_loss")
    simple = [row for name in BASELINES if (row := figures.row(name, "log_loss"))]
    if own is None or not simple:
        return "Metrics of the model in use and of the baselines"
    best = min(simple, key=lambda row: row.value)
    return (
        f"The log loss of the model is {number(own, decimals=3)}; of the best baseline "
        f"({model_name(best.model)}), {number(best.value, decimals=3)}"
    )


def _measured_table(
    figures: Figures, measures: Sequence[Measure], part: str, money: Money, *, caption: str
) -> Table:
    models = figures.models()
    lines: list[tuple[str | Measured, ...]] = []
    for measure in measures:
        cells = [_cell(figures, model, measure, part, money) for model in models]
        if any(cell.text != DASH for cell in cells):
            lines.append((measure.label, *cells))
    return Table(
        caption=caption,
        columns=(
            *text_columns("Metric"),
            *(Column(capital(model_name(model))) for model in models),
        ),
        rows=tuple(lines),
        empty="The model has not been evaluated yet.",
        groups=_groups(models, figures.in_use),
    )


def _cell(figures: Figures, model: str, measure: Measure, part: str, money: Money) -> Measured:
    row = figures.row(model, measure.name, part)
    if row is None:
        return Measured(figures.missing(model, measure.name, part))
    return Measured(measure(row.value, money), measure.between(row, money))


def _groups(models: Sequence[str], in_use: str) -> tuple[tuple[str, int], ...]:
    simple = sum(model in BASELINES for model in models)
    first = int(in_use in models)
    spans = (("", 1), ("In use", first), ("Also tried", len(models) - first - simple))
    return tuple((label, span) for label, span in (*spans, ("Baselines", simple)) if span)


def one_time_buyers(figures: Figures, money: Money, horizon_days: int) -> TableCard | None:
    """Return the metrics of customers with one order; None where the window has none."""
    part = "one_time_buyers"
    customers, share = figures.get("rows", part), figures.get("buyer_share", part)
    if not customers:
        return None
    return TableCard(
        finding=_one_time_finding(figures.get("roc_auc", part), figures.get("roc_auc")),
        caption=f"{number(customers)} of {number(figures.get('rows'))} customers had one "
        f"order; {percent(share, decimals=1)} of them ordered in the {horizon_days} days. They are "
        "the hardest to predict, so they are evaluated separately.",
        table=_measured_table(
            figures, ONE_TIME_MEASURES, part, money, caption="Metrics of one-time buyers"
        ),
    )


def _one_time_finding(once: float | None, everybody: float | None) -> str:
    if once is None or everybody is None:
        return "Customers with one order"
    return (
        f"The ROC-AUC of one-time buyers is {number(once, decimals=2)}, of all customers "
        f"{number(everybody, decimals=2)}"
    )


def differences_table(found: Sequence[tuple[str, Metric]]) -> Table:
    """Return the difference in log loss to each baseline, with its interval."""
    return Table(
        caption="Log loss of the model in use minus that of each baseline",
        columns=(
            *text_columns("Baseline"),
            *number_columns("Difference", "95% interval"),
            *text_columns("Result"),
        ),
        rows=tuple(
            (
                capital(model_name(baseline)),
                number(row.value, decimals=3),
                interval(row.low, row.high, decimals=3),
                difference_in_words(row),
            )
            for baseline, row in found
        ),
    )


def difference_in_words(row: Metric) -> str:
    """Return whether the model is better, and whether the interval excludes zero."""
    better = "better" if row.value < 0 else "not better" if row.value == 0 else "worse"
    if row.low is None or row.high is None:
        return f"{better}; without an interval"
    if row.high < 0 or row.low > 0:
        return f"{better}; the interval excludes zero"
    return f"{better}, but the interval includes zero"


def differences_finding(found: Sequence[tuple[str, Metric]]) -> str:
    """Return how many baselines the model in use beats beyond chance."""
    sure = [name for name, row in found if row.high is not None and row.high < 0]
    rest = [model_name(name) for name, _ in found if name not in sure]
    if not rest:
        return "The forecast beats every baseline, and the intervals exclude zero"
    against = rest[0] if len(rest) == 1 else f"{', '.join(rest[:-1])} and {rest[-1]}"
    return (
        f"The forecast beats {len(sure)} of {len(found)} baselines beyond chance, but not {against}"
    )


def importance_table(features: Sequence[tuple[str, float]]) -> Table:
    """Return the importance of each feature."""
    return Table(
        caption="Importance of the features",
        columns=(*text_columns("Feature"), *number_columns("Growth of the log loss")),
        rows=tuple((plain(name), number(value, decimals=4)) for name, value in features),
        empty="The importance of the features was not measured.",
    )


def confusion(
    figures: Figures, run: ModelRun, money: Money, chosen_on: str | None
) -> Confusion | None:
    """Return the confusion matrix at the threshold in use; None where it was not measured."""
    names = ("true_positive", "false_positive", "false_negative", "true_negative")
    values = [figures.get(name) for name in names]
    is_withheld = figures.missing(figures.in_use, names[0]) != DASH
    if not is_withheld and any(value is None for value in values):
        return None
    hits, false_alarms, missed, rightly_left = (
        figures.missing(figures.in_use, name) if is_withheld else number(value)
        for name, value in zip(names, values, strict=True)
    )
    sentence = (
        f"{percent(figures.get('precision'))} of the marked customers ordered, "
        f"and {percent(figures.get('recall'))} of all buyers were marked"
    )
    return Confusion(
        true_positive=hits,
        false_positive=false_alarms,
        false_negative=missed,
        true_negative=rightly_left,
        sentence="Precision and recall are withheld" if is_withheld else sentence,
        threshold=threshold_in_words(run, figures, money, chosen_on),
    )


def threshold_in_words(run: ModelRun, figures: Figures, money: Money, chosen_on: str | None) -> str:
    """Return the threshold, the rule that set it, and its meaning.

    Parameters
    ----------
    run : ModelRun
        The run in use.
    figures : Figures
        Its metrics.
    money : Money
        Writes the cost and the benefit.
    chosen_on : str or None
        As-of date of the selection window; None for cross-validation.
    """
    marked = f"A customer is marked from a probability of {percent(run.threshold, decimals=1)}"
    if run.threshold_rule == "cost_and_benefit":
        return f"{marked}: {_cost_and_benefit(run, figures, money)}"
    where = f"window of {day(chosen_on)}" if chosen_on else "training windows (cross-validation)"
    low = run.threshold is not None and run.threshold < 0.5
    worth = " A marked customer is worth contacting, but not likely to order." if low else ""
    return f"{marked}, the threshold with the best F1 on the {where}.{worth}"


def _cost_and_benefit(run: ModelRun, figures: Figures, money: Money) -> str:
    text = (
        f"a contact costs {money(run.contact_cost, decimals=2)}, an order of a contacted "
        f"customer brings {money(run.contact_benefit, decimals=2)}, and above this threshold a "
        "contact pays on average."
    )
    row = figures.row(figures.in_use, "contact_profit")
    if row is None:
        return text
    made = "left a profit of" if row.value >= 0 else "lost"
    has_interval = row.low is not None and row.high is not None
    between = f" (95%: {money(row.low)} to {money(row.high)})" if has_interval else ""
    return f"{text} On the report window this would have {made} {money(abs(row.value))}{between}."


def reached_by(points: Sequence[CurvePoint], chosen: str | None, share: float) -> str | None:
    """Return the share of the buyers among the best-ranked `share` of the customers."""
    own = [point for point in points if point.curve == "gains" and point.model == chosen]
    if not own:
        return None
    near = min(own, key=lambda point: (abs(point.x - share), point.point))
    return f"Contacting the best {percent(near.x)} of customers reaches {percent(near.y)} of buyers"


@dataclass(frozen=True)
class Confusion:
    """Customers by prediction and outcome, as text."""

    true_positive: str
    false_positive: str
    false_negative: str
    true_negative: str
    sentence: str
    threshold: str
