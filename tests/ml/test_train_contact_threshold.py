"""Thresholds from the cost and the benefit of a contact."""

from __future__ import annotations

import pytest

from ml.data.features import SqliteFeatures
from ml.models.baselines import BASELINES
from ml.predict import predict
from ml.train import train

CONTACT = (1.5, 5.0)
MODELS = ("logistic_regression", *BASELINES)


@pytest.fixture(scope="module")
def train_with_contact(short_rows, fast_settings, tmp_path_factory, write_rows):
    """Return a function that trains and scores with a cost and a benefit."""
    done = {}

    def run(contact=CONTACT):
        if contact not in done:
            out = tmp_path_factory.mktemp("contacts")
            work_db = write_rows(out / "work.db", short_rows, contact=contact)
            result = train(
                SqliteFeatures(work_db), out / "raw.db", out / "models", settings=fast_settings
            )
            predict(SqliteFeatures(work_db), out / "raw.db", out / "models")
            done[contact] = out / "raw.db", result
        return done[contact]

    return run


def figures(query, path, metric):
    statement = (
        "select split, as_of_date, model, slice, value from raw_model_metrics where metric = ?"
    )
    return {row[:4]: row[4] for row in query(path, statement, metric)}


def rule(query, path):
    return query(path, "select threshold, threshold_rule from raw_model_runs")


def test_the_threshold_is_cost_over_benefit(train_with_contact, query):
    path, _ = train_with_contact()
    assert rule(query, path) == [(0.3, "cost_and_benefit")]


@pytest.mark.parametrize("contact", [CONTACT, (0, 5), (4.0, 5.0)])
def test_customers_from_the_threshold_on_are_marked(train_with_contact, query, contact):
    path, _ = train_with_contact(contact)
    rows = query(path, "select purchase_probability, predicted_label from raw_predictions")
    assert len(rows) == 300
    for probability, label in rows:
        assert label == (probability >= contact[0] / contact[1])


def test_a_cost_of_0_marks_all_customers(train_with_contact, query):
    path, _ = train_with_contact((0, 5))
    assert query(path, "select min(predicted_label) from raw_predictions") == [(1,)]


def test_contact_profit_is_benefit_of_buyers_minus_cost_of_contacts(train_with_contact, query):
    path, _ = train_with_contact()
    profit, hits, misled = (
        figures(query, path, metric)
        for metric in ("contact_profit", "true_positive", "false_positive")
    )
    cost, benefit = CONTACT
    assert {(split, model) for split, _, model, _ in profit} == {
        (split, model) for split in ("choose", "report", "history") for model in MODELS
    }
    assert set(profit) == set(hits)
    for key, value in profit.items():
        assert value == pytest.approx(benefit * hits[key] - cost * (hits[key] + misled[key]))


def test_cost_over_benefit_has_a_higher_profit_than_best_f1(train_with_contact, query):
    # On the report window, which chose neither threshold.
    dear, _ = train_with_contact((4.0, 5.0))
    usual, _ = train_with_contact((None, None))
    key = ("report", "2024-05-31", "logistic_regression", "all")
    hits, misled = (
        figures(query, usual, metric)[key] for metric in ("true_positive", "false_positive")
    )
    assert figures(query, dear, "contact_profit")[key] > 5 * hits - 4 * (hits + misled)


def test_the_threshold_maximises_f1_without_cost_and_benefit(train_with_contact, query):
    path, _ = train_with_contact((None, None))
    ((threshold, name),) = rule(query, path)
    assert name == "best_f1"
    assert 0 < threshold < 1
    assert figures(query, path, "contact_profit") == {}


def test_a_cost_without_a_benefit_uses_best_f1(train_with_contact, query):
    # dbt rejects a cost without a benefit; without that check F1 decides.
    (best, _), (half, _) = train_with_contact((None, None)), train_with_contact((2.0, None))
    assert rule(query, half) == rule(query, best)


def test_cost_and_benefit_do_not_change_probabilities(train_with_contact, query):
    statement = "select customer_id, purchase_probability from raw_predictions order by 1"
    (path, first), (other, second) = train_with_contact((None, None)), train_with_contact()
    assert first.model_run_id != second.model_run_id
    assert query(path, statement) == query(other, statement)


def test_the_card_contains_threshold_and_profit(train_with_contact, query):
    path, _ = train_with_contact()
    ((card,),) = query(path, "select card from raw_model_runs")
    assert "at least 0.300 are marked as worth contacting: the cost of a contact" in card
    assert card.count("| Profit of contacting |") == 3
