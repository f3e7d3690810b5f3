"""The figures of the model in use beside those of the baselines, as tables and words. Pure."""

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
from reports.page.components import Passage
from reports.page.table import Column, Measured, Table

BASELINES = ("base_rate", "recency_rule", "rfm_quartiles", "bg_nbd")


@dataclass(frozen=True)
class Measure:
    """A figure: its name, how to head it, which way is better, and how it is written."""

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
        """Write the interval of a value, the unit once; nothing where there is none."""
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
    "Measured on a window that ended after all training data. Below a figure stands its 95% "
    "interval, from drawing the customers again and again. The base rate gives everybody the same "
    "probability, the recency rule knows the last order alone, RFM quartiles know the three "
    "scores, BG/NBD is the classical model of repeat buying. ↑ higher is better, ↓ lower is better."
)


class Figures:
    """Look up the figures of the report window.

    Parameters
    ----------
    metrics : sequence of Metric
        All metrics of the run.
    in_use : str or None
        The model in use.
    withheld : collection of tuple
        Model, slice and metric of the figures that a public page does not show.
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
        """Return a figure with its interval, or None where it was not measured."""
        return self._found.get((model, part, metric))

    def get(self, metric: str, part: str = "all") -> float | None:
        """Return a figure of the model in use, or None where it was not measured."""
        row = self.row(self.in_use, metric, part)
        return row.value if row else None

    def missing(self, model: str, metric: str, part: str = "all") -> str:
        """Write that a figure was not measured, or is not shown."""
        is_withheld = (model, part, metric) in self.withheld
        return Suppressed.WITHHELD.value if is_withheld else DASH

    def models(self) -> tuple[str, ...]:
        """Return who was judged: the model in use, other candidates, the baselines."""
        judged = {model for model, part, _ in (*self._found, *self.withheld) if part == "all"}
        tried = sorted(judged - {self.in_use} - set(BASELINES))
        first = [self.in_use] if self.in_use in judged else []
        return (*first, *tried, *(name for name in BASELINES if name in judged))

    def differences(self) -> tuple[tuple[str, Metric], ...]:
        """Return baselines with how far the log loss lies from theirs."""
        found = ((name, self.row(self.in_use, f"log_loss_minus_{name}")) for name in BASELINES)
        return tuple((name, row) for name, row in found if row)

    def importances(self) -> tuple[tuple[str, float], ...]:
        """Return features by permutation importance, the most telling first."""
        found = [
            (part.removeprefix("feature:"), row.value)
            for (model, part, metric), row in self._found.items()
            if model == self.in_use and metric == "permutation_importance"
        ]
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def all_customers(figures: Figures, money: Money) -> Passage:
    """Lay out the figures of all customers of the report window, a column for each method."""
    return Passage(
        finding=_closest(figures),
        caption=HOW_MEASURED,
        table=_measured_table(
            figures,
            MEASURES,
            "all",
            money,
            caption="Figures of the report window beside the baselines",
        ),
    )


def _closest(figures: Figures) -> str:
    own = figures.get("log_loss")
    simple = [row for name in BASELINES if (row := figures.row(name, "log_loss"))]
    if own is None or not simple:
        return "The model in use beside others, and beside the baselines"
    best = min(simple, key=lambda row: row.value)
    return (
        f"Its log loss is {number(own, decimals=3)}; that of the best baseline, "
        f"{model_name(best.model)}, is {number(best.value, decimals=3)}"
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
            Column("Figure", is_number=False),
            *(Column(capital(model_name(model))) for model in models),
        ),
        rows=tuple(lines),
        empty="The model has not been judged yet.",
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


def one_time_buyers(figures: Figures, money: Money, horizon_days: int) -> Passage | None:
    """Lay out the figures of customers who had ordered once, or None where there are none."""
    part = "one_time_buyers"
    customers, share = figures.get("rows", part), figures.get("buyer_share", part)
    if not customers:
        return None
    return Passage(
        finding=_one_time_finding(figures.get("roc_auc", part), figures.get("roc_auc")),
        caption=f"{number(customers)} of {number(figures.get('rows'))} customers had ordered "
        f"once; {percent(share, decimals=1)} of them ordered in the {horizon_days} days. A single "
        "order tells little of a customer, so they are judged on their own.",
        table=_measured_table(
            figures, ONE_TIME_MEASURES, part, money, caption="Figures of one-time buyers"
        ),
    )


def _one_time_finding(once: float | None, everybody: float | None) -> str:
    if once is None or everybody is None:
        return "Customers who had ordered once"
    return (
        f"Among one-time buyers the ROC-AUC is {number(once, decimals=2)}, among all "
        f"{number(everybody, decimals=2)}"
    )


def differences_table(found: Sequence[tuple[str, Metric]]) -> Table:
    """Write how much better the model is than each baseline, and whether that is sure."""
    return Table(
        caption="Log loss of the model in use minus that of each baseline",
        columns=(
            Column("Baseline", is_number=False),
            Column("Difference"),
            Column("95% interval"),
            Column("In words", is_number=False),
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
    """Say which of the two is better, and whether the interval is clear of zero."""
    better = "better" if row.value < 0 else "not better" if row.value == 0 else "worse"
    if row.low is None or row.high is None:
        return f"{better}; no interval was made"
    if row.high < 0 or row.low > 0:
        return f"{better}, clear of zero"
    return f"{better}, but the interval holds zero"


def differences_finding(found: Sequence[tuple[str, Metric]]) -> str:
    """Say against which baselines the model in use is better beyond chance."""
    sure = [name for name, row in found if row.high is not None and row.high < 0]
    rest = [model_name(name) for name, _ in found if name not in sure]
    if not rest:
        return "The forecast beats every baseline, and the intervals are clear of zero"
    against = rest[0] if len(rest) == 1 else f"{', '.join(rest[:-1])} and {rest[-1]}"
    return (
        f"The forecast beats {len(sure)} of {len(found)} baselines beyond chance; "
        f"against {against} it may not"
    )


def importance_table(features: Sequence[tuple[str, float]]) -> Table:
    """Write the importance of each feature."""
    return Table(
        caption="Importance of the features",
        columns=(Column("Feature", is_number=False), Column("Growth of the log loss")),
        rows=tuple((plain(name), number(value, decimals=4)) for name, value in features),
        empty="The importance of the features was not measured.",
    )


def confusion(
    figures: Figures, run: ModelRun, money: Money, chosen_on: str | None
) -> Confusion | None:
    """Lay out predictions against outcomes at the threshold in use."""
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
        f"{percent(figures.get('precision'))} of the customers marked as buyers did buy, "
        f"and {percent(figures.get('recall'))} of all buyers were marked"
    )
    return Confusion(
        true_positive=hits,
        false_positive=false_alarms,
        false_negative=missed,
        true_negative=rightly_left,
        sentence="How many of those marked did buy is withheld" if is_withheld else sentence,
        threshold=threshold_in_words(run, figures, money, chosen_on),
    )


def threshold_in_words(run: ModelRun, figures: Figures, money: Money, chosen_on: str | None) -> str:
    """Say from which probability a customer is marked, by which rule, and what that means.

    Parameters
    ----------
    run : ModelRun
        The run in use.
    figures : Figures
        Its figures.
    money : Money
        Writes the cost and the benefit.
    chosen_on : str or None
        As-of date of the window that chose; None where cross-validation did.
    """
    marked = f"A customer is marked from a probability of {percent(run.threshold, decimals=1)}"
    if run.threshold_rule == "cost_and_benefit":
        return f"{marked}: {_cost_and_benefit(run, figures, money)}"
    where = f"window of {day(chosen_on)}" if chosen_on else "past windows, by cross-validation"
    low = run.threshold is not None and run.threshold < 0.5
    worth = " A mark says worth contacting, not likely to order." if low else ""
    return f"{marked}: that gave the best F1 on the {where}.{worth}"


def _cost_and_benefit(run: ModelRun, figures: Figures, money: Money) -> str:
    told = (
        f"to contact one costs {money(run.contact_cost, decimals=2)}, an order of a contacted "
        f"customer brings {money(run.contact_benefit, decimals=2)}, and from there on a contact "
        "pays on average."
    )
    row = figures.row(figures.in_use, "contact_profit")
    if row is None:
        return told
    made = "left a profit of" if row.value >= 0 else "lost"
    has_interval = row.low is not None and row.high is not None
    between = f" (95%: {money(row.low)} to {money(row.high)})" if has_interval else ""
    return f"{told} Here contacting the marked would have {made} {money(abs(row.value))}{between}."


def reached_by(points: Sequence[CurvePoint], chosen: str | None, share: float) -> str | None:
    """Say how many buyers the best-ranked `share` of customers holds."""
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
