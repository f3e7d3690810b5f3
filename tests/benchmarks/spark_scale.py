"""How the job grows on Spark: features and scores of all as-of dates, on more and more lines.

A shop is landed once and then repeated, each time with customers of its own, by Spark itself.
Every model is built alone, so that the stages that ran meanwhile are its own. Run it with
`python -m tests.benchmarks.spark_scale --millions 10 50 100`; the report is Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import Any

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

from scripts import pipeline
from scripts.engines.spark.session import session
from scripts.project import Project
from scripts.settings import Settings, SparkPlace, read_settings
from tests.benchmarks.shop import write_shop

LANDED = "raw.raw_standard_transactions__landed"
MODELS = ("+customer_features", "+int_rfm_scores")
LINES_PER_TASK = 500_000
LEAST_PARTITIONS = 8
CONFIGURATION = """
spark.eventLog.enabled true
spark.eventLog.compress false
spark.eventLog.rolling.enabled false
spark.eventLog.dir {events}
spark.local.dir {scratch}
spark.sql.hive.filesourcePartitionFileCacheSize 0
"""
HEADER = """\
| model | s | CPU s | shuffled MB | spilled MB | tasks of longest stage | longest of them / middle |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""
WRITTEN = "internal.metrics.shuffle.write.bytesWritten"
CPU_NANOSECONDS = "internal.metrics.executorCpuTime"
SPILLED = "internal.metrics.diskBytesSpilled"


@dataclass
class Stages:
    """What Spark did for a model.

    Attributes
    ----------
    seconds : float
        From its first statement to its last.
    cpu_seconds : float
        Processor time of its tasks.
    shuffled, spilled : int
        Bytes that were dealt out anew, and that went to disk for want of memory.
    tasks : list of float
        Seconds of each task of the longest stage.
    """

    seconds: float
    cpu_seconds: float = 0.0
    shuffled: int = 0
    spilled: int = 0
    tasks: list[float] = field(default_factory=list)

    @property
    def skew(self) -> float:
        """Return how much longer the longest task of the longest stage took than the middle one."""
        return max(self.tasks) / max(median(self.tasks), 0.001) if self.tasks else 1.0


