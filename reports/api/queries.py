"""Row classes and queries of the API; the marts define what each number means."""

from __future__ import annotations

from typing import NamedTuple

from reports.marts.reader import select


class RankedCustomer(NamedTuple):
    """The SQLite row of a customer with an order, and the segment."""

    row_id: int
    segment: str


# Best first, then by id. Row ids are enough to make a page of the list a slice.
SORTED_ROWS = {
    measure: select(
        RankedCustomer,
        from_="customer_360",
        where="segment is not null",
        order_by=f"{order}, customer_id",
        computed={"row_id": "rowid"},
    )
    for measure, order in {
        "recency": "recency",
        "frequency": "frequency desc",
        "monetary": "monetary desc",
    }.items()
}


class SegmentCount(NamedTuple):
    """Customers of a segment."""

    segment: str
    customers: int


SEGMENT_COUNTS = select(SegmentCount, from_="segments", order_by="segment_order")


class CustomerJson(NamedTuple):
    """A customer of a list as JSON."""

    customer_json: str


# SQLite writes the JSON of a row four times as fast as Python.
CUSTOMERS = """
select
    json_object(
        'customer_id', v.customer_id, 'name', v.name, 'recency', v.recency,
        'frequency', v.frequency, 'monetary', v.monetary, 'segment', v.segment,
        'rfm_score', cast(v.rfm_cell as integer), 'overall_rfm_score', v.overall_rfm_score
    ) as customer_json
from json_each(:row_ids) as chosen
cross join customer_360 as v on v.rowid = chosen.value
order by chosen.key
"""


class CustomerDetails(NamedTuple):
    """A customer with scores and prediction; both are None without an order."""

    name: str | None
    email: str | None
    country: str | None
    recency: int | None
    frequency: int | None
    monetary: float | None
    segment: str | None
    purchase_probability: float | None
    predicted_label: int | None
    confidence: float | None
    reasons: str | None


CUSTOMER = """
select
    c.name, c.email, c.country, v.recency, v.frequency, v.monetary, v.segment,
    v.purchase_probability, v.predicted_label, v.confidence, v.reasons
from customers as c
inner join customer_360 as v on c.customer_id = v.customer_id
where c.customer_id = :customer_id
"""


class HistoryLength(NamedTuple):
    """Number of orders and returns of a customer."""

    invoices: int


HISTORY_LENGTH = """
select count(distinct invoice_id) as invoices
from transactions
where customer_id = :customer_id
"""


class InvoiceProduct(NamedTuple):
    """A product of an order or return."""

    invoice_id: str
    day: str
    amount: float
    product_name: str


# One row for each product of each invoice, the largest amount first.
HISTORY = """
with lines as (
    select invoice_id, invoice_date, product_id, amount
    from transactions
    where customer_id = :customer_id
),
invoices as (
    select invoice_id, min(invoice_date) as day, round(sum(amount), 2) as amount
    from lines
    group by invoice_id
    order by day desc, invoice_id desc
    limit :limit offset :offset
)
select i.invoice_id, i.day, i.amount, p.product_name
from invoices as i
inner join lines as l on i.invoice_id = l.invoice_id
inner join products as p on l.product_id = p.product_id
group by i.invoice_id, l.product_id
order by i.day desc, i.invoice_id desc, sum(abs(l.amount)) desc, l.product_id
"""


class RunInUse(NamedTuple):
    """The training run in use."""

    model_run_id: str
    status: str
    chosen_model: str
    threshold: float | None
    verdict: str
    as_of_date: str | None
    training_rows: int | None
    evaluated_as_of_date: str | None
    evaluation_rows: int | None


MODEL_RUN = select(RunInUse, from_="model_runs", where="is_in_use = 1", order_by="model_run_id")


class ModelMetric(NamedTuple):
    """A metric of a model on all customers of the report window, with its 95% interval."""

    model: str
    metric: str
    value: float | None
    low: float | None
    high: float | None


MODEL_METRICS = select(
    ModelMetric,
    from_="model_metrics",
    where="model_run_id = :model_run_id and split = 'report' and slice = 'all'",
    order_by="model, metric",
)
