"""The written public page has no count of fewer than five customers and no name."""

from __future__ import annotations

import json
import re
import sqlite3
from html.parser import HTMLParser

import pytest

from reports.marts.suppressed import NOTE, Suppressed, is_small
from reports.site.options import SiteOptions
from reports.site.writer import write_site

SMALL, WITHHELD = Suppressed.SMALL, Suppressed.WITHHELD
FEW = re.compile(r"(?<![\d.,])[1-4] (?:of [\d,]+ )?(?:new )?(?:customer|buyer)s?\b")
ONE_TO_FOUR = re.compile(r"[↗↘ ]*[1-4]( \(\d+%\))?")
# Columns that count people; expected buyers are a sum of probabilities, not a group.
PEOPLE = {"Customers", "New customers", "Buyers", "Ordered", "Marked", "Marked who ordered"}


class Reader(HTMLParser):
    """Collect the text of a page, its tables with headings, and its tooltips."""

    def __init__(self):
        super().__init__()
        self.texts, self.titles, self.tables = [], [], []
        self._part, self._cell, self._skip = "", None, False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self._skip = tag in {"script", "style"}
        self.titles += [values[name] or "" for name in ("title", "aria-label") if name in values]
        if tag == "section":
            self._part = values["id"]
        elif tag == "table":
            self.tables.append((self._part, values.get("class") or "", []))
        elif tag == "tr":
            self.tables[-1][2].append([])
        elif tag in {"td", "th"}:
            self._cell = []
            self.tables[-1][2][-1].append(self._cell)

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._cell = None

    def handle_data(self, data):
        if not self._skip and data.strip():
            self.texts.append(data.strip())
            if self._cell is not None:
                self._cell.append(data.strip())


def parsed(html):
    reader = Reader()
    reader.feed(html)
    return reader


def small_counts(html):
    """Return all places of parts 1 to 5 where a table counts 1 to 4 people."""
    found = []
    for part, kind, lines in parsed(html).tables:
        if part in {"exports", "data"} or not lines:
            continue
        headings = [" ".join(cell) for cell in lines[-1 if len(lines) == 1 else 0]]
        is_matrix = headings[0].startswith("From") or kind in {"heat grid", "confusion"}
        for line in lines[1:]:
            for heading, cell in zip(headings, line, strict=False):
                counts = is_matrix and cell is not line[0]
                shown = cell if counts or heading in PEOPLE else ()
                found += [(part, text) for text in shown if ONE_TO_FOUR.fullmatch(text)]
    return found


def small_points(html):
    """Return the charts that draw 1 to 4 customers."""
    text = re.search(r'id="page-charts">(.*?)</script>', html, re.DOTALL)
    assert text
    figures = json.loads(text[1])["figures"]
    drawn = {
        "segment-customers": "x",
        "segment-sizes": "y",
        "probability-bands": "y",
        "move-causes": "x",
    }
    found = [
        name
        for name, axis in drawn.items()
        for trace in figures.get(name, {"data": []})["data"]
        if any(is_small(value) for value in trace[axis] if value is not None)
    ]
    for trace in figures.get("segment-flows", {"data": []})["data"]:
        found += ["segment-flows" for value in trace["link"]["value"] if is_small(value)]
    return found


@pytest.fixture(scope="module")
def folders(marts, lone_marts, empty_marts, untrained_marts, tmp_path_factory):
    shops = {
        "small": marts,
        "lone": lone_marts,
        "empty": empty_marts,
        "untrained": untrained_marts,
    }
    made = {}
    for name, path in shops.items():
        out = tmp_path_factory.mktemp(f"{name}_public")
        write_site(
            path, out / "site", exports_dir=out / "exports", options=SiteOptions(privacy="public")
        )
        made[name] = out / "site"
    return made


SHOPS = ["small", "lone", "empty", "untrained"]


@pytest.mark.parametrize("name", SHOPS)
def test_no_table_and_no_chart_counts_fewer_than_five_customers(folders, name):
    html = (folders[name] / "index.html").read_text(encoding="utf-8")
    reader = parsed(html)
    assert NOTE in " ".join(reader.texts)
    assert small_counts(html) == []
    assert small_points(html) == []
    assert not [text for text in (*reader.texts, *reader.titles) if FEW.search(text)]
    assert not FEW.search(re.sub(r"<[^>]+>", " ", html.replace("\\u003c", "<")))


def test_the_team_page_has_such_counts(marts, tmp_path):
    write_site(marts, tmp_path / "site", exports_dir=tmp_path)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert len(small_counts(html)) > 20
    assert set(small_points(html)) >= {"segment-sizes", "probability-bands", "segment-flows"}
    assert FEW.search(" ".join(parsed(html).titles))
    assert NOTE not in html


@pytest.mark.parametrize("name", SHOPS)
def test_no_customer_is_named_in_any_file(folders, marts, name):
    connection = sqlite3.connect(marts)
    customers = connection.execute("select customer_id, name, email from customers").fetchall()
    connection.close()
    files = [path for path in folders[name].rglob("*") if path.is_file()]
    assert not [path for path in folders[name].rglob("*") if "data" in path.name]
    html = (folders[name] / "index.html").read_text(encoding="utf-8")
    texts = {*parsed(html).texts, *parsed(html).titles}
    for path in files:
        content = path.read_text(encoding="utf-8")
        assert not [email for *_, email in customers if email in content]
    for customer_id, customer, _ in customers:
        assert customer_id not in texts
        assert not re.search(rf"(?<![\w#]){re.escape(customer_id)}(?!\w)", html)
        assert customer not in texts
        assert not customer or len(customer) < 5 or customer not in html


@pytest.mark.parametrize("name", SHOPS)
def test_the_same_marts_give_the_same_public_page(folders, request, tmp_path, name):
    path = {"small": "marts", "lone": "lone_marts", "empty": "empty_marts"}.get(
        name, "untrained_marts"
    )
    options = SiteOptions(privacy="public")
    write_site(
        request.getfixturevalue(path), tmp_path / "site", exports_dir=tmp_path, options=options
    )
    again = (tmp_path / "site" / "index.html").read_bytes()
    assert again == (folders[name] / "index.html").read_bytes()
