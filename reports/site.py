"""Write the page and its data to a folder that opens by double click."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import plotly
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import charts, chunks, queries, rows
from reports.dashboard import make_page
from reports.errors import ReportError
from reports.page import Page

Progress = Callable[[str, int, int], None]

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
STYLES = ("base.css", "parts.css", "tables.css", "customers.css")
SCRIPTS = ("data.js", "filters.js", "table.js", "drawer.js", "charts.js", "page.js")
FIRST_CUSTOMERS = 100
MOST_LINES_WITH_PRODUCTS = 5_000_000
# Scripts and styles only from beside the page: 'self' for a web server, file: for the disk.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class SiteResult:
    """Where the page lies and how many customers it shows."""

    index: Path
    customers: int


def write_site(
    marts_db: Path, site_dir: Path, *, exports_dir: Path, progress: Progress | None = None
) -> SiteResult:
    """Write the page anew; the old one stays as it is until the new one is complete.

    Parameters
    ----------
    marts_db : Path
        The marts; opened for reading only.
    site_dir : Path
        Folder of the page. It is replaced as a whole.
    exports_dir : Path
        Folder of the CSV files that the page links to.
    progress : callable, optional
        Called with what is being done, how much is done, and how much there is.

    Returns
    -------
    SiteResult
        The page to open and the number of customers in it.

    Raises
    ------
    ReportError
        If the marts cannot be read or the folder cannot be written.
    """
    with queries.open_marts(marts_db) as connection:
        shop = queries.read_shop(connection)
        try:
            with _replaced(site_dir) as folder:
                links = _link_to(exports_dir, site_dir)
                _write_all(connection, shop, folder, links, progress or _silent)
        except OSError as error:
            raise ReportError(f"{site_dir} cannot be written ({error.strerror}).") from error
    return SiteResult(site_dir / "index.html", shop.build.customers)


def _silent(what: str, done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside; on success it takes the place of the old one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = fresh.with_name(f"{fresh.name}-old")
    try:
        fresh.chmod(0o755)
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


def _link_to(exports_dir: Path, site_dir: Path) -> str:
    relative = os.path.relpath(exports_dir.resolve(), site_dir.resolve())
    return quote(Path(relative).as_posix())


def _write_all(
    connection: sqlite3.Connection, shop: rows.Shop, folder: Path, exports: str, progress: Progress
) -> None:
    colours = _colours(shop.segments)
    first = list(islice(queries.read_customers(connection), FIRST_CUSTOMERS))
    page = make_page(shop, first)
    assets = _write_assets(folder, colours)
    data = _write_data(connection, shop, folder, progress)
    html = _render(
        page, assets=assets, settings=_settings(shop, page, data, assets), exports=exports
    )
    (folder / "index.html").write_text(html, encoding="utf-8", newline="\n")


def _write_assets(folder: Path, colours: str) -> dict[str, Any]:
    styles = [_static(name) for name in STYLES]
    plotly_script = PLOTLY.read_bytes()
    return {
        "style": _write_hashed(folder, "dashboard.css", "".join([*styles, colours])),
        "theme": _write_hashed(folder, "theme.js", _static("theme.js")),
        "script": _write_hashed(folder, "dashboard.js", "".join(map(_static, SCRIPTS))),
        "plotly": _write_hashed(folder, "plotly.min.js", plotly_script),
        "style_ids": _style_ids(plotly_script.decode("utf-8")),
    }


def _static(name: str) -> str:
    return (HERE / "static" / name).read_text(encoding="utf-8")


def _write_hashed(folder: Path, name: str, content: str | bytes) -> str:
    """Write a file with a hash of its content in its name; return that name."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    stem, _, ending = name.partition(".")
    hashed = f"{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{ending}"
    (folder / hashed).write_bytes(raw)
    return hashed


def _style_ids(script: str) -> tuple[str, ...]:
    """Return the ids of styles that plotly.js would add itself, which the policy forbids.

    It leaves them out where an element of that id is there already.
    """
    return tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', script))))


