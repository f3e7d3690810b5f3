"""The log of the commands: one JSON object a line, bounded, and never in the way."""

from __future__ import annotations

import datetime
import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli import run_log
from scripts.cli.app import app

TILLSIGHT = Path(sys.executable).with_name("tillsight")


@pytest.fixture
def sentences() -> list[str]:
    return []


def lines(folder: Path) -> list[dict[str, object]]:
    text = (folder / run_log.FILE_NAME).read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_what_when_how_much_and_how_long(tmp_path, sentences):
    log = run_log.RunLog(tmp_path / "logs", "run", sentences.append)
    log.step("Loading", 12, 0.12345, "done")
    log.end("failed", "two\nlines of Eve <eve@example.com>")
    step, end = lines(tmp_path / "logs")
    when = datetime.datetime.fromisoformat(str(step.pop("time")))
    assert when.tzinfo is datetime.UTC
    assert step == {
        "process": os.getpid(),
        "version": "0.1.0",
        "command": "run",
        "event": "step",
        "step": "Loading",
        "rows": 12,
        "seconds": 0.123,
        "outcome": "done",
    }
    assert (end["event"], end["outcome"]) == ("end", "failed")
    assert end["error"] == "two\nlines of Eve <(e-mail hidden)>"
    assert sentences == []


def test_the_log_does_not_grow_without_end(tmp_path, sentences, monkeypatch):
    monkeypatch.setattr(run_log, "LARGEST_FILE", 1_000)
    log = run_log.RunLog(tmp_path, "run", sentences.append)
    for number in range(200):
        log.step("Loading", number, 0.1, "done")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + run_log.OLDER_FILES
    assert all(file.stat().st_size <= 1_000 for file in files)
    assert lines(tmp_path)[-1]["rows"] == 199


def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path, sentences):
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = run_log.RunLog(tmp_path / "logs", "run", sentences.append)
    log.step("Loading", 1, 0.1, "done")
    log.end("done")
    (sentence,) = sentences
    assert "the command continues without it" in sentence


def test_a_mistake_is_in_the_log_and_a_token_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TILLSIGHT_API_SECRET", "an honest secret of more than 32 bytes")
    for arguments, code in ((["export", "--data-dir", str(tmp_path)], 1), (["token"], 0)):
        assert CliRunner().invoke(app, arguments).exit_code == code
    stopped, end = lines(tmp_path / "logs")
    assert (stopped["step"], stopped["outcome"]) == ("Exporting", "stopped")
    assert (end["command"], end["outcome"]) == ("export", "failed")
    assert "Type: tillsight run FILE" in str(end["error"])


def test_a_terminal_shows_a_line_for_each_step(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(
        "transaction_id,customer_id,product_id,invoice_date,quantity,amount\nt,a,p,2024-01-01,1,1\n"
    )
    reader, writer = pty.openpty()
    line = [TILLSIGHT, "load", file, "--data-dir", tmp_path / "data"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    shown = b""
    with suppress(OSError):  # a terminal whose last writer has gone ends in an error
        while chunk := os.read(reader, 4096):
            shown += chunk
    os.close(reader)
    assert process.wait() == 0
    (told,) = [line for line in shown.splitlines() if b"1 rows" in line]
    assert b"Loading" in told
    assert told.rstrip().endswith(b" s")
