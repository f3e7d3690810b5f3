import csv
import hashlib
import tracemalloc
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import scripts.demo.files
from scripts.demo.files import write_demo
from scripts.demo.names import HOSTILE_NAMES
from scripts.demo.purchases import HORIZON_DAYS, LAST_DATE
from scripts.errors import TillsightError

Rows = list[dict[str, str]]
FILES = ("customers.csv", "products.csv", "transactions.csv", "truth.csv")


class Shop(NamedTuple):
    customers: Rows
    products: Rows
    transactions: Rows
    truth: Rows

    @property
    def sound(self) -> Rows:
        return [row for row in self.transactions if not is_flawed(row)]


def is_flawed(row: dict[str, str]) -> bool:
    return (
        not row["invoice_date"].startswith("20")
        or not row["product_id"]
        or not row["quantity"].lstrip("-").isdigit()
    )


def read(directory: Path) -> Shop:
    found = []
    for name in FILES:
        with (directory / name).open(encoding="utf-8", newline="") as file:
            found.append(list(csv.DictReader(file)))
    return Shop(*found)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    directory = tmp_path_factory.mktemp("shop")
    write_demo(directory, with_truth=True)
    return read(directory)


@pytest.fixture(scope="module")
def order_days(shop: Shop) -> dict[str, set[str]]:
    days = defaultdict(set)
    for row in shop.sound:
        if row["customer_id"] and float(row["amount"]) > 0:
            days[row["customer_id"]].add(row["invoice_date"])
    return days


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("customers.csv", b"customer_id,name,email,signup_date,country\n"),
        ("products.csv", b"product_id,product_name,category,price\n"),
        (
            "transactions.csv",
            b"transaction_id,invoice_id,customer_id,product_id,invoice_date,quantity,amount\n",
        ),
        ("truth.csv", b"customer_id,as_of_date,true_probability,will_buy\n"),
    ],
)
def test_the_files_have_the_columns_of_the_specification(
    tmp_path: Path, name: str, header: bytes
) -> None:
    write_demo(tmp_path, customers=20, with_truth=True)

    content = (tmp_path / name).read_bytes()

    assert content.startswith(header)
    assert content.endswith(b"\n")
    assert b"\r" not in content


def test_the_same_shop_is_the_same_to_the_byte(tmp_path: Path) -> None:
    for directory in ("one", "two"):
        write_demo(tmp_path / directory, customers=300, with_truth=True)

    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_shop_is_the_same_on_every_machine(tmp_path: Path) -> None:
    write_demo(tmp_path, customers=300, seed=1, with_truth=True)

    digest = hashlib.sha256(b"".join((tmp_path / name).read_bytes() for name in FILES))

    # No claim about what is right: it shows a platform, a Python or a NumPy that makes
    # another shop. Whoever changes the shop on purpose puts the new one here.
    assert digest.hexdigest() == "b26593bc9ca45421f46556494d70994c935817f6f2cc8de790d429ebb1324214"


