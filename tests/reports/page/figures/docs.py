"""The links to definitions, the lineage, the dialog of each table."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Check, Sentence, Shown
from tests.reports.page.figures.compare.marts import Marts
from tests.reports.page.figures.compare.matching import clean, unlike


def sources(told: tuple[str, ...], marts: Marts) -> Iterator[str]:
    """Check that each source has a definition."""
    known = {name for (name,) in marts.ask("select table_name from table_docs").rows}
    unknown = set(told[0].split(", ")) - known
    if unknown:
        yield f"{unknown} have no definition"


def lineage(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare boxes and lines without transitive lines."""
    edges = set(marts.ask("select from_table, to_table from table_lineage").rows)
    if shown is None:
        yield from ["is not on the page, SQL has edges"] if edges else []
        return
    names = sorted({name for edge in edges for name in edge})
    yield from unlike(sorted(box["name"] for box in shown["boxes"]), names, "boxes")
    layers = dict(marts.ask("select table_name, layer from table_docs").rows)
    for box in shown["boxes"]:
        wanted = f"layer-{layers.get(box['name'])}"
        if (box["layer"], box["href"]) != (wanted, f"#docs={box['name']}"):
            yield f"{box} is not {wanted}"
    yield from unlike(sorted(map(tuple, shown["lines"])), sorted(_needed(edges)), "lines")


def _needed(edges: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges that do not follow from others."""
    readers: dict[str, set[str]] = {}
    for start, end in edges:
        readers.setdefault(start, set()).add(end)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for name in readers.get(waiting.pop(), set()) - found:
                found.add(name)
                waiting.append(name)
        return found

    below = {name: reached(name) for name in readers}
    return [
        (start, end)
        for start, end in edges
        if not any(end in below.get(other, ()) for other in readers[start] - {end})
    ]


def definition(shown: Shown, name: str, marts: Marts) -> Iterator[str]:
    """Compare the dialog of a table with the marts."""
    ((layer, description, sql),) = marts.ask(
        "select layer, description, sql_code from table_docs where table_name = ?", name
    ).rows
    columns = marts.ask(
        "select column_name, type, coalesce(unit, ''), coalesce(description, '') from column_docs"
        " where table_name = ? order by position",
        name,
    ).rows
    reads = marts.ask("select from_table from table_lineage where to_table = ? order by 1", name)
    feeds = marts.ask("select to_table from table_lineage where from_table = ? order by 1", name)
    yield from unlike([shown["name"], shown["layer"]], [name, f"Layer: {layer}"], "head")
    yield from unlike([shown["description"]], [clean(description or "")], "description")
    yield from unlike(shown["columns"], [[*map(clean, row)] for row in columns], "columns")
    if (shown["sql"] or "").strip() != (sql or "").strip():
        yield f"SQL is {shown['sql']!r}"
    yield from unlike(sorted(shown["reads"]), [one for (one,) in reads.rows], "reads")
    yield from unlike(sorted(shown["feeds"]), [one for (one,) in feeds.rows], "read by")


PICTURES: dict[str, Check] = {"lineage": lineage}
SENTENCES = (
    Sentence("Definition and SQL: {}", sources),
    Sentence("Lineage of the tables"),
)
DIALOG = """
() => {
  const dialog = document.getElementById("docs");
  const clean = (text) => text.replace(/\\s+/g, " ").trim();
  const texts = (part, selector) => [...(part?.querySelectorAll(selector) || [])]
    .map((one) => clean(one.textContent));
  const part = (title) => [...dialog.querySelectorAll("section")]
    .find((one) => one.querySelector("h3").textContent.startsWith(title));
  return {
    name: clean(dialog.querySelector("h2").textContent),
    layer: texts(dialog, "header .caption")[0],
    description: texts(part("Definition"), "p")[0],
    columns: [...(part("Columns")?.querySelectorAll("tbody tr") || [])]
      .map((row) => texts(row, "th, td")),
    sql: part("SQL")?.querySelector("code").textContent,
    reads: texts(part("Reads"), "a"),
    feeds: texts(part("Read by"), "a"),
  };
}
"""
