"""The single-file page: its policy, its content, and its use from disk."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.site import single_file
from reports.site.assets import PLOTLY
from reports.site.options import SiteOptions
from reports.site.writer import other_file, write_site
from tests.support.browser import draw_all

TEAM = SiteOptions(single_file=True)
PUBLIC = SiteOptions(single_file=True, privacy="public")


def write(marts: Path, out: Path, options: SiteOptions = TEAM) -> str:
    result = write_site(marts, out, exports_dir=out.parent / "exports", options=options)
    assert result.index == out
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(marts, large_marts, empty_marts, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    write(marts, folder / "team.html")
    write(marts, folder / "public.html", PUBLIC)
    write(large_marts, folder / "large.html")
    write(empty_marts, folder / "empty.html")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def html(files) -> str:
    return files["team"].read_text(encoding="utf-8")


def held(html: str) -> dict[str, str]:
    """Return the files in a page by name, read in another way than the page does."""
    found = re.findall(r'<script type="text/plain" data-file="([^"]+)">([^<]*)</script>', html)
    return {name: gzip.decompress(base64.b64decode(text)).decode() for name, text in found}


def source(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_policy_allows_only_scripts_and_styles_by_hash(html):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "").split(";"))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert (len(scripts), len(styles)) == (2, 1)
    runs = {source(text) for text in [*scripts, held(html)[PLOTLY.name]]}
    assert set(rules["script-src"].split()) == runs
    assert rules["style-src"] == source(styles[0])
    assert rules["default-src"] == "none"
    assert "unsafe" not in policy


def test_the_file_contains_plotly_unchanged(html):
    assert held(html)[PLOTLY.name].encode() == PLOTLY.read_bytes()


def test_the_page_points_to_no_other_file(html):
    targets = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert {target[0] for target in targets if not target.startswith("data:image")} == {"#"}
    assert "customers_champions.csv" in html
    assert "in the folder exports of the shop&#39;s data" in html.replace("'", "&#39;")


@pytest.mark.parametrize("options", [TEAM, PUBLIC], ids=["team", "public"])
def test_the_same_marts_give_the_same_bytes(marts, tmp_path, options):
    write(marts, tmp_path / "one.html", options)
    write(marts, tmp_path / "two.html", options)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_no_e_mail_of_a_customer_is_in_the_file(html, connection):
    emails = [email for (email,) in connection.execute("select email from customers")]
    everything = "\n".join([html, *held(html).values()]).lower()
    assert not [email for email in [*emails, "eve@example.com"] if email in everything]


def test_a_public_file_contains_no_customer(files, connection):
    html = files["public"].read_text(encoding="utf-8")
    assert list(held(html)) == [PLOTLY.name]
    names = connection.execute("select customer_id, name from customers").fetchall()
    for text in {text for row in names for text in row if text and len(text) > 3}:
        assert text not in html
    assert 'id="drawer"' not in html
    assert "it shows no individual customers" in html
    assert "it has no lists of customers" in html
    assert "customers.csv" not in html


def test_a_public_folder_contains_no_customer(marts, tmp_path):
    options = replace(PUBLIC, single_file=False)
    result = write_site(marts, tmp_path / "site", exports_dir=tmp_path, options=options)
    kinds = {path.name.split(".")[0] for path in (tmp_path / "site").iterdir()}
    assert kinds == {"index", "dashboard", "theme", "plotly"}
    html = result.index.read_text(encoding="utf-8")
    assert 'id="customers-table"' not in html
    assert "href" not in "".join(re.findall(r"<a [^>]*\.csv", html))


@pytest.mark.parametrize("is_single", [True, False])
def test_a_title_replaces_the_name_and_is_escaped(marts, tmp_path, is_single):
    options = SiteOptions(title="<b>North & South</b>", single_file=is_single)
    out = tmp_path / ("site.html" if is_single else "site")
    html = write_site(marts, out, exports_dir=tmp_path, options=options).index.read_text("utf-8")
    assert "<h1>&lt;b&gt;North &amp; South&lt;/b&gt;</h1>" in html
    assert "<title>&lt;b&gt;North &amp; South&lt;/b&gt;: customers and sales" in html


def test_a_failure_leaves_only_the_old_file(marts, tmp_path, monkeypatch):
    out = tmp_path / "site.html"
    out.write_text("old")
    monkeypatch.setattr(single_file, "data_element", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(marts, out)
    assert [path.name for path in tmp_path.iterdir()] == ["site.html"]
    assert out.read_text() == "old"


def test_a_failure_halfway_leaves_only_the_old_file(tmp_path):
    out = tmp_path / "site.html"
    out.write_text("old")
    with pytest.raises(ZeroDivisionError):
        single_file.write(out, "<body></body>", (1 / 0 for _ in range(1)), "")
    assert [path.name for path in tmp_path.iterdir()] == ["site.html"]
    assert out.read_text() == "old"


def test_an_unwritable_path_is_explained(marts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write(marts, tmp_path / "file" / "site.html")


def test_the_new_file_can_be_read_by_others(files):
    assert files["team"].stat().st_mode & 0o777 == 0o644


def test_a_folder_with_other_files_is_not_a_page(marts, tmp_path):
    assert other_file(tmp_path / "none") is None
    write_site(marts, tmp_path / "site", exports_dir=tmp_path)
    assert other_file(tmp_path / "site") is None
    (tmp_path / "site" / "letter.txt").write_text("")
    assert other_file(tmp_path / "site") == "letter.txt"


@pytest.fixture
def opened(chromium, files):
    """Open a file from disk; at the end nothing was said, and nothing asked for but the file."""
    contexts, complaints = [], []

    def visit(name: str, address: str = "", **settings):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(files[name].as_uri() + address)
        return page

    asked: list[str] = []
    yield visit
    for context in contexts:
        context.close()
    assert not complaints
    assert {url.split("#")[0] for url in asked if not url.startswith(("data:", "blob:"))} <= {
        path.as_uri() for path in files.values()
    }


@pytest.mark.browser
def test_the_single_file_works_like_the_folder(opened, large_marts):
    page = opened("large")
    page.wait_for_selector("html[data-table=ready]")
    draw_all(page)
    assert page.locator(".main-svg").count() >= page.locator("[data-chart]").count() >= 10
    page.select_option("#filter-segment", "At-Risk")
    with page.expect_download() as waiting:
        page.locator("#download").click()
    text = Path(waiting.value.path()).read_bytes().decode("utf-8")
    connection = sqlite3.connect(large_marts)
    expected = connection.execute(
        "select customer_id, order_count from customer_360 where segment = 'At-Risk'"
        " order by monetary desc, customer_id"
    ).fetchall()
    connection.close()
    lines = csv.DictReader(io.StringIO(text, newline=""))
    found = [line["customer_id"].removeprefix("'") for line in lines]
    assert found == sorted(key for key, _ in expected)
    page.locator(".opener").nth(4).click()
    page.locator("#drawer h3", has_text="Scores").wait_for()
    assert page.locator("#drawer tbody tr").count() == expected[4][1]
    page.evaluate("history.back()")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    assert page.evaluate("location.hash") == "#customers?segment=At-Risk"


@pytest.mark.browser
def test_a_mailed_link_opens_a_customer_of_the_file(opened):
    page = opened("team", "#customer=c23")
    page.locator("#drawer h3", has_text="Scores").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_public_file_works_without_customers(opened, theme):
    page = opened("public", "#customers?segment=Lost&customer=c23", color_scheme=theme)
    page.wait_for_selector("[data-drawn]")
    draw_all(page)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.locator("#chart-segment-customers").scroll_into_view_if_needed()
    page.locator("#chart-segment-customers .point").first.click(force=True)
    page.locator("#score-grid input[value=revenue]").check(force=True)
    assert page.locator("#score-grid .cell[data-measure=revenue]").first.is_visible()
    assert page.locator("button.cell, a[data-filter]").count() == 0
    assert page.locator("#age").is_visible()


@pytest.mark.browser
def test_a_file_of_an_empty_shop_opens(opened):
    page = opened("empty")
    page.wait_for_function("window.tillsight.places")
    assert page.locator("#customers .empty").is_visible()
