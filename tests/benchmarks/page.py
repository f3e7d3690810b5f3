"""Time the page in Chromium, beside a bare page that loads the same Plotly file.

Runs a made-up shop of 1,000 customers, repeats its customers as often as is asked for, opens the
pages from disk and tells how long it takes until something is painted,
until the table can be used and until the first chart stands, how heavy the page is, and how much
memory its scripts hold. Ratios to the bare page within one run are what counts. Run it with
`make bench`, or `python -m tests.benchmarks.page --customers 100000 --runs 5`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

from reports.site.writer import write_site
from tests.reports.conftest import CHROMIUM_ARGS

TILLSIGHT = Path(sys.executable).with_name("tillsight")
SHOP = 1_000

BARE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A bare page with one chart</title>
<script defer src="{plotly}"></script>
<script defer src="bare.js"></script>
</head>
<body>
<p>One chart and nothing else.</p>
<div id="chart"></div>
</body>
</html>
"""
BARE_SCRIPT = """
window.addEventListener("DOMContentLoaded", async () => {
  await window.Plotly.newPlot("chart", [{ type: "bar", x: [1, 2, 3, 4], y: [4, 3, 2, 1] }]);
  document.getElementById("chart").dataset.drawn = "yes";
});
"""
# Notes when the table can be used and when the first chart stands; runs before the page's scripts.
WATCH = """
window.seen = {};
const note = (name, selector) => {
  if (!(name in window.seen) && document.querySelector(selector)) {
    window.seen[name] = performance.now();
  }
};
new MutationObserver(() => {
  note("table", "html[data-table=ready]");
  note("chart", "[data-drawn]");
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
MEGABYTE = 1e6
KEYS = {
    "customers": ("customer_id", "email"),
    "customer_360": ("customer_id",),
    "orders": ("customer_id", "order_id"),
    "transactions": ("transaction_id", "customer_id", "invoice_id"),
}
"""What the page reads of single customers, and which columns name them."""


@dataclass(frozen=True)
class Opening:
    """One opening of a page: milliseconds since it was asked for, and megabytes."""

    first_paint: float
    table: float
    chart: float
    heap: float


def bare_page(folder: Path, plotly: Path) -> Path:
    """Write the peer beside the Plotly file of a page."""
    index = folder / "bare.html"
    index.write_text(BARE.format(plotly=plotly.name), encoding="utf-8")
    (folder / "bare.js").write_text(BARE_SCRIPT, encoding="utf-8")
    return index


def opened(chromium: Any, index: Path, *, has_table: bool) -> Opening:
    """Open a page in a fresh context and wait until all is there."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(index.as_uri())
        page.wait_for_selector("[data-drawn]", timeout=120_000)
        if has_table:
            page.wait_for_selector("html[data-table=ready]", timeout=120_000)
        seen, painted = page.evaluate("window.seen"), page.evaluate(PAINTED)
        session = context.new_cdp_session(page)
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")
    bytes_held = heap["usedSize"] + heap.get("backingStorageSize", 0)
    return Opening(painted, seen.get("table", 0.0), seen["chart"], bytes_held / MEGABYTE)


def weight(folder: Path) -> float:
    """Return the megabytes of all files of a page."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MEGABYTE


def loaded_weight(folder: Path) -> float:
    """Return the megabytes that opening the page loads: profiles come when they are asked for."""
    profiles = sum(file.stat().st_size for file in folder.glob("data.*/profiles-*.js"))
    return weight(folder) - profiles / MEGABYTE


def show(name: str, openings: Sequence[Opening], weights: tuple[float, float]) -> list[float]:
    """Print the medians of a page; return them."""
    middle = [median(values) for values in zip(*map(astuple, openings), strict=True)]
    paint, table, chart, heap = middle
    usable = f"{table:9.0f}" if table else f"{'–':>9}"  # noqa: RUF001  an en dash for none
    loaded, whole = weights
    print(  # noqa: T201  its result
        f"{name:22}{paint:9.0f}{usable}{chart:9.0f}{heap:9.1f}{loaded:9.1f}{whole:9.1f}"
    )
    return middle


def main() -> None:
    """Open the pages in turn and print medians, and ratios to the bare page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    program = os.environ.get("TILLSIGHT_CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder:
        marts = made_up_shop(Path(folder))
        sites = {count: _site(Path(folder), marts, count) for count in options.customers}
        (plotly,) = sites[options.customers[0]].glob("plotly.*.js")
        bare = bare_page(plotly.parent, plotly)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
            _measure(chromium, bare, plotly, sites, options.runs)
            chromium.close()


def made_up_shop(folder: Path) -> Path:
    """Run a small made-up shop; return its marts."""
    command = [TILLSIGHT, "demo", "--customers", str(SHOP), "--data-dir", folder / "shop"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "shop" / "demo" / "marts.db"


def repeated(marts: Path, copy: Path, times: int) -> Path:
    """Copy the marts with every customer so many times, each with its orders and lines."""
    shutil.copy(marts, copy)
    connection = sqlite3.connect(copy)
    connection.execute("pragma journal_mode = off")
    connection.execute("create temp table copies (number integer)")
    connection.executemany("insert into copies values (?)", [(n,) for n in range(1, times)])
    for table, key in KEYS.items():
        columns = [name for _, name, *_ in connection.execute(f"pragma table_info({table})")]
        told = ", ".join(f"{name} || '-' || number" if name in key else name for name in columns)
        connection.execute(f"insert into {table} select {told} from {table} cross join copies")
    connection.execute(
        "update build_info set customers = customers * ?1,"
        " scored_customers = scored_customers * ?1, kept_transactions = kept_transactions * ?1",
        (times,),
    )
    connection.commit()
    connection.close()
    return copy


def _site(folder: Path, marts: Path, customers: int) -> Path:
    large = repeated(marts, folder / f"{customers}.db", -(-customers // SHOP))
    out = folder / f"site_{customers}"
    write_site(large, out, exports_dir=folder / "exports")
    large.unlink()
    return out


def _measure(chromium: Any, bare: Path, plotly: Path, sites: Mapping[int, Path], runs: int) -> None:
    pages = {"bare page": bare} | {
        f"{count:,} customers": site / "index.html" for count, site in sites.items()
    }
    found: dict[str, list[Opening]] = {name: [] for name in pages}
    for run in range(runs + 1):
        for name, index in pages.items():
            opening = opened(chromium, index, has_table=index != bare)
            if run:  # the first one warms the cache of the disk
                found[name].append(opening)
    print(f"Median of {runs} openings from disk; times in ms, sizes in MB")  # noqa: T201
    heads = ("paint", "table", "chart", "heap", "loaded", "folder")
    print(f"{'':22}" + "".join(f"{head:>9}" for head in heads))  # noqa: T201
    own = plotly.stat().st_size / MEGABYTE
    peer = show("bare page", found["bare page"], (own, own))
    for (count, site), openings in zip(sites.items(), list(found.values())[1:], strict=True):
        middle = show(f"{count:,} customers", openings, (loaded_weight(site), weight(site)))
        ratios = [one / other if other else 0 for one, other in zip(middle, peer, strict=True)]
        print(  # noqa: T201
            f"{'  to the bare page':22}{ratios[0]:8.2f}x{'':9}{ratios[2]:8.2f}x{ratios[3]:8.2f}x"
        )


if __name__ == "__main__":
    main()
