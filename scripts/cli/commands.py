"""What each command does and says."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import reports.exports.datasette
from reports.exports import customer_lists
from reports.exports.selection import Choice
from reports.formatting import without_email
from reports.site.options import Privacy, SiteOptions
from scripts import pipeline, preconditions
from scripts.cli import console, error_handling, output_place, server
from scripts.cli.backup_actions import backup, restore  # noqa: F401  found here by their names
from scripts.demo.files import DEFAULT_SEED, write_demo
from scripts.doctor.machine import examine
from scripts.errors import TillsightError
from scripts.ingest.load import LoadResult, new_rows
from scripts.settings import Settings
from scripts.storage import lock

if TYPE_CHECKING:
    from ml.train import TrainResult
    from scripts.cli.model_runs import KeptRun

# scikit-learn takes seconds to import: what needs it does so, and the other commands do not.

# A mail of 25 MB, which most services take, holds three quarters of that in attachments.
LARGEST_ATTACHMENT = 18_750_000


def demo(
    settings: Settings,
    steps: console.Steps,
    *,
    customers: int,
    seed: int | None,
    with_truth: bool,
    open_page: bool,
) -> None:
    """Make up a shop, then load and run it, in a folder of its own."""
    name = "demo" if settings.target == "sqlite" else f"demo_{settings.target}"
    settings = replace(settings, data_dir=settings.data_dir / name)
    with lock.only_one(settings):
        steps.start("Making up a shop")
        files = write_demo(
            settings.demo_dir,
            customers=customers,
            seed=DEFAULT_SEED if seed is None else seed,
            with_truth=with_truth,
            progress=steps.report,
        )
        shop = [files.customers, files.products, files.transactions]
        pipeline.ensure_raw(settings)
        preconditions.require_own_folder(settings, shop)
        if files.truth:
            console.say(f"True probabilities: {files.truth}")
        page = _run(settings, steps, shop)
    if open_page:
        _open(page)


def load(
    settings: Settings,
    steps: console.Steps,
    *,
    files: Sequence[Path],
    form: str | None,
    encoding: str,
) -> None:
    """Land files and list them."""
    with lock.only_one(settings):
        steps.start("Loading")
        loads = pipeline.load_files(
            settings, files, form=form, encoding=encoding, progress=steps.report
        )
        steps.count(new_rows(loads))
    _list_loads(loads)
    console.say("Next: 'tillsight run' for everything, or 'tillsight build' for the marts alone.")


def build(settings: Settings, steps: console.Steps) -> None:
    """Build, test and publish the marts."""
    with lock.only_one(settings):
        steps.start("Building with dbt")
        pipeline.build(settings, progress=steps.report)
        steps.count(sum(pipeline.judged_lines(settings.marts_db).values()))
    _say_ledger(settings)
    console.say(f"Marts: {settings.marts_db}")


def train(settings: Settings, steps: console.Steps) -> None:
    """Train and say how good the model is."""
    with lock.only_one(settings):
        steps.start("Training")
        training = pipeline.train(settings, progress=steps.report)
        steps.count(training.training_rows or 0)
    _say_training(training)


def model_list(settings: Settings, _: console.Steps) -> None:
    """List the training runs, the latest first."""
    from scripts.cli import model_runs as models  # noqa: PLC0415  heavy, see above

    every = models.list_runs(settings)
    if not every:
        console.say(preconditions.no_model(settings, "model list"))
        return
    console.show_table(
        ["Run", "", "Trained as of", "Method", "Log loss", "Verdict", "File"],
        [
            [
                one.listed.run.model_run_id,
                _use(one),
                one.listed.run.as_of_date or "-",
                (one.listed.run.chosen_model or "none").replace("_", " "),
                "-" if one.log_loss is None else f"{one.log_loss:.4f}",
                (one.listed.run.verdict or one.listed.run.status).replace("_", " "),
                "kept" if one.is_kept else "-",
            ]
            for one in every
        ],
        numeric=frozenset({4}),
    )


def model_show(settings: Settings, _: console.Steps, *, name: str | None) -> None:
    """Show the card of a model."""
    from scripts.cli import model_runs as models  # noqa: PLC0415  heavy, see above

    run = models.find_run(settings, name).listed.run
    console.say_markdown(run.card or run.message)


def model_use(settings: Settings, _: console.Steps, *, name: str) -> None:
    """Choose the model that scores customers."""
    from scripts.cli import model_runs as models  # noqa: PLC0415  heavy, see above

    with lock.only_one(settings):
        chosen = models.use_run(settings, name)
    if chosen.listed.run.status == "unavailable":
        console.say(f"The latest run is in use, and has no model. {chosen.listed.run.message}")
        return
    console.say(
        f"The model {chosen.listed.run.model_run_id} is in use. "
        "Type 'tillsight run' to score with it and publish."
    )


def predict(settings: Settings, steps: console.Steps) -> None:
    """Score the latest snapshot."""
    with lock.only_one(settings):
        steps.start("Scoring")
        result = pipeline.predict(settings, progress=steps.report)
        steps.count(result.customers)
    if result.customers == 0:
        console.say(result.message)
        return
    console.say(
        f"{result.customers:,} customers scored as of {result.prediction_date}; "
        f"{result.expected_buyers:,.0f} are expected to order. "
        "Type 'tillsight build' to publish them."
    )


def report(
    settings: Settings,
    steps: console.Steps,
    *,
    single_file: bool,
    privacy: Privacy,
    title: str | None,
    out: Path | None,
    overwrite: bool,
    open_page: bool,
) -> None:
    """Write the page, say where it lies and, if it is one file, how large it is."""
    preconditions.require_marts(settings, "report")
    if title is not None and not title.strip():
        raise TillsightError("--title is empty; name the shop, or leave the option out")
    options = SiteOptions(title=title and title.strip(), privacy=privacy, single_file=single_file)
    if out:
        output_place.require_for_page(settings, steps, out, options, overwrite=overwrite)
    with lock.only_one(settings):
        steps.start("Writing the page")
        with _readable(out):
            written = pipeline.report(settings, options=options, out=out, progress=steps.report)
        steps.count(written.customers)
    page = written.index
    size = page.stat().st_size
    console.say(f"Page: {page}" + (f" ({size / 1e6:.1f} MB)" if single_file else ""))
    if single_file and size > LARGEST_ATTACHMENT:
        console.say(
            "That is too large for most mail: 25 MB is the usual limit, and an attachment grows by "
            "a third on its way. Pass it on by a shared folder."
        )
    if open_page:
        _open(page)


def _readable(out: Path | None) -> AbstractContextManager[None]:
    """Let others read what is written where the user wants to share it, if the umask does."""
    return error_handling.shared_files() if out else nullcontext()


def export(
    settings: Settings,
    steps: console.Steps,
    *,
    segment: str | None,
    start: str | None,
    end: str | None,
    include_predictions: bool,
    include_email: bool,
    datasette: bool,
    out: Path | None,
    overwrite: bool,
) -> None:
    """Write all CSV files, the one that the options choose, or the metadata for Datasette."""
    if out:
        out = out.expanduser()
        output_place.require_for_export(settings, steps, out, overwrite=overwrite)
    steps.start("Exporting")
    preconditions.require_marts(settings, "export")
    choice = Choice(
        segment=segment,
        start=start,
        end=end,
        include_predictions=include_predictions,
        include_email=include_email,
    )
    if datasette:
        _export_datasette(settings, out, has_choice=choice != Choice())
        return
    with lock.only_one(settings):
        if out or choice != Choice():
            place = out or settings.exports_dir / choice.file_name
            with _readable(out):
                files = [customer_lists.write_export(settings.marts_db, place, choice)]
        else:
            files = pipeline.export(settings)
        steps.count(files[0].rows)
    console.show_table(
        ["File", "Customers"],
        [[str(file.path), f"{file.rows:,}"] for file in files],
        numeric=frozenset({1}),
    )


def serve(
    settings: Settings,
    steps: console.Steps,
    *,
    host: str,
    port: int,
    workers: int,
    origins: Sequence[str],
    is_open: bool,
    with_email: bool,
) -> None:
    """Serve marts and page until the process is told to stop."""
    steps.end()
    address = server.Address(host, port, workers)
    options = server.choose(
        settings, address, origins=origins, is_open=is_open, with_email=with_email
    )
    if not settings.marts_db.exists():
        console.warn(preconditions.no_marts(settings, "serve"))
    preconditions.require_as_of(settings)
    server.start(options, address)


def token(settings: Settings, _: console.Steps, *, days: int, sees_email: bool) -> None:
    """Print a token for the API."""
    console.say(server.make_token(settings, days=days, sees_email=sees_email))


def run(
    settings: Settings,
    steps: console.Steps,
    *,
    files: Sequence[Path],
    form: str | None,
    encoding: str,
    open_page: bool,
) -> None:
    """Do everything in order."""
    with lock.only_one(settings):
        page = _run(settings, steps, files, form=form, encoding=encoding)
    if open_page:
        _open(page)


def doctor(settings: Settings, _: console.Steps) -> None:
    """Look at what a run needs and say what is missing."""
    findings = examine(settings)
    console.show_table(
        ["", "Looked at", "Found"],
        [
            ["ok" if finding.is_well else "!!", finding.subject, finding.what]
            for finding in findings
        ],
    )
    remedies = [finding.remedy for finding in findings if not finding.is_well]
    if remedies:
        raise TillsightError("; ".join(remedies))


def _run(
    settings: Settings,
    steps: console.Steps,
    files: Sequence[Path],
    *,
    form: str | None = None,
    encoding: str = "utf-8",
) -> Path:
    result = pipeline.run(
        settings,
        files,
        form=form,
        encoding=encoding,
        step=steps.start,
        count=steps.count,
        progress=steps.report,
    )
    _list_loads(result.loads)
    _say_ledger(settings)
    _say_training(result.training)
    console.say(f"Marts:   {settings.marts_db}")
    console.say(f"Exports: {settings.exports_dir}")
    console.say(f"Page:    {result.site.index}")
    return result.site.index


def _open(page: Path) -> None:
    """Open the page in the browser, or say that there is none."""
    try:
        is_open = webbrowser.open(page.as_uri())
    except webbrowser.Error:
        is_open = False
    if not is_open:
        console.say(f"No browser was found here; open {page} in one yourself.")


def _list_loads(loads: Sequence[LoadResult]) -> None:
    rows = [
        [
            without_email(f"{load.file_name} ({load.sheet})" if load.sheet else load.file_name),
            load.form,
            f"{load.row_count:,}",
            "loaded" if load.is_new else "was loaded already",
        ]
        for load in loads
    ]
    if rows:
        console.show_table(["File", "Form", "Rows", ""], rows, numeric=frozenset({2}))


def _say_ledger(settings: Settings) -> None:
    """Say how many lines were kept, and why the others were not."""
    reasons = pipeline.judged_lines(settings.marts_db)
    kept = reasons.pop("kept", 0)
    total = kept + sum(reasons.values())
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    console.say(
        f"{kept:,} of {total:,} transaction lines kept"
        + (f"; left out: {left_out}." if left_out else ".")
    )
    if reasons.get("unreadable_invoice_date", 0) > total / 100:
        console.say(
            "Dates are read as YYYY-MM-DD; if yours are like 3/4/2024, set date_order in "
            "dbt_project/dbt_project.yml. The lines are in the mart rejected_rows."
        )


def _use(one: KeptRun) -> str:
    if not one.listed.is_in_use:
        return ""
    return "in use, chosen by hand" if one.listed.is_pinned else "in use"


def _say_training(training: TrainResult) -> None:
    console.say(training.message)


def _export_datasette(settings: Settings, out: Path | None, *, has_choice: bool) -> None:
    """Write the metadata for Datasette and say how to start it."""
    if has_choice:
        raise TillsightError(
            "--datasette describes tables and chooses no customers; leave out the other options, "
            "or type them in a command of their own"
        )
    file = (out or settings.exports_dir / "datasette.json").absolute()
    with lock.only_one(settings), _readable(out):
        reports.exports.datasette.write_metadata(settings.marts_db, file)
    console.say(f"Metadata: {file}")
    console.say(reports.exports.datasette.how_to_open(settings.marts_db, file))
