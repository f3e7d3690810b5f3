"""Run dbt in this process: parse once, build in passes, say in a sentence what failed."""

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
from scripts.settings import Settings, temporary_dir

Progress = Callable[[str, int, int], None]

_FAILURES = ("error", "fail", "runtime error", "partial success")


class Dbt:
    """The dbt project, parsed, ready to be built pass by pass.

    Parameters
    ----------
    settings : Settings
        Where the project and the databases lie.

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
        _leave_in_peace()

    def build(self, selector: str, *, progress: Progress | None = None) -> None:
        """Build the models of a selector and run the tests of their data.

        Parameters
        ----------
        selector : str
            Name of a selector in `selectors.yml`.
        progress : callable, optional
            Told the name of each node as it begins, its number and how many there are.

        Raises
        ------
        TillsightError
            If a model or a test failed; names the first few of them.
        """
        callbacks = [_progress_callback(progress)] if progress else []
        runner = dbtRunner(manifest=self.manifest, callbacks=callbacks)
        # unit tests hold the SQL to made-up rows: `dbt build` runs them, a run on data need not
        self._invoke(
            runner, "build", "--selector", selector, "--exclude-resource-type", "unit_test"
        )

    def marts(self) -> dict[str, Any]:
        """Return dbt's nodes of the marts, by name."""
        nodes = [
            node
            for node in self.manifest.nodes.values()
            if node.resource_type == "model" and node.fqn[1] == "marts"
        ]
        return {node.name: node for node in sorted(nodes, key=lambda node: node.name)}

    def write_docs(self, docs_html: Path) -> None:
        """Write dbt's own documentation of the project as one file.

        Parameters
        ----------
        docs_html : Path
            The file; an older one is replaced at once.

        Raises
        ------
        TillsightError
            If dbt cannot look at the tables.
        """
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
            # dbt leaves its log file open; what failed is told by the results
            *("--log-path", str(settings.dbt_output_dir), "--log-level-file", "none"),
            *("--quiet", "--log-level", "none"),
        ]
        if self._vars:
            # YAML does not join the escapes of a character above U+FFFF
            arguments += ["--vars", json.dumps(self._vars, ensure_ascii=False)]
        in_order = _in_order() if settings.target == "sqlite" else nullcontext()
        with settings.dbt_environment(), _told_as(*command), in_order:
            result = runner.invoke(arguments)
        if not result.success:
            # dbt skips what seems older than its start: a clock that was set back while it read the
            # project leaves half-read models here, which it would take for good ever after
            (settings.dbt_output_dir / "target" / "partial_parse.msgpack").unlink(missing_ok=True)
        if not result.success and _is_interruption(result):
            raise KeyboardInterrupt
        if isinstance(result.exception, OSError):
            raise result.exception  # of the disk, not of the project
        if not result.success:
            raise TillsightError(_explain(result, settings))
        return result


def _leave_in_peace() -> None:
    """Keep the garbage collector from going through the parsed project again and again.

    It has 300,000 objects that stay to the end of the run: writing the page of 100,000 customers
    took a quarter longer. What an earlier project left is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def _in_order() -> Iterator[None]:
    """Let dbt take up a node when the one before has ended, and not sooner.

    Otherwise which of two tables is made first is a matter of luck on a busy machine, and so are
    the bytes of the file.
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
def _told_as(*command: str) -> Iterator[None]:
    """Let dbt write down its own command, not ours, whose file names may be somebody's address."""
    before = sys.argv
    sys.argv = ["dbt", *command]
    try:
        yield
    finally:
        sys.argv = before


def _progress_callback(progress: Progress) -> Callable[[Any], None]:
    """Turn dbt's line for each node that it begins into a report of progress."""

    def report(event: Any) -> None:
        if event.info.name == "LogStartLine":
            progress(event.data.node_info.node_name, event.data.index, event.data.total)

    return report


def _is_interruption(result: dbtRunnerResult) -> bool:
    """Return whether dbt ended because somebody pressed Ctrl-C: it names no node and no reason."""
    is_empty = not getattr(result.result, "results", None) and not str(result.exception or "")
    return is_empty or isinstance(result.exception, KeyboardInterrupt)


def _explain(result: dbtRunnerResult, settings: Settings) -> str:
    """Say what failed, from the results of the nodes or from the exception."""
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
        else f"The SQL that ran lies in {settings.dbt_output_dir / 'target'}."
    )
    return f"dbt build failed in {names}{more}: {reason} Nothing was published. {hint}"


def _one_line(message: str) -> str:
    """Fold a message of dbt's into one line that ends in a full stop."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    folded = " ".join(line for line in lines if not line.startswith(("compiled code at", "> ")))
    return folded if folded.endswith(".") else f"{folded}."
