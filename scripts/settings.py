"""Where things lie and which options a run was given. The only place that reads the environment."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from scripts import shop_settings
from scripts.errors import TillsightError
from scripts.installation import PROJECT_DIR, base_dir

POSTGRES_VARIABLES = {
    "host": "TILLSIGHT_POSTGRES_HOST",
    "port": "TILLSIGHT_POSTGRES_PORT",
    "user": "TILLSIGHT_POSTGRES_USER",
    "password": "TILLSIGHT_POSTGRES_PASSWORD",
    "database": "TILLSIGHT_POSTGRES_DATABASE",
}
NEW_SCHEMA = "main_new"
"""Where PostgreSQL's marts are built and tested, before they take the name main."""


@dataclass(frozen=True)
class PostgresAddress:
    """A database, and as whom it is asked.

    Attributes
    ----------
    host, port, user, password, database : str
        As libpq takes them; a host that begins with a slash is the folder of a socket.
    """

    host: str = "localhost"
    port: str = "5432"
    user: str = "tillsight"
    password: str = field(default="", repr=False)
    database: str = "tillsight"

    def __str__(self) -> str:
        return f"the PostgreSQL database {self.database} at {self.host}:{self.port}"


SPARK_SCHEMAS = ("main_a", "main_b")
"""Where Spark's marts are built, in turn: the views in main lead to the one that is published."""


@dataclass(frozen=True)
class SparkPlace:
    """Where Spark runs, and where it keeps tables.

    Attributes
    ----------
    master : str
        Whom Spark asks for processors: `local[*]`, `yarn`, `spark://host:7077`.
    driver_memory : str
        Most that the process on this machine takes, like `2g`.
    partitions : str
        Into how many parts a shuffle deals its rows; a few for each processor.
    warehouse : str
        Folder or address of the tables; empty for one in the data folder.
    metastore : str
        `thrift://` address of a Hive metastore, or `jdbc:` address of a database for one, which may
        hold a password; empty for a Derby database in the data folder.
    """

    master: str = "local[*]"
    driver_memory: str = "2g"
    partitions: str = "8"
    warehouse: str = ""
    metastore: str = field(default="", repr=False)


SPARK_VARIABLES = {
    "master": "TILLSIGHT_SPARK_MASTER",
    "driver_memory": "TILLSIGHT_SPARK_DRIVER_MEMORY",
    "partitions": "TILLSIGHT_SPARK_PARTITIONS",
    "warehouse": "TILLSIGHT_SPARK_WAREHOUSE",
    "metastore": "TILLSIGHT_SPARK_METASTORE",
}
"""By which variable each attribute of `SparkPlace` is set, and told to dbt."""


