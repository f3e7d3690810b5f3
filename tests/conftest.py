"""What several tests share: the real file, and finished runs of the main job."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from dbt.adapters.sqlite.connections import SQLiteCredentials

from scripts import pipeline
from scripts.dbt_runner import Dbt
from scripts.demo.files import write_demo
from scripts.project import Project
from scripts.settings import PROJECT_DIR, PostgresAddress, Settings, read_settings
from tests.support.engines import postgres_server
from tests.support.requirements import need

REAL_FILE = "TILLSIGHT_ONLINE_RETAIL"
MadeOnce = Callable[[str, Callable[[Settings], None]], Settings]
COSTLY_SHOPS = ("real_shop", "demo_shop")
LONG_FILES = {
    *("test_chaos", "test_engines", "test_error_handling", "test_forecast", "test_pipeline"),
    *("test_quiet_run", "test_spark", "test_wheel"),
}
# Takes both costly shops, only reads in them, and takes long: it shares them with other processes.
APART = {"test_spark"}

# A program under test buffers what it writes, and Ctrl+C reaches it, as on the machine of whoever
# uses it; what a shell starts in the background is told to ignore Ctrl+C.
os.environ.pop("PYTHONUNBUFFERED", None)
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a costly shop, and else those of a file, in one process.

    Files that take long come first, lest the other processes wait for them in the end.
    """
    items.sort(key=lambda item: item.path.stem not in LONG_FILES)
    for item in items:
        chosen = {*getattr(item, "fixturenames", ()), *_parameters(item)}
        costly = (shop for shop in COSTLY_SHOPS if shop in chosen and item.path.stem not in APART)
        item.add_marker(pytest.mark.xdist_group(next(costly, item.path.stem)))


def _parameters(item: pytest.Item) -> list[str]:
    values = getattr(item, "callspec", None) and item.callspec.params.values()
    return [value for value in values or () if isinstance(value, str)]


@pytest.fixture(scope="session")
def online_retail() -> Path:
    """The UCI Online Retail file; where CI is set it must be there."""
    path = os.environ.get(REAL_FILE, "")
    need(
        f"{REAL_FILE} is not set: it must name the Online Retail file (CSV or CSV.gz)",
        is_there=bool(path),
    )
    return Path(path)


@pytest.fixture(scope="session")
def settings_in() -> Callable[[Path], Settings]:
    """Make the settings of a data folder, apart from the environment of whoever runs the tests."""

    def make(folder: Path, as_of: str | None = None) -> Settings:
        return read_settings(data_dir=folder, as_of=as_of, environment={}, env_file=folder / ".env")

    return make


@pytest.fixture(scope="session", autouse=True)
def parsed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a build in a new data folder begin with what dbt has read of the project before.

    dbt looks at what has changed since, as in a folder that is used again. Where the databases lie
    is left out of that.
    """
    known, begin = tmp_path_factory.mktemp("parsed") / "partial_parse.msgpack", Dbt.__init__

    def begin_with_what_is_known(dbt: Dbt, settings: Settings) -> None:
        own = settings.dbt_output_dir / "target" / known.name
        is_usual = settings.target == "sqlite" and settings.dbt_dir == PROJECT_DIR / "dbt_project"
        if is_usual and known.exists() and not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(known, own)
        begin(dbt, settings)
        if is_usual:
            shutil.copy(own, known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLiteCredentials, "_connection_keys", lambda _: ["database", "schema"])
        patch.setattr(Dbt, "__init__", begin_with_what_is_known)
        yield


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, settings_in: Callable[[Path], Settings]
) -> MadeOnce:
    """Make a shop for all processes of the tests: the first makes it, and others wait for it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def make(name: str, run: Callable[[Settings], None]) -> Settings:
        settings, made = settings_in(shared / name), shared / f"{name}.made"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(settings.data_dir, ignore_errors=True)  # of one that failed
                run(settings)
                made.touch()
        return settings

    return make


@pytest.fixture(scope="session")
def demo_shop(made_once: MadeOnce) -> Settings:
    """A whole run on a small made-up shop."""

    def run(settings: Settings) -> None:
        files = write_demo(settings.demo_dir, customers=600)
        pipeline.run(
            Project.create(settings), [files.customers, files.products, files.transactions]
        )

    return made_once("demo_shop", run)


@pytest.fixture(scope="session")
def real_shop(made_once: MadeOnce, online_retail: Path) -> Settings:
    """A whole run on the real file."""

    def run(settings: Settings) -> None:
        pipeline.run(Project.create(settings), [online_retail])

    return made_once("real_shop", run)


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[str], PostgresAddress]]:
    """Make databases of a PostgreSQL server, which must be there where CI is set."""
    with postgres_server() as new:
        yield new


@pytest.fixture(scope="session")
def shop_of(
    tmp_path_factory: pytest.TempPathFactory, settings_in: Callable[[Path], Settings]
) -> Callable[[Sequence[Sequence[str]]], Settings]:
    """Load and build a transactions file: rows of text, the header first."""

    def build(rows: Sequence[Sequence[str]], *, as_of: str | None = None) -> Settings:
        settings = settings_in(tmp_path_factory.mktemp("shop"), as_of)
        file = settings.data_dir / "transactions.csv"
        with file.open("w", newline="") as opened:
            csv.writer(opened).writerows(rows)
        project = Project.create(settings)
        pipeline.load_files(project, [file])
        pipeline.build(project)
        return settings

    return build
