"""What the image and the workflow are made of. Neither is run here: that needs their services."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shlex
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from scripts.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture(scope="module")
def workflow() -> Any:
    return yaml.safe_load(WORKFLOW.read_text())


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word
    ]


def arguments(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def is_ignored(name: str) -> bool:
    """Apply .dockerignore as Docker does: the last line that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").replace("**/", "*")
        parts = [*Path(name).parents, Path(name)]
        if line and not line.startswith("#") and any(fnmatch(str(part), pattern) for part in parts):
            ignored = not line.startswith("!")
    return ignored


def test_what_the_image_copies_is_there_and_let_through():
    copied = [shlex.split(rest)[:-1] for rest in arguments("COPY") if "--from" not in rest]
    names = [name for line in copied for name in line]
    assert {"requirements.lock", "dbt_project", "ml", "reports", "scripts"} <= set(names)
    assert not [name for name in names if not (ROOT / name).exists() or is_ignored(name)]


@pytest.mark.parametrize(
    "name",
    [".env", ".git", "data", "data/raw.db", "tests", "dbt_project/target", "scripts/__pycache__"],
)
def test_no_data_secret_or_leftover_reaches_the_image(name):
    assert is_ignored(name)


def test_the_image_installs_what_is_locked_and_nothing_else():
    installs = re.findall(r"pip install.*?(?= && |$)", " && ".join(arguments("RUN")))
    locked, own = installs
    assert {"--require-hashes", "requirements.lock"} <= set(locked.split())
    assert {"--no-deps", "--no-build-isolation"} <= set(own.split())


def test_the_image_runs_on_the_python_that_is_tested(workflow):
    images = [rest.split()[0] for rest in arguments("FROM")]
    (tested,) = re.findall(r"^python:3\.\d+-", workflow["jobs"]["checks"]["container"])
    assert len(images) == 2
    assert all(image.startswith(tested) for image in images)


def test_the_image_serves_as_nobody_in_particular():
    order = [name for name, _ in instructions()]
    (user,) = arguments("USER")
    assert user not in {"root", "0"}
    assert order.index("USER") < order.index("CMD")
    assert f"--owner {user} /data" in " ".join(arguments("RUN"))
    assert "TILLSIGHT_DATA_DIR=/data" in " ".join(arguments("ENV"))
    assert "SECRET" not in " ".join(arguments("ENV") + arguments("ARG"))


def test_the_image_asks_the_server_for_its_health():
    (check,) = arguments("HEALTHCHECK")
    (port,) = arguments("EXPOSE")
    command = json.loads(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    assert f"http://127.0.0.1:{port}/api/health" in command[2]
    compile(command[2], "HEALTHCHECK", "exec")


def test_the_command_of_the_image_is_one_of_the_command_line():
    (line,) = arguments("CMD")
    program, command, *options = json.loads(line)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert program in project["project"]["scripts"]
    assert command in typer.main.get_group(app).commands
    told = CliRunner().invoke(app, [command, "--help"], terminal_width=200).output
    assert options == ["--host", "0.0.0.0"]  # noqa: S104  outside the image a port is opened by hand
    assert "--host" in told
    assert arguments("EXPOSE")[0] in told


def steps(job: Any) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_workflow_runs_all_checks_in_time(workflow):
    checks = workflow["jobs"]["checks"]
    assert checks["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert checks["timeout-minutes"] == 25


def test_the_workflow_looks_for_known_weaknesses_of_both_locks(workflow):
    audit = steps(workflow["jobs"]["weaknesses"])
    assert re.search(r"pip-audit==[\d.]+ pip-audit ", audit)
    assert [name for name in LOCKS if f"--requirement {name}" in audit] == [*LOCKS]


def test_the_workflow_may_read_alone_and_names_actions_by_commit(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    used = re.findall(r"uses: (\S+)", WORKFLOW.read_text())
    assert used
    assert not [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)]


def fetch(workflow: Any, folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    """Run the step that fetches the Online Retail file, as the workflow does."""
    (step,) = (
        s for s in workflow["jobs"]["checks"]["steps"] if "Online Retail" in s.get("name", "")
    )
    environment = {
        **{name: str(value) for name, value in step["env"].items()},
        "ADDRESS": address,
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(folder),
        "GITHUB_ENV": str(folder / "environment"),
    }
    return subprocess.run(
        ["bash", "-c", step["run"]],  # noqa: S607  as the runner finds it
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.real_data
def test_the_workflow_takes_the_file_that_the_tests_were_written_for(
    workflow, online_retail, tmp_path
):
    result = fetch(workflow, tmp_path, online_retail.absolute().as_uri())
    assert (result.returncode, result.stderr) == (0, "")
    name, _, file = (tmp_path / "environment").read_text().strip().partition("=")
    assert name == "TILLSIGHT_ONLINE_RETAIL"
    assert hashlib.sha256(Path(file).read_bytes()).digest() == (
        hashlib.sha256(online_retail.read_bytes()).digest()
    )


def test_the_workflow_says_what_is_missing_or_wrong(workflow, tmp_path):
    other = tmp_path / "other.csv.gz"
    other.write_bytes(gzip.compress(b"InvoiceNo,StockCode\n"))
    nowhere = (tmp_path / "nowhere.csv.gz").as_uri()
    told = [fetch(workflow, tmp_path, address) for address in ("", other.as_uri(), nowhere)]
    assert all(result.returncode for result in told)
    assert "set the repository variable ONLINE_RETAIL_URL" in told[0].stdout
    assert "is not the Online Retail file" in told[1].stdout
    assert "curl" in told[2].stderr
    assert not (tmp_path / "environment").exists()
