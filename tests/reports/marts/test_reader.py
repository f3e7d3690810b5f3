from __future__ import annotations

import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.marts import build, catalog, customers, forecast, reader, sales, segments
from reports.marts.shop import read_shop


def read(path: Path):
    with reader.open_marts(path) as connection:
        return read_shop(connection)


def changed(marts: Path, folder: Path, statement: str) -> Path:
    copy = folder / "marts.db"
    shutil.copy(marts, copy)
    connection = sqlite3.connect(copy)
    connection.execute(statement)
    connection.commit()
    connection.close()
    return copy


def test_missing_marts_are_reported_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(ReportError, match=r"no marts database at .*nowhere.*tillsight build"):
        read(tmp_path / "nowhere.db")


def test_a_missing_table_is_reported(marts, tmp_path):
    path = changed(marts, tmp_path, "drop table cohort_retention")
    with pytest.raises(ReportError, match=r"no table cohort_retention.*Run 'tillsight build'"):
        read(path)


def test_a_missing_column_is_reported(marts, tmp_path):
    path = changed(marts, tmp_path, "alter table segments drop column colour")
    with pytest.raises(ReportError, match=r"no column colour.*Run 'tillsight build'"):
        read(path)


def test_a_file_that_is_not_a_database_is_refused(tmp_path):
    path = tmp_path / "marts.db"
    path.write_text("customer_id,name\n" * 100)
    with pytest.raises(ReportError, match="cannot be read"):
        read(path)


def test_an_empty_build_info_is_refused(marts, tmp_path):
    with pytest.raises(ReportError, match="build_info of the marts is empty"):
        read(changed(marts, tmp_path, "delete from build_info"))


def test_the_marts_are_opened_for_reading_only(marts):
    with pytest.raises(ReportError, match="readonly"), reader.open_marts(marts) as connection:
        connection.execute("delete from customers")


def test_a_path_with_reserved_uri_characters_opens(marts, tmp_path):
    folder = tmp_path / "a?b#c %41"
    folder.mkdir()
    shutil.copy(marts, folder / "marts.db")
    assert read(folder / "marts.db").build.customers == 40


def test_changes_are_relative_to_the_snapshot_thirty_days_earlier(marts, connection):
    now, before = connection.execute(
        "select revenue_last_30_days, active_customers from snapshot_kpis"
        " order by snapshot_number limit 2"
    ).fetchall()
    latest, *_, earliest = read(marts).kpis
    assert latest.snapshot_number == 0
    assert latest.revenue_change == pytest.approx(now[0] / before[0] - 1)
    assert latest.active_change == pytest.approx(now[1] / before[1] - 1)
    assert earliest.revenue_change is None


def test_moves_up_and_down_follow_the_order_of_the_segments(marts, connection):
    order = {"Champions": 1, "Loyal": 2, "At-Risk": 3, "Lost": 4}
    counted = {"up": 0, "down": 0, "same": 0, "new": 0}
    for start, end, people in connection.execute(
        "select from_segment, to_segment, customers from segment_moves"
    ):
        if start not in order:
            counted["new"] += people
        elif order[start] == order[end]:
            counted["same"] += people
        else:
            counted["up" if order[end] < order[start] else "down"] += people
    totals = {row.direction: row.customers for row in read(marts).move_totals}
    assert totals == {name: count for name, count in counted.items() if count}
    assert sum(totals.values()) == 38


def test_every_customer_with_an_order_is_in_one_score_cell(marts):
    shop = read(marts)
    assert sum(cell.customers for cell in shop.score_cells) == shop.build.scored_customers == 38


def test_the_return_rate_excludes_the_first_and_incomplete_months(marts, connection):
    first_orders = dict(
        connection.execute("select customer_id, min(order_date) from orders group by customer_id")
    )
    months = sorted({date[:7] for date in first_orders.values()} | {"2024-06"})
    following = dict(pairwise(months))
    orders = set(connection.execute("select customer_id, substr(order_date, 1, 7) from orders"))
    asked = [key for key, date in first_orders.items() if months[0] < date[:7] < months[-1]]
    back = [key for key in asked if (key, following[first_orders[key][:7]]) in orders]
    assert read(marts).return_rate == pytest.approx(len(back) / len(asked))


def test_customers_are_sorted_by_spend_with_those_without_an_order_last(marts):
    with reader.open_marts(marts) as connection:
        found = list(customers.read_customers(connection))
    spent = [row.monetary for row in found if row.monetary is not None]
    assert spent == sorted(spent, reverse=True)
    assert [row.monetary for row in found[-2:]] == [None, None]
    ids = sorted((row.customer_id for row in found), key=str.encode)
    assert [ids[row.place] for row in found] == [row.customer_id for row in found]


def test_products_of_an_order_are_sorted_by_amount_without_returns(marts, connection, tmp_path):
    (first, lamp), (second, mug) = connection.execute(
        "select product_id, product_name from products order by product_id limit 2"
    )
    lines = ((first, 30.0), (second, 20.0), (second, 20.0), (second, -25.0))
    values = ", ".join(
        f"('n{number}', 'c01', '{product}', '2024-06-01', 1, {amount}, '', 'new', {amount < 0:d})"
        for number, (product, amount) in enumerate(lines)
    )
    with reader.open_marts(
        changed(marts, tmp_path, f"insert into transactions values {values}")
    ) as opened:
        products = [row for row in customers.read_order_products(opened) if row.order_id == "new"]
    assert [row[2:] for row in products] == [(mug, 40.0), (lamp, 30.0)]


def test_a_shop_without_customers_reads(empty_marts):
    shop = read(empty_marts)
    assert shop.build.customers == 0
    assert shop.kpis == shop.months == shop.cohorts == ()
    assert shop.return_rate is None


def test_no_query_of_the_page_reads_an_e_mail_address():
    page = [
        text
        for subject in (build, catalog, customers, forecast, sales, segments)
        for name, text in vars(subject).items()
        if name.isupper() and isinstance(text, str) and name != "EXPORT_ROWS"
    ]
    assert len(page) > 20
    assert not [text for text in page if "email" in text]
