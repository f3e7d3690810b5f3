"""Write the page and its data as a folder or as a single file."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.errors import ReportError
from reports.formatting import Money, browser_formats, script_json
from reports.marts import reader
from reports.marts.customers import read_customers
from reports.marts.shop import Shop, read_shop
from reports.marts.suppressed import whole
from reports.page import chart_style
from reports.page.build import Page, make_page
from reports.privacy import public_page
from reports.progress import Progress, no_progress
from reports.site import single_file
from reports.site.assets import Assets, check_colours, inline_assets, plotly_text, write_assets
from reports.site.atomic_write import usual_mode
from reports.site.customer_data import (
    NO_DATA,
    DataFile,
    describe,
    no_table_settings,
    read_data_files,
    table_settings,
    write_data_files,
)
from reports.site.options import SiteOptions

TEMPLATES = Path(__file__).parents[1] / "templates"
FIRST_CUSTOMERS = 100
BUILD_OF_PAGE = re.compile(r'<meta name="tillsight-build" content="([0-9a-f]+)">')
MOST_CHARACTERS_OF_HEAD = 10_000
FILE_OF_A_PAGE = re.compile(
    r"index\.html|\.DS_Store|data\.[0-9a-f]{10}|(dashboard|theme|plotly)\.[0-9a-f]{10}\.(css|js|min\.js)"
)


@dataclass(frozen=True)
class SiteResult:
    """The path of the page and the number of customers on it."""

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
    """Write the page; it replaces the old one atomically.

    Parameters
    ----------
    marts_db : Path
        The marts, opened read-only.
    out : Path
        Folder of the page, replaced as a whole, or the single file.
    exports_dir : Path
        Folder of the CSV files, for links.
    dbt_docs : Path, optional
        The documentation by dbt, for a link.
    progress : callable, optional
        Called with the step, the number of customers done, and their total.
    options : SiteOptions, optional
        The options of the page.

    Returns
    -------
    SiteResult
        The page to open and the number of customers on it.

    Raises
    ------
    ReportError
        If the marts cannot be read or the page cannot be written.
    """
    wanted = options or SiteOptions()
    with reader.open_marts(marts_db) as connection:
        draft = _draft(connection, wanted, progress or no_progress)
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
    """Return the build fingerprint of a page; None where it has no fingerprint."""
    with index.open(encoding="utf-8") as file:
        found = BUILD_OF_PAGE.search(file.read(MOST_CHARACTERS_OF_HEAD))
    return found[1] if found else None


def other_file(folder: Path) -> str | None:
    """Return the first file of a folder that does not belong to a page; None without one."""
    if not folder.is_dir():
        return None
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not FILE_OF_A_PAGE.fullmatch(name)), None)


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces a folder on success."""
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
    # Do not resolve the target itself: a link to the current release changes with a publish.
    relative = os.path.relpath(target.parent.resolve() / target.name, site_dir.resolve())
    return quote(Path(relative).as_posix())


@dataclass(frozen=True)
class _Draft:
    """The content to write."""

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
        page = replace(page, header=replace(page.header, shop_name=options.title))
    return _Draft(connection, shop, page, options, progress)


def _write_folder(draft: _Draft, out: Path, exports_dir: Path, dbt_docs: Path | None) -> None:
    with _replaced(out) as folder:
        assets = write_assets(folder, draft.shop.segments)
        if draft.options.is_public:
            html = _render(draft, NO_DATA, assets)
        else:
            data = describe(draft.shop, write_data_files(folder, _data_files(draft)))
            links = {
                "exports_link": _link_to(exports_dir, out),
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
            single_file.data_element(f"data/{file.name}", script_json(file.value))
            for file in _data_files(draft)
        )
        single_file.write(out, html, chain(data, [plotly]), assets.script)


def _data_files(draft: _Draft) -> Iterator[DataFile]:
    return read_data_files(draft.connection, draft.shop, draft.progress)


def _settings(draft: _Draft, data: dict[str, Any], assets: Assets) -> dict[str, Any]:
    build = draft.shop.build
    return {
        **data,
        "plotly": assets.plotly,
        "asOf": build.as_of_date,
        "horizon": build.horizon_days,
        "formats": browser_formats(Money(build.reporting_currency)),
        **(no_table_settings() if draft.options.is_public else table_settings(draft.shop)),
    }


def _render(
    draft: _Draft,
    data: dict[str, Any],
    assets: Assets,
    *,
    exports_link: str | None = None,
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
        exports_link=exports_link,
        dbt_docs=dbt_docs,
        options=draft.options,
        settings_json=script_json(_settings(draft, data, assets)),
        charts_json=script_json({"config": chart_style.CONFIG, "figures": figures}),
    )
