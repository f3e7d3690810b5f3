"""The verdict on a model: use, use with care or do not use, by fixed rules. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ml.data.schema import MetricRow, VerdictLabel
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
"""Published with each run. They apply to the report window."""

_CLOSER: Final = "its probabilities were {} closer to what happened than those of"

_NAMES: Final[Mapping[str, str]] = {
    "base_rate": "the base rate",
    "recency_rule": "recency alone",
    "rfm_quartiles": "RFM quartiles",
    "bg_nbd": "BG/NBD",
}


@dataclass(frozen=True)
class Verdict:
    """The verdict, and the deciding figures in a sentence."""

    label: VerdictLabel
    reason: str


def decide(metrics: Iterable[MetricRow], model: str) -> Verdict:
    """Return the verdict on a model from its metrics on the report window."""
    report = {
        (row.model, row.metric): row
        for row in metrics
        if row.split == "report" and row.slice == "all"
    }
    value = {name: row.value for name, row in report.items()}
    return (
        _do_not_use(value, model)
        or _use_with_care(value, report, model)
        or Verdict(
            USE,
            f"On customers it had not seen it ranked a buyer above a non-buyer in "
            f"{value[model, 'roc_auc']:.0%} of the pairs (recency alone "
            f"{value[RECENCY_RULE, 'roc_auc']:.0%}), and its probabilities were closer to what "
            f"happened than those of any simpler method (log loss {value[model, 'log_loss']:.3f} "
            f"against {_best_baseline(value)}).",
        )
    )


def _do_not_use(value: Mapping[tuple[str, str], float], model: str) -> Verdict | None:
    """Return `do_not_use` if a baseline is better in log loss or ranking."""
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


def _use_with_care(
    value: Mapping[tuple[str, str], float],
    report: Mapping[tuple[str, str], MetricRow],
    model: str,
) -> Verdict | None:
    """Return `use_with_care` for weak ranking, poor calibration, few buyers or a close baseline."""
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
    """Return log loss and name of the best baseline."""
    best = min(BASELINES, key=lambda name: value[name, "log_loss"])
    return f"{value[best, 'log_loss']:.3f} of {_NAMES[best]}"
