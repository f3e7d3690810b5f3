"""Assemble the page from its sections. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import Money
from reports.marts.customers import Customer
from reports.marts.shop import Shop
from reports.page.components import Chart
from reports.page.customers import Customers, make_customers
from reports.page.data import Data, make_data
from reports.page.docs_dialog import docs_json
from reports.page.exports import Exports, make_exports
from reports.page.forecast.section import Forecast, make_forecast
from reports.page.header import Header, make_header
from reports.page.movement.section import Movement, make_movement
from reports.page.overview import Overview, make_overview
from reports.page.segments import Segments, make_segments


@dataclass(frozen=True)
class Page:
    """The sections of the page; the template of a section prints only its own."""

    header: Header
    overview: Overview
    segments: Segments
    movement: Movement
    customers: Customers
    forecast: Forecast
    exports: Exports
    data: Data
    build_fingerprint: str | None
    docs_json: str

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the page."""
        return (
            *self.overview.charts,
            *self.segments.charts,
            *self.movement.charts,
            *self.forecast.charts,
        )


def make_page(shop: Shop, first_customers: Sequence[Customer]) -> Page:
    """Return the page of a shop.

    Parameters
    ----------
    shop : Shop
        All rows of the page but the customers.
    first_customers : sequence of Customer
        The customers that the HTML itself shows, highest spend first.
    """
    money = Money(shop.build.reporting_currency)
    return Page(
        header=make_header(shop),
        overview=make_overview(shop, money),
        segments=make_segments(shop, money),
        movement=make_movement(shop, money),
        customers=make_customers(shop, first_customers, money),
        forecast=make_forecast(shop, money),
        exports=make_exports(shop),
        data=make_data(shop, money),
        build_fingerprint=shop.build.build_fingerprint,
        docs_json=docs_json(shop.table_docs, shop.column_docs, shop.lineage),
    )
