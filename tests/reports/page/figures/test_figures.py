"""Every figure of the page in a browser equals a query of marts.db."""

from __future__ import annotations

import re

import pytest

from tests.reports.page.figures import customers, docs, registry
from tests.reports.page.figures.compare.matching import clean
from tests.reports.page.figures.overview import kpi_labels

pytestmark = pytest.mark.browser


def assert_none(complaints) -> None:
    """Fail with the first complaints, each on a line of its own."""
    found = list(complaints)
    if found:
        pytest.fail("\n".join([f"{len(found)} figures are not what SQL has:", *found[:20]]))


def test_every_card(shop):
    days = shop.marts.value("select horizon_days from build_info")
    cards = {card["label"]: card for card in shop.shown["kpis"]}
    assert list(cards) == kpi_labels(shop.marts)
    assert_none(
        f"{label}: {complaint}"
        for name, check in registry.KPIS.items()
        if (label := name.format(days=days)) in cards
        for complaint in check(cards[label], shop.marts)
    )


@pytest.mark.parametrize("name", registry.TABLES)
def test_every_cell_of_a_table(shop, name):
    assert_none(registry.TABLES[name](shop.find("tables", name), shop.marts))


@pytest.mark.parametrize("name", registry.CHARTS)
def test_every_point_of_a_chart(shop, name):
    assert_none(registry.CHARTS[name](shop.find("charts", name), shop.marts))


@pytest.mark.parametrize("name", registry.FACTS)
def test_every_value_of_a_list(shop, name):
    assert_none(registry.FACTS[name](shop.find("facts", name), shop.marts))


@pytest.mark.parametrize("name", registry.PICTURES)
def test_every_box_and_line_of_a_diagram(shop, name):
    assert_none(registry.PICTURES[name](shop.find("pictures", name), shop.marts))


def test_every_action_list(shop):
    assert_none(customers.action_lists(shop.shown["actionLists"], shop.marts))


def test_every_choice_of_a_filter(shop):
    assert_none(customers.options(shop.shown["options"], shop.marts))


def test_every_definition(shop, chromium):
    names = [name for (name,) in shop.marts.ask("select table_name from table_docs").rows]
    complaints = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(shop.index.as_uri())
        page.wait_for_selector("html[data-table=ready]")
        for name in names:
            page.evaluate("name => window.tillsight.places.go({ docs: name })", name)
            shown = page.evaluate(docs.DIALOG)
            complaints += [f"{name}: {one}" for one in docs.definition(shown, name, shop.marts)]
    assert_none(complaints)


def test_every_figure_in_a_sentence(shop):
    complaints = []
    for text in set(findings(shop)) - set(quoted(shop)):
        told = [list(sentence.check(text, shop.marts)) for sentence in fits(text)]
        if told and all(told):
            complaints += min(told, key=len)
    assert_none(complaints)


def findings(shop) -> list[str]:
    """Return the headings of cards and the texts with a figure."""
    sentences = shop.shown["sentences"]
    return [one["text"] for one in sentences if one["isHeading"] or re.search(r"\d", one["text"])]


def fits(text: str) -> list:
    return [sentence for sentence in registry.SENTENCES if sentence.pattern.fullmatch(text)]


def test_sentences_of_the_marts_are_unchanged(shop):
    told = [one["text"] for one in shop.shown["sentences"]]
    assert [text for text in quoted(shop) if text not in told] == []


def quoted(shop) -> list[str]:
    return [clean(text) for sql in registry.QUOTED for (text,) in shop.marts.ask(sql).rows]


def test_nothing_is_unchecked(shop):
    shown = shop.shown
    unknown = {table["name"] for table in shown["tables"]} - {*registry.TABLES, registry.CUSTOMERS}
    unknown |= {chart["name"] for chart in shown["charts"]} - set(registry.CHARTS)
    unknown |= {facts["name"] for facts in shown["facts"]} - set(registry.FACTS)
    unknown |= {picture["name"] for picture in shown["pictures"]} - set(registry.PICTURES)
    unknown |= {text for text in findings(shop) if not fits(text)} - set(quoted(shop))
    assert not unknown
