"""The model card: Markdown from the marts, rendered as HTML of the page. Pure.

The card is untrusted text. Raw HTML is shown as text, and links and pictures are not rendered, so
that the page sends no request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports.formatting import without_email

# The heading above the card, and the deepest one of HTML.
LEVEL_ABOVE = 4
DEEPEST = 6
GROUP = 'role="group" tabindex="0"'
OPENS_WIDE = frozenset({"table_open", "fence", "code_block"})
CLOSES_WIDE = frozenset({"table_close", "fence", "code_block"})
READER = (
    MarkdownIt("commonmark", {"html": False})
    .enable("table")
    .disable(["link", "image", "autolink", "reference"])
)


def card_html(markdown: str) -> str:
    r"""Render the model card as HTML.

    Headings are moved below those of the page, tables scroll on narrow screens, and the HTML
    contains no scripts, links or styles.

    Parameters
    ----------
    markdown : str
        The card as `model_runs.card` holds it.

    Returns
    -------
    str
        HTML that is safe to print as it is.

    Examples
    --------
    >>> card_html("# Card\n\nFor <b>ranking</b>.")
    '<h5>Card</h5>\n<p>For &lt;b&gt;ranking&lt;/b&gt;.</p>\n'
    """
    tokens = READER.parse(without_email(markdown))
    _lower_headings(tokens)
    _dress_cells(tokens)
    return str(READER.renderer.render(list(_scrolling(tokens)), READER.options, {}))


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Move headings below those of the page, without skipping a level."""
    last = LEVEL_ABOVE
    for token in tokens:
        if token.type == "heading_open":
            last = min(last + 1, LEVEL_ABOVE + int(token.tag[1:]), DEEPEST)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{last}"


def _dress_cells(tokens: Sequence[Token]) -> None:
    """Replace styles of cells by classes, and give headings a scope."""
    for opened, text, closed in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opened.type not in {"th_open", "td_open"}:
            continue
        if opened.attrs.pop("style", None) == "text-align:right":
            opened.attrs["class"] = "number"
        if opened.type == "th_open" and text.content:
            opened.attrs["scope"] = "col"
        elif opened.type == "th_open":
            opened.tag = closed.tag = "td"


def _scrolling(tokens: Iterable[Token]) -> Iterator[Token]:
    """Wrap wide elements in a box that scrolls and takes the keyboard focus."""
    boxes = 0
    for token in tokens:
        if token.type in OPENS_WIDE:
            boxes += 1
            yield _html(f'<div class="scroll" {GROUP} aria-label="Part {boxes} of the model card">')
        yield token
        if token.type in CLOSES_WIDE:
            yield _html("</div>")


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=f"{text}\n")
