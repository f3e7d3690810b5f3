"""Write the page and its data: a folder that opens by double click, or one file to mail."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import formatting
from reports.errors import ReportError
from reports.formatting import without_email
from reports.marts import reader
from reports.marts.customers import read_customers
from reports.marts.shop import Shop, read_shop
from reports.marts.suppressed import whole
from reports.page import chart_style
from reports.page.build import Page, make_page
from reports.privacy import public_page
from reports.site import customer_data, single_file
from reports.site.assets import Assets, check_colours, inline_assets, plotly_text, write_assets
from reports.site.atomic_write import usual_mode
from reports.site.customer_data import (
    NO_DATA,
    DataFile,
    describe,
    read_data_files,
    write_data_files,
)
from reports.site.options import SiteOptions

Progress = Callable[[str, int, int], None]

TEMPLATES = Path(__file__).parents[1] / "templates"
FIRST_CUSTOMERS = 100
BUILD_OF_PAGE = re.compile(r'<meta name="tillsight-build" content="([0-9a-f]+)">')
LONGEST_HEAD = 10_000
FILE_OF_A_PAGE = re.compile(
    r"index\.html|\.DS_Store|data\.[0-9a-f]{10}|(dashboard|theme|plotly)\.[0-9a-f]{10}\.(css|js|min\.js)"
)


@dataclass(frozen=True)
class SiteResult:
    """Where the page lies and how many customers it shows."""

    index: Path
    customers: int


def write_site(
    marts_db: Path,
    out: Path,
    *,
    exports_dir: Path,
    dbt_docs: Path | None = None,
    progress: Progress | None = None,
    options: SiteOptions | None = None,
) -> SiteResult:
    """Write the page anew; the old one stays as it is until the new one is complete.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    out : Path
        Folder of the page, which is replaced as a whole; or the single file.
    exports_dir : Path
        Folder of the CSV files that the page links to.
    dbt_docs : Path, optional
        dbt's documentation of the project, for the page to link to.
    progress : callable, optional
        Called with what is being done, how much is done, and how much there is.
    options : SiteOptions, optional
        Which page is wanted.

    Returns
    -------
    SiteResult
        The page to open and the number of customers in it.

    Raises
    ------
    ReportError
        If the marts cannot be read or the page cannot be written.
    """
    wanted = options or SiteOptions()
    with reader.open_marts(marts_db) as connection:
        draft = _draft(connection, wanted, progress or _silent)
        try:
            if wanted.single_file:
                _write_file(draft, out)
            else:
                _write_folder(draft, out, exports_dir, dbt_docs)
        except OSError as error:
            raise ReportError(f"{out} cannot be written ({error.strerror}).") from error
    index = out if wanted.single_file else out / "index.html"
    return SiteResult(index, 0 if wanted.is_public else whole(draft.shop.build.customers))


def read_build(index: Path) -> str | None:
    """Return the fingerprint of the build that a page is of; None where it names none."""
    with index.open(encoding="utf-8") as file:
        found = BUILD_OF_PAGE.search(file.read(LONGEST_HEAD))
    return found[1] if found else None


def other_file(folder: Path) -> str | None:
    """Return the name of a file in a folder that is no part of a page; None where there is none."""
    if not folder.is_dir():
        return None
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not FILE_OF_A_PAGE.fullmatch(name)), None)


def _silent(what: str, done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside; on success it takes the place of the old one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = fresh.with_name(f"{fresh.name}-old")
    try:
        fresh.chmod(usual_mode(0o777))
        yield fresh
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _link_to(target: Path, site_dir: Path) -> str:
    # a target that is itself a link leads to another place after the next publish
    relative = os.path.relpath(target.parent.resolve() / target.name, site_dir.resolve())
    return quote(Path(relative).as_posix())


@dataclass(frozen=True)
class _Draft:
    """What is to be written."""

    connection: sqlite3.Connection
    shop: Shop
    page: Page
    options: SiteOptions
    progress: Progress


def _draft(connection: sqlite3.Connection, options: SiteOptions, progress: Progress) -> _Draft:
    shop = read_shop(connection)
    check_colours(shop.segments)
    if options.is_public:
        shop = public_page.suppress(shop)
    customers = iter(()) if options.is_public else read_customers(connection)
    page = make_page(shop, list(islice(customers, FIRST_CUSTOMERS)))
    if options.title:
        page = replace(page, shop_name=options.title)
    return _Draft(connection, shop, page, options, progress)


def _write_folder(draft: _Draft, out: Path, exports_dir: Path, dbt_docs: Path | None) -> None:
    with _replaced(out) as folder:
        assets = write_assets(folder, draft.shop.segments)
        if draft.options.is_public:
            html = _render(draft, NO_DATA, assets)
        else:
            data = describe(draft.shop, write_data_files(folder, _data_files(draft)))
            links = {
                "exports": _link_to(exports_dir, out),
                "dbt_docs": _link_to(dbt_docs, out) if dbt_docs else None,
            }
            html = _render(draft, data, assets, **links)
        (folder / "index.html").write_text(html, encoding="utf-8", newline="\n")


def _write_file(draft: _Draft, out: Path) -> None:
    assets = inline_assets(draft.shop.segments)
    plotly = single_file.data_element(assets.plotly, plotly_text())
    if draft.options.is_public:
        html = _render(draft, NO_DATA, assets)
        single_file.write(out, html, [plotly], assets.script)
    else:
        html = _render(draft, describe(draft.shop, "data"), assets)
        data = (
            single_file.data_element(f"data/{file.name}", formatting.script_json(file.value))
            for file in _data_files(draft)
        )
        single_file.write(out, html, chain(data, [plotly]), assets.script)


def _data_files(draft: _Draft) -> Iterator[DataFile]:
    return read_data_files(draft.connection, draft.shop, draft.progress)


def _settings(draft: _Draft, data: dict[str, Any], assets: Assets) -> dict[str, Any]:
    build = draft.shop.build
    always = {
        **data,
        "plotly": assets.plotly,
        "asOf": build.as_of_date,
        "currency": draft.page.currency,
        "horizon": build.horizon_days,
    }
    customers = _of_nobody() if draft.options.is_public else _of_customers(draft.shop)
    return {**always, **customers}


def _of_nobody() -> dict[str, Any]:
    return {"customers": 0, "segments": [], "details": [], "countries": []}


def _of_customers(shop: Shop) -> dict[str, Any]:
    """Return what the table and the profiles of single customers need to know."""
    return {
        "customers": shop.build.customers,
        "segments": [{"name": row.segment, "order": row.segment_order} for row in shop.segments],
        "details": [row.segment for row in shop.segment_details],
        "countries": [without_email(name) for name in shop.countries],
        "hasPredictions": bool(shop.has_predictions),
        "threshold": next((run.threshold for run in shop.model_runs if run.is_in_use), None),
        "ordersPerCustomer": customer_data.ORDERS_PER_CUSTOMER,
    }


def _render(
    draft: _Draft,
    data: dict[str, Any],
    assets: Assets,
    *,
    exports: str | None = None,
    dbt_docs: str | None = None,
) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    figures = {chart.slug: chart.figure for chart in draft.page.charts}
    return environment.get_template("index.html.j2").render(
        page=draft.page,
        assets=assets,
        exports=exports,
        dbt_docs=dbt_docs,
        options=draft.options,
        settings_json=formatting.script_json(_settings(draft, data, assets)),
        charts_json=formatting.script_json({"config": chart_style.CONFIG, "figures": figures}),
    )
