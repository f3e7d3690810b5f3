"""Every figure of the page, with the query that it is compared with.

A card, table, list, chart or sentence without a query here fails `test_nothing_is_unchecked`.
"""

from __future__ import annotations

from tests.reports.page.figures import (
    customers,
    data,
    docs,
    exports,
    movement,
    overview,
    segments,
)
from tests.reports.page.figures.forecast import charts, sentences, tables

PARTS = (
    overview,
    segments,
    movement,
    customers,
    exports,
    data,
    docs,
    tables,
    charts,
    sentences,
)


def _all(name: str) -> dict:
    return {key: check for part in PARTS for key, check in getattr(part, name, {}).items()}


KPIS = overview.KPIS
TABLES = _all("TABLES")
CHARTS = _all("CHARTS")
FACTS = _all("FACTS")
PICTURES = _all("PICTURES")
SENTENCES = tuple(one for part in PARTS for one in getattr(part, "SENTENCES", ()))
# The rows of this table are compared in `test_customers`.
CUSTOMERS = "Customers; every column can be sorted"
# Sentences that the page shows as they are in the marts.
QUOTED = sentences.QUOTED
