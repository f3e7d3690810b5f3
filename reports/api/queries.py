"""SQL of the API: lookups in the marts, without calculations."""

from __future__ import annotations

# Best first, ties by id. Row ids and segments only: a page of results is a slice.
SORTED_ROWS = {
    "recency": """
select rowid, segment from customer_360 where segment is not null
order by recency, customer_id
""",
    "frequency": """
select rowid, segment from customer_360 where segment is not null
order by frequency desc, customer_id
""",
    "monetary": """
select rowid, segment from customer_360 where segment is not null
order by monetary desc, customer_id
""",
}

SEGMENT_COUNTS = "select segment, customers from segments order by segment_order"

# Rows are JSON: SQLite serialises them four times as fast as Python.
CUSTOMERS = """
select
    json_object(
        'customer_id', v.customer_id, 'name', v.name, 'recency', v.recency,
        'frequency', v.frequency, 'monetary', v.monetary, 'segment', v.segment,
        'rfm_score', cast(v.rfm_cell as integer), 'overall_rfm_score', v.overall_rfm_score
    )
from json_each(:row_ids) as chosen
cross join customer_360 as v on v.rowid = chosen.value
order by chosen.key
"""

CUSTOMER = """
select
    c.customer_id, c.name, c.email, c.country, v.recency, v.frequency, v.monetary, v.segment,
    v.purchase_probability, v.predicted_label, v.confidence, v.reasons
from customers as c
inner join customer_360 as v on c.customer_id = v.customer_id
where c.customer_id = :customer_id
"""

HISTORY_LENGTH = """
select count(distinct invoice_id) from transactions where customer_id = :customer_id
"""

# One row for each product of an order or return, largest amount first.
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

MODEL_RUN = """
select
    model_run_id, status, chosen_model, threshold, verdict, as_of_date, training_rows,
    evaluated_as_of_date, evaluation_rows
from model_runs
where is_in_use = 1
"""

MODEL_METRICS = """
select model, metric, value, low, high
from model_metrics
where model_run_id = :model_run_id and split = 'report' and slice = 'all'
order by model, metric
"""
