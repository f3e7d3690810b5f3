"""The one Spark session of this process, which dbt finds and uses as well."""

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

# dbt-spark turns it off with every query; what we ask is to be read the same way.
ANSI = {"spark.sql.ansi.enabled": "false"}
PLACE = "spark.tillsight.place"


def parameters(settings: Settings) -> dict[str, str]:
    """Return what a session is made with: that of the target spark in dbt's profile.

    Parameters
    ----------
    settings : Settings
        Give the values of the variables that the profile names.

    Returns
    -------
    dict of str to str
        Names and values as Spark has them.
    """
    profile = yaml.safe_load((settings.dbt_dir / "profiles.yml").read_text(encoding="utf-8"))
    written = profile["tillsight"]["outputs"]["spark"]["server_side_parameters"]
    variables = settings.dbt_variables()
    jinja = Environment(autoescape=False)  # noqa: S701  no HTML comes of it
    return ANSI | {
        name: jinja.from_string(value).render(env_var=variables.get)
        for name, value in written.items()
    }


def session(settings: Settings) -> SparkSession:
    """Return a session of its own temporary tables on the Spark of this process.

    Spark is started where it does not run, or runs for another data folder.

    Parameters
    ----------
    settings : Settings
        Say where Spark runs, and where it keeps tables.

    Returns
    -------
    SparkSession

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
    """Let Spark go on without a word with versions of pandas that its makers have not tried."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _started(settings: Settings, wanted: dict[str, str]) -> SparkSession:
    """Start Spark; what its process says goes to a file, and not to the terminal."""
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
            "TILLSIGHT_SPARK_DRIVER_MEMORY, and a metastore that no other program has open; all "
            f"that it said lies in {log}"
        ) from error
    return started


def _launched(conf: SparkConf, log: Path) -> JavaGateway:
    log.unlink(missing_ok=True)
    with log.open("ab") as opened:
        return launch_gateway(conf, {"stdout": opened, "stderr": STDOUT})


def reason(error: Exception, log: Path) -> str:
    """Return the line that tells most: the deepest cause, or what Java said first.

    Parameters
    ----------
    error : Exception
        What kept Spark from starting.
    log : Path
        What its process said; it need not exist.

    Returns
    -------
    str
    """
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    complaints = re.findall(r"^.*(?:Error|Exception|Invalid|No such file).*", said, re.MULTILINE)
    return (_cause(error) or (complaints[:1] or [_first_line(error)])[0]).strip()


def _cause(error: Exception) -> str | None:
    """Return what a process of Python said last, else the deepest cause that Java names."""
    text = str(error)
    of_python = re.findall(r"^Traceback .*\n(?: .*\n|\n)+(\S.*)", text, re.MULTILINE)
    causes = of_python or re.findall(r"^Caused by: (.+)", text, re.MULTILINE)
    return causes[-1] if causes else None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def explained(advice: str = "") -> Iterator[None]:
    """Let what Spark refuses become a sentence.

    Parameters
    ----------
    advice : str
        What to do about it.

    Raises
    ------
    TillsightError
        In place of any error of Spark's.
    """
    try:
        yield
    except (PySparkException, Py4JError) as error:
        said = f"Spark says '{_cause(error) or _first_line(error)}'"
        raise TillsightError(f"{said}. {advice}" if advice else said) from error