def main() -> None:
    """Measure the sizes that are asked for, and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[10, 50, 100])
    parser.add_argument("--customers", type=int, default=100_000, help="of the shop repeated")
    parser.add_argument("--memory", default="8g", help="of Java, in which all of Spark runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = _settings(folder, options.memory)
        files = write_shop(folder, options.customers)
        pipeline.load_files(Project.create(settings), [files.transactions])
        session(settings).sql(f"create table raw.shop using parquet as select * from {LANDED}")
        for millions in options.millions:
            lines = _repeat(session(settings), round(millions * 1_000_000))
            partitions = max(LEAST_PARTITIONS, lines // LINES_PER_TASK)
            print(_report(lines, partitions, _build(settings, partitions)), flush=True)  # noqa: T201  its result
        session(settings).stop()


def _settings(folder: Path, memory: str) -> Settings:
    """Return settings of a data folder whose Spark writes down what it does."""
    for name in ("events", "scratch"):
        (folder / name).mkdir()
    configuration = CONFIGURATION.format(events=folder / "events", scratch=folder / "scratch")
    (folder / "spark-defaults.conf").write_text(configuration)
    os.environ["SPARK_CONF_DIR"] = str(folder)
    settings = read_settings(data_dir=folder / "data", target="spark")
    return replace(settings, spark=SparkPlace(driver_memory=memory))


def _repeat(spark: SparkSession, lines: int) -> int:
    """Land the shop as often as it takes, each time with other customers; return the lines."""
    once = spark.table("raw.shop").count()
    copies = max(1, round(lines / once))
    own = ("transaction_id", "invoice_id", "customer_id")
    columns = [name for name in spark.table("raw.shop").columns if name != "load_id"]
    made = {name: f"concat({name}, '-', copy.id) as {name}" for name in own}
    made["line_number"] = f"line_number + copy.id * {once} as line_number"
    spark.sql(
        f"insert overwrite {LANDED} partition (load_id = 1) "
        f"select {', '.join(made.get(name, name) for name in columns)} "
        f"from range(0, {copies}, 1, {copies}) as copy cross join raw.shop"
    )
    return copies * once


def _build(settings: Settings, partitions: int) -> dict[str, Stages]:
    """Build features and scores, model by model, without tests."""
    settings = replace(settings, spark=replace(settings.spark, partitions=str(partitions)))
    events = settings.data_dir.parent / "events"
    session(settings)  # of the same place, but for the number of partitions: Spark starts anew
    for older in sorted(events.iterdir(), key=lambda path: path.stat().st_mtime)[:-1]:
        older.unlink()
    shutil.rmtree(settings.dbt_output_dir, ignore_errors=True)
    options = ("--project-dir", settings.dbt_dir, "--profiles-dir", settings.dbt_dir)
    options = (*options, "--target-path", settings.dbt_output_dir / "target", "--quiet")
    options = (*options, "--threads", 1, "--target", "spark", "--resource-type", "model", "seed")
    with settings.dbt_environment():
        command = ["build", "--select", *MODELS, *map(str, options)]
        built = dbtRunner().invoke(command)
    if not built.success:
        failed = [one.node.name for one in built.result.results if one.status == "error"]
        raise SystemExit(f"dbt failed in {', '.join(failed)}: {built.exception or ''}")
    time.sleep(2)  # what Spark writes down comes a little later
    return dict(_stages(built.result.results, list(_events(events))))


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    with newest.open() as lines:
        for line in lines:
            yield json.loads(line)


def _stages(
    results: Iterable[Any], events: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, Stages]]:
    """Give each model the stages that ended while it was built."""
    ended = [one for one in events if one["Event"] == "SparkListenerStageCompleted"]
    tasks: dict[int, list[float]] = {}
    for one in events:
        if one["Event"] == "SparkListenerTaskEnd":
            info = one["Task Info"]
            seconds = (info["Finish Time"] - info["Launch Time"]) / 1000
            tasks.setdefault(one["Stage ID"], []).append(seconds)
    for result in results:
        times = {step.name: step for step in result.timing}
        if "execute" not in times:
            continue
        begin, end = (
            moment.replace(tzinfo=UTC).timestamp() * 1000  # dbt's times are those of UTC
            for moment in (times["compile"].started_at, times["execute"].completed_at)
        )
        found = Stages((end - begin) / 1000)
        for stage in (one["Stage Info"] for one in ended):
            if begin <= stage["Completion Time"] <= end:
                values = {one["Name"]: one["Value"] for one in stage["Accumulables"]}
                found.shuffled += int(values.get(WRITTEN, 0))
                found.spilled += int(values.get(SPILLED, 0))
                found.cpu_seconds += int(values.get(CPU_NANOSECONDS, 0)) / 1e9
                of_stage = tasks.get(stage["Stage ID"], [])
                if sum(of_stage) > sum(found.tasks):
                    found.tasks = of_stage
        yield result.node.name, found


def _report(lines: int, partitions: int, found: dict[str, Stages]) -> str:
    """Write a table of the models that took any time worth telling, and of all together."""
    whole = Stages(sum(one.seconds for one in found.values()))
    whole.cpu_seconds = sum(one.cpu_seconds for one in found.values())
    whole.shuffled = sum(one.shuffled for one in found.values())
    whole.spilled = sum(one.spilled for one in found.values())
    told = {name: one for name, one in found.items() if one.seconds >= whole.seconds / 100}
    rows = [
        (name, one.seconds, one.cpu_seconds, one.shuffled, one.spilled, len(one.tasks), one.skew)
        for name, one in told.items()
    ]
    rows.append(
        ("all", whole.seconds, whole.cpu_seconds, whole.shuffled, whole.spilled, None, None)
    )
    return "\n".join(
        [f"### {lines:,} lines, {partitions} partitions", "", HEADER, *map(_row, rows), ""]
    )


def _row(row: tuple[Any, ...]) -> str:
    name, seconds, cpu_seconds, shuffled, spilled, tasks, skew = row
    cells = [name, f"{seconds:.0f}", f"{cpu_seconds:.0f}"]
    cells += [f"{shuffled / 2**20:,.0f}", f"{spilled / 2**20:,.0f}"]
    cells += ["", ""] if tasks is None else [str(tasks), f"{skew:.1f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
