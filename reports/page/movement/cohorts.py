"""The cohorts of the movement section: retention by month of the first order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import count, month, number, percent
from reports.marts.segments import Cohort
from reports.marts.shop import Shop
from reports.marts.suppressed import Figure, Suppressed, known, shown
from reports.page.components import Cell, HeatMap, shade


@dataclass(frozen=True)
class Cohorts:
    """The retention heat map with its finding; None in a shop without orders."""

    finding: str
    retention: HeatMap | None


def make_cohorts(shop: Shop) -> Cohorts:
    """Return cohort retention."""
    return Cohorts(
        finding=cohorts_return(shop.return_rate),
        retention=retention_heat_map(shop.cohorts) if shop.cohorts else None,
    )


def cohorts_return(return_rate: Figure | None) -> str:
    """Return the finding of the retention heat map."""
    if isinstance(return_rate, Suppressed):
        return "Too few new customers ordered again to show how many"
    return (
        new_customers_return(return_rate) or "There is no cohort with a second month yet"
    ).rstrip(".")


def new_customers_return(return_rate: Figure | None) -> str | None:
    """Return the share of new customers who order again in the next month."""
    if known(return_rate) is None:
        return None
    return f"{percent(return_rate)} of new customers order again in the month after their first."


def retention_heat_map(cohorts: Sequence[Cohort]) -> HeatMap:
    """Return rows by month of the first order, columns by months since; the size comes first."""
    months = sorted({row.cohort_month for row in cohorts})
    longest = max((row.months_since for row in cohorts), default=0)
    found = {(row.cohort_month, row.months_since): row for row in cohorts}
    highest = max(shown(row.retention_rate for row in cohorts if row.months_since), default=0)

    def cell(first: str, since: int) -> Cell:
        row = found.get((first, since))
        if row is None:
            return Cell("")
        title = f"{number(row.retained_customers)} of {count(row.cohort_customers, 'customer')}"
        text = percent(row.retention_rate)
        if not row.is_complete:
            text, title = f"{text}*", f"{title}; the month is incomplete"
        return Cell(text, shade(row.retention_rate, highest), title=title)

    def line(first: str) -> tuple[str, tuple[Cell, ...]]:
        start = found.get((first, 0))
        size = Cell(number(start.cohort_customers if start else None), kind="size")
        return month(first), (size, *(cell(first, since) for since in range(1, longest + 1)))

    return HeatMap(
        corner="First order in",
        columns=("Customers", *(f"+{since}" for since in range(1, longest + 1))),
        rows=tuple(line(first) for first in months),
    )
