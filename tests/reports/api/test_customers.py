"""Every figure of the API equals SQL on the same marts."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.reports.api.conftest import query

SORTS = {
    "recency": "recency, customer_id",
    "frequency": "frequency desc, customer_id",
    "monetary": "monetary desc, customer_id",
}


@pytest.fixture(scope="module")
def api(asking, demo_shop):
    return asking(demo_shop.marts_db)


@pytest.fixture(scope="module")
def marts_db(demo_shop):
    return demo_shop.marts_db


def test_health_names_the_build(api, marts_db):
    answer = api.get("/api/health")
    ((as_of,),) = query(marts_db, "select as_of_date from build_info")
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"status", "timestamp", "as_of_date", "build"}
    assert (told["status"], told["as_of_date"]) == ("healthy", as_of)
    assert told["build"] == answer.headers["x-tillsight-build"]


def test_segment_counts_equal_sql(api, marts_db):
    told = api.get("/api/customers/segments").json()
    counts = dict(query(marts_db, "select segment, count(*) from rfm_scores group by segment"))
    assert list(told["segments"]) == ["Champions", "Loyal", "At-Risk", "Lost"]
    assert told["segments"] == counts
    ((total, day),) = query(marts_db, "select count(*), max(calculated_date) from rfm_scores")
    assert (told["total_customers"], told["last_updated"]) == (total, day)


@pytest.mark.parametrize("sort_by", SORTS)
@pytest.mark.parametrize("segment", [None, "Champions", "At-Risk"])
def test_pages_of_scores_equal_sql(api, marts_db, sort_by, segment):
    expected = query(
        marts_db,
        "select c.customer_id, c.name, r.recency, r.frequency, r.monetary, r.segment,"
        " r.recency_score * 100 + r.frequency_score * 10 + r.monetary_score,"
        " r.recency_score + r.frequency_score + r.monetary_score"
        " from rfm_scores as r join customers as c using (customer_id)"
        f" where ?1 is null or r.segment = ?1 order by {SORTS[sort_by]}",
        segment,
    )
    found = []
    for page in range(1, 2 + len(expected) // 37):
        asked = {"sort_by": sort_by, "limit": 37, "page": page, "segment": segment or ""}
        told = api.get("/api/customers/rfm", params=asked).json()
        assert (told["total"], told["page"]) == (len(expected), page)
        found += told["data"]
    assert [tuple(row.values()) for row in found] == expected
    assert list(found[0]) == [
        *("customer_id", "name", "recency", "frequency", "monetary", "segment"),
        *("rfm_score", "overall_rfm_score"),
    ]


def test_a_page_defaults_to_100_customers_by_amount(api):
    told = api.get("/api/customers/rfm").json()
    amounts = [row["monetary"] for row in told["data"]]
    assert (len(amounts), told["page"]) == (100, 1)
    assert amounts == sorted(amounts, reverse=True)


def test_a_page_after_the_last_is_empty(api):
    told = api.get("/api/customers/rfm", params={"page": 2**31}).json()
    assert told["data"] == []
    assert told["total"] > 0


def test_details_equal_sql(api, marts_db):
    chosen = query(
        marts_db,
        "select c.customer_id, c.name, c.country, r.recency, r.frequency, r.monetary, r.segment,"
        " p.purchase_probability, p.predicted_label, p.confidence, p.reasons"
        " from rfm_scores as r join customers as c using (customer_id)"
        " join predictions as p using (customer_id) order by r.frequency desc, 1 limit 5",
    )
    assert len(chosen) == 5
    for customer_id, name, country, *scores, probability, label, confidence, _ in chosen:
        told = api.get(f"/api/customers/{customer_id}/details").json()
        assert (told["customer_id"], told["name"], told["country"]) == (customer_id, name, country)
        assert told["rfm"] == dict(
            zip(("recency", "frequency", "monetary", "segment"), scores, strict=True)
        )
        prediction = told["prediction"]
        assert prediction["purchase_probability"] == probability
        assert prediction["predicted_next_month"] is bool(label)
        assert prediction["confidence"] == confidence
        assert "email" not in told


def test_reasons_equal_those_of_the_prediction(api, marts_db):
    ((customer_id, *reasons),) = query(
        marts_db,
        "select customer_id, json_extract(reasons, '$[0]'), json_extract(reasons, '$[1]')"
        " from predictions order by purchase_probability desc limit 1",
    )
    told = api.get(f"/api/customers/{customer_id}/details").json()
    assert told["prediction"]["reasons"][:2] == reasons


def test_the_history_has_every_order_and_return_and_adds_up(api, marts_db):
    ((customer_id, monetary, invoices),) = query(
        marts_db,
        "select customer_id, round(sum(amount), 2), count(distinct invoice_id) from transactions"
        " group by customer_id having sum(is_return) > 0 order by count(*) desc limit 1",
    )
    found = []
    for page in range(1, invoices + 2):
        asked = {"limit": 3, "page": page}
        told = api.get(f"/api/customers/{customer_id}/details", params=asked).json()
        assert (told["transaction_count"], told["page"]) == (invoices, page)
        found += told["transaction_history"]
    days = [one["date"] for one in found]
    assert days == sorted(days, reverse=True)
    assert len(found) == invoices > 3
    assert round(sum(one["amount"] for one in found), 2) == monetary
    assert min(one["amount"] for one in found) < 0
    ((newest, names),) = query(
        marts_db,
        "select invoice_date, group_concat(distinct product_name) from transactions"
        " join products using (product_id) where customer_id = ?"
        " group by invoice_id order by invoice_date desc, invoice_id desc limit 1",
        customer_id,
    )
    assert found[0]["date"] == newest
    assert sorted(found[0]["products"]) == sorted(names.split(","))


def test_a_customer_without_an_order_has_neither_scores_nor_a_forecast(api, marts_db):
    ((customer_id,),) = query(
        marts_db,
        "select customer_id from customers except select customer_id from rfm_scores limit 1",
    )
    told = api.get(f"/api/customers/{customer_id}/details").json()
    assert (told["rfm"], told["prediction"]) == (None, None)
    assert (told["transaction_history"], told["transaction_count"]) == ([], 0)


def test_any_id_can_be_requested(asking, odd_marts):
    api = asking(odd_marts)
    odd = "a/../b c?d#e%2F"
    told = api.get(f"/api/customers/{quote(odd, safe='')}/details")
    assert told.status_code == 200
    assert told.json()["customer_id"] == odd


def test_metrics_equal_sql_and_are_consistent(api, marts_db):
    told = api.get("/api/model/metrics").json()
    ((run, model, rows, day),) = query(
        marts_db,
        "select model_run_id, chosen_model, training_rows, as_of_date from model_runs"
        " where is_in_use = 1",
    )
    assert (told["model_run_id"], told["model"]) == (run, model)
    assert (told["training_samples"], told["model_trained_date"]) == (rows, day)
    cells = told["confusion_matrix"]
    customers = sum(cells.values())
    hits, found = cells["true_positive"], cells["true_positive"] + cells["false_positive"]
    buyers = cells["true_positive"] + cells["false_negative"]
    assert customers == told["evaluated_customers"]
    assert told["accuracy"] == pytest.approx((hits + cells["true_negative"]) / customers)
    assert told["precision"] == pytest.approx(hits / found)
    assert told["recall"] == pytest.approx(hits / buyers)
    assert told["f1_score"] == pytest.approx(2 * hits / (found + buyers))
    low, high = told["intervals"]["accuracy"]
    assert low <= told["accuracy"] <= high


def test_metrics_include_the_baselines(api, marts_db):
    told = api.get("/api/model/metrics").json()["baselines"]
    expected = query(
        marts_db,
        "select model, value from model_metrics join model_runs using (model_run_id)"
        " where is_in_use = 1 and split = 'report' and slice = 'all' and metric = 'log_loss'"
        " and model in ('base_rate', 'recency_rule', 'rfm_quartiles', 'bg_nbd')",
    )
    assert {name: figures["log_loss"] for name, figures in told.items()} == dict(expected)
    assert len(expected) == 4


def test_an_empty_shop_gives_empty_responses(asking, empty_marts):
    api = asking(empty_marts)
    assert api.get("/api/customers/segments").json() == {
        "segments": {"Champions": 0, "Loyal": 0, "At-Risk": 0, "Lost": 0},
        "total_customers": 0,
        "last_updated": None,
    }
    assert api.get("/api/customers/rfm").json() == {"data": [], "total": 0, "page": 1}
    assert api.get("/api/health").json()["as_of_date"] is None
