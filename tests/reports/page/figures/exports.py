"""The exports section."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Check, Sentence, Shown
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import says, unlike


def exports(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare file, content and rows of each CSV file."""
    columns = "id, name, e-mail, segment, score and probability"
    sql = """
        select 'segment', segment from (select segment from segments order by segment_order)
        union all
        select 'segment_detail', segment_detail
        from (select segment_detail from segment_details order by segment_order)
    """
    expected = [
        ("customers.csv", f"All customers, including those without an order: {columns}", None, "")
    ]
    for column, name in marts.ask(sql).rows:
        file = f"customers_{name.lower().replace(' ', '-')}.csv"
        expected.append((file, f"The customers of the segment {name}: {columns}", column, name))
    yield from unlike(shown["heads"] if shown else [], ["File", "Content", "Rows"], "headings")
    lines = shown["rows"] if shown else []
    for line, (file, content, column, name) in zip(lines, expected, strict=True):
        yield from unlike([line[0]["text"], line[1]["text"]], [file, content], file)
        where = f"where {column} = ?" if column else "where ? = ''"
        count = marts.value(f"select count(*) from customer_360 {where}", name)
        if not says(line[2]["text"], "whole", count, None):
            yield f"{file}: shows {line[2]['text']!r} rows, SQL has {count}"


TABLES: dict[str, Check] = {"CSV files": exports}
SENTENCES = (
    Sentence(
        "CSV files beside this page, in UTF-8. They are safe to open in a spreadsheet: a text that "
        "begins like a formula gets an apostrophe before it. They contain e-mail addresses; "
        "downloads from the API contain them only with the permission to see them. This page and "
        "its download contain no e-mail addresses."
    ),
)
