from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli import console
from scripts.cli.app import app

STATE = ("raw.db", "marts.db", "site/index.html", "exports/customers.csv", "models", ".lock")
COMMANDS = {
    "export": ["export"],
    "datasette": ["export", "--datasette"],
    "report": ["report", "--single-file"],
    "page": ["report"],
    "backup": ["backup"],
}


@pytest.fixture
def shop(demo_shop, tmp_path):
    shutil.copytree(demo_shop.data_dir, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


@pytest.fixture
def tillsight(shop):
    def run(name, out, *options):
        line = [*COMMANDS[name], "--out", str(out), *options, "--data-dir", str(shop)]
        return CliRunner().invoke(app, line)

    return run


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a data folder but the log and the lock, which each command writes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "logs" not in path.parts and not path.name.startswith(".lock")
    }


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["plain", "overwrite"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_writes_over_a_file_of_the_data_folder(shop, tillsight, command, overwrite):
    before = content(shop)
    for name in (*STATE, "new.html", "settings.yml", "generations/9/x.csv", "../data/raw.db"):
        result = tillsight(command, shop / name, *overwrite)
        assert result.exit_code == 1, (name, result.output)
        assert result.stderr.startswith("Error: --out "), (name, result.stderr)
    assert content(shop) == before


def test_a_link_to_a_file_of_the_data_folder_is_no_way_in(shop, tillsight, tmp_path):
    (tmp_path / "folder").symlink_to(shop)
    (tmp_path / "link.csv").symlink_to(shop / "raw.db")
    (tmp_path / "later.csv").symlink_to(shop / "later.db")
    os.link(shop / "raw.db", tmp_path / "hard.csv")
    before = content(shop)
    for name in ("folder/raw.db", "link.csv", "later.csv", "hard.csv"):
        for command in ("export", "backup"):
            result = tillsight(command, tmp_path / name, "--overwrite")
            assert "is in the data folder" in result.stderr, (name, command, result.output)
    assert content(shop) == before


def test_the_data_folder_of_another_shop_is_spared_too(shop, tillsight, tmp_path):
    shutil.copytree(shop, tmp_path / "other", symlinks=True)
    before = content(tmp_path / "other")
    for command, name in (("export", "exports/mine.csv"), ("backup", "raw.db")):
        result = tillsight(command, tmp_path / "other" / name, "--overwrite")
        assert f"is in the data folder {tmp_path / 'other'}" in result.stderr
    assert content(tmp_path / "other") == before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("export", "exports/mine.csv"),
        ("datasette", "exports/mine.json"),
        ("backup", "backups/mine.db"),
        ("report", "site.html"),
    ],
)
def test_each_kind_has_its_place_in_the_data_folder(shop, tillsight, command, name):
    assert tillsight(command, shop / name).exit_code == 0
    assert (shop / name).is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_replaces_what_it_wrote_itself(tillsight, tmp_path, command):
    out = tmp_path / ("page" if command == "page" else "out.html")
    for _ in range(2):
        result = tillsight(command, out)
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("columns", [["--no-email"], ["--no-predictions"], ["--segment", "Lost"]])
def test_every_list_of_customers_is_recognised(tillsight, tmp_path, columns):
    for _ in range(2):
        assert tillsight("export", tmp_path / "list.csv", *columns).exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my letter",
        "customer_id,name,phone\n1,Ann,0\n",
        "name,customer_id,segment,rfm_score\n",
        '{"databases": {"marts": {"tables": {"songs": {}}}}}',
        "<html><title>Mine</title></html>",
    ],
)
@pytest.mark.parametrize("command", ["export", "datasette", "report"])
def test_a_file_of_somebody_else_is_replaced_only_on_demand(tillsight, tmp_path, command, text):
    out = tmp_path / "mine.html"
    out.write_text(text)
    result = tillsight(command, out)
    assert result.exit_code == 1
    assert "was not written by this command; name another path, or add --overwrite" in result.stderr
    assert out.read_text() == text
    assert tillsight(command, out, "--overwrite").exit_code == 0
    assert out.read_text() != text


def test_a_page_in_a_folder_with_an_index_of_somebody_else_is_replaced_only_on_demand(
    tillsight, tmp_path
):
    index = tmp_path / "page" / "index.html"
    index.parent.mkdir()
    index.write_text("mine")
    assert "add --overwrite" in tillsight("page", index.parent).stderr
    assert index.read_text() == "mine"
    assert tillsight("page", index.parent, "--overwrite").exit_code == 0


def test_at_a_terminal_the_user_is_asked(tillsight, tmp_path, monkeypatch):
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    asked = []
    for answer in (False, True):
        monkeypatch.setattr(
            console.Steps,
            "ask",
            lambda _, question, answer=answer: asked.append(question) or answer,
        )
        assert tillsight("export", out).exit_code == (0 if answer else 1)
        assert (out.read_text() == "mine") is not answer
    assert asked == [f"{out} exists and was not written by this command. Replace it?"] * 2


def test_a_database_or_a_device_is_never_replaced(tillsight, tmp_path):
    songs = tmp_path / "songs.db"
    songs.write_bytes(b"SQLite format 3\0 and so on")
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert "is a database" in tillsight("export", songs, "--overwrite").stderr
    assert "is a device or a pipe" in tillsight("export", pipe, "--overwrite").stderr
    assert songs.read_bytes() == b"SQLite format 3\0 and so on"
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["raw.db", "settings.yml"])
def test_a_list_is_not_written_as_the_database_of_a_shop_to_come(shop, tillsight, tmp_path, name):
    (tmp_path / "next").mkdir()
    result = tillsight("export", tmp_path / "next" / name)
    assert "choose a name like customers.csv" in result.stderr
    assert not list((tmp_path / "next").iterdir())
