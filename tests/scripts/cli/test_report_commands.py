"""The options of the page: where each kind lies, what is refused, how it is opened."""

from __future__ import annotations

import sqlite3
import webbrowser
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import reports.site.writer
from reports.site.options import SiteOptions
from scripts.cli import pipeline_commands
from scripts.cli.app import app

Report = Callable[..., Result]
SCHEMA = Path(__file__).parents[2] / "reports" / "marts_schema.sql"


class Written(list[tuple[Path, SiteOptions]]):
    """What pages were written where, by a stand-in that only makes the file."""

    size = 1_234_567

    def write_site(self, _, out, *, options, **_others) -> reports.site.writer.SiteResult:
        self.append((out, options))
        index = out if options.single_file else out / "index.html"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_bytes(bytes(self.size))
        return reports.site.writer.SiteResult(index, 3)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    made = Written()
    monkeypatch.setattr(reports.site.writer, "write_site", made.write_site)
    return made


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder with marts that hold nothing but the name of their build."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "marts.db")) as connection, connection:
        connection.executescript(SCHEMA.read_text())
        connection.execute("insert into build_info (build_fingerprint) values ('0123456789abcdef')")
    return folder


@pytest.fixture
def report(data_dir: Path, written: Written) -> Report:
    def invoke(*options: str | Path) -> Result:
        arguments = ["report", *map(str, options), "--data-dir", str(data_dir)]
        return CliRunner().invoke(app, arguments, terminal_width=200)

    return invoke


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ([], "site/index.html"),
        (["--single-file"], "site.html"),
        (["--privacy", "team"], "site/index.html"),
        (["--privacy", "public"], "site_public/index.html"),
        (["--privacy", "public", "--single-file"], "site_public.html"),
    ],
)
def test_each_kind_of_page_has_a_place_of_its_own(report, tmp_path, options, place):
    result = report(*options)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Page: {tmp_path / 'data' / place}")
    assert (tmp_path / "data" / place).exists()


def test_the_options_reach_the_page(report, written):
    report("--title", " Sales of the north ", "--privacy", "public", "--single-file")
    report()
    assert [options for _, options in written] == [
        SiteOptions(title="Sales of the north", privacy="public", single_file=True),
        SiteOptions(),
    ]


def test_a_page_goes_where_it_is_wanted(report, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    report("--out", "new/folder")
    report("--out", "empty")
    report("--out", "mail/page.html", "--single-file")
    assert [out.relative_to(tmp_path).as_posix() for out, _ in written] == [
        "new/folder",
        "empty",
        "mail/page.html",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--title", "  "], "--title is empty; name the shop"),
        (["--out", "photos"], "--out photos holds cat.jpg, which is not part of a page"),
        (["--out", "note"], "--out note is a file; name a folder"),
        (["--out", "page.html"], "--out page.html looks like a file; add --single-file"),
        (["--single-file", "--out", "page"], "--out page must end in .html"),
        (["--single-file", "--out", "raw.db"], "--out raw.db must end in .html"),
        (["--single-file", "--out", "folder.html"], "--out folder.html is a folder; name a file"),
    ],
)
def test_what_would_harm_or_make_no_sense_is_refused(
    report, written, tmp_path, monkeypatch, options, sentence
):
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "folder.html"):
        (tmp_path / name).mkdir()
    for name in ("photos/cat.jpg", "note"):
        (tmp_path / name).touch()
    result = report(*options)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not written


def test_a_privacy_that_is_none_names_both(report, written):
    result = report("--privacy", "secret")
    assert result.exit_code == 2
    for word in ("secret", "team", "public"):
        assert word in result.stderr
    assert not written


def test_the_size_of_one_file_is_told(report):
    result = report("--single-file")
    assert "site.html (1.2 MB)" in result.stdout
    assert "too large" not in result.stdout


def test_a_file_too_large_for_mail_is_written_and_told(report, written, tmp_path):
    written.size = 20_000_000
    result = report("--single-file")
    assert result.exit_code == 0
    assert "site.html (20.0 MB)" in result.stdout
    assert "too large for most mail" in result.stdout
    assert (tmp_path / "data" / "site.html").exists()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what would have been opened."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    return opened


def test_the_page_is_opened_where_that_is_wanted(report, browser, tmp_path):
    report()
    assert browser == []
    result = report("--single-file", "--open")
    assert browser == [(tmp_path / "data" / "site.html").as_uri()]
    assert "No browser" not in result.stdout


@pytest.mark.parametrize("command", ["demo", "run"])
def test_the_page_of_a_whole_run_is_opened(command, browser, tmp_path, monkeypatch):
    page = tmp_path / "index.html"
    monkeypatch.setattr(pipeline_commands, "_run", lambda *_, **__: page)
    few = ["--customers", "3"] if command == "demo" else []
    result = CliRunner().invoke(app, [command, *few, "--open", "--data-dir", str(tmp_path)])
    assert result.exit_code == 0
    assert browser == [page.as_uri()]


def fail(_: str) -> bool:
    raise webbrowser.Error("could not locate runnable browser")


@pytest.mark.parametrize("answer", [lambda _: False, fail], ids=["says no", "raises"])
def test_where_there_is_no_browser_the_path_is_told(report, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(webbrowser, "open", answer)
    result = report("--open")
    assert result.exit_code == 0
    page = tmp_path / "data" / "site" / "index.html"
    assert f"No browser was found; open {page} yourself." in result.stdout
