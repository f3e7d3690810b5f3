from __future__ import annotations

import shutil

import pytest

SENTENCE = "There are no marts in <data>. For the demo shop type: tillsight serve"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def api(asking, tmp_path):
    return asking(tmp_path / "marts.db", no_marts=SENTENCE)


@pytest.mark.parametrize(
    "address",
    [
        "/api/customers/segments",
        "/api/customers/rfm",
        "/api/customers/c01/details",
        "/api/model/metrics",
        "/exports/customers.csv",
        "/",
        "/site",
        "/site/",
        "/site/index.html",
    ],
)
def test_a_program_gets_503_and_the_sentence_as_json(api, address):
    answer = api.get(address)
    assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE})
    assert answer.headers["retry-after"] == "5"


def test_a_list_is_unavailable_as_well(api):
    answer = api.post("/api/export/customers", json={"segment": None})
    assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE})


@pytest.mark.parametrize("address", ["/", "/site/"])
def test_a_browser_gets_503_and_the_sentence_as_a_page_that_asks_again(api, address):
    answer = api.get(address, headers=BROWSER)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<p>There are no marts in &lt;data&gt;. For the demo shop type: " in answer.text
    assert '<meta http-equiv="refresh" content="5">' in answer.text


def test_a_browser_gets_json_below_api(api):
    answer = api.get("/api/customers/segments", headers=BROWSER)
    assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE})


def test_marts_and_page_are_served_once_they_appear(api, marts, tmp_path):
    assert api.get("/api/customers/segments").status_code == 503
    shutil.copy(marts, tmp_path / "marts.db")
    assert api.get("/api/customers/segments").status_code == 200
    answer = api.get("/", headers=BROWSER)
    assert answer.status_code == 503
    assert "There is no page yet. Type: tillsight report" in answer.text
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("the page")
    assert api.get("/").headers["location"] == "/site/"
    assert api.get("/site/").text == "the page"
