from __future__ import annotations

import re

import pytest

from reports.page.forecast.model_card import card_html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[here](javascript:alert(1))",
        "[here](https://example.org)",
        "![picture](https://example.org/x.png)",
        "<https://example.org>",
        "[a]: https://example.org\n\n[a]",
        '```html" onload=alert(1)\n<b>\n```',
        "&lt;script&gt; `<script>`",
    ],
)
def test_a_card_contains_no_scripts_links_or_styles(hostile):
    html = card_html(f"# Card\n\n{hostile}\n")
    made = set(re.findall(r"<([a-z0-9]+)", html))
    assert made <= {"h5", "p", "pre", "code", "div"}
    named = " ".join(re.findall(r"<[a-z0-9]+([^>]*)>", html))
    assert not re.search(r"\b(on\w+|href|src|style)=(?!&quot;)", re.sub(r'"[^"]*"', '""', named))


def test_headings_are_below_those_of_the_page_without_gaps():
    html = card_html("### Deep first\n\n# Card\n\n## Use\n\n### More\n\nTitle\n=====\n")
    assert re.findall(r"<(h\d)>", html) == ["h5", "h5", "h6", "h6", "h5"]
    assert re.findall(r"</(h\d)>", html) == ["h5", "h5", "h6", "h6", "h5"]


def test_tables_scroll_by_keyboard_and_have_classes_in_place_of_styles():
    html = card_html("| | `a` |\n| --- | ---: |\n| x | 1 |\n\n```text\nF F C\n```\n")
    assert html.count('<div class="scroll" role="group" tabindex="0" aria-label="Part ') == 2
    assert html.count("</div>") == 2
    assert '<td></td>\n<th class="number" scope="col"><code>a</code></th>' in html
    assert '<td class="number">1</td>' in html
    assert "style" not in html


def test_an_e_mail_in_a_card_is_hidden():
    assert "eve@" not in card_html("Ask eve@example.com or `bob@example.com`.")


def test_the_same_card_gives_the_same_html_each_time():
    card = "# Card\n\n| a |\n| --- |\n| 1 |\n"
    assert card_html(card) == card_html(card)
