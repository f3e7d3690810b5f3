"""Generated requests: every response must match the OpenAPI document."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from reports.api.app import make_api, make_app
from reports.api.auth import make_token
from reports.api.options import ApiOptions
from tests.reports.api.conftest import SECRET

load_all_checks()


@pytest.fixture(scope="module")
def schema(marts):
    served = ApiOptions(marts, marts.parent, marts.parent, is_local=False)
    return schemathesis.openapi.from_asgi("/api/openapi.json", make_app(served))


def document(**options):
    return make_api(ApiOptions("marts.db", "site", "dbt_docs.html", **options)).openapi()


OPERATIONS = [
    (method, path) for path, operations in document()["paths"].items() for method in operations
]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_response_matches_the_document(schema, method, path, mode):
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(schema[path][method].as_strategy(generation_mode=mode))
    def is_as_documented(case):
        # a segment and days are well formed before the marts say whether they have them
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    try:
        is_as_documented()
    except Unsatisfiable:
        # nothing can be wrong where nothing is asked
        assert mode is GenerationMode.NEGATIVE
        assert not list(schema[path][method].iter_parameters())


def test_every_error_has_a_documented_example():
    paths = document()["paths"]
    told = {
        (path, status): answer["content"]["application/json"]["example"]["error"]
        for path, operations in paths.items()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status != "200" and path != "/api/health"
    }
    assert told["/api/customers/{customer_id}/details", "404"] == "Customer not found"
    assert told["/api/model/metrics", "503"] == "Model unavailable"
    assert told["/api/export/customers", "400"] == "segment parameter required"
    assert {sentence for (_, status), sentence in told.items() if status == "500"} == {
        "Internal server error"
    }
    assert "422" not in str(paths)


def test_every_response_has_a_documented_example():
    found = document()
    for operations in found["paths"].values():
        for operation in operations.values():
            (content,) = operation["responses"]["200"]["content"].values()
            if "$ref" not in content["schema"]:  # CSV is text
                continue
            name = content["schema"]["$ref"].rsplit("/", 1)[1]
            assert found["components"]["schemas"][name]["example"]


def test_the_document_states_whether_a_token_is_needed():
    open_one, closed = document(), document(secret=SECRET)
    assert "security" not in str(open_one["paths"])
    assert "security" not in closed["paths"]["/api/health"]["get"]
    assert closed["paths"]["/api/customers/rfm"]["get"]["security"] == [{"bearer": []}]
    assert closed["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_document_needs_a_token(asking, marts):
    api = asking(marts, secret=SECRET, is_local=False)
    token = {"authorization": f"Bearer {make_token(SECRET, days=1)}"}
    assert api.get("/api/openapi.json").status_code == 401
    assert api.get("/api/openapi.json", headers=token).json()["openapi"].startswith("3.")
