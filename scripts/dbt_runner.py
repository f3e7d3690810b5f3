"""Run dbt in this process: parse the project once, build it in passes, explain failures."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.graph.queue import GraphQueue

from scripts.errors import TillsightError
from scripts.progress import Progress
from scripts.settings import Settings, temporary_dir

_FAILURES = ("error", "fail", "runtime error", "partial success")


class Dbt:
    """The parsed dbt project.

    Raises
    ------
    TillsightError
        If the project cannot be parsed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vars = settings.dbt_vars()
        result = self._invoke(dbtRunner(), "parse")
        self.manifest = result.result
        _freeze_manifest()

    def build(self, selector: str, *, progress: Progress | None = None) -> None:
        """Build the models of a selector and run the tests of their data.

        Parameters
        ----------
        selector : str
            Name of a selector in `selectors.yml`.
        progress : callable, optional
            Called at the start of each node.

        Raises
        ------
        TillsightError
            If a model or a test fails.
        """
        callbacks = [_progress_callback(progress)] if progress else []
        runner = dbtRunner(manifest=self.manifest, callbacks=callbacks)
        # unit tests check the SQL on fixtures: plain `dbt build` runs them, a run on data does not
        self._invoke(
            runner, "build", "--selector", selector, "--exclude-resource-type", "unit_test"
        )

    def marts(self) -> dict[str, Any]:
        """Return the dbt nodes of the marts by name."""
        nodes = [
            node
            for node in self.manifest.nodes.values()
            if node.resource_type == "model" and node.fqn[1] == "marts"
        ]
        return {node.name: node for node in sorted(nodes, key=lambda node: node.name)}

    def write_docs(self, docs_html: Path) -> None:
        """Write dbt's documentation as one file, replacing an older one atomically."""
        runner = dbtRunner(manifest=self.manifest)
        self._invoke(runner, "docs", "generate", "--static", "--no-compile")
        (self._settings.dbt_output_dir / "target" / "static_index.html").replace(docs_html)

    def _invoke(self, runner: dbtRunner, *command: str) -> dbtRunnerResult:
        settings = self._settings
        arguments = [
            *command,
            *("--project-dir", str(settings.dbt_dir), "--profiles-dir", str(settings.dbt_dir)),
            *("--target", settings.target),
            *("--target-path", str(settings.dbt_output_dir / "target")),
            # dbt does not close its log file; failures are reported from the results
            *("--log-path", str(settings.dbt_output_dir), "--log-level-file", "none"),
            *("--quiet", "--log-level", "none"),
        ]
        if self._vars:
            # YAML does not join the escapes of a character above U+FFFF
            arguments += ["--vars", json.dumps(self._vars, ensure_ascii=False)]
        in_order = _in_order() if settings.target == "sqlite" else nullcontext()
        with settings.dbt_environment(), _logged_as(*command), in_order:
            result = runner.invoke(arguments)
        if not result.success:
            # dbt skips files that seem older than its start: if the clock was set back meanwhile,
            # the cache holds incomplete models, which later runs would use
            (settings.dbt_output_dir / "target" / "partial_parse.msgpack").unlink(missing_ok=True)
        if not result.success and _is_interruption(result):
            raise KeyboardInterrupt
        if isinstance(result.exception, OSError):
            raise result.exception  # of the disk, not of the project
        if not result.success:
            raise TillsightError(_explain(result, settings))
        return result


def _freeze_manifest() -> None:
    """Exclude the manifest from garbage collection.

    Its 300,000 objects live to the end of the run; scanning them makes writing the page of 100,000
    customers a quarter slower.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def _in_order() -> Iterator[None]:
    """Run dbt's nodes one after the other.

    Otherwise the order in which tables are created depends on timing, and so do the bytes of the
    file.
    """
    take = GraphQueue.get

    def take_when_idle(queue: GraphQueue, *arguments: Any, **options: Any) -> Any:
        with queue.some_task_done:
            queue.some_task_done.wait_for(lambda: not queue.in_progress)
        return take(queue, *arguments, **options)

    GraphQueue.get = take_when_idle
    try:
        yield
    finally:
        GraphQueue.get = take


@contextmanager
def _logged_as(*command: str) -> Iterator[None]:
    """Set the command line that dbt logs: file names in ours can contain e-mail addresses."""
    before = sys.argv
    sys.argv = ["dbt", *command]
    try:
        yield
    finally:
        sys.argv = before


def _progress_callback(progress: Progress) -> Callable[[Any], None]:
    """Turn dbt's event at the start of each node into a progress report."""

    def report(event: Any) -> None:
        if event.info.name == "LogStartLine":
            progress(event.data.node_info.node_name, event.data.index, event.data.total)

    return report


def _is_interruption(result: dbtRunnerResult) -> bool:
    """Return whether dbt was interrupted: its result has neither a node nor a reason."""
    is_empty = not getattr(result.result, "results", None) and not str(result.exception or "")
    return is_empty or isinstance(result.exception, KeyboardInterrupt)


def _explain(result: dbtRunnerResult, settings: Settings) -> str:
    """Describe a failure from the results of the nodes or from the exception."""
    failed = [
        node_result
        for node_result in getattr(result.result, "results", None) or []
        if str(node_result.status) in _FAILURES
    ]
    if not failed:
        return f"dbt failed: {_one_line(str(result.exception or 'no reason given'))}"
    names = ", ".join(node_result.node.name for node_result in failed[:3])
    more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    reason = _one_line(failed[0].message or "no reason given")
    hint = (
        f"Make room in {settings.data_dir} and in {temporary_dir()}, where SQLite sorts; "
        "SQLITE_TMPDIR names another folder for that."
        if "disk is full" in reason
        else f"The compiled SQL is in {settings.dbt_output_dir / 'target'}."
    )
    return f"dbt build failed in {names}{more}: {reason} Nothing was published. {hint}"


def _one_line(message: str) -> str:
    """Join the lines of a dbt message into one that ends in a full stop."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    folded = " ".join(line for line in lines if not line.startswith(("compiled code at", "> ")))
    return folded if folded.endswith(".") else f"{folded}."
