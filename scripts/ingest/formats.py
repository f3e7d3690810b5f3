"""The file formats that can be loaded, as data, and detection of a format from its header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.errors import TillsightError

# A file without a header can begin with a line of any length; error messages stay short.
MOST_SHOWN = 20
LONGEST_SHOWN = 60
NUMBER_OR_DATE = re.compile(r"(?=.*\d)[-+\d.,/:TZ ]+")


@dataclass(frozen=True)
class Column:
    """A column of a raw table and the headers that files use for it.

    Attributes
    ----------
    name : str
        Name in the raw table; also accepted as a header.
    headers : tuple of str
        Other accepted headers, the usual one first.
    is_required : bool
        Whether a file without it is refused; a missing optional column lands as NULL.
    """

    name: str
    headers: tuple[str, ...] = ()
    is_required: bool = True

    @property
    def usual_header(self) -> str:
        """The header to name in an error message."""
        return self.headers[0] if self.headers else self.name


@dataclass(frozen=True)
class Format:
    """How the columns of an export map to a raw table.

    Attributes
    ----------
    name : str
        Value of `--format`.
    description : str
        Content and origin of the file, for the help.
    columns : tuple of Column
        Columns that are landed, in the order of the raw table.
    """

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def table(self) -> str:
        """Name of the raw table."""
        return f"raw_{self.name}"


@dataclass(frozen=True)
class Recognised:
    """The format of a header, and the positions of its columns.

    Attributes
    ----------
    file_format : Format
        The format.
    columns : tuple of str
        Columns of the raw table that the file fills.
    positions : tuple of int
        Position of each of them in a row of the file, counted from 0.
    """

    file_format: Format
    columns: tuple[str, ...]
    positions: tuple[int, ...]


def _optional(name: str, *headers: str) -> Column:
    return Column(name, headers, is_required=False)


FORMATS: tuple[Format, ...] = (
    Format(
        "standard_customers",
        "Customers, one per line.",
        (
            Column("customer_id"),
            Column("name"),
            _optional("email"),
            _optional("signup_date"),
            _optional("country"),
        ),
    ),
    Format(
        "standard_products",
        "Products, one per line.",
        (
            Column("product_id"),
            Column("product_name"),
            _optional("category"),
            Column("price"),
        ),
    ),
    Format(
        "standard_transactions",
        "Sales and returns, one product of one sale per line.",
        (
            Column("transaction_id"),
            _optional("invoice_id"),
            Column("customer_id"),
            Column("product_id"),
            Column("invoice_date"),
            Column("quantity"),
            Column("amount"),
        ),
    ),
    Format(
        "uci_order_lines",
        "UCI Online Retail I and II: invoice lines with a unit price.",
        (
            Column("invoice_no", ("InvoiceNo", "Invoice")),
            Column("stock_code", ("StockCode",)),
            Column("description", ("Description",)),
            Column("quantity", ("Quantity",)),
            Column("invoice_date", ("InvoiceDate",)),
            Column("unit_price", ("UnitPrice", "Price")),
            Column("customer_id", ("CustomerID", "Customer ID")),
            Column("country", ("Country",)),
        ),
    ),
    Format(
        "shopify_order_lines",
        "Shopify orders export: one line item per line.",
        (
            Column("name", ("Name",)),
            Column("email", ("Email",)),
            _optional("financial_status", "Financial Status"),
            Column("created_at", ("Created at",)),
            _optional("cancelled_at", "Cancelled at"),
            _optional("currency", "Currency"),
            _optional("subtotal", "Subtotal"),
            _optional("discount_amount", "Discount Amount"),
            _optional("refunded_amount", "Refunded Amount"),
            Column("lineitem_quantity", ("Lineitem quantity",)),
            Column("lineitem_name", ("Lineitem name",)),
            Column("lineitem_price", ("Lineitem price",)),
            _optional("lineitem_sku", "Lineitem sku"),
            _optional("lineitem_discount", "Lineitem discount"),
            _optional("billing_name", "Billing Name"),
            _optional("billing_country", "Billing Country"),
            _optional("shipping_country", "Shipping Country"),
        ),
    ),
)


def format_named(name: str) -> Format:
    """Return the format with this name.

    Raises
    ------
    TillsightError
        If the name is unknown; the message lists the known ones.
    """
    for file_format in FORMATS:
        if file_format.name == name:
            return file_format
    raise TillsightError(f"unknown format '{name}'; choose one of {_names(FORMATS)}")


def recognise(
    header: Sequence[str], *, place: str, file_format: Format | None = None
) -> Recognised:
    """Return the format of a header and the positions of its columns.

    Columns are matched by name, in any order. Case, spaces, underscores, a byte order mark and
    surrounding quotation marks are ignored. Unknown columns are left out. If several formats fit,
    the one with the most known columns is chosen.

    Parameters
    ----------
    header : sequence of str
        The fields of the header.
    place : str
        File and line (or sheet), for the error message.
    file_format : Format, optional
        The format chosen by the user; by default it is detected.

    Raises
    ------
    TillsightError
        If a required column is missing, a column occurs twice, or two formats fit equally well.

    Examples
    --------
    >>> recognise(["Price", "Product ID", "product name"], place="p.csv").positions
    (1, 2, 0)
    """
    chosen = file_format or _likeliest_format(header, place)
    found = _positions(chosen, header)
    missing = [c for c in chosen.columns if c.is_required and not found[c.name]]
    if missing:
        is_chosen = file_format is not None
        raise TillsightError(_missing_sentence(header, place, chosen, missing, is_chosen=is_chosen))
    for column in chosen.columns:
        if len(found[column.name]) > 1:
            doubled = " and ".join(f"'{header[at]}'" for at in found[column.name])
            raise TillsightError(
                f"{place}: {doubled} are the same column of format {chosen.name}; "
                f"delete or rename all but one of them"
            )
    columns = tuple(name for name, at in found.items() if at)
    return Recognised(chosen, columns, tuple(found[name][0] for name in columns))


def _plain(header: str) -> str:
    """Normalise a header for comparison."""
    unquoted = header.replace("\ufeff", "").strip().strip("\"'")
    return "".join(unquoted.split()).replace("_", "").casefold()


def _positions(file_format: Format, header: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions in the header of each column of the format."""
    plain = [_plain(field) for field in header]
    return {
        column.name: [
            at
            for at, field in enumerate(plain)
            if field in {_plain(name) for name in (column.name, *column.headers)}
        ]
        for column in file_format.columns
    }