def _colours(segments: Iterable[rows.Segment]) -> str:
    lines = []
    for row in segments:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", row.colour):
            raise ReportError(
                f"The colour '{row.colour}' of segment {row.segment} is not like #0f766e. "
                "Mend the seed segment_actions and run 'tillsight build'."
            )
        lines.append(f".segment-{row.segment_order} {{ --segment: {row.colour}; }}\n")
    return "".join(lines)


def _write_data(
    connection: sqlite3.Connection, shop: rows.Shop, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Write the chunks into a folder named by their content; say how to load them."""
    aside = folder / "data"
    aside.mkdir()
    digest = hashlib.sha256()
    total = 2 * shop.build.customers
    tables = _customer_chunks(connection, shop)
    profiles = _profile_chunks(connection, shop)
    counts = {"customers": 0, "profiles": 0}
    done = 0
    for kind, stream in (("customers", tables), ("profiles", profiles)):
        for number, (size, script) in enumerate(stream):
            raw = script.encode("utf-8")
            digest.update(raw)
            (aside / f"{kind}-{number}.js").write_bytes(raw)
            counts[kind] = number + 1
            done += size
            progress("Writing the page", done, total)
    named = folder / f"data.{digest.hexdigest()[:10]}"
    aside.rename(named)
    return {
        "folder": named.name,
        "chunks": counts["customers"],
        "profilesPerChunk": chunks.PROFILES_PER_CHUNK,
    }


def _customer_chunks(connection: sqlite3.Connection, shop: rows.Shop) -> Iterator[tuple[int, str]]:
    names = {
        "segment": {row.segment: place for place, row in enumerate(shop.segments)},
        "segment_detail": {row.segment: place for place, row in enumerate(shop.segment_details)},
        "country": {name: place for place, name in enumerate(shop.countries)},
    }
    stream = chunks.batches(queries.read_customers(connection), chunks.CUSTOMERS_PER_CHUNK)
    for number, batch in enumerate(stream):
        yield len(batch), chunks.customers_script(number, batch, names)


def _profile_chunks(connection: sqlite3.Connection, shop: rows.Shop) -> Iterator[tuple[int, str]]:
    orders = chunks.OrdersByCustomer(queries.read_orders(connection))
    has_products = shop.build.kept_transactions <= MOST_LINES_WITH_PRODUCTS
    listed = queries.read_order_products(connection) if has_products else iter(())
    products = chunks.ProductsByCustomer(listed)
    stream = chunks.batches(queries.read_profiles(connection), chunks.PROFILES_PER_CHUNK)
    for number, batch in enumerate(stream):
        ids = [profile.customer_id for profile in batch]
        yield (
            len(batch),
            chunks.profiles_script(number, batch, orders.of(ids), products.of(ids)),
        )


def _settings(
    shop: rows.Shop, page: Page, data: dict[str, Any], assets: dict[str, Any]
) -> dict[str, Any]:
    return {
        **data,
        "plotly": assets["plotly"],
        "customers": shop.build.customers,
        "segments": [{"name": row.segment, "order": row.segment_order} for row in shop.segments],
        "details": [row.segment for row in shop.segment_details],
        "countries": list(shop.countries),
        "currency": page.currency,
        "horizon": shop.build.horizon_days,
        "hasPredictions": page.has_predictions,
        "threshold": next((run.threshold for run in shop.model_runs if run.is_in_use), None),
        "ordersPerCustomer": chunks.ORDERS_PER_CUSTOMER,
    }


def _render(page: Page, *, assets: dict[str, Any], settings: dict[str, Any], exports: str) -> str:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    figures = {chart.slug: chart.figure for chart in page.charts}
    return environment.get_template("index.html.j2").render(
        page=page,
        assets=assets,
        policy=POLICY,
        exports=exports,
        settings_json=chunks.script_json(settings),
        charts_json=chunks.script_json({"config": charts.CONFIG, "figures": figures}),
    )
