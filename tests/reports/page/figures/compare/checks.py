"""Checks of tables, charts, lists of facts and sentences against SQL.

Each of `table`, `facts`, `chart` and `sentence` makes a check out of SQL; a check takes what the
page shows and the marts and yields complaints.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.reports.page.figures.compare.marts import Answer, Marts
from tests.reports.page.figures.compare.matching import says, unlike

Shown = Mapping[str, Any]
Check = Callable[[Any, Marts], Iterator[str]]


def kinds_of(answer: Answer) -> list[tuple[str, str]]:
    """Return heading and kind of each column of an answer, from `Heading: kind`."""
    return [tuple(name.rpartition(": ")[::2]) for name in answer.names]


def headings(shown: Shown, expected: Iterable[str], marts: Marts) -> Iterator[str]:
    """Compare the headings of a table; a unit of money stands in brackets."""
    told = [head.removesuffix(f" ({marts.unit})") for head in shown["heads"]]
    yield from unlike(told, expected, f"headings of {shown['name']!r}")


def table(sql: str) -> Check:
    """Compare every cell of a table, in order, with the rows of a query."""

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        answer = marts.ask(sql)
        if shown is None:
            yield from ["is not on the page, SQL has rows"] if answer.rows else []
            return
        yield from headings(shown, [head for head, _ in kinds_of(answer)], marts)
        yield from cells(shown, answer, marts)

    return check


def cells(shown: Shown, answer: Answer, marts: Marts) -> Iterator[str]:
    """Compare the cells of a table with an answer."""
    if len(shown["rows"]) != len(answer.rows):
        yield f"has {len(shown['rows'])} rows, SQL has {len(answer.rows)}"
    kinds = kinds_of(answer)
    for line, values in zip(shown["rows"], answer.rows, strict=False):
        for cell, (head, kind), value in zip(line, kinds, values, strict=True):
            if not says(cell["text"], kind, value, marts.currency):
                where = f"{line[0]['text']} / {head}"
                yield f"{where}: shows {cell['text']!r}, SQL has {value!r} ({kind})"


def facts(sql: str) -> Check:
    """Compare names and values of a list with the one row of a query."""

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        answer = marts.ask(sql)
        if shown is None or not answer.rows:
            yield from (
                []
                if shown is None and not answer.rows
                else ["list without row, or row without list"]
            )
            return
        named = kinds_of(answer)
        yield from unlike(
            [name for name, _ in shown["pairs"]], [name for name, _ in named], "names"
        )
        for (name, text), (_, kind), value in zip(
            shown["pairs"], named, answer.rows[0], strict=False
        ):
            if not says(text, kind, value, marts.currency):
                yield f"{name}: shows {text!r}, SQL has {value!r} ({kind})"

    return check


def chart(sql: str) -> Check:
    """Compare every point of a chart with the rows of a query, and count what is drawn.

    Columns: `trace` names the trace; `x`, `y`, `base`, `error` and `error_minus` are what is drawn,
    `label: kind` the numbers written beside a mark, and `hover: kind` what a pointer reads.
    """

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        answer = marts.ask(sql)
        if shown is None:
            yield from ["is not on the page, SQL has rows"] if answer.rows else []
            return
        yield from drawn(shown)
        yield from traces(shown, answer, marts)

    return check


def traces(shown: Shown, answer: Answer, marts: Marts) -> Iterator[str]:
    """Compare the traces of a chart with an answer."""
    place = answer.names.index("trace") if "trace" in answer.names else None
    expected: dict[str, list[tuple[Any, ...]]] = {}
    for row in answer.rows:
        expected.setdefault("" if place is None else row[place], []).append(row)
    told = {trace["name"] or "": trace for trace in shown["traces"]}
    if len(told) != len(shown["traces"]) or set(told) != set(expected):
        yield f"traces are {[t['name'] for t in shown['traces']]}, SQL has {list(expected)}"
        return
    for name, rows in expected.items():
        for complaint in _trace(told[name], Answer(answer.names, rows), marts):
            yield f"trace {name!r}, {complaint}"


def _trace(shown: Shown, answer: Answer, marts: Marts) -> Iterator[str]:
    error = shown.get("error_x") or {}
    drawn_values = {**shown, "error": error.get("array"), "error_minus": error.get("arrayminus")}
    columns = list(zip(*answer.rows, strict=True))
    hover = label = 0
    for name, values in zip(answer.names, columns, strict=True):
        if name in ("x", "y", "base", "error", "error_minus"):
            yield from _same(drawn_values[name], values, name)
        elif name.startswith("hover: "):
            texts = [one[hover] for one in _rows(shown["customdata"])]
            yield from _told(texts, name, values, marts)
            if not re.search(rf"%{{customdata(\[{hover}\])?}}", shown["hovertemplate"]):
                yield f"{name} is never shown"
            hover += 1
        elif name.startswith("label: "):
            texts = [_parts(text)[label] for text in shown["text"]]
            yield from _told(texts, name, values, marts)
            label += 1
    read = _rows(shown.get("customdata") or [[""] * hover])[0]
    if len(read) != hover:
        yield f"a pointer reads {read}, of which {hover} are compared"


def _rows(texts: list[Any]) -> list[list[str]]:
    return [[one] if isinstance(one, str) else one for one in texts]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\s{2,}|[()]", text) if part.strip()]


def _same(shown: list[Any] | None, expected: tuple[Any, ...], what: str) -> Iterator[str]:
    told = [None] * len(expected) if shown is None else shown
    if len(told) != len(expected):
        yield f"{what}: {len(told)} are drawn, SQL has {len(expected)}"
    for place, (one, other) in enumerate(zip(told, expected, strict=False)):
        if not same_value(one, other):
            yield f"{what} of point {place}: {one!r} is drawn, SQL has {other!r}"


def same_value(one: Any, other: Any) -> bool:
    """Return whether two drawn values are the same, but for the last bits of a sum."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def _told(texts: list[Any], name: str, values: Iterable[Any], marts: Marts) -> Iterator[str]:
    kind = name.partition(": ")[2]
    for place, (text, value) in enumerate(zip(texts, values, strict=False)):
        if not says(" ".join(text.split()), kind, value, marts.currency):
            yield f"{name} of point {place}: shows {text!r}, SQL has {value!r}"


