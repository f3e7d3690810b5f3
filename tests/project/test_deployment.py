"""The Dockerfile and the GitHub workflow, read as text: running them needs their services."""

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
    """Apply .dockerignore as Docker does: the last matching line decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").replace("**/", "*")
        parts = [*Path(name).parents, Path(name)]
        if line and not line.startswith("#") and any(fnmatch(str(part), pattern) for part in parts):
            ignored = not line.startswith("!")
    return ignored


def test_copied_files_exist_and_are_not_ignored():
    copied = [shlex.split(rest)[:-1] for rest in arguments("COPY") if "--from" not in rest]
    names = [name for line in copied for name in line]
    assert {"requirements.lock", "dbt_project", "ml", "reports", "scripts"} <= set(names)
    assert not [name for name in names if not (ROOT / name).exists() or is_ignored(name)]


@pytest.mark.parametrize(
    "name",
    [".env", ".git", "data", "data/raw.db", "tests", "dbt_project/target", "scripts/__pycache__"],
)
def test_data_secrets_and_caches_are_not_copied_to_the_image(name):
    assert is_ignored(name)


def test_the_image_installs_locked_packages_only():
    installs = re.findall(r"pip install.*?(?= && |$)", " && ".join(arguments("RUN")))
    locked, own = installs
    assert {"--require-hashes", "requirements.lock"} <= set(locked.split())
    assert {"--no-deps", "--no-build-isolation"} <= set(own.split())


def test_the_image_has_the_python_of_the_workflow(workflow):
    images = [rest.split()[0] for rest in arguments("FROM")]
    (tested,) = re.findall(r"^python:3\.\d+-", workflow["jobs"]["checks"]["container"])
    assert len(images) == 2
    assert all(image.startswith(tested) for image in images)


def test_the_image_serves_as_an_unprivileged_user():
    order = [name for name, _ in instructions()]
    (user,) = arguments("USER")
    assert user not in {"root", "0"}
    assert order.index("USER") < order.index("CMD")
    assert f"--owner {user} /data" in " ".join(arguments("RUN"))
    assert "TILLSIGHT_DATA_DIR=/data" in " ".join(arguments("ENV"))
    assert "SECRET" not in " ".join(arguments("ENV") + arguments("ARG"))


def test_the_health_check_calls_the_health_endpoint():
    (check,) = arguments("HEALTHCHECK")
    (port,) = arguments("EXPOSE")
    command = json.loads(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    assert f"http://127.0.0.1:{port}/api/health" in command[2]
    compile(command[2], "HEALTHCHECK", "exec")


def test_the_image_runs_an_existing_command():
    (line,) = arguments("CMD")
    program, command, *options = json.loads(line)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert program in project["project"]["scripts"]
    assert command in typer.main.get_group(app).commands
    help_text = CliRunner().invoke(app, [command, "--help"], terminal_width=200).output
    assert options == ["--host", "0.0.0.0"]  # noqa: S104  a port of the container is published explicitly
    assert "--host" in help_text
    assert arguments("EXPOSE")[0] in help_text


def steps(job: Any) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_workflow_runs_all_checks_with_a_time_limit(workflow):
    checks = workflow["jobs"]["checks"]
    assert checks["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert checks["timeout-minutes"] == 25


def test_the_workflow_audits_both_lock_files(workflow):
    audit = steps(workflow["jobs"]["vulnerabilities"])
    assert re.search(r"pip-audit==[\d.]+ pip-audit ", audit)
    assert [name for name in LOCKS if f"--requirement {name}" in audit] == [*LOCKS]


def test_the_workflow_is_read_only_and_pins_actions_by_commit(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    used = re.findall(r"uses: (\S+)", WORKFLOW.read_text())
    assert used
    assert not [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)]


def fetch(workflow: Any, folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    """Run the step of the workflow that downloads the Online Retail file."""
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
        ["bash", "-c", step["run"]],  # noqa: S607  the runner finds bash on its path
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.real_data
def test_the_workflow_accepts_the_online_retail_file(workflow, online_retail, tmp_path):
    result = fetch(workflow, tmp_path, online_retail.absolute().as_uri())
    assert (result.returncode, result.stderr) == (0, "")
    name, _, file = (tmp_path / "environment").read_text().strip().partition("=")
    assert name == "TILLSIGHT_ONLINE_RETAIL"
    assert hashlib.sha256(Path(file).read_bytes()).digest() == (
        hashlib.sha256(online_retail.read_bytes()).digest()
    )


def test_the_workflow_explains_a_missing_or_wrong_file(workflow, tmp_path):
    other = tmp_path / "other.csv.gz"
    other.write_bytes(gzip.compress(b"InvoiceNo,StockCode\n"))
    nowhere = (tmp_path / "nowhere.csv.gz").as_uri()
    results = [fetch(workflow, tmp_path, address) for address in ("", other.as_uri(), nowhere)]
    assert all(result.returncode for result in results)
    assert "set the repository variable ONLINE_RETAIL_URL" in results[0].stdout
    assert "is not the Online Retail file" in results[1].stdout
    assert "curl" in results[2].stderr
    assert not (tmp_path / "environment").exists()
