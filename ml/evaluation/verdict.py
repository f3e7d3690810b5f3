"""Whether the forecast should be used, by rules that are written down. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ml.data.schema import MetricRow
from ml.models.baselines import BASE_RATE, BASELINES, RECENCY_RULE

USE: Final = "use"
USE_WITH_CARE: Final = "use_with_care"
DO_NOT_USE: Final = "do_not_use"

LEAST_AUC: Final = 0.70
MOST_CALIBRATION_ERROR: Final = 0.05
LEAST_BUYERS: Final = 100

RULES: Final = (
    (
        "Do not use: the log loss is not below that of the base rate, or customers are not "
        "ranked better than by recency alone."
    ),
    (
        f"Use with care: a buyer is ranked above a non-buyer in less than {LEAST_AUC:.0%} of the "
        f"pairs, or predicted and observed rates differ by more than "
        f"{100 * MOST_CALIBRATION_ERROR:.0f} points on average, or fewer than {LEAST_BUYERS} "
        "buyers were there to judge by, or the log loss is not below that of every baseline by "
        "more than chance explains (the 95% interval of the difference reaches zero)."
    ),
    "Use it: none of these.",
)
"""On the last whole window, on which nothing was fitted or chosen."""

_CLOSER: Final = "its probabilities were {} closer to what happened than those of"
"""By their log loss."""

_NAMES: Final[Mapping[str, str]] = {
    "base_rate": "the base rate",
    "recency_rule": "recency alone",
    "rfm_quartiles": "RFM quartiles",
    "bg_nbd": "BG/NBD",
}


@dataclass(frozen=True)
class Verdict:
    """What to do with the forecast.

    Attributes
    ----------
    label : str
        `use`, `use_with_care` or `do_not_use`.
    reason : str
        The figures that decided, in a sentence.
    """

    label: str
    reason: str


def judge(metrics: Iterable[MetricRow], model: str) -> Verdict:
    """Judge a model by `RULES`.

    Parameters
    ----------
    metrics : iterable of MetricRow
        All figures of the run; those of the report count.
    model : str
        The candidate in use.

    Returns
    -------
    Verdict
        The first rule that fits.
    """
    report = {
        (row.model, row.metric): row
        for row in metrics
        if row.split == "report" and row.slice == "all"
    }
    value = {name: row.value for name, row in report.items()}
    return (
        _refused(value, model)
        or _doubted(value, report, model)
        or Verdict(
            USE,
            f"On customers it had not seen it ranked a buyer above a non-buyer in "
            f"{value[model, 'roc_auc']:.0%} of the pairs (recency alone "
            f"{value[RECENCY_RULE, 'roc_auc']:.0%}), and its probabilities were closer to what "
            f"happened than those of any simpler method (log loss {value[model, 'log_loss']:.3f} "
            f"against {_best_baseline(value)}).",
        )
    )


def _refused(value: Mapping[tuple[str, str], float], model: str) -> Verdict | None:
    """Refuse a model that a rule of thumb beats."""
    loss, base = value[model, "log_loss"], value[BASE_RATE, "log_loss"]
    if loss >= base:
        return Verdict(
            DO_NOT_USE,
            "Its probabilities were no closer to what happened than the base rate "
            f"(log loss {loss:.3f} against {base:.3f}).",
        )
    area, recency = value[model, "roc_auc"], value[RECENCY_RULE, "roc_auc"]
    if area <= recency:
        return Verdict(
            DO_NOT_USE,
            f"It ranks customers no better than recency alone ({area:.3f} against {recency:.3f}).",
        )
    return None


def _doubted(
    value: Mapping[tuple[str, str], float],
    report: Mapping[tuple[str, str], MetricRow],
    model: str,
) -> Verdict | None:
    """Doubt a model that is better, but weak, off the level, or judged by few."""
    area, error = value[model, "roc_auc"], value[model, "expected_calibration_error"]
    buyers = value[model, "positives"]
    lead = {name: report[model, f"log_loss_minus_{name}"] for name in BASELINES}
    behind = [_NAMES[name] for name, row in lead.items() if row.value >= 0]
    level = [
        _NAMES[name]
        for name, row in lead.items()
        if row.value < 0 and (row.high is None or row.high >= 0)
    ]
    doubts = []
    if area < LEAST_AUC:
        doubts.append(f"a buyer is ranked above a non-buyer in only {area:.0%} of the pairs")
    if error > MOST_CALIBRATION_ERROR:
        doubts.append(f"predicted and observed rates differ by {100 * error:.1f} points")
    if buyers < LEAST_BUYERS:
        doubts.append(f"only {buyers:.0f} buyers were there to judge by")
    if behind:
        doubts.append(f"{_CLOSER.format('no')} {' and '.join(behind)}")
    if level:
        doubts.append(f"{_CLOSER.format('not clearly')} {' and '.join(level)}")
    if not doubts:
        return None
    return Verdict(USE_WITH_CARE, f"It beats the base rate, but {', and '.join(doubts)}.")


def _best_baseline(value: Mapping[tuple[str, str], float]) -> str:
    """Name the baseline with the lowest log loss, and its figure."""
    best = min(BASELINES, key=lambda name: value[name, "log_loss"])
    return f"{value[best, 'log_loss']:.3f} of {_NAMES[best]}"
