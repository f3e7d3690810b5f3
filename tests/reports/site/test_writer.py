from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.marts.customers import read_email_numbers
from reports.site import assets, customer_data
from reports.site.writer import write_site


class Outline(HTMLParser):
    """Collect headings, table rows, links, ids and scripts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []
        self.inline_scripts = 0
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.attributes.update(found)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "script" and "src" not in found and found.get("type") != "application/json":
            self.inline_scripts += 1
        if "src" in found:
            self.sources.append(found["src"])
        if tag in {"a", "link"}:
            self.links.append(found["href"])

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def folder(marts, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out")
    write_site(marts, out / "site", exports_dir=out / "exports")
    return out / "site"


@pytest.fixture(scope="module")
def html(folder) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(html) -> Outline:
    return Outline(html)


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def chunk(folder: Path, name: str):
    (path,) = folder.glob(f"data.*/{name}")
    quoted = re.fullmatch(
        r"tillsight\.\w+\(\d+,JSON\.parse\('(.*)'\)\);\n", path.read_text("utf-8")
    )
    return json.loads(re.sub(r"\\(['\\])", r"\1", quoted[1]))


def test_the_same_marts_give_the_same_bytes(marts, tmp_path, folder):
    write_site(marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    assert hashes(tmp_path / "site") == hashes(folder)


def test_the_page_has_the_fingerprint_of_its_build(folder, connection):
    ((fingerprint,),) = connection.execute("select build_fingerprint from build_info")
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert f'<meta name="tillsight-build" content="{fingerprint}">' in html
    assert f"<dd>{fingerprint}</dd>" in html


def test_a_build_without_fingerprint_has_no_meta_element(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("update build_info set build_fingerprint = null")
    html = write_site(copy, tmp_path / "site", exports_dir=tmp_path).index.read_text("utf-8")
    assert "tillsight-build" not in html


def test_links_to_symbolic_links_are_not_resolved(marts, tmp_path):
    (tmp_path / "generation").mkdir()
    (tmp_path / "generation" / "dbt_docs.html").write_text("")
    docs = tmp_path / "dbt_docs.html"
    docs.symlink_to("generation/dbt_docs.html")
    page = write_site(marts, tmp_path / "site", exports_dir=tmp_path / "exports", dbt_docs=docs)
    assert 'href="../dbt_docs.html"' in page.index.read_text("utf-8")


def test_file_names_have_a_hash_of_the_content(folder):
    for path in folder.glob("*.*.*"):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            assert path.name.split(".")[1] == digest


def test_no_file_contains_an_e_mail_of_a_customer(folder, connection):
    emails = [email for (email,) in connection.execute("select email from customers")]
    emails += ["eve@example.com"]
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("utf-8").lower()
            assert not [email for email in emails if email in text], path.name


def test_the_page_points_to_nothing_outside_its_folder_but_the_exports(folder, outline):
    for target in [*outline.sources, *outline.links]:
        if target.startswith(("#", "data:image/svg+xml")):
            continue
        assert not re.match(r"[a-z]+:|//|/", target), target
        assert target.startswith("../exports/") or (folder / target).is_file(), target


def test_styles_and_scripts_have_no_network_address(folder):
    for path in [*folder.glob("dashboard.*"), *folder.glob("theme.*")]:
        named = re.findall(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
        assert set(named) <= {"http://www.w3.org/2000/svg"}


def test_no_inline_scripts_or_styles(outline, html):
    assert outline.inline_scripts == 0
    assert not {name for name in outline.attributes if name.startswith("on")}
    assert "style" not in outline.attributes
    assert "default-src &#39;none&#39;; script-src" in html


def test_ids_are_unique(outline):
    assert len(outline.ids) == len(set(outline.ids))


def test_hostile_names_are_escaped(html, outline, folder):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    for bad in ("<script>alert", "<img src=x", "</script><!--"):
        assert bad not in html
        for path in folder.glob("data.*/*.js"):
            assert bad not in path.read_text(encoding="utf-8")
    assert "{{ 7 * 7 }}" in outline.text


def test_names_survive_the_round_trip_through_a_script(folder, connection):
    names = {name or "" for (name,) in connection.execute("select name from customers")}
    shown = set(chunk(folder, "customers-0.js")["name"])
    assert names - shown == {"eve@example.com"}
    assert shown - names == {"(e-mail hidden)"}


def test_the_html_has_the_first_hundred_customers(large_marts, tmp_path):
    write_site(large_marts, tmp_path / "site", exports_dir=tmp_path)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert html.count('<td class="id">') == 100
    assert "The 100 customers with the highest spend, of 450." in html


def test_every_order_is_in_the_chunk_of_its_customer(large_marts, tmp_path):
    write_site(large_marts, tmp_path / "site", exports_dir=tmp_path)
    connection = sqlite3.connect(large_marts)
    expected = connection.execute(
        "select v.customer_id, order_count, net_revenue from customer_360 as v order by 1"
    ).fetchall()
    connection.close()
    found = []
    for number in range(3):
        data = chunk(tmp_path / "site", f"profiles-{number}.js")
        found += [(len(orders), sum(order[4] for order in orders)) for orders in data["orders"]]
    assert [count for count, _ in found] == [count for _, count, _ in expected]
    assert [money for _, money in found] == pytest.approx([money for *_, money in expected])


def test_charts_have_a_heading_a_caption_and_their_numbers(html, outline):
    drawn = re.findall(r'data-chart="([^"]+)"', html)
    assert "monthly-revenue" in drawn
    assert {"gains", "calibration", "roc", "precision-recall", "importance"} <= set(drawn)
    assert {"baselines", "windows", "past-log-loss", "past-roc-auc"} <= set(drawn)
    assert {"track-record", "track-calibration"} <= set(drawn)
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert len(figures) == len(drawn)
    for figure in figures:
        assert re.search(r"<h([34])>[^<]+</h\1>\s*<p class=\"caption\">[^<]+</p>", figure)
        assert "<summary>Numbers as a table</summary>" in figure
        assert "<td" in figure
    assert {f"chart-{name}" for name in drawn} <= set(outline.ids)


def test_no_chart_can_send_its_data_to_a_service(html):
    (settings,) = re.findall(r'id="page-charts">(.*?)</script>', html)
    config = json.loads(settings)["config"]
    assert "sendChartToCloud" in config["modeBarButtonsToRemove"]
    assert config["displaylogo"] is False


def test_the_page_of_a_shop_without_customers_has_messages(empty_marts, tmp_path):
    result = write_site(empty_marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    assert result.customers == 0
    text = Outline(result.index.read_text(encoding="utf-8")).text
    assert "There are no customers with an order yet" in text
    assert "There are no customers yet" in text
    assert "The data has no returns." in text


def test_a_shop_of_one_customer_has_a_page(lone_marts, tmp_path):
    result = write_site(lone_marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    text = Outline(result.index.read_text(encoding="utf-8")).text
    assert "Lost is the largest segment: 1 customer, 100%" in text
    assert "There is only one snapshot yet" in text


def test_a_model_that_could_not_train_says_why(untrained_marts, tmp_path):
    result = write_site(untrained_marts, tmp_path / "site", exports_dir=tmp_path)
    text = Outline(result.index.read_text(encoding="utf-8")).text
    assert "Model unavailable: the history is 24 days long; 60 are needed." in text
    assert "No model in use" in text


def test_past_forecasts_are_shown_without_a_trained_model(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    connection = sqlite3.connect(copy)
    connection.execute("update model_runs set is_in_use = 0")
    connection.execute(
        "insert into model_runs (model_run_id, status, message, run_number, is_in_use, is_pinned)"
        " values ('run-3', 'unavailable', 'too few <b>buyers</b>', 3, 1, 0)"
    )
    connection.commit()
    connection.close()
    html = write_site(copy, tmp_path / "site", exports_dir=tmp_path).index.read_text("utf-8")
    outline = Outline(html)
    assert "Model unavailable: too few <b>buyers</b>." in outline.text
    assert "too few <b>" not in html
    assert "2 past forecasts together expected 26 buyers; 25 ordered" in outline.text
    assert "Training runs" in outline.text
    assert "chart-gains" not in outline.ids


def test_texts_of_the_run_are_escaped(html, outline):
    for hostile in ("<script>alert(4)</script>", "<script>alert(5)</script>", "<i>few</i>"):
        assert hostile in outline.text
        assert hostile not in html
    assert "Beats <b>BG/NBD</b> & all others." in outline.text
    assert "[here](javascript:alert)" in outline.text
    assert not [link for link in outline.links if "javascript" in link]
    assert "eve@" not in html


def test_a_new_page_replaces_the_old_folder(marts, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "left.txt").write_text("of the old page")
    write_site(marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert not (tmp_path / "site" / "left.txt").exists()


def test_a_failure_leaves_the_old_page(marts, tmp_path, monkeypatch):
    write_site(marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    before = hashes(tmp_path / "site")
    monkeypatch.setattr(customer_data, "customers_data", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_site(marts, tmp_path / "site", exports_dir=tmp_path / "exports")
    assert hashes(tmp_path / "site") == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_cannot_be_written_is_explained(marts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write_site(marts, tmp_path / "file" / "site", exports_dir=tmp_path)


def test_an_invalid_colour_is_explained(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    connection = sqlite3.connect(copy)
    connection.execute("update segments set colour = 'red;}' where segment = 'Lost'")
    connection.commit()
    connection.close()
    with pytest.raises(ReportError, match=r"colour 'red;}' of segment Lost .*segment_actions"):
        write_site(copy, tmp_path / "site", exports_dir=tmp_path)


def test_progress_is_reported_up_to_the_total(marts, tmp_path):
    told = []
    write_site(
        marts, tmp_path / "site", exports_dir=tmp_path, progress=lambda *now: told.append(now)
    )
    assert told[-1] == ("Writing the page", 80, 80)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_plotly_is_copied_as_it_is(folder):
    (copied,) = folder.glob("plotly.*.js")
    assert copied.read_bytes() == assets.PLOTLY.read_bytes()


def test_an_e_mail_among_the_countries_is_hidden_in_the_filter_and_the_data(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    connection = sqlite3.connect(copy)
    for table in ("customers", "customer_360"):
        connection.execute(f"update {table} set country = 'ann@shop.example' where country is null")
    connection.commit()
    connection.close()
    write_site(copy, tmp_path / "site", exports_dir=tmp_path)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "<option>(e-mail hidden)</option>" in html
    for path in (tmp_path / "site").rglob("*.js"):
        assert "ann@shop" not in path.read_text(encoding="utf-8")


def test_a_customer_whose_id_is_an_e_mail_gets_a_number_instead(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    connection = sqlite3.connect(copy)
    for table in ("customers", "customer_360", "rfm_scores", "orders", "transactions"):
        connection.execute(
            f"update {table} set customer_id = 'ann@shop.example' where customer_id = 'c19'"
        )
    connection.commit()
    connection.close()
    write_site(copy, tmp_path / "site", exports_dir=tmp_path)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert '<td class="id">(e-mail hidden) 1</td>' in html
    for path in (tmp_path / "site").rglob("*.js"):
        assert "ann@shop" not in path.read_text(encoding="utf-8")
    assert "ann@shop" not in html


def test_a_new_customer_keeps_the_numbers_of_others(marts, tmp_path):
    copy = tmp_path / "marts.db"
    copy.write_bytes(marts.read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("update customers set customer_id = 'zoe@a.example' where rowid = 1")
        connection.execute("update customers set customer_id = 'bob@b.example' where rowid = 2")
        assert read_email_numbers(connection) == {"bob@b.example": 1, "zoe@a.example": 2}
        connection.execute(
            "insert into customers (customer_id, name, created_at)"
            " values ('abe@c.example', 'Abe', '2024-07-01 09:00:00')"
        )
        later = read_email_numbers(connection)
    assert later == {"bob@b.example": 1, "zoe@a.example": 2, "abe@c.example": 3}