def _likeliest_format(header: Sequence[str], place: str) -> Format:
    """Return the format that fits, else the nearest one."""
    found = {one: _positions(one, header) for one in FORMATS}
    known = {one: sum(map(bool, found[one].values())) for one in FORMATS}
    if not any(known.values()):
        if _is_row(header):
            raise TillsightError(
                f"{place}: the first line holds values instead of column names. Insert a line with "
                f"the column names above it: {_needed()}"
            )
        raise TillsightError(
            f"{place}: the header fits no format: none of the columns found, {_shown(header)}, "
            f"is known. Rename them to those of one of the formats: {_needed()}"
        )

    needed = {one: [c.name for c in one.columns if c.is_required] for one in FORMATS}
    share = {
        one: sum(bool(found[one][name]) for name in needed[one]) / len(needed[one])
        for one in FORMATS
    }
    best = max(FORMATS, key=lambda one: (share[one], known[one]))
    equal = [one for one in FORMATS if share[one] == 1 and known[one] == known[best]]
    if len(equal) > 1:
        raise TillsightError(
            f"{place}: the header fits {_names(equal)} equally well; "
            f"choose one with --format, for example --format {equal[0].name}"
        )
    return best


def _missing_sentence(
    header: Sequence[str],
    place: str,
    file_format: Format,
    missing: list[Column],
    *,
    is_chosen: bool,
) -> str:
    names = ", ".join(f"'{column.usual_header}'" for column in missing)
    columns = f"{'columns' if len(missing) > 1 else 'column'} {names}"
    what = (
        f"format {file_format.name} needs the {columns}"
        if is_chosen
        else f"the header fits no format; the nearest, {file_format.name}, needs the {columns}"
    )
    others = _names([other for other in FORMATS if other is not file_format])
    return (
        f"{place}: {what}, and the columns found are {_shown(header)}. Rename the "
        f"{'columns that hold them' if len(missing) > 1 else 'column that holds it'}, "
        f"or choose another format with --format ({others})"
    )


def _is_row(header: Sequence[str]) -> bool:
    """Return whether a header is a data row, which an error message must not quote."""
    return any(NUMBER_OR_DATE.fullmatch(field.strip()) or "@" in field for field in header)


def _needed() -> str:
    """List the required columns of each format."""
    return "; ".join(
        f"{one.name} ({', '.join(c.usual_header for c in one.columns if c.is_required)})"
        for one in FORMATS
    )


def _names(formats: Sequence[Format]) -> str:
    return ", ".join(file_format.name for file_format in formats)


def _shown(header: Sequence[str]) -> str:
    """Return the fields of the header for an error message, at most `MOST_SHOWN` of them."""
    shown = ", ".join(f"'{field[:LONGEST_SHOWN]}'" for field in header[:MOST_SHOWN])
    rest = len(header) - MOST_SHOWN
    return shown if rest <= 0 else f"{shown} and {rest} more"
