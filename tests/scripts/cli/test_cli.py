"""The command line: exit codes, sentences instead of tracebacks, results where they belong."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

TILLSIGHT = Path(sys.executable).with_name("tillsight")
HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"


def tillsight(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TILLSIGHT, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_version_is_shown():
    result = tillsight("--version")
    assert (result.returncode, result.stdout) == (0, "tillsight 0.1.0\n")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["fly"], id="unknown command"),
        pytest.param(["restore"], id="no file"),
        pytest.param(["token", "--as-of", "2024-01-01"], id="option of another command"),
        pytest.param(["demo", "--customers", "none"], id="not a number"),
        pytest.param(["demo", "--customers", "0"], id="no customers"),
        pytest.param(["build", "--quick"], id="unknown option"),
    ],
)
def test_wrong_usage_exits_with_2(arguments):
    result = tillsight(*arguments)
    assert result.returncode == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["load", "nowhere.csv"], "nowhere.csv", id="missing file"),
        pytest.param(["build", "--as-of", "9.12.2011"], "must be a date like", id="wrong date"),
        pytest.param(["report"], "There is no shop in", id="page before marts"),
        pytest.param(["train"], "type 'tillsight build' first", id="training before a build"),
    ],
)
def test_a_mistake_is_a_sentence_and_exits_with_1(arguments, sentence, data_dir):
    result = tillsight(*arguments, "--data-dir", data_dir)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_loaded_file_is_listed_and_known_again(data_dir, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(HEADER + "t1,a,p,2024-01-01,1,9.99\n")
    first = tillsight("load", file, "--data-dir", data_dir)
    second = tillsight("load", file, "--data-dir", data_dir)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "sales.csv  standard_transactions     1  loaded" in first.stdout
    assert "already loaded" in second.stdout
    assert first.stderr == second.stderr == ""


@pytest.mark.parametrize(
    "command",
    [
        *("report", "export", "export --datasette", "serve", "doctor", "backup"),
        *("model list", "model show", "model use latest", "run"),
    ],
)
def test_a_command_without_files_creates_nothing_where_there_is_no_shop(command, data_dir):
    result = tillsight(*command.split(), "--data-dir", data_dir)
    assert result.returncode == 1
    assert f"There is no shop in {data_dir}. Type: tillsight run FILE..." in result.stderr
    assert not data_dir.exists()


@pytest.mark.parametrize("command", ["report", "export", "serve", "doctor", "model list"])
def test_beside_the_demo_shop_its_folder_is_named(command, data_dir):
    tillsight("load", "--data-dir", data_dir / "demo")
    result = tillsight(*command.split(), "--data-dir", data_dir)
    assert result.returncode == 1
    assert f"type: tillsight {command} --data-dir {data_dir / 'demo'}" in result.stderr


def test_load_without_files_makes_the_raw_tables(data_dir):
    assert tillsight("load", "--data-dir", data_dir).returncode == 0
    result = tillsight("doctor", "--data-dir", data_dir)
    assert result.returncode == 0
    assert "0 rows of 0 files" in result.stdout


def test_quiet_prints_errors_only(data_dir, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(HEADER + "t1,a,p,2024-01-01,1,9.99\n")
    loaded = tillsight("load", file, "--quiet", "--data-dir", data_dir)
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (0, "", "")
    failed = tillsight("load", "nowhere.csv", "--quiet", "--data-dir", data_dir)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("Error: nowhere.csv does not exist")


def test_a_terminal_sees_progress_and_no_traceback(data_dir, tmp_path):
    """Progress is drawn on a terminal only: run in one, and read what it shows."""
    data_dir.mkdir(mode=0o700)
    reader, writer = pty.openpty()
    with (tmp_path / "stdout").open("w") as stdout:
        command = [TILLSIGHT, "doctor", "--data-dir", data_dir]
        process = subprocess.Popen(command, stdout=stdout, stderr=writer)
    os.close(writer)
    shown = b""
    with suppress(OSError):  # a terminal whose last writer has gone ends in an error
        while chunk := os.read(reader, 4096):
            shown += chunk
    os.close(reader)
    assert process.wait() == 0
    assert b"Traceback" not in shown
    assert "no file yet" in (tmp_path / "stdout").read_text()


def test_a_folder_that_is_a_file_is_named(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(HEADER)
    result = tillsight("doctor", "--data-dir", file)
    assert result.returncode == 1
    assert "is a file; choose a folder" in result.stderr


def test_the_doctor_takes_an_empty_file_that_dbt_left_for_no_marts_yet(data_dir):
    tillsight("load", "--data-dir", data_dir)
    (data_dir / "marts.db").touch()
    result = tillsight("doctor", "--data-dir", data_dir)
    assert result.returncode == 0
    assert "none yet" in result.stdout


def test_the_doctor_finds_damaged_marts(data_dir):
    tillsight("load", "--data-dir", data_dir)
    (data_dir / "marts.db").write_text("no database " * 100)
    result = tillsight("doctor", "--data-dir", data_dir)
    assert result.returncode == 1
    assert "!!" in result.stdout
    assert "type 'tillsight build'" in result.stderr


def test_the_demo_leaves_the_sales_of_others_alone(data_dir, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(HEADER + "t1,a,p,2024-01-01,1,9.99\n")
    tillsight("load", file, "--data-dir", data_dir / "demo")
    result = tillsight("demo", "--customers", "10", "--data-dir", data_dir)
    assert result.returncode == 1
    assert "holds sales.csv already" in result.stderr


def test_an_apostrophe_in_the_path_is_refused_in_words(tmp_path, monkeypatch):
    result = tillsight("doctor", "--data-dir", tmp_path / "o'brien")
    assert result.returncode == 1
    assert "apostrophe" in result.stderr
    (tmp_path / "o'brien").mkdir()
    monkeypatch.chdir(tmp_path / "o'brien")
    assert "apostrophe" in tillsight("doctor", "--data-dir", "data").stderr


@pytest.mark.parametrize("command", ["report", "export"])
def test_what_is_shared_follows_the_umask_and_the_rest_is_the_owners(demo_shop, tmp_path, command):
    folder, out = tmp_path / "data", tmp_path / f"{command}.html"
    shutil.copytree(demo_shop.data_dir, folder, symlinks=True)
    shutil.rmtree(folder / "logs", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    options = ["--single-file"] if command == "report" else []
    before = os.umask(0o022)
    try:
        result = tillsight(command, *options, "--out", out, "--data-dir", folder)
    finally:
        os.umask(before)
    assert result.returncode == 0, result.stderr
    assert out.stat().st_mode & 0o777 == 0o644
    made = [folder / "logs", folder / "logs" / "tillsight.jsonl", folder / ".lock"]
    assert [path.stat().st_mode & 0o077 for path in made] == [0, 0, 0]
