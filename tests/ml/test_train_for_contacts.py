"""The threshold where a contact costs something and an order brings something."""

from __future__ import annotations

import pytest

from ml.baselines import BASELINES
from ml.predict import predict

CONTACT = (1.5, 5.0)
MODELS = ("logistic_regression", *BASELINES)


@pytest.fixture
def contacts(run_quickly, make_work_db, short_rows, tmp_path):
    """Return a run whose customers are scored, by the name of its folder."""

    def run(contact=CONTACT):
        work_db = make_work_db(short_rows, contact=contact)
        result = run_quickly(work_db)
        predict(work_db, tmp_path / "raw.db", tmp_path / "models")
        return result

    return run


def figures(query, path, metric, model_run_id):
    statement = (
        "select split, as_of_date, model, slice, value from raw_model_metrics"
        " where metric = ? and model_run_id = ?"
    )
    return {row[:4]: row[4] for row in query(path, statement, metric, model_run_id)}


def rule(query, path, model_run_id):
    statement = "select threshold, threshold_rule from raw_model_runs where model_run_id = ?"
    return query(path, statement, model_run_id)


def test_the_threshold_is_cost_over_benefit(contacts, tmp_path, query):
    run = contacts()
    assert rule(query, tmp_path / "raw.db", run.model_run_id) == [(0.3, "cost_and_benefit")]


@pytest.mark.parametrize("contact", [CONTACT, (0, 5), (4.9, 5)])
def test_who_reaches_the_threshold_is_marked(contacts, tmp_path, query, contact):
    contacts(contact)
    rows = query(
        tmp_path / "raw.db", "select purchase_probability, predicted_label from raw_predictions"
    )
    assert len(rows) == 300
    for probability, label in rows:
        assert label == (probability >= contact[0] / contact[1])


def test_contacts_that_cost_nothing_are_made_to_all(contacts, tmp_path, query):
    contacts((0, 5))
    assert query(tmp_path / "raw.db", "select min(predicted_label) from raw_predictions") == [(1,)]


def test_the_profit_is_the_benefit_of_hits_less_the_cost_of_contacts(contacts, tmp_path, query):
    name = contacts().model_run_id
    profit, hits, misled = (
        figures(query, tmp_path / "raw.db", metric, name)
        for metric in ("contact_profit", "true_positive", "false_positive")
    )
    cost, benefit = CONTACT
    assert set(profit) == set(hits)
    assert {(split, model) for split, _, model, _ in profit} == {
        (split, model) for split in ("choose", "report", "history") for model in MODELS
    }
    for key, value in profit.items():
        assert value == pytest.approx(benefit * hits[key] - cost * (hits[key] + misled[key]))


def test_no_other_threshold_of_calibrated_customers_would_pay_more(contacts, tmp_path, query):
    # On the customers of the report, contacting from cost over benefit earns more than the best
    # F1 does, though it was chosen without them.
    dear, usual = contacts((4.0, 5.0)), contacts((None, None))
    path = tmp_path / "raw.db"
    key = ("report", "2024-05-31", "logistic_regression", "all")
    hits, misled = (
        figures(query, path, metric, usual.model_run_id)[key]
        for metric in ("true_positive", "false_positive")
    )
    earned = figures(query, path, "contact_profit", dear.model_run_id)[key]
    assert earned > 5 * hits - 4 * (hits + misled)


def test_without_cost_and_benefit_the_threshold_is_that_of_the_best_f1(contacts, tmp_path, query):
    run = contacts((None, None))
    path = tmp_path / "raw.db"
    ((threshold, name),) = rule(query, path, run.model_run_id)
    assert name == "best_f1"
    assert 0 < threshold < 1
    assert figures(query, path, "contact_profit", run.model_run_id) == {}


def test_the_rule_that_is_told_is_the_rule_that_was_used(contacts, tmp_path, query):
    # dbt refuses a cost without a benefit; should one come through, F1 decides and is named.
    best, half = contacts((None, None)), contacts((2.0, None))
    path = tmp_path / "raw.db"
    assert rule(query, path, half.model_run_id) == rule(query, path, best.model_run_id)


def test_cost_and_benefit_are_another_run_of_the_same_probabilities(contacts, tmp_path, query):
    path = tmp_path / "raw.db"
    said = "select customer_id, purchase_probability from raw_predictions order by 1"
    first = contacts((None, None))
    before = query(path, said)
    second = contacts()
    assert first.model_run_id != second.model_run_id
    assert query(path, said) == before
    assert len(query(path, "select distinct model_run_id from raw_prediction_log")) == 2


def test_the_card_tells_the_threshold_and_the_profit(contacts, tmp_path, query):
    contacts()
    ((card,),) = query(tmp_path / "raw.db", "select card from raw_model_runs")
    assert "from a probability of 0.300, from which a contact pays" in card
    assert card.count("| Profit of contacting |") == 3
