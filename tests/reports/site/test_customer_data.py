from __future__ import annotations

from reports.marts.customers import OrderProduct
from reports.site import customer_data


def test_an_order_has_its_three_products_with_the_highest_amounts():
    listed = [
        OrderProduct("c1", "o1", "Kettle", 40.0),
        OrderProduct("c1", "o1", "Lamp", 30.0),
        OrderProduct("c1", "o1", "Mug", 20.0),
        OrderProduct("c1", "o1", "Napkin", 10.0),
        OrderProduct("c1", "o2", "Napkin", 10.0),
        OrderProduct("c3", "o3", "Mug", 20.0),
    ]
    products = customer_data.ProductsByCustomer(listed)
    assert products.of(["c1", "c2"]) == {
        ("c1", "o1"): ["Kettle", "Lamp", "Mug"],
        ("c1", "o2"): ["Napkin"],
    }
    assert products.of(["c3"]) == {("c3", "o3"): ["Mug"]}
