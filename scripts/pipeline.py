"""The steps of a run: load, features, model, marts, exports, page, publish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Row
from typing import TYPE_CHECKING

from reports.exports import customer_lists
from reports.site import writer
from reports.site.options import SiteOptions
from scripts import preconditions
from scripts.ingest import load
from scripts.ingest.load import LoadResult, new_rows
from scripts.progress import Progress
from scripts.project import Project
from scripts.publish import releases, seal
from scripts.publish.releases import Release
from scripts.settings import Settings
from scripts.storage import sqlite

if TYPE_CHECKING:
    from ml.predict import PredictResult
    from ml.train import TrainResult

# scikit-learn takes seconds to import: only the steps that need it do so.


def _ignore_step(_: str) -> None:
    """Report no step."""


def _ignore_rows(_: int) -> None:
    """Report no number of rows."""


@dataclass(frozen=True)
class RunResult:
    """The results of a whole run.

    Attributes
    ----------
    loads : list of LoadResult
        The given files, in order.
    training : TrainResult
        The model, or the reason why there is none.
    site : SiteResult
        The page.
    exports : list of ExportedFile
        The CSV files.
    """

    loads: list[LoadResult]
    training: TrainResult
    site: writer.SiteResult
    exports: list[customer_lists.ExportedFile]


def load_files(
    project: Project,
    files: Sequence[Path],
    *,
    format_name: str | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Load files into the raw tables; see `scripts.ingest.load.load_files`."""
    return load.load_files(
        project.raw,
        files,
        format_name=format_name,
        encoding=encoding,
        unpacked_megabytes=project.settings.unpacked_megabytes,
        progress=progress,
    )


def build(project: Project, *, progress: Progress | None = None) -> None:
    """Build and test all models, then publish the marts.

    A page and CSV files that are already published are written anew and published with the marts.
    """
    build_features(project, progress=progress)
    new = _build_marts(project, progress)
    if (project.settings.exports_dir / "customers.csv").exists():
        customer_lists.write_exports(new.marts_db, new.exports_dir)
    if project.settings.site_dir.exists():
        _write_page(new, SiteOptions(), progress)
    project.publish()


def build_features(project: Project, *, progress: Progress | None = None) -> None:
    """Build and test the features of the model, in a new release.

    Raises
    ------
    TillsightError
        If dbt fails, or the as-of date is before the first sale or long after the last.
    """
    project.begin_release()
    project.dbt.build("features", progress=progress)
    preconditions.require_as_of_near_sales(project.settings, project.engine)


def _build_marts(project: Project, progress: Progress | None) -> Release:
    """Build the marts of the new release."""
    new = project.new_release
    project.engine.import_model_tables()
    project.dbt.build("marts", progress=progress)
    project.dbt.write_docs(new.dbt_docs_html)
    project.engine.export_marts(project.dbt.marts(), progress)
    seal.seal(new.marts_db)
    return new


def _write_page(new: Release, options: SiteOptions, progress: Progress | None) -> writer.SiteResult:
    return writer.write_site(
        new.marts_db,
        new.site_dir,
        exports_dir=new.exports_dir,
        dbt_docs=new.dbt_docs_html if new.dbt_docs_html.exists() else None,
        progress=progress,
        options=options,
    )


def train(
    project: Project, *, only_if_changed: bool = False, progress: Progress | None = None
) -> TrainResult:
    """Train on the features of the last build, always or only if they or settings changed."""
    from ml.train import train as train_model  # noqa: PLC0415  heavy, see above

    settings = project.settings
    preconditions.require_features(settings, project.engine)
    return train_model(
        project.engine.features,
        settings.raw_db,
        settings.models_dir,
        progress=progress,
        only_if_changed=only_if_changed,
        models_kept=settings.models_kept,
    )


def predict(project: Project, *, progress: Progress | None = None) -> PredictResult:
    """Score the latest snapshot of the last build with the model in use."""
    from ml.predict import predict as predict_customers  # noqa: PLC0415  heavy, see above

    settings = project.settings
    preconditions.require_features(settings, project.engine)
    return predict_customers(
        project.engine.features, settings.raw_db, settings.models_dir, progress=progress
    )


