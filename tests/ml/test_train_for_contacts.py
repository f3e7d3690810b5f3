"""The threshold where a contact costs something and an order brings something."""

from __future__ import annotations

import pytest

from ml.models.baselines import BASELINES
from ml.predict import predict
from ml.train import train

CONTACT = (1.5, 5.0)
MODELS = ("logistic_regression", *BASELINES)


@pytest.fixture(scope="module")
def contacts(short_rows, quick, tmp_path_factory, write_rows):
    """Return what trains and scores for a cost and a benefit: the database and the run."""
    done = {}

    def run(contact=CONTACT):
        if contact not in done:
            out = tmp_path_factory.mktemp("contacts")
            work_db = write_rows(out / "work.db", short_rows, contact=contact)
            result = train(work_db, out / "raw.db", out / "models", settings=quick)
            predict(work_db, out / "raw.db", out / "models")
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


def test_the_threshold_is_cost_over_benefit(contacts, query):
    path, _ = contacts()
    assert rule(query, path) == [(0.3, "cost_and_benefit")]


@pytest.mark.parametrize("contact", [CONTACT, (0, 5), (4.0, 5.0)])
def test_who_reaches_the_threshold_is_marked(contacts, query, contact):
    path, _ = contacts(contact)
    rows = query(path, "select purchase_probability, predicted_label from raw_predictions")
    assert len(rows) == 300
    for probability, label in rows:
        assert label == (probability >= contact[0] / contact[1])


def test_contacts_that_cost_nothing_are_made_to_all(contacts, query):
    path, _ = contacts((0, 5))
    assert query(path, "select min(predicted_label) from raw_predictions") == [(1,)]


def test_the_profit_is_the_benefit_of_hits_less_the_cost_of_contacts(contacts, query):
    path, _ = contacts()
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


def test_contacting_from_cost_over_benefit_pays_more_than_from_the_best_f1(contacts, query):
    # On customers by whom neither threshold was chosen.
    dear, _ = contacts((4.0, 5.0))
    usual, _ = contacts((None, None))
    key = ("report", "2024-05-31", "logistic_regression", "all")
    hits, misled = (
        figures(query, usual, metric)[key] for metric in ("true_positive", "false_positive")
    )
    assert figures(query, dear, "contact_profit")[key] > 5 * hits - 4 * (hits + misled)


def test_without_cost_and_benefit_the_threshold_is_that_of_the_best_f1(contacts, query):
    path, _ = contacts((None, None))
    ((threshold, name),) = rule(query, path)
    assert name == "best_f1"
    assert 0 < threshold < 1
    assert figures(query, path, "contact_profit") == {}


def test_the_rule_that_is_told_is_the_rule_that_was_used(contacts, query):
    # dbt refuses a cost without a benefit; should one come through, F1 decides and is named.
    (best, _), (half, _) = contacts((None, None)), contacts((2.0, None))
    assert rule(query, half) == rule(query, best)


def test_cost_and_benefit_are_another_run_of_the_same_probabilities(contacts, query):
    said = "select customer_id, purchase_probability from raw_predictions order by 1"
    (path, first), (other, second) = contacts((None, None)), contacts()
    assert first.model_run_id != second.model_run_id
    assert query(path, said) == query(other, said)


def test_the_card_tells_the_threshold_and_the_profit(contacts, query):
    path, _ = contacts()
    ((card,),) = query(path, "select card from raw_model_runs")
    assert "from a probability of 0.300, from which a contact pays" in card
    assert card.count("| Profit of contacting |") == 3
