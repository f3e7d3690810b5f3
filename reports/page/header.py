"""The head of the page: the shop, its period and size, the result of the data tests."""

from __future__ import annotations

from dataclasses import dataclass

from reports.formatting import count, day, number, short_day
from reports.marts.build import BuildInfo
from reports.marts.shop import Shop
from reports.marts.suppressed import NOTE, known


@dataclass(frozen=True)
class Header:
    """The texts of the head; `data_tests` is a text and its tone: good, bad or none."""

    shop_name: str
    as_of: str
    period: str
    size: str
    data_tests: tuple[str, str]
    privacy_note: str


def make_header(shop: Shop) -> Header:
    """Return the head of the page."""
    build = shop.build
    return Header(
        shop_name=build.shop_name or "Your shop",
        as_of=f"as of {day(build.as_of_date)}" if build.as_of_date else "before the first sale",
        period=_period(build),
        size=", ".join(
            (_customers(build), count(build.orders, "order"), count(build.products, "product"))
        ),
        data_tests=data_tests_passed(build),
        privacy_note=NOTE if shop.is_public else "",
    )


def _period(build: BuildInfo) -> str:
    if known(build.orders) is None:
        return f"Orders up to {short_day(build.as_of_date)}"
    if not build.first_order_date:
        return "No orders yet"
    return f"{short_day(build.first_order_date)} to {short_day(build.as_of_date)}"


def _customers(build: BuildInfo) -> str:
    if build.customers == build.scored_customers:
        return count(build.customers, "customer")
    if known(build.customers) is None and known(build.scored_customers) is not None:
        return f"{count(build.scored_customers, 'customer')} with an order"
    return f"{count(build.customers, 'customer')} ({number(build.scored_customers)} with an order)"


def data_tests_passed(build: BuildInfo) -> tuple[str, str]:
    """Return how many data tests passed, and the tone: good, bad or none."""
    if not build.data_tests:
        return "No data tests have run", "none"
    text = f"{number(build.data_tests_passed)} of {count(build.data_tests, 'data test')} passed"
    return text, "good" if build.data_tests_passed == build.data_tests else "bad"
