from __future__ import annotations

import json
import re

import pytest

from ml.data.schema import MetricRow
from ml.evaluation.model_card import write_card
from ml.evaluation.verdict import RULES
from ml.models.baselines import BASELINES

LATEST, REPORT, CHOOSE, OLDER, OLDEST = (
    "2024-06-30",
    "2024-05-31",
    "2024-05-01",
    "2024-04-01",
    "2024-03-02",
)
WINDOWS = [
    {
        "as_of_date": day,
        "label_end_date": end,
        "customers": customers,
        "buyers": buyers,
        "roles": split,
    }
    for day, end, customers, buyers, split in (
        (LATEST, "2024-07-30", 2300, None, ["score"]),
        (REPORT, LATEST, 2000, 625, ["report", "final"]),
        (CHOOSE, REPORT, 1800, 500, ["choose", "refit", "final", "history"]),
        (OLDER, CHOOSE, 1500, 400, ["fit", "refit", "history"]),
        (OLDEST, OLDER, 900, 300, []),
    )
]
METRICS = [
    MetricRow("report", REPORT, "blend", "all", "log_loss", 0.51234, 0.5, 0.52499),
    MetricRow("report", REPORT, "base_rate", "all", "log_loss", 0.61234, 0.6, 0.63),
    MetricRow("report", REPORT, "base_rate", "all", "roc_auc", 0.5),
    MetricRow("report", REPORT, "random_forest", "all", "log_loss", 0.52),
    MetricRow("report", REPORT, "blend", "all", "rows", 2000.0),
    MetricRow("report", REPORT, "blend", "one_time_buyers", "log_loss", 0.4),
    MetricRow("choose", CHOOSE, "blend", "all", "log_loss", 0.55),
    MetricRow("history", CHOOSE, "blend", "all", "log_loss", 0.56, 0.54, 0.58),
    MetricRow("history", CHOOSE, "bg_nbd", "all", "log_loss", 0.57, 0.55, 0.59),
    MetricRow("history", CHOOSE, "blend", "all", "roc_auc", 0.7, 0.68, 0.72),
    MetricRow("history", OLDER, "blend", "all", "log_loss", 0.58),
    *(
        MetricRow("report", REPORT, "blend", "all", f"log_loss_minus_{name}", -0.03, -0.05, -0.01)
        for name in BASELINES
    ),
    MetricRow("report", REPORT, "blend", "feature:recency", "permutation_importance", 0.02),
    MetricRow("report", REPORT, "blend", "feature:monetary", "permutation_importance", -0.001),
    MetricRow("report", REPORT, "blend", "feature:frequency", "permutation_importance", 0.1),
]


@pytest.fixture
def write(make_run):
    """Return a function that writes the card of a run with some other values."""

    def card(metrics=METRICS, level_shift=0.125, **other):
        return write_card(make_run(windows=json.dumps(WINDOWS), **other), metrics, level_shift)

    return card


def section(card, title):
    """Return the text under a heading."""
    return card.split(f"## {title}\n\n")[1].split("\n\n## ")[0]


def test_the_card_begins_with_the_verdict_and_its_rules(write):
    reason = "On customers it had not seen it was right."
    card = write(verdict="use", verdict_reason=reason, verdict_rules=json.dumps(RULES))
    assert card.startswith(f"# Purchase forecast 0123456789ab\n\n**Use it.** {reason}\n\n* Do not")
    assert [line[2:] for line in card.splitlines() if line.startswith("* ")][:3] == list(RULES)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("use", "Use it"), ("use_with_care", "Use with care"), ("do_not_use", "Do not use")],
)
def test_each_verdict_has_a_title(write, verdict, words):
    assert f"\n\n**{words}.** It is better than guessing.\n" in write(verdict=verdict)


def test_facts_of_the_run(write):
    card = write()
    for phrase in (
        "in the 30 days after 2024-06-30",
        "`blend`, fitted on 12,345 rows from 6 past as-of dates, 2024-01-02 to 2024-05-31",
        "a probability of at least 0.250 are marked as worth contacting: the threshold with",
        "the best F1 on the selection window",
        "All log-odds are shifted by +0.125",
        "the 2,000 customers of 2024-05-31, of whom 31.2% ordered",
        "Data fingerprint `f00d`",
        '`{"scikit-learn": "1.9.1"}`',
    ):
        assert phrase in card


def test_a_threshold_from_cost_and_benefit(write):
    card = write(threshold_rule="cost_and_benefit")
    assert "worth contacting: the cost of a contact divided by its benefit." in card
    assert "best F1" not in card


def test_diagram_of_the_windows(write):
    drawing = section(write(), "Temporal split").split("```")[1]
    assert drawing.splitlines()[1:] == [
        "selection  . F C . .",
        "report     . F F R .",
        "scoring    . . F F S",
    ]


def test_legend_of_the_diagram(write):
    text = section(write(), "Temporal split")
    assert "One letter per window, 2024-03-02 to 2024-06-30: F fit" in text


