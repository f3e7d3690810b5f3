from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.api import build_cache, middleware
from tests.reports.api.conftest import query

EXPORT = "/api/export/customers"
SEGMENTS = "Choose one of: Champions, Loyal, At-Risk, Lost"


@pytest.fixture(scope="module")
def api(asking, marts):
    return asking(marts)


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/api/customers/nobody/details", 404, "Customer not found"),
        ("/api/customers//details", 404, "Customer not found"),
        ("/api/customers/c01%00/details", 404, "Customer not found"),
        ("/api/customers/%FF%FE/details", 404, "Customer not found"),
        ("/api/customers/' or 1=1 --/details", 404, "Customer not found"),
        ("/api/customers/../../etc/passwd/details", 404, "Endpoint not found"),
        ("/api/nothing", 404, "Endpoint not found"),
        ("/api/customers/rfm/", 404, "Endpoint not found"),
        ("/api", 404, "Endpoint not found"),
        ("/site/../marts.db", 404, "Endpoint not found"),
        ("/site/%2e%2e/marts.db", 404, "Endpoint not found"),
        ("/exports/%2e%2e%2fmarts.db", 404, "Endpoint not found"),
        ("/exports/marts.db", 404, "Endpoint not found"),
        ("/api/customers/rfm?limit=0", 400, "limit parameter: input should be greater than"),
        ("/api/customers/rfm?limit=101", 400, "limit parameter: input should be less than"),
        ("/api/customers/rfm?limit=ten", 400, "limit parameter: input should be a valid integer"),
        ("/api/customers/rfm?limit=1.5", 400, "limit parameter: input should be a valid integer"),
        ("/api/customers/rfm?page=0", 400, "page parameter: input should be greater than"),
        ("/api/customers/rfm?page=-1", 400, "page parameter: input should be greater than"),
        (f"/api/customers/rfm?page={'9' * 4000}", 400, "page parameter: "),
        ("/api/customers/rfm?sort_by=name", 400, "sort_by parameter: input should be 'recency'"),
        ("/api/customers/rfm?segment=Best", 400, f"There is no segment 'Best'. {SEGMENTS}"),
        ("/api/customers/rfm?segment=' or 1=1", 400, f"There is no segment '' or 1=1'. {SEGMENTS}"),
        ("/api/customers/c01/details?limit=x", 400, "limit parameter: input should be"),
        (f"/api/{'x' * 5000}", 414, "The address is too long"),
    ],
)
def test_an_invalid_request_gets_a_sentence(api, address, status, sentence):
    answer = api.get(address)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "segment parameter required"),
        (b"{}", "segment parameter required"),
        (b'{"include_predictions": false}', "segment parameter required"),
        (b"{", "The body is not valid JSON"),
        (b"\xff", "The body is not valid JSON"),
        (b"[" * 30_000, "The body is not valid JSON"),
        (b"[]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"Lost"', "The body must be a JSON object"),
        (b'{"segment": 7}', "segment parameter: input should be a valid string"),
        (b'{"segment": "Best"}', f"There is no segment 'Best'. {SEGMENTS}"),
        (b'{"segment": "\\ud800"}', "There is no segment '\ud800'."),
        (b'{"segment": null, "segmnet": 1}', "segmnet parameter: extra inputs"),
        (b'{"segment": null, "include_predictions": "no"}', "include_predictions parameter: "),
        (b'{"segment": null, "include_predictions": 1}', "include_predictions parameter: "),
        (b'{"segment": null, "date_range": "today"}', "date_range parameter: "),
        (b'{"segment": null, "date_range": {"from": "2024-01-01"}}', "date_range.from parameter"),
        (
            b'{"segment": null, "date_range": {"start": "1.1.2024"}}',
            "The start date '1.1.2024' is not a day. Write it as YYYY-MM-DD, like 2024-01-31.",
        ),
        (
            b'{"segment": null, "date_range": {"start": "2024-02-02", "end": "2024-02-01"}}',
            "The start date 2024-02-02 is later than the end date 2024-02-01. Swap them.",
        ),
    ],
)
def test_an_invalid_body_gets_a_sentence(api, body, sentence):
    answer = api.post(EXPORT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(sentence)


def test_another_content_type_is_told_the_expected_one(api):
    answer = api.post(EXPORT, content=b'{"segment": null}', headers={"content-type": "text/plain"})
    assert answer.status_code == 400
    assert "'Content-Type: application/json'" in answer.json()["error"]


def test_a_large_body_is_rejected(api):
    body = b'{"segment": "' + b"x" * middleware.MAX_BODY_BYTES + b'"}'
    answer = api.post(EXPORT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json() == {"error": "The body is larger than 65536 bytes"}


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("POST", "/api/customers/rfm", "GET"),
        ("DELETE", "/api/health", "GET"),
        ("GET", EXPORT, "POST"),
        ("PUT", "/exports/customers.csv", "GET"),
        ("POST", "/site/index.html", "GET, HEAD"),
        ("OPTIONS", "/api/health", "GET"),
    ],
)
def test_another_method_gets_405_with_the_allowed_ones(api, method, address, allowed):
    answer = api.request(method, address)
    assert answer.status_code == 405
    assert answer.json() == {"error": "Method not allowed"}
    assert answer.headers["allow"] == allowed


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
bodies = json_values | st.fixed_dictionaries(
    {"segment": json_values},
    optional={"include_predictions": json_values, "date_range": json_values},
)


