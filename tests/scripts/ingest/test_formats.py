import csv

import pytest

from scripts.errors import TillsightError
from scripts.ingest.formats import FORMATS, format_named, recognise
from scripts.settings import PROJECT_DIR

TRANSACTIONS = ["transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount"]
UCI_I = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
UCI_II = [
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
]
# The whole header of an orders export, 79 columns.
SHOPIFY_LINE = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,"
    "Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
    "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,"
    "Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,"
    "Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,"
    "Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
SHOPIFY = SHOPIFY_LINE.split(",")


def refusal(header: list[str], name: str | None = None) -> str:
    with pytest.raises(TillsightError) as caught:
        recognise(
            header,
            place="sales.csv, line 1",
            file_format=format_named(name) if name else None,
        )
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param(["customer_id", "name"], "standard_customers", id="customers, fewest"),
        pytest.param(
            ["customer_id", "name", "email", "signup_date", "country"],
            "standard_customers",
            id="customers, all",
        ),
        pytest.param(
            ["product_id", "product_name", "category", "price"], "standard_products", id="products"
        ),
        pytest.param(TRANSACTIONS, "standard_transactions", id="transactions"),
        pytest.param(
            [*TRANSACTIONS, "invoice_id"], "standard_transactions", id="transactions with invoices"
        ),
        pytest.param(UCI_I, "uci_order_lines", id="UCI I"),
        pytest.param(UCI_II, "uci_order_lines", id="UCI II"),
        pytest.param(SHOPIFY, "shopify_order_lines", id="Shopify, all 79"),
        pytest.param(
            [
                "Name",
                "Email",
                "Created at",
                "Lineitem quantity",
                "Lineitem name",
                "Lineitem price",
            ],
            "shopify_order_lines",
            id="Shopify, fewest",
        ),
    ],
)
def test_the_format_is_detected_from_the_header(header, name):
    assert recognise(header, place="sales.csv, line 1").file_format.name == name


def test_the_shopify_header_is_the_whole_one():
    assert len(SHOPIFY) == len(set(SHOPIFY)) == 79


def test_columns_are_found_by_name_wherever_they_stand():
    header = ["amount", "note", "quantity", *TRANSACTIONS[:4]]
    found = recognise(header, place="sales.csv, line 1")
    assert dict(zip(found.columns, found.positions, strict=True)) == {
        "transaction_id": 3,
        "customer_id": 4,
        "product_id": 5,
        "invoice_date": 6,
        "quantity": 2,
        "amount": 0,
    }


@pytest.mark.parametrize(
    "spelling",
    [
        "AMOUNT",
        " amount ",
        "Amo_unt",
        "\ufeffamount",
        '"amount"',
        "'Amount'",
        '\ufeff"Amount"',
        "a m\u00a0ount",
    ],
)
def test_spelling_that_does_not_count(spelling):
    found = recognise([spelling, *TRANSACTIONS[:5]], place="sales.csv, line 1")
    assert found.positions == (1, 2, 3, 4, 5, 0)


def test_both_headers_of_the_uci_files_fill_the_same_columns():
    first = recognise(UCI_I, place="")
    second = recognise(UCI_II, place="")
    assert first == second
    assert first.columns == (
        "invoice_no",
        "stock_code",
        "description",
        "quantity",
        "invoice_date",
        "unit_price",
        "customer_id",
        "country",
    )


def test_shopify_order_names_are_not_mistaken_for_billing_names():
    found = recognise(SHOPIFY, place="")
    at = dict(zip(found.columns, found.positions, strict=True))
    # Counted in the header above, from 0.
    assert (at["name"], at["billing_name"], at["lineitem_name"]) == (0, 24, 17)
    assert len(at) == 17


def test_an_older_shopify_file_lands_what_it_has():
    older = [name for name in SHOPIFY if name not in {"Refunded Amount", "Lineitem discount"}]
    found = recognise(older, place="")
    assert set(recognise(SHOPIFY, place="").columns) - set(found.columns) == {
        "refunded_amount",
        "lineitem_discount",
    }


def test_a_wide_file_of_sales_is_sales():
    wide = [*TRANSACTIONS, "invoice_id", "name", "email", "country", "product_name", "price"]
    assert recognise(wide, place="").file_format.name == "standard_transactions"


@pytest.mark.parametrize(
    "strangers",
    [
        pytest.param(["product_id", "product_name"], id="as many columns of another format"),
        pytest.param(["quantity", "amount"], id="more columns of another format"),
    ],
)
def test_a_format_that_fits_comes_before_one_that_nearly_does(strangers):
    found = recognise(["customer_id", "name", *strangers], place="")
    assert found.file_format.name == "standard_customers"