def test_table_of_the_windows(write):
    text = section(write(), "Temporal split")
    lines = [line for line in text.splitlines() if line.startswith("| 2024")]
    assert lines == [
        "| 2024-06-30 | 2024-07-30 | 2,300 | not known yet | score |",
        "| 2024-05-31 | 2024-06-30 | 2,000 | 625 | report, final |",
        "| 2024-05-01 | 2024-05-31 | 1,800 | 500 | choose, refit, final, history |",
        "| 2024-04-01 | 2024-05-01 | 1,500 | 400 | fit, refit, history |",
        "| 2024-03-02 | 2024-04-01 | 900 | 300 | - |",
    ]


def test_columns_of_the_metrics_table(write):
    lines = section(write(), "Evaluation").splitlines()
    assert lines[2] == (
        "| | `blend` | `random_forest` | `base_rate` | `recency_rule` | `rfm_quartiles` "
        "| `bg_nbd` |"
    )


def test_metrics_have_intervals_and_undefined_metrics_a_dash(write):
    lines = section(write(), "Evaluation").splitlines()
    assert lines[4] == (
        "| Log loss | 0.5123 (0.5000 to 0.5250) | 0.5200 | 0.6123 (0.6000 to 0.6300) | - | - | - |"
    )
    assert "| ROC AUC | - | - | 0.5000 | - | - | - |" in lines
    assert "| Customers | 2,000 | - | - | - | - | - |" in lines


def test_a_metric_without_values_is_left_out(write):
    assert "Profit of contacting" not in write()


def test_contact_profit_is_shown_if_defined(write):
    profit = MetricRow("report", REPORT, "blend", "all", "contact_profit", 1234.5)
    assert "| Profit of contacting | 1,234.50 | - | - | - | - | - |" in write([*METRICS, profit])


def test_tables_of_one_time_buyers_and_of_the_selection_window(write):
    text = section(write(), "Evaluation")
    once, choosing = text.split("Customers with one order:")[1].split(
        "Metrics on the selection window, which chose the model:"
    )
    assert "| Log loss | 0.4000 | - " in once
    assert "| Log loss | 0.5500 | - " in choosing


def test_loss_differences_to_the_baselines(write):
    text = section(write(), "Evaluation")
    lead = [line for line in text.splitlines() if line.startswith("* `")]
    assert lead == [f"* `{name}` -0.0300 (-0.0500 to -0.0100)" for name in BASELINES]


def test_loss_differences_of_the_candidates_on_the_selection_window(write):
    name = "log_loss_minus_blend"
    gaps = [
        MetricRow("choose", CHOOSE, "random_forest", "all", name, 0.004, -0.001, 0.009),
        MetricRow("choose", CHOOSE, "logistic_regression", "all", name, -0.002, -0.003, 0.001),
    ]
    text = section(write([*METRICS, *gaps]), "Evaluation")
    assert "`blend` is the default; another candidate replaces it only if" in text
    assert [line for line in text.splitlines() if line.startswith("* `")][-2:] == [
        "* `random_forest` +0.0040 (-0.0010 to +0.0090)",
        "* `logistic_regression` -0.0020 (-0.0030 to +0.0010)",
    ]


def test_one_candidate_needs_no_selection(write):
    assert "There was one candidate, so no selection was needed." in write()


def test_backtest_table_is_newest_first(write):
    text = section(write(), "Backtest")
    assert [line for line in text.splitlines() if line.startswith("|")] == [
        (
            "| As-of date | `blend` | `base_rate` | `recency_rule` | `rfm_quartiles` | `bg_nbd` "
            "| ROC AUC of `blend` |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 2024-05-31 | 0.5123 (0.5000 to 0.5250) | 0.6123 (0.6000 to 0.6300) | - | - | - | - |",
        (
            "| 2024-05-01 | 0.5600 (0.5400 to 0.5800) | - | - | - | 0.5700 (0.5500 to 0.5900) "
            "| 0.700 (0.680 to 0.720) |"
        ),
        "| 2024-04-01 | 0.5800 | - | - | - | - | - |",
    ]


def test_features_are_sorted_by_importance(write):
    text = section(write(), "Permutation importance")
    assert [line for line in text.splitlines() if line.startswith("* `")] == [
        "* `frequency` +0.10000",
        "* `recency` +0.02000",
        "* `monetary` -0.00100",
    ]


def test_limits(write):
    text = section(write(horizon_days=60), "Limits")
    assert "* The horizon is 60 days" in text
    assert len(re.findall(r"^\* ", text, re.MULTILINE)) >= 6


def test_rows_of_a_table_have_equally_many_cells(write):
    tables = re.findall(r"(?:^\|.*\n)+", write(), re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_card_ends_with_a_newline(write):
    assert write().endswith("byte for byte.\n")


def test_the_card_does_not_depend_on_the_order_of_the_metrics(write):
    assert write(METRICS[::-1]) == write(METRICS)
