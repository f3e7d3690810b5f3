from __future__ import annotations

import shutil

import httpx
import pytest
from typer.testing import CliRunner

from scripts.cli.app import app
from tests.support.server import serving

COMMANDS = [["report"], ["export"], ["export", "--datasette"], ["model", "list"], ["model", "show"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_demo_shop_is_pointed_to_and_the_command_works_there(
    demo_shop, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(demo_shop.data_dir, tmp_path / "data" / "demo", symlinks=True)
    result = CliRunner().invoke(app, [*command, "--data-dir", "data"])
    told = " ".join(result.output.split())
    before, _, typed = told.partition(" For the demo shop type: tillsight ")
    named = " ".join(word for word in command if not word.startswith("--"))
    assert before.endswith("There is no shop in data.")
    assert typed == f"{named} --data-dir data/demo"
    assert CliRunner().invoke(app, typed.split()).exit_code == 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_demo_shop_the_way_to_marts_is_named(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, [*command, "--data-dir", "data"]).output
    assert "in data. Type: tillsight run FILE... (or, for a demo shop: tillsight demo)" in told


def test_a_server_without_marts_says_so_and_serves_them_once_they_appear(demo_shop, tmp_path):
    (tmp_path / "data").mkdir()
    with serving(tmp_path / "data") as served:
        sentence = f"There are no marts in {tmp_path / 'data'}. Type: tillsight run FILE..."
        assert any(sentence in line for line in served.log)
        answer = httpx.get(f"{served.address}/api/customers/segments")
        assert answer.status_code == 503
        assert answer.json()["error"].startswith(sentence)
        shutil.copytree(demo_shop.data_dir, tmp_path / "data", symlinks=True, dirs_exist_ok=True)
        assert httpx.get(f"{served.address}/", follow_redirects=True).status_code == 200
        assert httpx.get(f"{served.address}/api/customers/segments").status_code == 200
