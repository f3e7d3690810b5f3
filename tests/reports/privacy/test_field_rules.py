"""A field without a disclosure rule stops the public page."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass
from typing import Annotated, Any

import pytest

from reports.errors import ReportError
from reports.marts.sales import Month
from reports.marts.shop import Shop, row_class_of
from reports.marts.suppressed import (
    Count,
    Figure,
    NeverPublic,
    OfCustomers,
    Public,
    Special,
    Suppressed,
    cell,
    derived_from,
)
from reports.privacy.counts import shop_counts, shop_sums
from reports.privacy.field_rules import apply_rules, check_rules, declared_counts, rules_of
from reports.privacy.public_page import SPECIAL_RULES, suppress
from tests.reports.privacy.test_cell_suppression import read

SMALL, WITHHELD = Suppressed.SMALL, Suppressed.WITHHELD


@dataclass(frozen=True)
class Week:
    week: Public[str]
    customers: Annotated[Count, cell("week", "week")]
    buyers: Annotated[Count | None, cell("week buyers", "week", withheld_with=("customers",))]
    revenue: OfCustomers[Figure]
    rate: Annotated[Figure | None, derived_from("customers", "buyers")]
    returns: NeverPublic[Figure]


def wider_shop(shop: Shop, name: str, hint: Any, value: Any) -> Shop:
    """Return the shop as an object of a class with one field more."""
    wider = make_dataclass("WiderShop", [(name, hint)], bases=(Shop,), frozen=True, kw_only=True)
    values = {field.name: getattr(shop, field.name) for field in fields(shop)}
    made: Shop = wider(**values, **{name: value})
    return made


@pytest.fixture(scope="module")
def shop(marts):
    return read(marts)


def test_every_field_of_the_shop_has_a_rule():
    check_rules(Shop, SPECIAL_RULES)


def test_a_field_without_a_rule_stops_the_public_page(shop):
    wider_month = make_dataclass("WiderMonth", [("refunds", int)], bases=(Month,), frozen=True)
    wider = wider_shop(shop, "refunded_months", tuple[wider_month, ...], ())
    with pytest.raises(ReportError, match="field refunds of WiderMonth declares 0 disclosure"):
        suppress(wider)


def test_a_row_class_without_rules_stops_the_public_page(shop):
    day = make_dataclass("Day", [("day", str), ("customers", int)], frozen=True)
    with pytest.raises(ReportError, match="field day of Day declares 0 disclosure rules"):
        suppress(wider_shop(shop, "days", tuple[day, ...], ()))


@pytest.mark.parametrize("hint", [int, list[Month], dict[str, Month], Month | None])
def test_a_value_of_the_shop_without_a_rule_stops_the_public_page(shop, hint):
    with pytest.raises(ReportError, match="field refunds of WiderShop declares 0 disclosure"):
        suppress(wider_shop(shop, "refunds", hint, None))


def test_a_special_field_without_a_function_stops_the_public_page(shop):
    with pytest.raises(ReportError, match="field refunds of WiderShop is special, but"):
        suppress(wider_shop(shop, "refunds", Special[int], 3))


@pytest.mark.parametrize(
    ("hint", "sentence"),
    [
        (Annotated[int, cell("day", "date")], "depends on date"),
        (OfCustomers[int], "depends on customers"),
        (Annotated[int, derived_from("day")], "depends on day"),
        (Annotated[Public[int], cell("day", "day")], "declares 2 disclosure rules"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(hint, sentence):
    row_class = make_dataclass("Day", [("day", Public[str]), ("buyers", hint)])
    with pytest.raises(ReportError, match=sentence):
        rules_of(row_class)


def test_a_new_row_class_with_rules_is_suppressed(shop):
    weeks = (
        Week("2024-01-01", 3, 0, 10.0, 0.0, 1.0),
        Week("2024-01-08", 30, 2, 100.0, 2 / 30, 1.0),
        Week("2024-01-15", 30, 20, 100.0, 20 / 30, 1.0),
    )
    wider = wider_shop(shop, "weeks", tuple[Week, ...], weeks)
    assert (("week", "2024-01-08"), 30) in list(declared_counts(wider))
    public: Any = suppress(wider)
    assert public.weeks == (
        Week("2024-01-01", SMALL, WITHHELD, WITHHELD, WITHHELD, WITHHELD),
        Week("2024-01-08", 30, SMALL, 100.0, WITHHELD, WITHHELD),
        Week("2024-01-15", 30, 20, 100.0, 20 / 30, WITHHELD),
    )


def test_a_missing_figure_remains_missing():
    week = Week("2024-01-01", 3, None, 10.0, None, 1.0)
    after = apply_rules(week, rules_of(Week), {("week", "2024-01-01"): SMALL})
    assert (after.buyers, after.rate, after.revenue) == (None, None, WITHHELD)


def test_every_field_that_can_hold_a_label_is_suppressed_in_a_shop_of_one_customer(lone_marts):
    shop = read(lone_marts)
    public = suppress(shop)
    assert public.build.scored_customers is SMALL
    published = {
        (type(row).__name__, field.name)
        for held in (getattr(public, field.name) for field in fields(public))
        for row in (held if isinstance(held, tuple) else (held,))
        if row_class_of(type(row)) is not None
        for field in fields(row)
        if "Count" in str(field.type) and getattr(row, field.name) == 1
    }
    assert published == set()


def test_every_kind_of_cell_is_part_of_a_sum_that_protects_it(demo_shop):
    shop = read(demo_shop.marts_db)
    counts = shop_counts(shop)
    protected = {key[0] for one in shop_sums(shop, counts) for key, _ in one.signs()}
    # Quartiles of equal size are public; without a finished forecast nobody is counted as returned.
    assert {key[0] for key in counts} - protected == {"score", "came"}
