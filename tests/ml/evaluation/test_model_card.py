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
        "roles": roles,
    }
    for day, end, customers, buyers, roles in (
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
    """Return a writer of a card of which any value of the run can be another."""

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
def test_each_verdict_is_told_in_words(write, verdict, words):
    assert f"\n\n**{words}.** It is better than guessing.\n" in write(verdict=verdict)


def test_the_card_states_the_run(write):
    card = write()
    for phrase in (
        "in the 30 days after 2024-06-30",
        "`blend`, fitted on 12,345 rows from 6 past as-of dates, 2024-01-02 to 2024-05-31",
        "from a probability of 0.250, which gave the best F1 on the choosing window",
        "+0.125 in log-odds",
        "On the 2,000 customers of 2024-05-31, of whom 31.2% ordered",
        "Data fingerprint `f00d`",
        '`{"scikit-learn": "1.9.1"}`',
    ):
        assert phrase in card


def test_a_threshold_of_cost_and_benefit_is_told_as_such(write):
    card = write(threshold_rule="cost_and_benefit")
    assert "from a probability of 0.250, from which a contact pays: its cost over what" in card
    assert "best F1" not in card


def test_the_windows_are_drawn_oldest_first_step_by_step(write):
    drawing = section(write(), "How the past was used").split("```")[1]
    assert drawing.splitlines()[1:] == [
        "choosing   . F C . .",
        "reporting  . F F R .",
        "scoring    . . F F S",
    ]


def test_the_drawing_is_explained_by_its_dates(write):
    text = section(write(), "How the past was used")
    assert "One letter a window, 2024-03-02 to 2024-06-30: F fits" in text


def test_each_window_is_listed_newest_first(write):
    text = section(write(), "How the past was used")
    lines = [line for line in text.splitlines() if line.startswith("| 2024")]
    assert lines == [
        "| 2024-06-30 | 2024-07-30 | 2,300 | not known yet | score |",
        "| 2024-05-31 | 2024-06-30 | 2,000 | 625 | report, final |",
        "| 2024-05-01 | 2024-05-31 | 1,800 | 500 | choose, refit, final, history |",
        "| 2024-04-01 | 2024-05-01 | 1,500 | 400 | fit, refit, history |",
        "| 2024-03-02 | 2024-04-01 | 900 | 300 | - |",
    ]


def test_the_chosen_model_is_the_first_column_and_the_baselines_the_last(write):
    lines = section(write(), "How good it is").splitlines()
    assert lines[2] == (
        "| | `blend` | `random_forest` | `base_rate` | `recency_rule` | `rfm_quartiles` "
        "| `bg_nbd` |"
    )


def test_figures_stand_with_their_intervals_and_what_is_not_defined_is_a_dash(write):
    lines = section(write(), "How good it is").splitlines()
    assert lines[4] == (
        "| Log loss | 0.5123 (0.5000 to 0.5250) | 0.5200 | 0.6123 (0.6000 to 0.6300) | - | - | - |"
    )
    assert "| ROC AUC | - | - | 0.5000 | - | - | - |" in lines
    assert "| Customers | 2,000 | - | - | - | - | - |" in lines


def test_a_measure_that_no_model_has_is_left_out(write):
    assert "Profit of contacting" not in write()


def test_the_profit_of_contacting_is_told_where_it_is_known(write):
    profit = MetricRow("report", REPORT, "blend", "all", "contact_profit", 1234.5)
    assert "| Profit of contacting | 1,234.50 | - | - | - | - | - |" in write([*METRICS, profit])


def test_choosing_and_one_time_buyers_have_tables_of_their_own(write):
    text = section(write(), "How good it is")
    once, choosing = text.split("The same for customers who had ordered once:")[1].split(
        "What the choice was made by, on earlier customers:"
    )
    assert "| Log loss | 0.4000 | - " in once
    assert "| Log loss | 0.5500 | - " in choosing


def test_the_lead_over_each_baseline_is_told(write):
    text = section(write(), "How good it is")
    lead = [line for line in text.splitlines() if line.startswith("* `")]
    assert lead == [f"* `{name}` -0.0300 (-0.0500 to -0.0100)" for name in BASELINES]


def test_it_is_told_by_how_much_the_other_candidates_differed_on_the_choosing_window(write):
    name = "log_loss_minus_blend"
    gaps = [
        MetricRow("choose", CHOOSE, "random_forest", "all", name, 0.004, -0.001, 0.009),
        MetricRow("choose", CHOOSE, "logistic_regression", "all", name, -0.002, -0.003, 0.001),
    ]
    text = section(write([*METRICS, *gaps]), "How good it is")
    assert "`blend` is taken unless another is better by more than chance explains." in text
    assert [line for line in text.splitlines() if line.startswith("* `")][-2:] == [
        "* `random_forest` +0.0040 (-0.0010 to +0.0090)",
        "* `logistic_regression` -0.0020 (-0.0030 to +0.0010)",
    ]


def test_one_candidate_leaves_nothing_to_choose(write):
    assert "There was one candidate, so nothing was chosen." in write()


def test_the_past_is_told_newest_first_with_the_report_at_its_head(write):
    text = section(write(), "How good it would have been before")
    assert [line for line in text.splitlines() if line.startswith("|")] == [
        (
            "| As of | `blend` | `base_rate` | `recency_rule` | `rfm_quartiles` | `bg_nbd` "
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


def test_features_are_listed_by_importance(write):
    text = section(write(), "What it leans on")
    assert [line for line in text.splitlines() if line.startswith("* `")] == [
        "* `frequency` +0.10000",
        "* `recency` +0.02000",
        "* `monetary` -0.00100",
    ]


def test_the_limits_are_told(write):
    text = section(write(horizon_days=60), "Limits, and where not to use it")
    assert "* It looks 60 days ahead and no further" in text
    assert len(re.findall(r"^\* ", text, re.MULTILINE)) >= 6


def test_every_table_has_as_many_cells_in_each_row(write):
    tables = re.findall(r"(?:^\|.*\n)+", write(), re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_card_ends_in_a_line_end(write):
    assert write().endswith("byte for byte.\n")


def test_the_same_run_is_the_same_card_whatever_the_order_of_its_figures(write):
    assert write(METRICS[::-1]) == write(METRICS)
