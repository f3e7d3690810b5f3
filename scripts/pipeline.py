"""The order things go in: load, features, model, marts, publish, page, exports."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ml.runs
import reports.exports
import reports.queries
import reports.site
from reports.options import SiteOptions
from scripts import load, publish, warehouse
from scripts.errors import TillsightError
from scripts.settings import Settings

# dbt and scikit-learn take seconds to import: the steps that need them do so, and loading does not.
if TYPE_CHECKING:
    from ml.predict import PredictResult
    from ml.train import TrainResult
    from scripts.dbt_runner import Dbt

Progress = Callable[[str, int, int], None]


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class RunResult:
    """What a whole run made.

    Attributes
    ----------
    loads : list of LoadResult
        Files that were given, in order.
    training : TrainResult
        What became of the model.
    site : SiteResult
        The page.
    exports : list of ExportedFile
        The CSV files.
    """

    loads: list[load.LoadResult]
    training: TrainResult
    site: reports.site.SiteResult
    exports: list[reports.exports.ExportedFile]


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Let one process at a time work in a data folder; a process that dies lets go.

    Raises
    ------
    TillsightError
        If another process works there.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lock = settings.data_dir / ".lock"
    try:
        connection = sqlite3.connect(lock, timeout=0)
        connection.execute("begin exclusive")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise TillsightError(
                f"another tillsight is at work in {settings.data_dir}; wait for it, "
                "or choose another folder with --data-dir"
            ) from None
        raise TillsightError(
            f"{settings.data_dir} cannot be written to ({error}); make it writable, "
            "or choose another folder with --data-dir"
        ) from None
    with closing(connection):
        yield


def ensure_raw(settings: Settings) -> None:
    """Create the raw tables that are not there yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    warehouse.ensure_raw(settings.raw_db)
    with closing(warehouse.connect(settings.raw_db)) as connection:
        ml.runs.ensure_tables(connection)


def load_files(
    settings: Settings,
    files: Sequence[Path],
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
) -> list[load.LoadResult]:
    """Land files in raw.db; see `scripts.load.load_files`."""
    ensure_raw(settings)
    return load.load_files(
        settings.raw_db,
        files,
        form=form,
        encoding=encoding,
        unpacked_megabytes=settings.unpacked_megabytes,
        progress=progress,
    )


def build(settings: Settings, *, progress: Progress | None = None) -> None:
    """Build and test all models, then publish the marts."""
    ensure_raw(settings)
    dbt = _built_features(settings, progress)
    _build_marts(dbt, settings, progress)


def _build_marts(dbt: Dbt, settings: Settings, progress: Progress | None) -> None:
    dbt.build("marts", progress=progress)
    dbt.write_docs(settings.dbt_docs_html)
    publish.publish(settings.new_marts_db, settings.marts_db)


def build_features(settings: Settings, *, progress: Progress | None = None) -> None:
    """Build and test what the model learns from, and no more."""
    ensure_raw(settings)
    _built_features(settings, progress)


def train(
    settings: Settings, *, only_if_changed: bool = False, progress: Progress | None = None
) -> TrainResult:
    """Train on the features of the last build, always or only where they or settings changed."""
    from ml.train import train as train_model  # noqa: PLC0415  heavy, see above

    _require_features(settings)
    return train_model(
        settings.work_db,
        settings.raw_db,
        settings.models_dir,
        progress=progress,
        only_if_changed=only_if_changed,
        models_kept=settings.models_kept,
    )


def predict(settings: Settings, *, progress: Progress | None = None) -> PredictResult:
    """Score the latest snapshot of the last build with the model in use."""
    from ml.predict import predict as predict_customers  # noqa: PLC0415  heavy, see above

    _require_features(settings)
    return predict_customers(
        settings.work_db, settings.raw_db, settings.models_dir, progress=progress
    )