def test_a_header_that_fits_two_formats_equally_well_is_refused():
    sentence = refusal(["customer_id", "name", "email", "product_id", "product_name", "price"])
    assert sentence == (
        "sales.csv, line 1: the header fits standard_customers, standard_products equally well; "
        "choose one with --format, for example --format standard_customers"
    )


def test_the_option_settles_a_header_that_fits_two():
    header = ["customer_id", "name", "email", "product_id", "product_name", "price"]
    found = recognise(header, place="", file_format=format_named("standard_products"))
    assert (found.file_format.name, found.positions) == ("standard_products", (3, 4, 5))


def test_a_missing_column_is_named_with_the_nearest_format_and_a_remedy():
    assert refusal([*TRANSACTIONS[:5], "total"]) == (
        "sales.csv, line 1: the header fits no format; the nearest, standard_transactions, needs "
        "the column 'amount', and the columns found are 'transaction_id', 'customer_id', "
        "'product_id', 'invoice_date', 'quantity', 'total'. Rename the column that holds it, or "
        "choose another format with --format (standard_customers, standard_products, "
        "uci_order_lines, shopify_order_lines)"
    )


@pytest.mark.parametrize("missing", UCI_I)
def test_every_column_of_the_uci_format_is_needed(missing):
    sentence = refusal([name for name in UCI_I if name != missing])
    assert f"the nearest, uci_order_lines, needs the column '{missing}'" in sentence


def test_several_missing_columns_are_all_named():
    sentence = refusal(["Name", "Email", "Created at", "Lineitem quantity"])
    assert "shopify_order_lines, needs the columns 'Lineitem name', 'Lineitem price'," in sentence
    assert "Rename the columns that hold them" in sentence


def test_columns_missing_for_the_format_that_was_named():
    sentence = refusal(TRANSACTIONS, "standard_products")
    assert sentence.startswith(
        "sales.csv, line 1: format standard_products needs the columns 'product_name', 'price', "
        "and the columns found are 'transaction_id',"
    )


def test_a_header_of_strangers_gets_the_columns_of_every_format():
    sentence = refusal(["datum", "betrag"])
    assert "none of the columns found, 'datum', 'betrag', is known" in sentence
    assert all(file_format.name in sentence for file_format in FORMATS)
    assert "standard_customers (customer_id, name)" in sentence


def test_a_long_header_is_cut_short_in_the_sentence():
    sentence = refusal([f"c{n}" for n in range(1, 26)])
    assert "'c20' and 5 more, is known" in sentence
    assert "c21" not in sentence


def test_an_endless_name_is_cut_short_in_the_sentence():
    assert len(refusal(["x" * 1_000_000, "y"])) < 1_000


def test_a_column_named_twice_is_refused():
    assert refusal([*TRANSACTIONS, "Amount"]) == (
        "sales.csv, line 1: 'amount' and 'Amount' are the same column of format "
        "standard_transactions; delete or rename all but one of them"
    )


def test_two_names_of_one_column_are_a_column_named_twice():
    assert "'UnitPrice' and 'Price' are the same column" in refusal([*UCI_I, "Price"])


def test_strangers_may_be_named_twice():
    assert recognise([*TRANSACTIONS, "note", "note", ""], place="").positions == tuple(range(6))


def test_an_unknown_format_gets_the_list_of_those_there_are():
    with pytest.raises(TillsightError) as caught:
        format_named("standard_sales")
    assert str(caught.value) == (
        "unknown format 'standard_sales'; choose one of standard_customers, standard_products, "
        "standard_transactions, uci_order_lines, shopify_order_lines"
    )


@pytest.mark.parametrize("file_format", FORMATS, ids=lambda file_format: file_format.name)
def test_no_header_means_two_columns_of_a_format(file_format):
    accepted = [
        {name.replace("_", "").replace(" ", "").lower() for name in (column.name, *column.headers)}
        for column in file_format.columns
    ]
    assert sum(map(len, accepted)) == len(set().union(*accepted))


@pytest.mark.parametrize("file_format", FORMATS, ids=lambda file_format: file_format.name)
def test_every_format_needs_two_columns_at_least(file_format):
    assert sum(column.is_required for column in file_format.columns) >= 2


def test_codes_of_non_products_name_a_format():
    with (PROJECT_DIR / "dbt_project" / "seeds" / "non_product_codes.csv").open() as seed:
        named = {row["format"] for row in csv.DictReader(seed)}
    assert named
    assert named <= {file_format.name for file_format in FORMATS}
