"""The Spark session of this process, which dbt uses as well."""

from __future__ import annotations

import hashlib
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from subprocess import STDOUT

import yaml
from jinja2 import Environment
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from scripts.errors import TillsightError
from scripts.settings import Settings

# dbt-spark turns it off in its queries; ours must behave the same.
ANSI = {"spark.sql.ansi.enabled": "false"}
PLACE = "spark.tillsight.place"


def parameters(settings: Settings) -> dict[str, str]:
    """Return Spark's configuration, from the target spark of dbt's profile."""
    profile = yaml.safe_load((settings.dbt_dir / "profiles.yml").read_text(encoding="utf-8"))
    written = profile["tillsight"]["outputs"]["spark"]["server_side_parameters"]
    variables = settings.dbt_variables()
    jinja = Environment(autoescape=False)  # noqa: S701  renders no HTML
    return ANSI | {
        name: jinja.from_string(value).render(env_var=variables.get)
        for name, value in written.items()
    }


def session(settings: Settings) -> SparkSession:
    """Return a new session, which has its own temporary tables, on the Spark of this process.

    Spark is started if it does not run, and restarted if it runs for another data folder.

    Raises
    ------
    TillsightError
        If Spark does not start.
    """
    place = hashlib.sha256(f"{settings.data_dir} {astuple(settings.spark)}".encode()).hexdigest()
    with untried_versions():
        context = SparkContext._active_spark_context
        if context and context.getConf().get(PLACE) != place:
            context.stop()
        elif context:
            return SparkSession.builder.getOrCreate().newSession()
        return _started(settings, parameters(settings) | {PLACE: place}).newSession()


@contextmanager
def untried_versions() -> Iterator[None]:
    """Ignore Spark's warnings about versions of pandas that it was not tested with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _started(settings: Settings, wanted: dict[str, str]) -> SparkSession:
    """Start Spark; the output of its process goes to a file."""
    settings.spark_dir.mkdir(parents=True, exist_ok=True)
    log = settings.spark_dir / "spark.log"
    conf = SparkConf().setAll(list(wanted.items()))
    try:
        gateway = SparkContext._gateway or _launched(conf, log)
        context = SparkContext(conf=conf, gateway=gateway)
        if settings.spark.master.startswith("local"):
            context.pythonExec = (
                sys.executable
            )  # has our packages; PYSPARK_PYTHON names a cluster's
        started = SparkSession.builder.config(map=wanted).getOrCreate()
        started.sql("show databases").collect()  # opens the metastore
    except (PySparkException, Py4JError, OSError) as error:
        raise TillsightError(
            f"Spark did not start ({reason(error, log)}). It needs Java 17 or "
            "21 ('java -version' says which is there, JAVA_HOME names another), the memory of "
            "TILLSIGHT_SPARK_DRIVER_MEMORY, and a metastore that no other program has open; its "
            f"output is in {log}"
        ) from error
    return started


def _launched(conf: SparkConf, log: Path) -> JavaGateway:
    log.unlink(missing_ok=True)
    with log.open("ab") as opened:
        return launch_gateway(conf, {"stdout": opened, "stderr": STDOUT})


def reason(error: Exception, log: Path) -> str:
    """Return the line that explains most: the deepest cause, else the first error in the log.

    Parameters
    ----------
    error : Exception
        The exception at the start of Spark.
    log : Path
        Output of its process; it need not exist.
    """
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    complaints = re.findall(r"^.*(?:Error|Exception|Invalid|No such file).*", said, re.MULTILINE)
    return (_cause(error) or (complaints[:1] or [_first_line(error)])[0]).strip()


def _cause(error: Exception) -> str | None:
    """Return the last line of a Python traceback, else the deepest cause of a Java one."""
    text = str(error)
    of_python = re.findall(r"^Traceback .*\n(?: .*\n|\n)+(\S.*)", text, re.MULTILINE)
    causes = of_python or re.findall(r"^Caused by: (.+)", text, re.MULTILINE)
    return causes[-1] if causes else None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def explained(advice: str = "") -> Iterator[None]:
    """Raise TillsightError, followed by an advice, in place of any error of Spark."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        said = f"Spark reports '{_cause(error) or _first_line(error)}'"
        raise TillsightError(f"{said}. {advice}" if advice else said) from error