@dataclass(frozen=True)
class Settings:
    """What differs from machine to machine and from run to run.

    The rules that decide a number are settings of the shop: `settings.yml` of its data folder.

    Attributes
    ----------
    data_dir : Path
        Folder that everything generated lies under.
    dbt_dir : Path
        Folder of the dbt project.
    target : str
        Target of the dbt profile: which engine holds the sales.
    as_of : str or None
        Last day that is observed, YYYY-MM-DD; None leaves it to the dbt var.
    models_kept : int
        Model folders that training leaves: the newest ones, and the one in use.
    unpacked_megabytes : int
        Most that a packed file (gzip, Parquet, workbook) may unpack to, in units of 2**20 bytes.
    duckdb_memory : str
        Most that a query of DuckDB holds in memory, like `1GB`.
    postgres : PostgresAddress
        The database of the target postgres.
    spark : SparkPlace
        Where the target spark runs.
    spark_copied_lines : int
        Most rows of a mart of single lines that are copied from Spark to marts.db.
    api_secret : str or None
        Key that the tokens of the API are signed with; None asks nobody for a token.
    api_origins : tuple of str
        Addresses of other pages that may read the API from a browser.
    """

    data_dir: Path
    dbt_dir: Path = PROJECT_DIR / "dbt_project"
    target: str = "sqlite"
    as_of: str | None = None
    models_kept: int = 10
    unpacked_megabytes: int = 1024
    duckdb_memory: str = "1GB"
    postgres: PostgresAddress = PostgresAddress()
    spark: SparkPlace = SparkPlace()
    spark_copied_lines: int = 20_000_000
    api_secret: str | None = field(default=None, repr=False)
    api_origins: tuple[str, ...] = ()

    @property
    def settings_yml(self) -> Path:
        """Settings of the shop, which override the vars of the dbt project."""
        return self.data_dir / shop_settings.FILE_NAME

    @property
    def raw_db(self) -> Path:
        """The loaded files and what the model wrote: the only state."""
        return self.data_dir / "raw.db"

    @property
    def raw_duckdb(self) -> Path:
        """The loaded files, on DuckDB."""
        return self.data_dir / "raw.duckdb"

    @property
    def work_duckdb(self) -> Path:
        """Staging, intermediate models and features, on DuckDB; rebuilt at will."""
        return self.data_dir / "work.duckdb"

    @property
    def spark_dir(self) -> Path:
        """Tables, metastore and last words of Spark, unless they lie elsewhere."""
        return self.data_dir / "spark"

    @property
    def spark_marts_schema(self) -> str:
        """Where Spark's next marts are built: the one of the two that is not published."""
        file = self.spark_dir / "published"
        is_first = file.is_file() and file.read_text(encoding="utf-8").strip() == SPARK_SCHEMAS[0]
        return SPARK_SCHEMAS[is_first]

    @property
    def work_db(self) -> Path:
        """Staging, intermediate models and features; rebuilt at will."""
        return self.data_dir / "work.db"

    @property
    def marts_db(self) -> Path:
        """The published marts."""
        return self.data_dir / "marts.db"

    @property
    def new_marts_db(self) -> Path:
        """The marts while they are built and tested; see `scripts.publish.releases`."""
        return self.data_dir / "building" / "marts.db"

    @property
    def models_dir(self) -> Path:
        """Model files, one folder a training run."""
        return self.data_dir / "models"

    @property
    def site_dir(self) -> Path:
        """The page."""
        return self.page_path()

    def page_path(self, *, is_public: bool = False, single_file: bool = False) -> Path:
        """Where a page of a kind lies, so that none takes the place of another."""
        return self.data_dir / f"site{'_public' * is_public}{'.html' * single_file}"

    @property
    def exports_dir(self) -> Path:
        """The CSV files."""
        return self.data_dir / "exports"

    @property
    def demo_dir(self) -> Path:
        """The files of the made-up shop."""
        return self.data_dir / "files"

    @property
    def dbt_docs_html(self) -> Path:
        """Documentation of the project by dbt itself."""
        return self.data_dir / "dbt_docs.html"

    @property
    def backups_dir(self) -> Path:
        """Copies of raw.db."""
        return self.data_dir / "backups"

    @property
    def logs_dir(self) -> Path:
        """What commands did, as JSON lines."""
        return self.data_dir / "logs"

    @property
    def dbt_output_dir(self) -> Path:
        """What dbt compiled and logged."""
        return self.data_dir / "dbt"

    def dbt_vars(self) -> dict[str, object]:
        """Return the dbt vars that the settings of the shop and `as_of` override.

        Raises
        ------
        TillsightError
            If settings of the shop are not allowed.
        """
        overrides = shop_settings.read_overrides(self.data_dir, self.dbt_dir)
        return overrides | ({"as_of_date": self.as_of} if self.as_of else {})

    def dbt_variables(self) -> dict[str, str]:
        """Return the variables that dbt's profile takes its paths from."""
        spark = vars(self.spark).items()
        return {
            "TILLSIGHT_DATA_DIR": str(self.data_dir),
            "TILLSIGHT_MARTS_DB": str(self.new_marts_db),
            "TILLSIGHT_MARTS_DUCKDB": str(self.new_marts_db.with_suffix(".duckdb")),
            "TILLSIGHT_DUCKDB_MEMORY": self.duckdb_memory,
            "TILLSIGHT_POSTGRES_MARTS_SCHEMA": NEW_SCHEMA,
            **{
                variable: getattr(self.postgres, name)
                for name, variable in POSTGRES_VARIABLES.items()
            },
            "TILLSIGHT_SPARK_MARTS_SCHEMA": self.spark_marts_schema,
            **{SPARK_VARIABLES[name]: value for name, value in spark if value},
        }

    @contextmanager
    def dbt_environment(self) -> Iterator[None]:
        """Set the variables that dbt's profile takes its paths from, for what runs inside."""
        variables = self.dbt_variables()
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def read_settings(
    *,
    data_dir: Path | None = None,
    as_of: str | None = None,
    target: str | None = None,
    environment: Mapping[str, str] | None = None,
    env_file: Path | None = None,
) -> Settings:
    """Gather the settings: options first, then the environment, then `.env`, then defaults.

    Parameters
    ----------
    data_dir, as_of, target
        Options of the command line; None where not given.
    environment : mapping, optional
        The environment; by default that of the process.
    env_file : Path, optional
        A file of `NAME=value` lines; it need not exist. By default `.env` in the checkout, or in
        the working directory of an installed package.

    Returns
    -------
    Settings

    Raises
    ------
    TillsightError
        If `as_of` is not a date, a number or a setting of the shop is not allowed, or SQLite cannot
        attach a path.
    """
    file = env_file or base_dir() / ".env"
    known = {**dotenv_values(file), **(os.environ if environment is None else environment)}
    folder = data_dir or Path(known.get("TILLSIGHT_DATA_DIR") or base_dir() / "data")
    if as_of is not None and not shop_settings.is_date(as_of):
        raise TillsightError(f"--as-of is '{as_of}'; it must be a date like 2011-12-09")
    place = folder.expanduser().absolute()
    if "'" in str(place):
        raise TillsightError(
            f"the data folder {place} has an apostrophe in its path, which dbt-sqlite cannot "
            "attach; choose another with --data-dir"
        )
    if place.exists() and not place.is_dir():
        raise TillsightError(f"the data folder {place} is a file; choose a folder with --data-dir")
    settings = Settings(
        data_dir=place,
        target=target or known.get("TILLSIGHT_TARGET") or _target_of(place) or "sqlite",
        as_of=as_of,
        models_kept=_count(known, "TILLSIGHT_MODELS_KEPT", default=10),
        unpacked_megabytes=_count(known, "TILLSIGHT_UNPACKED_MB", default=1024),
        duckdb_memory=known.get("TILLSIGHT_DUCKDB_MEMORY") or "1GB",
        postgres=PostgresAddress(
            **{
                name: value
                for name, variable in POSTGRES_VARIABLES.items()
                if (value := known.get(variable))
            }
        ),
        spark=SparkPlace(
            **{name: text for name, key in SPARK_VARIABLES.items() if (text := known.get(key))}
        ),
        spark_copied_lines=_count(known, "TILLSIGHT_SPARK_COPIED_LINES", default=20_000_000),
        api_secret=known.get("TILLSIGHT_API_SECRET") or None,
        api_origins=tuple((known.get("TILLSIGHT_API_ORIGINS") or "").split()),
    )
    settings.dbt_vars()  # refuses wrong settings before anything runs
    return settings


def _target_of(data_dir: Path) -> str | None:
    """Return the target that a data folder was made for, which stands in a file of it."""
    file = data_dir / ".target"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def temporary_dir() -> Path:
    """Return where SQLite sorts what does not fit into memory: the first that may be written to."""
    names = (*map(os.environ.get, ("SQLITE_TMPDIR", "TMPDIR")), "/var/tmp", "/usr/tmp")  # noqa: S108
    places = (Path(name) for name in names if name)
    return next(
        (place for place in places if place.is_dir() and os.access(place, os.W_OK)),
        Path(tempfile.gettempdir()),
    )


def _count(known: Mapping[str, str | None], name: str, *, default: int) -> int:
    """Return a number of things, at least one."""
    text = known.get(name) or str(default)
    if not re.fullmatch(r"[1-9]\d{0,11}", text):
        raise TillsightError(f"{name} is '{text}'; it must be a whole number from 1 on")
    return int(text)