def report(
    settings: Settings,
    *,
    options: SiteOptions | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> reports.site.SiteResult:
    """Write the page from the published marts.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    options : SiteOptions, optional
        Which page is wanted.
    out : Path, optional
        The folder or file to write; by default a name in the data folder.
    progress : callable, optional
        Told how far the work has come.

    Returns
    -------
    SiteResult

    Raises
    ------
    TillsightError, ReportError
        If the page cannot be written there.
    """
    wanted = options or SiteOptions()
    require_as_of(settings)
    if out:
        _require_place_for_page(out, single_file=wanted.single_file)
    place = out or settings.page_path(is_public=wanted.is_public, single_file=wanted.single_file)
    return reports.site.write_site(
        settings.marts_db,
        place.expanduser().absolute(),
        exports_dir=settings.exports_dir,
        dbt_docs=settings.dbt_docs_html if settings.dbt_docs_html.exists() else None,
        progress=progress,
        options=wanted,
    )


def export(settings: Settings) -> list[reports.exports.ExportedFile]:
    """Write the CSV files from the published marts."""
    return reports.exports.write_exports(settings.marts_db, settings.exports_dir)


def run(
    settings: Settings,
    files: Sequence[Path] = (),
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    step: Callable[[str], None] = _silent,
    progress: Progress | None = None,
) -> RunResult:
    """Do everything in order; what was published before stays until its successor is whole.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    files : sequence of Path
        Files to load first; none is fine.
    form, encoding
        As in `load_files`.
    step, progress : callable
        Told which step begins, and how far it has come.

    Returns
    -------
    RunResult

    Raises
    ------
    TillsightError, ModelError, ReportError
        If a step fails.
    """
    step("Loading")
    loads = load_files(settings, files, form=form, encoding=encoding, progress=progress)
    step("Building the features")
    dbt = _built_features(settings, progress)
    step("Training")
    training = train(settings, only_if_changed=True, progress=progress)
    step("Scoring")
    predict(settings, progress=progress)
    step("Building the marts")
    _build_marts(dbt, settings, progress)
    step("Writing exports and page")
    exports = export(settings)
    site = report(settings, progress=progress)
    return RunResult(loads=loads, training=training, site=site, exports=exports)


def judged_lines(settings: Settings) -> dict[str, int]:
    """Return the number of transaction lines of the published marts by reason, largest first."""
    with closing(warehouse.connect_read_only(settings.marts_db)) as connection:
        rows: list[tuple[str, int]] = connection.execute(
            "select reason, sum(row_count) from row_ledger where entity = 'transactions' "
            "group by reason order by sum(row_count) desc, reason"
        ).fetchall()
    return dict(rows)


def require_own_folder(settings: Settings, files: Sequence[Path]) -> None:
    """Raise if other files than these were loaded into the data folder before.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    files : sequence of Path
        The files that the folder is for.

    Raises
    ------
    TillsightError
        Names a file that was loaded and is none of them.
    """
    ensure_raw(settings)
    own = {warehouse.sha256(file) for file in files}
    with closing(warehouse.connect_read_only(settings.raw_db)) as connection:
        for file_name, fingerprint in connection.execute(
            "select file_name, file_sha256 from raw_loads order by load_id"
        ):
            if fingerprint not in own:
                raise TillsightError(
                    f"{settings.data_dir} holds {file_name} already, which is not of this demo "
                    "shop; choose another folder with --data-dir, or delete this one"
                )


def require_as_of(settings: Settings) -> None:
    """Raise where the published marts are of another day than the one that is asked for."""
    if not settings.as_of:
        return
    with reports.queries.open_marts(settings.marts_db) as connection:
        found = reports.queries.read_build(connection).as_of_date
    if found != settings.as_of:
        raise TillsightError(
            f"The marts are as of {found}, not {settings.as_of}. "
            f"Run 'tillsight run --as-of {settings.as_of}' first."
        )


def _require_place_for_page(out: Path, *, single_file: bool) -> None:
    """Raise where writing the page would take the place of something else."""
    place = out.expanduser()
    looks_like_file = place.suffix.lower() in {".html", ".htm"}
    if single_file:
        if not looks_like_file:
            wrong = "must end in .html, since --single-file writes one file"
        elif place.is_dir():
            wrong = "is a folder; name a file in it"
        else:
            return
    elif looks_like_file:
        wrong = "looks like a file; add --single-file, or name a folder for the page"
    elif place.is_file():
        wrong = "is a file; name a folder for the page"
    elif other := reports.site.other_file(place):
        wrong = f"holds {other}, which is no part of a page; choose a new or an empty folder"
    else:
        return
    raise TillsightError(f"--out {out} {wrong}")


def _require_features(settings: Settings) -> None:
    """Raise unless a build has made the features."""
    ensure_raw(settings)
    if not settings.work_db.exists():
        raise TillsightError(
            f"there are no features in {settings.data_dir} yet; type 'tillsight build' first"
        )
    built = _observed(settings, "as_of_date")
    if settings.as_of and settings.as_of != built:
        raise TillsightError(
            f"the features are those of {built}; type 'tillsight build --as-of {settings.as_of}' "
            "first"
        )


def _built_features(settings: Settings, progress: Progress | None) -> Dbt:
    """Parse the dbt project and build what the model learns from.

    Raises
    ------
    TillsightError
        If dbt fails, or the as-of date lies before the first sale.
    """
    from scripts.dbt_runner import Dbt  # noqa: PLC0415  heavy, see above

    publish.prepare(settings.new_marts_db)
    warehouse.discard_unless_sound(settings.work_db)
    dbt = Dbt(settings)
    dbt.build("features", progress=progress)
    if settings.as_of and _observed(settings, "first_day") is None and _has_rows(settings):
        raise TillsightError(
            f"no line that can be kept is dated {settings.as_of} or earlier; nothing was "
            "published. Choose a later day with --as-of"
        )
    return dbt


def _observed(settings: Settings, column: str) -> str | None:
    """Return a column of the observed period of the last build."""
    with closing(warehouse.connect_read_only(settings.work_db)) as connection:
        row = connection.execute("select as_of_date, first_day from int_observed_period").fetchone()
    return dict(zip(("as_of_date", "first_day"), row, strict=True))[column] if row else None


def _has_rows(settings: Settings) -> bool:
    """Return whether any row was ever landed."""
    with closing(warehouse.connect_read_only(settings.raw_db)) as connection:
        return bool(
            connection.execute("select coalesce(sum(row_count), 0) from raw_loads").fetchone()[0]
        )
