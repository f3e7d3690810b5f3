"""The order things go in: load, features, model, marts, publish, page, exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import ml.registry.runs
from reports.exports import customer_lists
from reports.site import writer
from reports.site.options import SiteOptions
from scripts import preconditions, shop_settings
from scripts.engines import engine_of
from scripts.engines import sqlite as sqlite_engine
from scripts.engines.base import Engine
from scripts.ingest import load
from scripts.ingest.load import LoadResult, new_rows
from scripts.publish import releases, seal
from scripts.publish.releases import Generation
from scripts.settings import Settings
from scripts.storage import sqlite

if TYPE_CHECKING:
    from ml.predict import PredictResult
    from ml.train import TrainResult
    from scripts.dbt_runner import Dbt

# dbt and scikit-learn take seconds to import: the steps that need them do so, and loading does not.

Progress = Callable[[str, int, int], None]


def _silent(_: str) -> None:
    """Say nothing."""


def _uncounted(_: int) -> None:
    """Count nothing."""


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

    loads: list[LoadResult]
    training: TrainResult
    site: writer.SiteResult
    exports: list[customer_lists.ExportedFile]


def ensure_raw(settings: Settings) -> None:
    """Create the raw tables that are not there yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    preconditions.settle_target(settings)
    shop_settings.write_template(settings.data_dir, settings.dbt_dir)
    sqlite_engine.ensure_raw(settings.raw_db)
    engine_of(settings).raw.ensure()
    with closing(sqlite.connect(settings.raw_db)) as connection:
        ml.registry.runs.ensure_tables(connection)