@settings(max_examples=60, deadline=None)
@given(bodies)
def test_no_body_causes_a_server_error(api, body):
    answer = api.post(
        EXPORT, content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert answer.status_code in {200, 400}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_id_or_filter_causes_a_server_error(api, text):
    asked = api.get("/api/customers/rfm", params={"segment": text, "sort_by": text})
    assert asked.status_code == 400
    host = httpx_url(text)
    assert api.get(f"/api/customers/{host}/details").status_code in {200, 404}


def httpx_url(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_without_a_model_metrics_and_forecast_are_missing(asking, untrained_marts):
    api = asking(untrained_marts)
    answer = api.get("/api/model/metrics")
    assert (answer.status_code, answer.json()) == (503, {"error": "Model unavailable"})
    details = api.get("/api/customers/c01/details").json()
    assert details["prediction"] is None
    assert details["rfm"]["segment"]


def test_before_the_first_training_metrics_are_unavailable(asking, lone_marts):
    answer = asking(lone_marts).get("/api/model/metrics")
    assert (answer.status_code, answer.json()) == (503, {"error": "Model unavailable"})


def no_database(path):
    path.write_bytes(b"no database " * 500)


def no_bytes(path):
    path.write_bytes(b"")


def no_table(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("drop table customer_360")


def half_a_file(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096])


@pytest.mark.parametrize("broken", [no_database, no_bytes, no_table, half_a_file])
def test_damaged_marts_give_500_and_the_cause_is_only_logged(
    asking, marts, tmp_path, caplog, broken
):
    copy = tmp_path / "marts.db"
    shutil.copy(marts, copy)
    broken(copy)
    api = asking(copy)
    for address in ("/api/customers/segments", "/api/customers/c01/details", "/api/model/metrics"):
        caplog.clear()
        answer = api.get(address)
        assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
        assert "The marts cannot be read: " in caplog.text
    answer = api.post(EXPORT, json={"segment": None})
    assert answer.status_code == 500
    answer = api.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_marts_locked_by_a_writer_give_503(asking, marts, tmp_path):
    copy = tmp_path / "marts.db"
    shutil.copy(marts, copy)
    api = asking(copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        writer.execute("update build_info set customers = customers")
        answer = api.get("/api/customers/c01/details")
        writer.execute("rollback")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {"error": "The marts are being written; ask again"}
    assert api.get("/api/customers/c01/details").status_code == 200


def test_a_table_that_disappears_gives_500_and_leaks_no_connection(
    asking, marts, tmp_path, caplog, monkeypatch
):
    copy = tmp_path / "marts.db"
    shutil.copy(marts, copy)
    api = asking(copy)

    def fail(*_args, **_kwargs):
        raise KeyError("a cause that is nobody's business")

    monkeypatch.setattr("reports.api.routes.customers._figures", fail)
    with caplog.at_level(logging.ERROR):
        answer = api.get("/api/customers/c01/details")
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "nobody's business" in caplog.text


def test_a_slow_query_is_cancelled(asking, marts, monkeypatch, caplog):
    monkeypatch.setattr(build_cache, "QUERY_TIMEOUT_SECONDS", -1)
    monkeypatch.setattr(build_cache, "STEPS_BETWEEN_CHECKS", 1)
    answer = asking(marts).get("/api/customers/rfm")
    assert (answer.status_code, answer.json()) == (
        503,
        {"error": "The query took too long; ask for less"},
    )
    assert "/api/customers/rfm took too long" in caplog.text


def test_hostile_texts_are_served_unchanged(api, marts):
    expected = query(marts, "select customer_id, name from customer_360 where segment is not null")
    found = api.get("/api/customers/rfm").json()["data"]
    assert {(row["customer_id"], row["name"]) for row in found} == {
        (key, name and name.replace("eve@example.com", "(e-mail hidden)")) for key, name in expected
    }