def test_another_seed_is_another_shop(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(tmp_path / str(seed), customers=50, seed=seed)

    for name in FILES[:3]:
        assert (tmp_path / "1" / name).read_bytes() != (tmp_path / "2" / name).read_bytes()


def test_a_smaller_shop_has_the_first_customers_of_a_larger_one(tmp_path: Path) -> None:
    smaller_size = scripts.demo.files.CHUNK + 50
    write_demo(tmp_path / "smaller", customers=smaller_size, with_truth=True)
    write_demo(tmp_path / "larger", customers=smaller_size + 150, with_truth=True)
    smaller, larger = read(tmp_path / "smaller"), read(tmp_path / "larger")

    assert smaller.customers == larger.customers[:smaller_size]
    assert smaller.products == larger.products
    known = {row["customer_id"] for row in smaller.customers}
    assert sales_to(known, smaller) == sales_to(known, larger)
    assert smaller.truth == [row for row in larger.truth if row["customer_id"] in known]


def sales_to(customers: set[str], shop: Shop) -> list[tuple[str, ...]]:
    columns = ("customer_id", "invoice_date", "product_id", "quantity", "amount")
    return sorted(
        tuple(row[column] for column in columns)
        for row in shop.transactions
        if row["customer_id"] in customers
    )


def test_ids_are_unique_and_every_reference_is_met(shop: Shop) -> None:
    customers = [row["customer_id"] for row in shop.customers]
    products = [row["product_id"] for row in shop.products]
    transactions = [row["transaction_id"] for row in shop.transactions]

    assert len(customers) == len(set(customers)) == 2000
    assert len(products) == len(set(products))
    assert len(transactions) == len(set(transactions))
    assert {row["customer_id"] for row in shop.transactions} - {""} <= set(customers)
    assert {row["product_id"] for row in shop.transactions} - {""} == set(products)


def test_an_invoice_is_of_one_customer_and_one_day(shop: Shop) -> None:
    invoices = defaultdict(set)
    for row in shop.sound:
        invoices[row["invoice_id"]].add((row["customer_id"], row["invoice_date"]))

    assert all(len(found) == 1 for found in invoices.values())


def test_transactions_are_in_the_order_of_time_and_end_on_the_last_day(shop: Shop) -> None:
    days = [row["invoice_date"] for row in shop.sound]

    assert days == sorted(days)
    assert days[0] == "2023-07-01"
    assert days[-1] == LAST_DATE.isoformat() == "2025-06-30"


def test_emails_are_unique_and_reach_nobody(shop: Shop) -> None:
    emails = [row["email"] for row in shop.customers]

    assert len(emails) == len(set(emails))
    assert {email.rpartition("@")[2] for email in emails} == {"example.com", "example.org"}
    assert all(email.isascii() for email in emails)


def test_hostile_names_come_through_whole(shop: Shop) -> None:
    names = {row["name"] for row in shop.customers}

    assert {
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "O'Brien; DROP TABLE customers",
    } <= names
    assert set(HOSTILE_NAMES) <= names
    assert any('"' in row["product_name"] for row in shop.products)


def test_nobody_buys_before_signing_up(shop: Shop, order_days: dict[str, set[str]]) -> None:
    signup = {row["customer_id"]: row["signup_date"] for row in shop.customers}

    waits = [signup[customer] < min(days) for customer, days in order_days.items()]

    assert all(signup[customer] <= min(days) for customer, days in order_days.items())
    assert 0.2 < sum(waits) / len(waits) < 0.4


def test_many_customers_buy_once_and_some_never(order_days: dict[str, set[str]]) -> None:
    orders = [len(days) for days in order_days.values()]

    assert 0.05 < 1 - len(orders) / 2000 < 0.11
    assert 0.30 < orders.count(1) / len(orders) < 0.42
    assert max(orders) > 20


def test_the_shop_grows_and_peaks_before_christmas(
    shop: Shop, order_days: dict[str, set[str]]
) -> None:
    months = Counter(row["invoice_date"][:7] for row in shop.sound)
    first_orders = [min(days) for days in order_days.values()]

    for october, december, january in (
        ("2023-10", "2023-12", "2024-01"),
        ("2024-10", "2024-12", "2025-01"),
    ):
        assert months[december] > 1.3 * max(months[october], months[january])
    assert sum(day >= "2024-07-01" for day in first_orders) > 1.2 * len(first_orders) / 2


def test_products_and_countries_are_skewed(shop: Shop) -> None:
    sold = Counter(row["product_id"] for row in shop.transactions).most_common()
    countries = Counter(row["country"] for row in shop.customers).most_common()

    assert sum(count for _, count in sold[:24]) > 0.3 * len(shop.transactions)
    assert countries[0][0] == "United Kingdom"
    assert 0.5 < countries[0][1] / 2000 < 0.7
    assert len(countries) > 8


def test_guests_gifts_and_baskets_are_there(shop: Shop) -> None:
    lines = Counter(row["invoice_id"] for row in shop.transactions)
    guests = sum(not row["customer_id"] for row in shop.transactions)
    gifts = [row for row in shop.transactions if row["amount"] == "0.00"]

    assert 0.05 < guests / len(shop.transactions) < 0.2
    assert 0 < len(gifts) < 0.01 * len(shop.transactions)
    assert sum(count > 1 for count in lines.values()) > 0.3 * len(lines)


def test_an_amount_is_the_price_of_the_pieces(shop: Shop) -> None:
    pence = {row["product_id"]: round(100 * float(row["price"])) for row in shop.products}

    for row in shop.sound:
        if row["amount"] != "0.00":
            expected = pence[row["product_id"]] * int(row["quantity"])
            assert round(100 * float(row["amount"])) == expected
    assert any(price % 100 for price in pence.values())


def test_a_return_follows_its_sale_under_an_invoice_of_its_own(shop: Shop) -> None:
    sales = defaultdict(list)
    returns = []
    for row in shop.sound:
        if float(row["amount"]) < 0:
            returns.append(row)
        else:
            day, pieces = date.fromisoformat(row["invoice_date"]), int(row["quantity"])
            sales[row["customer_id"], row["product_id"]].append((day, pieces))

    for row in returns:
        day, pieces = date.fromisoformat(row["invoice_date"]), -int(row["quantity"])
        bought = sales[row["customer_id"], row["product_id"]]
        assert row["invoice_id"].startswith("R")
        assert any(2 <= (day - sold).days <= 28 and pieces <= most for sold, most in bought)
    invoices = {row["invoice_id"] for row in shop.transactions}
    assert len(returns) == sum(invoice.startswith("R") for invoice in invoices)


def test_returns_are_worth_less_than_sales(shop: Shop) -> None:
    amounts = [float(row["amount"]) for row in shop.transactions]

    sold = sum(amount for amount in amounts if amount > 0)
    returned = -sum(amount for amount in amounts if amount < 0)

    assert 0.01 * sold < returned < 0.1 * sold


def test_a_few_rows_are_flawed_in_each_way_and_take_no_order_with_them(shop: Shop) -> None:
    flawed = [row for row in shop.transactions if is_flawed(row)]
    paid = {row["invoice_id"] for row in shop.sound if float(row["amount"]) > 0}

    assert 3 <= len(flawed) <= len(shop.transactions) / 2500
    assert {row["invoice_date"] for row in flawed} >= {"00.00.0000"}
    assert {row["quantity"] for row in flawed} >= {"two"}
    assert {row["product_id"] for row in flawed} >= {""}
    assert {row["invoice_id"] for row in flawed} <= paid


def test_the_truth_has_each_customer_with_an_order_by_then(
    shop: Shop, order_days: dict[str, set[str]]
) -> None:
    earlier = (LAST_DATE - timedelta(days=HORIZON_DAYS)).isoformat()

    for as_of in (earlier, LAST_DATE.isoformat()):
        told = [row["customer_id"] for row in shop.truth if row["as_of_date"] == as_of]
        assert told == sorted(c for c, days in order_days.items() if min(days) <= as_of)
    assert {row["as_of_date"] for row in shop.truth} == {earlier, LAST_DATE.isoformat()}
    assert all(0 < float(row["true_probability"]) < 1 for row in shop.truth)


def test_the_truth_of_the_earlier_date_came_true_in_the_transactions(
    shop: Shop, order_days: dict[str, set[str]]
) -> None:
    earlier = (LAST_DATE - timedelta(days=HORIZON_DAYS)).isoformat()
    told = {r["customer_id"]: r["will_buy"] for r in shop.truth if r["as_of_date"] == earlier}

    for customer, will_buy in told.items():
        assert (max(order_days[customer]) > earlier) == (will_buy == "1")
    assert 0.1 < sum(will_buy == "1" for will_buy in told.values()) / len(told) < 0.3


def test_memory_does_not_grow_with_the_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts.demo.files, "CHUNK", 1000)
    write_demo(tmp_path, customers=3000, with_truth=True)  # what is made once is not counted
    peaks = []
    for customers in (3000, 12_000):
        tracemalloc.start()
        write_demo(tmp_path, customers=customers, with_truth=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.1 * peaks[0]


def test_a_shop_of_one_customer_can_be_made(tmp_path: Path) -> None:
    for seed in range(20):
        write_demo(tmp_path, customers=1, seed=seed, with_truth=True)
        assert len(read(tmp_path).customers) == 1


def test_progress_counts_customers_up_to_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    total = scripts.demo.files.CHUNK + 1

    write_demo(tmp_path, customers=total, progress=lambda _, done, of: seen.append((done, of)))

    assert seen == [(scripts.demo.files.CHUNK, total), (total, total)]


def test_a_truth_that_no_longer_belongs_to_the_files_is_removed(tmp_path: Path) -> None:
    first = write_demo(tmp_path, customers=10, with_truth=True)
    second = write_demo(tmp_path, customers=20)

    assert first.truth == tmp_path / "truth.csv"
    assert second.truth is None
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES[:3])


def test_a_run_that_fails_leaves_the_old_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_demo(tmp_path, customers=10)
    before = files.transactions.read_bytes()

    def disk_full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scripts.demo.files, "transaction_lines", disk_full)
    with pytest.raises(TillsightError, match="No space left on device"):
        write_demo(tmp_path, customers=20)

    assert files.transactions.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES[:3])


@pytest.mark.parametrize("customers", [0, -1, 10_000_000])
def test_an_impossible_number_of_customers_is_refused(tmp_path: Path, customers: int) -> None:
    with pytest.raises(TillsightError, match="choose a number from 1 to 9999999"):
        write_demo(tmp_path, customers=customers)


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TillsightError, match="choose 0 or more"):
        write_demo(tmp_path, seed=-1)


def test_a_folder_that_is_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("")

    with pytest.raises(TillsightError, match="shop"):
        write_demo(tmp_path / "shop")
