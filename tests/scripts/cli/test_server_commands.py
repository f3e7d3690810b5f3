"""`tillsight serve` and `tillsight token`: what is refused, and a real server with its page."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import httpx
import jwt
import pytest
from typer.testing import CliRunner

from scripts.cli import server_commands as server
from scripts.cli.app import app
from scripts.errors import TillsightError
from scripts.settings import read_settings
from tests.support.server import serving

SECRET = "an honest secret of more than 32 bytes"  # noqa: S105  of no server


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    def run(*arguments: str, secret: str = ""):
        monkeypatch.setenv("TILLSIGHT_API_SECRET", secret)
        place = [] if arguments[0] == "token" else ["--data-dir", str(tmp_path)]
        given = [*arguments, *place]
        return CliRunner().invoke(app, given, terminal_width=200)

    return run


@pytest.mark.parametrize(
    ("options", "secret", "sentence"),
    [
        (["--host", "0.0.0.0"], "", "without a secret the server listens on this machine only"),  # noqa: S104
        (["--host", "::"], "", "without a secret the server listens on this machine only"),
        (["--host", "shop.example"], "", "without a secret the server"),
        ([], "short", "shorter than 32 bytes"),
        (["--with-email"], SECRET, "--with-email is for a server without tokens"),
        (["--origin", "*"], "", "'*' is not an origin"),
        (["--origin", "https://shop.example/"], "", "without a path"),
        (["--origin", "shop.example"], "", "'shop.example' is not an origin"),
    ],
)
def test_what_would_lie_open_or_cannot_be_is_refused_in_a_sentence(
    invoke, monkeypatch, options, secret, sentence
):
    monkeypatch.setattr(server, "start", lambda *_: pytest.fail("it was started"))
    result = invoke("serve", *options, secret=secret)
    assert result.exit_code == 1
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("options", "secret", "is_local", "needs_token"),
    [
        ([], "", True, False),
        (["--host", "localhost"], "", True, False),
        (["--host", "::1"], "", True, False),
        (["--host", "0.0.0.0"], SECRET, False, True),  # noqa: S104
        (["--host", "0.0.0.0", "--no-authentication"], "", False, False),  # noqa: S104
        (["--no-authentication"], SECRET, False, False),
    ],
)
def test_who_may_ask_follows_from_secret_and_options(
    invoke, monkeypatch, options, secret, is_local, needs_token
):
    started = []
    monkeypatch.setattr(server, "start", lambda *given: started.append(given))
    assert invoke("serve", *options, secret=secret).exit_code == 0
    ((served, _),) = started
    assert (served.is_local, served.secret is not None) == (is_local, needs_token)
    assert not served.with_email


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        given = ["serve", "--data-dir", str(tmp_path), "--port", str(port)]
        result = CliRunner().invoke(app, given)
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in result.stderr


def test_origins_come_from_options_and_settings(tmp_path):
    known = {"TILLSIGHT_API_ORIGINS": "https://a.example  http://b.example:8080"}
    settings = read_settings(data_dir=tmp_path, environment=known, env_file=tmp_path / ".env")
    address = server.Address("127.0.0.1", 8000, 1)
    options = server.choose(
        settings, address, origins=["https://c.example"], is_open=False, with_email=False
    )
    assert options.origins == (
        "https://a.example",
        "http://b.example:8080",
        "https://c.example",
    )


def test_without_the_libraries_it_is_said_how_to_get_them(tmp_path, monkeypatch, settings_in):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    settings, address = settings_in(tmp_path), server.Address("127.0.0.1", 0, 1)
    options = server.choose(settings, address, origins=[], is_open=False, with_email=False)
    with pytest.raises(TillsightError, match=r"type: pip install --editable '\.\[api\]' \(in "):
        server.start(options, address)


def test_without_the_library_of_tokens_it_is_said_as_well(invoke, monkeypatch):
    monkeypatch.delitem(sys.modules, "reports.api.auth", raising=False)
    monkeypatch.delattr("reports.api.auth", raising=False)
    monkeypatch.setitem(sys.modules, "jwt", None)
    result = invoke("token", secret=SECRET)
    assert result.exit_code == 1
    assert "pip install --editable '.[api]'" in result.stderr


def test_a_token_ends_and_says_what_its_bearer_may_see(invoke):
    for option, scope in ((["--email"], "email"), ([], "")):
        result = invoke("token", "--days", "7", *option, secret=SECRET)
        claims = jwt.decode(result.stdout.strip(), SECRET, algorithms=["HS256"])
        assert claims["scope"] == scope
        assert claims["exp"] - claims["iat"] == 7 * 86_400


def test_without_a_secret_there_is_no_token(invoke):
    result = invoke("token")
    assert result.exit_code == 1
    assert "set it in the environment or in " in result.stderr


def test_a_secret_is_in_no_text_of_the_settings(tmp_path):
    known = {"TILLSIGHT_API_SECRET": SECRET}
    settings = read_settings(data_dir=tmp_path, environment=known, env_file=tmp_path / ".env")
    address = server.Address("127.0.0.1", 8000, 1)
    options = server.choose(settings, address, origins=[], is_open=False, with_email=False)
    assert options.secret == SECRET
    assert SECRET not in f"{settings!r} {options!r}"


def test_a_real_server_with_two_workers_answers_and_ends_when_told(demo_shop):
    with serving(
        demo_shop.data_dir, workers=2, environment={"TILLSIGHT_API_SECRET": SECRET}
    ) as served:
        assert httpx.get(f"{served.address}/api/health").json()["status"] == "healthy"
        assert httpx.get(f"{served.address}/api/customers/rfm").status_code == 401
        token = jwt.encode({"exp": time.time() + 60, "scope": "email"}, SECRET, "HS256")
        headers = {"authorization": f"Bearer {token}"}
        exported = httpx.post(
            f"{served.address}/api/export/customers", json={"segment": None}, headers=headers
        )
        assert exported.content == (demo_shop.exports_dir / "customers.csv").read_bytes()
        assert "server" not in exported.headers
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=60) == 0
    assert "Traceback" not in "".join(served.log)


def test_a_worker_that_dies_is_replaced(demo_shop):
    with serving(demo_shop.data_dir, workers=2) as served:
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        os.kill(int(children.read_text().split()[-1]), signal.SIGKILL)
        for _ in range(600):
            if "died" in "".join(served.log):
                break
            time.sleep(0.1)
        answers = [httpx.get(f"{served.address}/api/health").status_code for _ in range(10)]
        assert answers == [200] * 10
        assert "died" in "".join(served.log)
