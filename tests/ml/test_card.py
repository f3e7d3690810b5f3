from __future__ import annotations

from ml.card import write_card
from ml.tables import MetricRow, RunRow

RUN = RunRow(
    model_run_id="0123456789ab",
    status="trained",
    message="The model in use, blend, beats the base_rate.",
    as_of_date="2024-06-30",
    horizon_days=30,
    chosen_model="blend",
    threshold=0.25,
    training_rows=12345,
    training_windows=6,
    first_training_date="2024-01-02",
    last_training_date="2024-05-31",
    evaluated_as_of_date="2024-05-31",
    evaluation_rows=2000,
    base_rate=0.3125,
    feature_names="[]",
    library_versions='{"scikit-learn": "1.9.1"}',
    data_fingerprint="f00d",
    model_file="0123456789ab/model.skops",
)
METRICS = [
    MetricRow("report", "blend", "all", "log_loss", 0.51234),
    MetricRow("report", "base_rate", "all", "log_loss", 0.61234),
    MetricRow("report", "base_rate", "all", "roc_auc", 0.5),
    MetricRow("report", "blend", "feature:recency", "permutation_importance", 0.02),
    MetricRow("report", "blend", "feature:monetary", "permutation_importance", -0.001),
    MetricRow("report", "blend", "feature:frequency", "permutation_importance", 0.1),
]


def test_the_card_states_the_run():
    card = write_card(RUN, METRICS, 0.125)
    assert card.startswith("# Purchase forecast 0123456789ab\n\nThe model in use, blend, beats")
    for phrase in (
        "in the 30 days after 2024-06-30",
        "fitted on 12,345 rows from 6 past as-of dates, 2024-01-02 to 2024-05-31",
        "from a probability of 0.250",
        "+0.125 in log-odds",
        "On the 2,000 customers of 2024-05-31, of whom 31.2% ordered",
        "Data fingerprint `f00d`",
    ):
        assert phrase in card


def test_the_chosen_model_is_the_first_column_and_what_is_not_defined_is_a_dash():
    lines = write_card(RUN, METRICS, 0.0).splitlines()
    assert lines[lines.index("| | `blend` | `base_rate` |") + 2] == "| Log loss | 0.5123 | 0.6123 |"
    assert "| ROC AUC | - | 0.5000 |" in lines


def test_features_are_listed_by_importance():
    lines = [line for line in write_card(RUN, METRICS, 0.0).splitlines() if line.startswith("* `")]
    assert lines == ["* `frequency` +0.10000", "* `recency` +0.02000", "* `monetary` -0.00100"]


def test_the_card_ends_in_a_line_end():
    assert write_card(RUN, METRICS, 0.0).endswith("byte for byte.\n")
