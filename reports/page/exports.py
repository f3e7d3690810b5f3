"""The exports section: the CSV files of customers."""

from __future__ import annotations

from dataclasses import dataclass

from reports.formatting import number, slug
from reports.marts.shop import Shop

COLUMNS = "id, name, e-mail, segment, score and probability"


@dataclass(frozen=True)
class ExportLink:
    """One CSV file, its content, and its number of rows."""

    file: str
    content: str
    rows: str


@dataclass(frozen=True)
class Exports:
    """What the exports section prints."""

    links: tuple[ExportLink, ...]


def make_exports(shop: Shop) -> Exports:
    """Return the exports section."""
    everybody = ExportLink(
        "customers.csv",
        f"All customers, including those without an order: {COLUMNS}",
        number(shop.build.customers),
    )
    by_segment = (
        ExportLink(
            f"customers_{slug(row.segment)}.csv",
            f"The customers of the segment {row.segment}: {COLUMNS}",
            number(row.customers),
        )
        for row in (*shop.segments, *shop.segment_details)
    )
    return Exports((everybody, *by_segment))