def report(
    project: Project,
    *,
    options: SiteOptions | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> writer.SiteResult:
    """Write the page from the published marts.

    Parameters
    ----------
    project : Project
        The shop.
    options : SiteOptions, optional
        Kind of page.
    out : Path, optional
        Folder or file to write; by default a name in the data folder.
    progress : callable, optional
        Counts parts of the page.

    Raises
    ------
    TillsightError, ReportError
        If the page cannot be written there.
    """
    settings = project.settings
    wanted = options or SiteOptions()
    if not (out or wanted.is_public or wanted.single_file):
        with releases.successor(settings.data_dir, settings.marts_db) as new:
            return _published_page(_write_page(new, wanted, progress), settings)
    if out:
        preconditions.require_place_for_page(out, single_file=wanted.single_file)
    place = out or settings.page_path(is_public=wanted.is_public, single_file=wanted.single_file)
    return writer.write_site(
        settings.marts_db,
        place.expanduser().absolute(),
        exports_dir=settings.exports_dir,
        dbt_docs=settings.dbt_docs_html if settings.dbt_docs_html.exists() else None,
        progress=progress,
        options=wanted,
    )


def export(project: Project) -> list[customer_lists.ExportedFile]:
    """Write the CSV files from the published marts."""
    settings = project.settings
    with releases.successor(settings.data_dir, settings.marts_db) as new:
        files = customer_lists.write_exports(new.marts_db, new.exports_dir)
    return _published_files(files, settings)


def _published_page(page: writer.SiteResult, settings: Settings) -> writer.SiteResult:
    """Replace the path in the new release by the published one."""
    return replace(page, index=settings.site_dir / page.index.name)


def _published_files(
    files: Sequence[customer_lists.ExportedFile], settings: Settings
) -> list[customer_lists.ExportedFile]:
    """Replace the paths in the new release by the published ones."""
    return [replace(file, path=settings.exports_dir / file.path.name) for file in files]


def run(
    project: Project,
    files: Sequence[Path] = (),
    *,
    format_name: str | None = None,
    encoding: str = "utf-8",
    step: Callable[[str], None] = _ignore_step,
    count: Callable[[int], None] = _ignore_rows,
    progress: Progress | None = None,
) -> RunResult:
    """Run all steps in order; the published release stays until the new one is complete.

    Parameters
    ----------
    project : Project
        The shop.
    files : sequence of Path
        Files to load first; may be empty.
    format_name, encoding
        As in `load_files`.
    step, count, progress : callable
        Called with the name of a step at its start, its number of rows, and its progress.

    Raises
    ------
    TillsightError, ModelError, ReportError
        If a step fails.
    """
    step("Loading")
    loads = load_files(
        project, files, format_name=format_name, encoding=encoding, progress=progress
    )
    count(new_rows(loads))
    step("Building the features")
    build_features(project, progress=progress)
    count(feature_rows(project))
    step("Training")
    training = train(project, only_if_changed=True, progress=progress)
    count(training.training_rows or 0)
    step("Scoring")
    count(predict(project, progress=progress).customers)
    step("Building the marts")
    new = _build_marts(project, progress)
    count(sum(ledger_counts(new.marts_db).values()))
    step("Writing the exports")
    exports = customer_lists.write_exports(new.marts_db, new.exports_dir)
    count(exports[0].rows)
    step("Writing the page")
    site = _write_page(new, SiteOptions(), progress)
    count(site.customers)
    step("Publishing")
    project.publish()
    return RunResult(
        loads=loads,
        training=training,
        site=_published_page(site, project.settings),
        exports=_published_files(exports, project.settings),
    )


def feature_rows(project: Project) -> int:
    """Return the number of rows of the features: one per customer and snapshot."""
    row = project.engine.first_row("select count(*) as row_count from customer_features")
    return int(row["row_count"]) if row else 0


def ledger_counts(marts_db: Path) -> dict[str, int]:
    """Return the number of transaction lines by reason of the row ledger, largest first."""
    with closing(sqlite.connect_read_only(marts_db)) as connection:
        connection.row_factory = Row
        rows = connection.execute(
            "select reason, sum(row_count) as row_count from row_ledger "
            "where entity = 'transactions' group by reason order by row_count desc, reason"
        )
        return {row["reason"]: row["row_count"] for row in rows}