def shades_grow(shades: dict[Any, int], values: dict[Any, float]) -> Iterator[str]:
    """Check that a greater value is never lighter, and that 0 has no shade."""
    ordered = sorted(shades, key=lambda place: values[place])
    for lower, higher in pairwise(ordered):
        if shades[lower] > shades[higher] or (shades[higher] == 0) != (values[higher] <= 0):
            yield f"shade {shades[higher]} of {higher} ({values[higher]}) after {shades[lower]}"


def drawn(shown: Shown) -> Iterator[str]:
    """Check that a mark is drawn for each point, and a line for each line."""
    marked = [t for t in shown["traces"] if t["type"] == "bar" or "markers" in (t["mode"] or "")]
    points = sum(value is not None for trace in marked for value in trace["y"] or ())
    lines = sum("lines" in (trace["mode"] or "") for trace in shown["traces"])
    if (points, lines) != (shown["points"], shown["lines"]):
        yield (
            f"{shown['points']} marks and {shown['lines']} lines are drawn, "
            f"the figure has {points} and {lines}"
        )


@dataclass(frozen=True)
class Sentence:
    """A sentence with `{}` for each figure; `sql` returns the figures in one row."""

    text: str
    sql: str | Check | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.text).replace(r"\{\}", "(.+?)"), re.DOTALL)

    def check(self, shown: str, marts: Marts) -> Iterator[str]:
        """Compare the figures of the sentence with the query."""
        told = self.pattern.fullmatch(shown).groups()
        if callable(self.sql):
            yield from self.sql(told, marts)
        elif told:
            answer = marts.ask(self.sql)
            if len(answer.rows) != 1 or len(told) != len(answer.names):
                yield f"{shown!r}: {len(told)} figures, SQL has {answer.rows}"
                return
            for text, kind, value in zip(told, answer.names, answer.rows[0], strict=True):
                if not says(text, kind.rpartition(": ")[2], value, marts.currency):
                    yield f"{shown!r} says {text!r}, SQL has {value!r} ({kind})"


def is_true(sql: str) -> Check:
    """Check a sentence without figures: the query must have a row."""

    def check(told: Any, marts: Marts) -> Iterator[str]:
        if not marts.ask(sql).rows:
            yield f"a sentence on the page is false: {sql}"

    return check