def load_files(
    settings: Settings,
    files: Sequence[Path],
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Land files where the target has its raw tables; see `scripts.ingest.load.load_files`."""
    ensure_raw(settings)
    return load.load_files(
        engine_of(settings).raw,
        files,
        form=form,
        encoding=encoding,
        unpacked_megabytes=settings.unpacked_megabytes,
        progress=progress,
    )


def build(settings: Settings, *, progress: Progress | None = None) -> None:
    """Build and test all models, then publish the marts.

    Page and CSV files switch together with the marts, where there are any: they are written anew.
    """
    ensure_raw(settings)
    dbt = _built_features(settings, progress)
    new = _build_marts(dbt, settings, progress)
    if (settings.exports_dir / "customers.csv").exists():
        customer_lists.write_exports(new.marts_db, new.exports_dir)
    if settings.site_dir.exists():
        _write_page(new, SiteOptions(), progress)
    _publish(settings)


def _build_marts(dbt: Dbt, settings: Settings, progress: Progress | None) -> Generation:
    """Build the marts of a new generation, where nobody sees them yet."""
    new, engine = Generation(settings.new_marts_db.parent), engine_of(settings)
    engine.take_model()
    dbt.build("marts", progress=progress)
    dbt.write_docs(new.dbt_docs_html)
    engine.give_marts(dbt.marts(), progress)
    seal.seal(new.marts_db)
    return new


def _publish(settings: Settings) -> None:
    """Let readers see the new marts, page and CSV files."""
    engine_of(settings).publish()
    releases.finish(settings.data_dir)


def _write_page(
    new: Generation, options: SiteOptions, progress: Progress | None
) -> writer.SiteResult:
    return writer.write_site(
        new.marts_db,
        new.site_dir,
        exports_dir=new.exports_dir,
        dbt_docs=new.dbt_docs_html if new.dbt_docs_html.exists() else None,
        progress=progress,
        options=options,
    )


def build_features(settings: Settings, *, progress: Progress | None = None) -> None:
    """Build and test what the model learns from, and no more."""
    ensure_raw(settings)
    _built_features(settings, progress)


def train(
    settings: Settings, *, only_if_changed: bool = False, progress: Progress | None = None
) -> TrainResult:
    """Train on the features of the last build, always or only where they or settings changed."""
    from ml.train import train as train_model  # noqa: PLC0415  heavy, see above

    ensure_raw(settings)
    preconditions.require_features(settings)
    return train_model(
        engine_of(settings).features,
        settings.raw_db,
        settings.models_dir,
        progress=progress,
        only_if_changed=only_if_changed,
        models_kept=settings.models_kept,
    )


def predict(settings: Settings, *, progress: Progress | None = None) -> PredictResult:
    """Score the latest snapshot of the last build with the model in use."""
    from ml.predict import predict as predict_customers  # noqa: PLC0415  heavy, see above

    ensure_raw(settings)
    preconditions.require_features(settings)
    return predict_customers(
        engine_of(settings).features, settings.raw_db, settings.models_dir, progress=progress
    )


def report(
    settings: Settings,
    *,
    options: SiteOptions | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> writer.SiteResult:
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
    preconditions.require_as_of(settings)
    if not (out or wanted.is_public or wanted.single_file):
        with releases.successor(settings.data_dir, settings.marts_db) as new:
            return _at_its_place(_write_page(new, wanted, progress), settings)
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


def _at_its_place(page: writer.SiteResult, settings: Settings) -> writer.SiteResult:
    """Say where a page of a generation lies once it is published."""
    return replace(page, index=settings.site_dir / page.index.name)


def export(settings: Settings) -> list[customer_lists.ExportedFile]:
    """Write the CSV files from the published marts."""
    with releases.successor(settings.data_dir, settings.marts_db) as new:
        files = customer_lists.write_exports(new.marts_db, new.exports_dir)
    return _at_their_place(files, settings)


def _at_their_place(
    files: Sequence[customer_lists.ExportedFile], settings: Settings
) -> list[customer_lists.ExportedFile]:
    """Say where files of a generation lie once they are published."""
    return [replace(file, path=settings.exports_dir / file.path.name) for file in files]


def run(
    settings: Settings,
    files: Sequence[Path] = (),
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    step: Callable[[str], None] = _silent,
    count: Callable[[int], None] = _uncounted,
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
    step, count, progress : callable
        Told which step begins, how many rows it handled, and how far it has come.

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
    count(new_rows(loads))
    step("Building the features")
    dbt = _built_features(settings, progress)
    count(feature_rows(engine_of(settings)))
    step("Training")
    training = train(settings, only_if_changed=True, progress=progress)
    count(training.training_rows or 0)
    step("Scoring")
    count(predict(settings, progress=progress).customers)
    step("Building the marts")
    new = _build_marts(dbt, settings, progress)
    count(sum(judged_lines(new.marts_db).values()))
    step("Writing the exports")
    exports = customer_lists.write_exports(new.marts_db, new.exports_dir)
    count(exports[0].rows)
    step("Writing the page")
    site = _write_page(new, SiteOptions(), progress)
    count(site.customers)
    step("Publishing")
    _publish(settings)
    return RunResult(
        loads=loads,
        training=training,
        site=_at_its_place(site, settings),
        exports=_at_their_place(exports, settings),
    )


def _built_features(settings: Settings, progress: Progress | None) -> Dbt:
    """Parse the dbt project and build what the model learns from.

    Raises
    ------
    TillsightError
        If dbt fails, or the as-of date is before the first sale or long after the last.
    """
    from scripts.dbt_runner import Dbt  # noqa: PLC0415  heavy, see above

    releases.begin(settings.data_dir)
    engine_of(settings).begin()
    dbt = Dbt(settings)
    dbt.build("features", progress=progress)
    preconditions.require_as_of_near_sales(settings)
    return dbt


def feature_rows(engine: Engine) -> int:
    """Return the number of rows, customer and snapshot, that the model learns from."""
    row = engine.row("select count(*) from customer_features")
    return int(row[0]) if row else 0


def judged_lines(marts_db: Path) -> dict[str, int]:
    """Return the number of transaction lines of these marts by reason, largest first."""
    with closing(sqlite.connect_read_only(marts_db)) as connection:
        rows: list[tuple[str, int]] = connection.execute(
            "select reason, sum(row_count) from row_ledger where entity = 'transactions' "
            "group by reason order by sum(row_count) desc, reason"
        ).fetchall()
    return dict(rows)
