"""Everything that the page can show, and what it is compared with.

A card, table, list, chart or sentence that is not here fails `test_nothing_is_unchecked`: what is
new on the page gets its query here first.
"""

from __future__ import annotations

from tests.reports.page.figures import (
    data,
    model,
    model_charts,
    model_sentences,
    movement,
    overview,
    segments,
    tables,
)

PARTS = (overview, segments, movement, data, model, model_charts, model_sentences, tables)


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
# Sentences that the marts hold as they stand on the page.
QUOTED = model_sentences.QUOTED
