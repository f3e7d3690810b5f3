"""The customers section: the columns of the table, the profile of one customer, action lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.formatting import (
    DASH,
    Money,
    NumberFormat,
    number,
    page_numbers,
    public_id,
    without_email,
)
from reports.marts.customers import Customer
from reports.marts.shop import Shop
from reports.page.action_lists import ActionList, make_action_lists


@dataclass(frozen=True)
class CustomerColumn:
    """A column of the table of customers, declared once for Python, template and scripts.

    Attributes
    ----------
    key : str
        Its name in the scripts and in links.
    label, hint : str
        Heading and tooltip; `{days}` in a hint is the horizon.
    format : str
        `text`; `name` for one of few values; or a key of `reports.formatting.page_numbers`.
        A `score` is a digit of `rfm_cell`, in the order of the columns.
    field : str
        Field of `Customer`; the key by default.
    is_ascending_first : bool
        Whether the first click sorts upwards.
    is_shown : bool
        False for a column that only filters and the profile use.
    """

    key: str
    label: str
    hint: str
    format: str
    field: str = ""
    is_ascending_first: bool = False
    is_shown: bool = True

    @property
    def css_class(self) -> str:
        """The class of its cells."""
        if self.key in {"id", "name"}:
            return self.key
        return "" if self.format in {"text", "name"} else "number"

    def value(self, customer: Customer) -> str | float | None:
        """Return its value for a customer; the RFM cell as a number."""
        value: str | float | None = getattr(customer, self.field or self.key)
        return int(value) if self.key == "cell" and value is not None else value


COLUMNS = (
    CustomerColumn("id", "Id", "Customer id", "text", "customer_id", is_ascending_first=True),
    CustomerColumn("name", "Name", "Name", "text", is_ascending_first=True),
    CustomerColumn(
        "recency", "Recency", "Days since the last order", "whole", is_ascending_first=True
    ),
    CustomerColumn("frequency", "Frequency", "Number of orders", "whole"),
    CustomerColumn("monetary", "Monetary", "Amount spent, minus returns", "money"),
    CustomerColumn("recency_score", "R", "Recency score, 4 is best", "score"),
    CustomerColumn("frequency_score", "F", "Frequency score, 4 is best", "score"),
    CustomerColumn("monetary_score", "M", "Monetary score, 4 is best", "score"),
    CustomerColumn("cell", "RFM", "The three scores as one number", "whole", "rfm_cell"),
    CustomerColumn("segment", "Segment", "Segment", "name", is_ascending_first=True),
    CustomerColumn(
        "segment_detail", "Finer segment", "Finer segment", "name", is_ascending_first=True
    ),
    CustomerColumn("country", "Country", "Country", "name", is_shown=False),
    CustomerColumn(
        "probability",
        "Probability",
        "Probability to order in the next {days} days",
        "share",
        "purchase_probability",
    ),
)
PROFILE = (
    ("id", "Customer id", "text"),
    ("country", "Country", "text"),
    ("signup_date", "Signed up", "day"),
    ("first_order_date", "First order", "day"),
    ("last_order_date", "Last order", "day"),
    ("order_count", "Orders", "whole"),
    ("return_count", "Returns", "whole"),
    ("average_order_value", "Average order", "money"),
    ("gross_revenue", "Bought", "money"),
    ("returned_amount", "Returned", "money"),
    ("net_revenue", "Spent in all", "money"),
    ("mean_gap_days", "Days between orders", "days"),
)
"""The facts of one customer: key of a column or field of `Profile`, label, format."""


@dataclass(frozen=True)
class CustomerLine:
    """A row of the table: a text for each shown column; order 0 is no segment."""

    cells: tuple[str, ...]
    segment_order: int


@dataclass(frozen=True)
class Customers:
    """What the customers section prints; the last three are the choices of the filters."""

    action_lists: tuple[ActionList, ...]
    columns: tuple[CustomerColumn, ...]
    lines: tuple[CustomerLine, ...]
    customer_count: str
    horizon_days: int
    has_predictions: bool
    segments: tuple[str, ...]
    segment_details: tuple[str, ...]
    countries: tuple[str, ...]


def make_customers(shop: Shop, first_customers: Sequence[Customer], money: Money) -> Customers:
    """Return the customers section.

    Parameters
    ----------
    shop : Shop
        All rows of the page but the customers.
    first_customers : sequence of Customer
        The customers that the HTML itself shows, highest spend first.
    money : Money
        Writes amounts.
    """
    names = code_names(shop)
    numbers = page_numbers(money)
    return Customers(
        action_lists=make_action_lists(shop, money),
        columns=tuple(column for column in COLUMNS if column.is_shown),
        lines=tuple(_line(row, shop, numbers) for row in first_customers),
        customer_count=number(shop.build.customers),
        horizon_days=shop.build.horizon_days,
        has_predictions=bool(shop.has_predictions),
        segments=names["segment"],
        segment_details=names["segment_detail"],
        countries=names["country"],
    )


def code_names(shop: Shop) -> dict[str, tuple[str, ...]]:
    """Return the values of each column of format `name`, in their order, without e-mails."""
    return {
        "segment": tuple(row.segment for row in shop.segments),
        "segment_detail": tuple(row.segment for row in shop.segment_details),
        "country": tuple(map(without_email, shop.countries)),
    }


def _line(row: Customer, shop: Shop, numbers: Mapping[str, NumberFormat]) -> CustomerLine:
    orders = {segment.segment: segment.segment_order for segment in shop.segments}
    return CustomerLine(
        cells=tuple(
            _cell(column, row, shop.email_numbers, numbers) for column in COLUMNS if column.is_shown
        ),
        segment_order=orders.get(row.segment or "", 0),
    )


def _cell(
    column: CustomerColumn,
    row: Customer,
    email_numbers: Mapping[str, int],
    numbers: Mapping[str, NumberFormat],
) -> str:
    value = column.value(row)
    if column.key == "id":
        return public_id(row.customer_id, email_numbers)
    if isinstance(value, str):
        return without_email(value) or DASH
    return DASH if value is None else numbers[column.format](value)
