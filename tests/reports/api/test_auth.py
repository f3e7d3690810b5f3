from __future__ import annotations

import base64
import datetime
import json
from urllib.parse import quote

import jwt
import pytest

from reports.api.auth import make_token
from reports.errors import ReportError
from tests.reports.api.conftest import SECRET, query

DATA = "/api/customers/segments"
PATHS = [
    *(DATA, "/api/customers/rfm", "/api/customers/c01/details", "/api/model/metrics"),
    *("/api/openapi.json", "/api/nothing", "/", "/site/", "/exports/customers.csv"),
    "/dbt_docs.html",
]


@pytest.fixture(scope="module")
def api(asking, odd_marts):
    return asking(odd_marts, secret=SECRET, is_local=False)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def claims(**changed):
    now = datetime.datetime.now(datetime.UTC)
    given = {"exp": now + datetime.timedelta(minutes=5), "scope": "email", **changed}
    return {name: value for name, value in given.items() if value is not None}


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT"}, {"exp": 2**33, "scope": "email"}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(part.rstrip("=") for part in coded) + "."


AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
REFUSED = {
    "no header": {},
    "nothing behind Bearer": bearer(""),
    "no token": bearer("one.two.three"),
    "another kind": {"authorization": f"Digest {make_token(SECRET, days=1)}"},
    "no base64": {"authorization": "Basic !"},
    "no password": {"authorization": "Basic " + base64.b64encode(b"user").decode()},
    "signed with another secret": bearer(jwt.encode(claims(), "x" * 40, "HS256")),
    "signed otherwise": bearer(jwt.encode(claims(), SECRET * 2, "HS512")),
    "not signed": bearer(unsigned()),
    "ended": bearer(jwt.encode(claims(exp=AGO), SECRET, "HS256")),
    "without an end": bearer(jwt.encode(claims(exp=None), SECRET, "HS256")),
    "an end that is no time": bearer(jwt.encode({"exp": "soon"}, SECRET, "HS256")),
    "not begun": bearer(jwt.encode(claims(nbf=2**33), SECRET, "HS256")),
    "for another service": bearer(jwt.encode(claims(aud="shop"), SECRET, "HS256")),
    "changed": bearer(make_token(SECRET, days=1)[:-2] + "AA"),
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_requests_without_a_valid_token_are_rejected(api, headers):
    answer = api.get(DATA, headers=headers)
    assert answer.status_code == 401
    assert list(answer.json()) == ["error"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", PATHS)
def test_every_path_but_health_needs_a_token(api, path):
    assert api.get(path).status_code == 401
    assert api.get(path, headers=bearer(make_token(SECRET, days=1))).status_code != 401


def test_health_needs_no_token(api):
    assert api.get("/api/health").status_code == 200


def test_an_expired_token_is_named_as_such(api):
    answer = api.get(DATA, headers=REFUSED["ended"])
    assert answer.json() == {"error": "The token has expired; ask for a new one"}


def test_basic_authentication_takes_the_token_as_password(api):
    coded = base64.b64encode(f"anybody:{make_token(SECRET, days=1)}".encode()).decode()
    answer = api.get("/", headers={"authorization": f"Basic {coded}"})
    assert answer.json() == {"error": "There is no page yet. Type: tillsight report"}
    assert api.get("/site/").headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("scope", "sees"),
    [
        ("email", True),
        ("read email", True),
        ("", False),
        ("emails", False),
        ("e-mail", False),
        (["email"], False),
        (None, False),
    ],
)
def test_e_mail_needs_the_scope_email(api, scope, sees):
    headers = bearer(jwt.encode(claims(scope=scope), SECRET, "HS256"))
    told = api.get("/api/customers/c01/details", headers=headers).json()
    assert told.get("email") == ("person1@mail.example" if sees else None)
    assert ("email" in told) is sees


def test_a_short_secret_is_refused():
    with pytest.raises(ReportError, match="shorter than 32 bytes"):
        make_token("x" * 31, days=1)


def every_text(api, headers) -> str:
    lists = [
        api.get("/api/customers/rfm", params={"page": page, "limit": 10}, headers=headers).text
        for page in range(1, 5)
    ]
    found = [row["customer_id"] for text in lists for row in json.loads(text)["data"]]
    details = [
        api.get(f"/api/customers/{quote(key, safe='')}/details", headers=headers) for key in found
    ]
    assert [one.status_code for one in details] == [200] * len(found)
    assert [one.json()["customer_id"] for one in details] == found
    exported = api.post("/api/export/customers", json={"segment": None}, headers=headers).text
    named = api.get("/exports/customers.csv", headers=headers).text
    return "\n".join([*lists, *(one.text for one in details), exported, named])


def test_no_e_mail_is_shown_and_every_listed_customer_can_be_requested(api, odd_marts):
    hidden = every_text(api, bearer(make_token(SECRET, days=1)))
    shown = every_text(api, bearer(make_token(SECRET, days=1, sees_email=True)))
    assert ".example" not in hidden
    assert '"(e-mail hidden) 4"' in hidden
    for (address,) in query(
        odd_marts, "select customer_id from customers where customer_id like '%@%'"
    ):
        assert address in shown


def test_a_hidden_e_mail_cannot_be_probed(api, odd_marts):
    ((address,),) = query(
        odd_marts, "select max(customer_id) from customers where customer_id like '%@%'"
    )
    path = f"/api/customers/{quote(address, safe='')}/details"
    refused = api.get(path, headers=bearer(make_token(SECRET, days=1)))
    assert (refused.status_code, refused.json()) == (404, {"error": "Customer not found"})
    allowed = bearer(make_token(SECRET, days=1, sees_email=True))
    assert api.get(path, headers=allowed).json()["customer_id"] == address


def test_without_a_secret_e_mail_needs_the_option(asking, marts):
    path = "/api/customers/c01/details"
    assert "email" not in asking(marts).get(path).json()
    assert asking(marts, with_email=True).get(path).json()["email"] == "person1@mail.example"


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_a_local_server_accepts_its_own_host_names(asking, marts, host):
    assert asking(marts).get(DATA, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", "", "::1"]
)
def test_a_local_server_rejects_other_host_names(asking, marts, host):
    answer = asking(marts).get(DATA, headers={"host": host})
    assert answer.status_code == 400
    assert answer.json() == {"error": "This server accepts requests to localhost only"}


def test_a_server_with_a_secret_accepts_any_host_name(api):
    headers = {"host": "shop.example", **bearer(make_token(SECRET, days=1))}
    assert api.get(DATA, headers=headers).status_code == 200


def preflight(api, origin):
    return api.request(
        "OPTIONS",
        DATA,
        headers={
            "origin": origin,
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization",
        },
    )


def test_cors_allows_the_configured_origins_only(asking, marts):
    api = asking(marts, secret=SECRET, is_local=False, origins=("https://shop.example",))
    token = bearer(make_token(SECRET, days=1))
    own = preflight(api, "https://shop.example")
    assert own.status_code == 200
    assert own.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in own.headers
    answer = api.get(DATA, headers={"origin": "https://shop.example", **token})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    refused = api.get(DATA, headers={"origin": "https://shop.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"
    for other in ("https://evil.example", "null", "https://shop.example.evil.example"):
        assert preflight(api, other).status_code == 400
        answer = api.get(DATA, headers={"origin": other, **token})
        assert "access-control-allow-origin" not in answer.headers


def test_cors_is_off_by_default(asking, marts):
    api = asking(marts)
    assert preflight(api, "https://shop.example").status_code == 405
    answer = api.get(DATA, headers={"origin": "https://shop.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
