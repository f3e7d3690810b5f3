"""Tables of the page: columns, cells, and what sorting goes by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """The heading of a column; numbers stand to the right, sentences may take several lines."""

    label: str
    is_number: bool = True
    is_sentence: bool = False


@dataclass(frozen=True)
class Measured:
    """A figure whose interval stands below it."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of finished text under a caption; `empty` stands where there is no row.

    `groups` are headings above the columns, each with how many it spans.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Measured, ...], ...]
    empty: str = "There is nothing to show yet."
    groups: tuple[tuple[str, int], ...] = ()


def _columns(text: str, *numbers: str) -> tuple[Column, ...]:
    return (Column(text, is_number=False), *(Column(label) for label in numbers))
