"""The deployment of the README, tried: several workers behind Debian's nginx, over TLS."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from reports.api.auth import make_token
from tests.support.requirements import need
from tests.support.server import serving

ROOT = Path(__file__).resolve().parents[2]
SECRET = "an honest secret of more than 32 bytes"  # noqa: S105  of no server
HOST = "tillsight.example"
# What Debian's nginx.conf says around a site, with every file in one folder.
AROUND = """
daemon off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    types {{ text/html html; text/css css; text/javascript js; }}
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
{site}
}}
"""


def site_of_the_readme() -> str:
    (site,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return site


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def put(site: str, old: str, new: str) -> str:
    assert old in site
    return site.replace(old, new)


@pytest.fixture(scope="module")
def nginx() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    need(
        "nginx or openssl is missing; type 'apt-get install nginx-light openssl'",
        is_there=bool(program and shutil.which("openssl")),
    )
    return str(program)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@pytest.fixture(scope="module")
def behind_nginx(demo_shop, nginx, certificate, tmp_path_factory):
    """Start the server and nginx; give a client that trusts the certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    made, key = certificate
    port = free_port()
    with serving(
        demo_shop.data_dir, workers=2, environment={"TILLSIGHT_API_SECRET": SECRET}
    ) as served:
        site = put(site_of_the_readme(), "127.0.0.1:8000", f"127.0.0.1:{served.port}")
        site = put(site, "listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        site = put(site, "/etc/ssl/certs/tillsight.pem", str(made))
        site = put(site, "/etc/ssl/private/tillsight.key", str(key))
        config = folder / "nginx.conf"
        config.write_text(AROUND.format(folder=folder, site=site))
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            [nginx, "-p", folder, "-c", config, "-e", "stderr", *user], stderr=subprocess.PIPE
        )
        try:
            wait_for(port, process)
            trusting = ssl.create_default_context(cafile=str(made))
            with httpx.Client(
                base_url=f"https://127.0.0.1:{port}",
                verify=trusting,
                headers={"host": HOST},
                auth=("anybody", make_token(SECRET, days=1, sees_email=True)),
            ) as client:
                yield Client(client)
        finally:
            process.terminate()
            process.communicate()


class Client:
    """Ask nginx by the name of its certificate."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def __call__(self, method: str, address: str, **options) -> httpx.Response:
        named = {"sni_hostname": HOST}
        return self._client.request(method, address, extensions=named, **options)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        else:
            return
    pytest.fail("nginx does not listen")


def test_the_endpoints_answer_through_nginx(behind_nginx, demo_shop):
    assert behind_nginx("GET", "/api/health").json()["status"] == "healthy"
    told = behind_nginx("GET", "/api/customers/rfm?limit=3").json()
    assert len(told["data"]) == 3
    customer = told["data"][0]["customer_id"]
    assert "email" in behind_nginx("GET", f"/api/customers/{customer}/details").json()
    exported = behind_nginx("POST", "/api/export/customers", json={"segment": None})
    assert exported.content == (demo_shop.exports_dir / "customers.csv").read_bytes()


def test_ids_reach_the_server_as_they_were_asked_for(behind_nginx):
    for odd in ("a%2Fb", "a%2F%2Fb", "..%2F..%2Fb", "%3Fx%23y", "%25"):
        answer = behind_nginx("GET", f"/api/customers/{odd}/details")
        assert (answer.status_code, answer.json()) == (404, {"error": "Customer not found"})


def test_without_a_token_nginx_lets_nobody_in(behind_nginx):
    refused = behind_nginx("GET", "/api/customers/rfm", auth=("anybody", "nothing"))
    assert refused.status_code == 401
    assert refused.json() == {"error": "The token is not valid"}


def test_answers_are_compressed_and_not_given_twice(behind_nginx):
    answer = behind_nginx("GET", "/api/customers/rfm")
    assert answer.headers["content-encoding"] == "gzip"
    tag = answer.headers["etag"]
    again = behind_nginx("GET", "/api/customers/rfm", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_the_page_and_its_lists_come_through_nginx(behind_nginx):
    page = behind_nginx("GET", "/", follow_redirects=True)
    assert page.status_code == 200
    assert str(page.url).endswith("/site/")
    listed = behind_nginx("GET", "/exports/customers_lost.csv").text
    rows = list(csv.DictReader(io.StringIO(listed, newline="")))
    assert {row["segment"] for row in rows} == {"Lost"}
    assert any("@" in row["email"] for row in rows)


def test_a_large_body_ends_at_nginx(behind_nginx):
    answer = behind_nginx("POST", "/api/export/customers", content=b"x" * 70_000)
    assert answer.status_code == 413
