"""The forms of file that can be loaded, as data, and which form a header has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.errors import TillsightError

# A header that is no header can be of any size; a sentence is not.
MOST_SHOWN = 20
LONGEST_SHOWN = 60
NUMBER_OR_DATE = re.compile(r"(?=.*\d)[-+\d.,/:TZ ]+")


@dataclass(frozen=True)
class Column:
    """A column of a raw table and the headers that files give it.

    Attributes
    ----------
    name : str
        Name in the raw table; accepted as a header too.
    headers : tuple of str
        Other accepted headers, the usual one first.
    is_required : bool
        Whether a file without it is refused; an optional column lands as NULL.
    """

    name: str
    headers: tuple[str, ...] = ()
    is_required: bool = True

    @property
    def usual_header(self) -> str:
        """The header to name in a sentence."""
        return self.headers[0] if self.headers else self.name


@dataclass(frozen=True)
class Form:
    """One kind of file.

    Attributes
    ----------
    name : str
        What `--form` takes.
    description : str
        What the file is and where it comes from, for the help.
    columns : tuple of Column
        What is landed, in the order of the raw table.
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
    """A header that has been understood.

    Attributes
    ----------
    form : Form
        The form it has.
    columns : tuple of str
        Columns of the raw table that the file fills.
    positions : tuple of int
        Where each of them stands in a row of the file, counted from 0.
    """

    form: Form
    columns: tuple[str, ...]
    positions: tuple[int, ...]


def _optional(name: str, *headers: str) -> Column:
    return Column(name, headers, is_required=False)


FORMS: tuple[Form, ...] = (
    Form(
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
    Form(
        "standard_products",
        "Products, one per line.",
        (
            Column("product_id"),
            Column("product_name"),
            _optional("category"),
            Column("price"),
        ),
    ),
    Form(
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
    Form(
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
    Form(
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


def form_named(name: str) -> Form:
    """Return the form that `--form` names.

    Raises
    ------
    TillsightError
        If there is no such form; the sentence lists those there are.
    """
    for form in FORMS:
        if form.name == name:
            return form
    raise TillsightError(f"there is no form '{name}'; choose one of {_names(FORMS)}")


def recognise(header: Sequence[str], *, place: str, form: Form | None = None) -> Recognised:
    """Return the form of a header, and where its columns stand.

    Names count, order does not; case, spaces, underscores, a byte order mark
    and surrounding quotation marks are ignored. Columns that the form does not
    know are left out. Where several forms fit, the one with the most columns is it.

    Parameters
    ----------
    header : sequence of str
        The header's fields.
    place : str
        File and line (or sheet), to begin a sentence with.
    form : Form, optional
        The form that the user named; no other is tried then.

    Raises
    ------
    TillsightError
        If a required column is missing, a column is named twice, or two forms
        fit equally well.

    Examples
    --------
    >>> recognise(["Price", "Product ID", "product name"], place="p.csv").positions
    (1, 2, 0)
    """
    chosen = form or _likeliest_form(header, place)
    found = _positions(chosen, header)
    missing = [c for c in chosen.columns if c.is_required and not found[c.name]]
    if missing:
        raise TillsightError(_missing_sentence(header, place, chosen, missing, is_named=bool(form)))
    for column in chosen.columns:
        if len(found[column.name]) > 1:
            doubled = " and ".join(f"'{header[at]}'" for at in found[column.name])
            raise TillsightError(
                f"{place}: {doubled} name the same column of form {chosen.name}; "
                f"keep one of them, and delete or rename the others"
            )
    columns = tuple(name for name, at in found.items() if at)
    return Recognised(chosen, columns, tuple(found[name][0] for name in columns))


def _plain(header: str) -> str:
    """Return what is compared of a header."""
    unquoted = header.replace("\ufeff", "").strip().strip("\"'")
    return "".join(unquoted.split()).replace("_", "").casefold()


def _positions(form: Form, header: Sequence[str]) -> dict[str, list[int]]:
    """Return for each column of the form where the header names it."""
    plain = [_plain(field) for field in header]
    return {
        column.name: [
            at
            for at, field in enumerate(plain)
            if field in {_plain(name) for name in (column.name, *column.headers)}
        ]
        for column in form.columns
    }


def _likeliest_form(header: Sequence[str], place: str) -> Form:
    """Return the form that fits, or else the nearest one."""
    found = {form: _positions(form, header) for form in FORMS}
    known = {form: sum(map(bool, found[form].values())) for form in FORMS}
    if not any(known.values()):
        if _is_row(header):
            raise TillsightError(
                f"{place}: the first line holds values, where the names of the columns should "
                f"stand. Put a line with the names above it: {_needed()}"
            )
        raise TillsightError(_unknown_sentence(header, place))

    needed = {form: [c.name for c in form.columns if c.is_required] for form in FORMS}
    share = {
        form: sum(bool(found[form][name]) for name in needed[form]) / len(needed[form])
        for form in FORMS
    }
    best = max(FORMS, key=lambda form: (share[form], known[form]))
    equal = [f for f in FORMS if share[f] == 1 and known[f] == known[best]]
    if len(equal) > 1:
        raise TillsightError(
            f"{place}: the header fits {_names(equal)} equally well; "
            f"say which one it is with --form, for example --form {equal[0].name}"
        )
    return best


def _missing_sentence(
    header: Sequence[str], place: str, form: Form, missing: list[Column], *, is_named: bool
) -> str:
    names = ", ".join(f"'{column.usual_header}'" for column in missing)
    columns = f"{'columns' if len(missing) > 1 else 'column'} {names}"
    what = (
        f"form {form.name} needs the {columns}"
        if is_named
        else f"the header fits no form; the nearest, {form.name}, needs the {columns}"
    )
    others = _names([other for other in FORMS if other is not form])
    return (
        f"{place}: {what}, and the columns found are {_shown(header)}. Rename the "
        f"{'columns that hold them' if len(missing) > 1 else 'column that holds it'}, "
        f"or name another form with --form ({others})"
    )


def _is_row(header: Sequence[str]) -> bool:
    """Return whether a header is a row of a file that has none: a sentence must not quote it."""
    return any(NUMBER_OR_DATE.fullmatch(field.strip()) or "@" in field for field in header)


def _unknown_sentence(header: Sequence[str], place: str) -> str:
    return (
        f"{place}: the header fits no form: none of the columns found, {_shown(header)}, "
        f"is known. Rename them to those that one of the forms needs: {_needed()}"
    )


def _needed() -> str:
    """Name for each form the columns that it cannot do without."""
    return "; ".join(
        f"{form.name} ({', '.join(c.usual_header for c in form.columns if c.is_required)})"
        for form in FORMS
    )


def _names(forms: Sequence[Form]) -> str:
    return ", ".join(form.name for form in forms)


def _shown(header: Sequence[str]) -> str:
    """Return the header's fields for a sentence, a long header cut short."""
    shown = ", ".join(f"'{field[:LONGEST_SHOWN]}'" for field in header[:MOST_SHOWN])
    rest = len(header) - MOST_SHOWN
    return shown if rest <= 0 else f"{shown} and {rest} more"
