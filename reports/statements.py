"""The SQL that the page and the CSV files read the marts with.

What a number means is settled in the marts; here it is selected, sorted and summed. Every
statement ends in an order that is unique, so that the same marts give the same bytes.
"""

from __future__ import annotations

BUILD_INFO = """
select
    shop_name, as_of_date, first_order_date, horizon_days, scoring_method, return_dating,
    reporting_currency, input_fingerprint, code_version, landed_rows, kept_transactions, customers,
    scored_customers, orders, products, data_tests, data_tests_passed, build_fingerprint
from build_info
order by build_id
"""

KPIS = """
select
    as_of_date, snapshot_number, revenue_last_30_days, orders_last_30_days, active_customers,
    new_customers, average_order_value, customers_with_orders, expected_buyers,
    expected_buyers_low, expected_buyers_high, revenue_at_risk,
    1.0 * (revenue_last_30_days - lag(revenue_last_30_days) over earlier_first)
        / nullif(abs(lag(revenue_last_30_days) over earlier_first), 0),
    1.0 * (active_customers - lag(active_customers) over earlier_first)
        / nullif(lag(active_customers) over earlier_first, 0),
    1.0 * (new_customers - lag(new_customers) over earlier_first)
        / nullif(lag(new_customers) over earlier_first, 0),
    1.0 * (average_order_value - lag(average_order_value) over earlier_first)
        / nullif(lag(average_order_value) over earlier_first, 0)
from snapshot_kpis
window earlier_first as (order by snapshot_number desc)
order by snapshot_number
"""

SEGMENTS = """
select
    segment, segment_order, colour, customers, customer_share, revenue, revenue_share,
    average_order_value, median_recency, expected_buyers, revenue_at_risk, recommended_action
from segments
order by segment_order
"""

SEGMENT_DETAILS = """
select
    segment_detail, segment_order, colour, customers, customer_share, revenue, revenue_share,
    average_order_value, median_recency, expected_buyers, revenue_at_risk, recommended_action
from segment_details
order by segment_order
"""

MONTHS = """
select month, orders, customers, new_customers, revenue, returned_amount, is_complete
from monthly_sales
order by month
"""

SEGMENT_SIZES = """
select h.as_of_date, h.segment, s.colour, h.customers, h.customer_share, h.revenue
from segment_history as h
inner join segments as s on h.segment = s.segment
order by h.as_of_date, s.segment_order
"""

MOVES_DIRECTED = """
select
    m.from_as_of_date, m.to_as_of_date, m.from_segment, m.to_segment, m.customers, m.revenue,
    case
        when f.segment_order is null then 'new'
        when t.segment_order < f.segment_order then 'up'
        when t.segment_order > f.segment_order then 'down'
        else 'same'
    end as direction,
    coalesce(f.segment_order, 0) as from_order,
    t.segment_order as to_order
from segment_moves as m
inner join segments as t on m.to_segment = t.segment
left join segments as f on m.from_segment = f.segment
"""

MOVES = f"""
with directed as ({MOVES_DIRECTED})
select from_as_of_date, to_as_of_date, from_segment, to_segment, customers, revenue, direction
from directed
order by from_order, to_order
"""  # noqa: S608  the parts are constants of this module

MOVE_TOTALS = f"""
with directed as ({MOVES_DIRECTED})
select direction, sum(customers), sum(revenue)
from directed
group by direction
order by direction
"""  # noqa: S608  the parts are constants of this module

MOVE_CAUSES = """
select
    c.cause,
    case when t.segment_order < f.segment_order then 'up' else 'down' end as direction,
    sum(c.customers), sum(c.revenue)
from segment_move_causes as c
inner join segments as f on c.from_segment = f.segment
inner join segments as t on c.to_segment = t.segment
group by 1, 2
order by
    case c.cause when 'ordered' then 1 when 'returned' then 2 when 'silent' then 3 else 4 end,
    direction desc
"""

# The grid of the latest 24 cohorts fits a page; older ones stand in the mart.
COHORTS = """
select
    c.cohort_month, c.months_since, c.cohort_customers, c.retained_customers, c.retention_rate,
    c.revenue, coalesce(m.is_complete, 1)
from cohort_retention as c
left join monthly_sales as m
    on m.month = date(c.cohort_month, '+' || c.months_since || ' months')
where c.cohort_month in (
    select distinct cohort_month from cohort_retention order by cohort_month desc limit 24
)
order by c.cohort_month, c.months_since
"""

# The first month of the data is left out: it holds customers who had bought before the data begin.
RETURN_RATE = """
select 1.0 * sum(c.retained_customers) / nullif(sum(c.cohort_customers), 0)
from cohort_retention as c
inner join monthly_sales as m on m.month = date(c.cohort_month, '+1 month')
where
    c.months_since = 1 and m.is_complete = 1
    and c.cohort_month > (select min(cohort_month) from cohort_retention)
"""

SCORE_CELLS = """
select
    r.recency_score, r.frequency_score, count(*), sum(r.monetary), avg(p.purchase_probability),
    json_group_array(distinct r.segment_detail)
from rfm_scores as r
left join predictions as p on r.customer_id = p.customer_id
group by r.recency_score, r.frequency_score
order by r.recency_score, r.frequency_score
"""

PROBABILITY_BANDS = """
select min(9, cast(purchase_probability * 10 as integer)) as band, count(*),
    sum(purchase_probability)
from predictions
group by band
order by band
"""

LIKELY_BUYERS = "select count(*) from predictions where purchase_probability >= 0.5"

LANDED_TRANSACTIONS = """
select coalesce(sum(row_count), 0) from row_ledger where entity = 'transactions'
"""

PREDICTIONS = "select count(*) from predictions"

THRESHOLDS = """
select measure, score, lowest_value, highest_value, customers, tied_customers
from score_thresholds
order by case measure when 'recency' then 1 when 'frequency' then 2 else 3 end, score desc
"""

TIES = """
select measure, sum(tied_customers) from score_thresholds group by measure order by measure
"""

LEDGER = """
select '', entity, reason, is_kept, sum(row_count), coalesce(sum(amount), 0)
from row_ledger
group by entity, reason, is_kept
order by
    case entity when 'transactions' then 1 when 'refunds' then 2 when 'customers' then 3 else 4 end,
    is_kept desc, sum(row_count) desc, reason
"""

LEDGER_BY_SOURCE = """
select source, entity, reason, is_kept, sum(row_count), coalesce(sum(amount), 0)
from row_ledger
group by source, entity, reason, is_kept
order by min(load_id), source, entity, is_kept desc, reason
"""

DATA_TESTS = """
select test_name, kind, model, description, status
from data_tests
order by case status when 'warn' then 1 when 'not run' then 2 else 3 end, model, test_name
"""

MODEL_RUNS = """
select
    model_run_id, run_number, status, message, verdict, verdict_reason, verdict_rules, as_of_date,
    horizon_days, chosen_model, threshold, threshold_rule,
    json_extract(settings, '$.contact_cost'), json_extract(settings, '$.contact_benefit'),
    training_rows, training_windows, first_training_date, last_training_date,
    evaluated_as_of_date, evaluation_rows, base_rate, feature_names, library_versions,
    case when is_in_use = 1 then card end, is_in_use, is_pinned
from model_runs
order by run_number desc
"""

METRICS = """
with used as (
    select m.split, m.as_of_date, m.model, m.slice, m.metric, m.value, m.low, m.high
    from model_metrics as m
    inner join model_runs as r on m.model_run_id = r.model_run_id
    where r.is_in_use = 1 and m.value is not null
),
shares as (
    select
        p.split, p.as_of_date, p.model, p.slice, 'buyer_share' as metric,
        p.value / nullif(c.value, 0) as value, null as low, null as high
    from used as p
    inner join used as c
        on
            p.split = c.split
            and p.as_of_date = c.as_of_date
            and p.model = c.model
            and p.slice = c.slice
            and p.metric = 'positives'
            and c.metric = 'rows'
)
select split, as_of_date, model, slice, metric, value, low, high from used
union all
select split, as_of_date, model, slice, metric, value, low, high from shares
where value is not null
order by 1, 2, 3, 4, 5
"""

CURVES = """
select c.model, c.curve, c.point, c.x, c.y, c.row_count
from model_curves as c
inner join model_runs as r on c.model_run_id = r.model_run_id
where r.is_in_use = 1
order by c.curve, c.model, c.point
"""

WINDOWS = """
with listed as (
    select
        json_extract(w.value, '$.as_of_date') as as_of_date,
        json_extract(w.value, '$.label_end_date') as label_end_date,
        json_extract(w.value, '$.customers') as customers,
        json_extract(w.value, '$.buyers') as buyers,
        json_extract(w.value, '$.roles') as roles
    from model_runs as r
    cross join json_each(r.windows) as w
    where r.is_in_use = 1
)
select
    as_of_date, label_end_date,
    cast(julianday(label_end_date) - julianday(as_of_date) as integer),
    customers, buyers, 1.0 * buyers / nullif(customers, 0), roles
from listed
order by as_of_date desc
"""

TRACK_DATES = """
select
    t.prediction_date, t.horizon_end_date, max(r.run_number), sum(t.customers),
    sum(t.expected_buyers), sum(t.buyers), sum(t.marked), sum(t.marked_buyers),
    1.0 * sum(t.marked_buyers) / nullif(sum(t.marked), 0),
    sum(t.squared_error_sum) / sum(t.customers)
from prediction_track_record as t
left join model_runs as r on t.model_run_id = r.model_run_id
group by t.prediction_date, t.horizon_end_date
order by t.prediction_date
"""

TRACK_BANDS = """
select
    band, sum(customers), sum(expected_buyers) / sum(customers), sum(buyers),
    1.0 * sum(buyers) / sum(customers)
from prediction_track_record
group by band
order by band
"""

TRACK_TOTAL = """
with bands as (
    select
        sum(customers) as customers, sum(expected_buyers) as expected_buyers, sum(buyers) as buyers
    from prediction_track_record
    group by band
)
select
    (select count(distinct prediction_date) from prediction_track_record),
    sum(expected_buyers), sum(buyers),
    sum(abs(expected_buyers - buyers)) / nullif(sum(customers), 0)
from bands
"""

FORECAST_DUE = """
select min(date(p.prediction_date, '+' || r.horizon_days || ' days'))
from predictions as p
inner join model_runs as r on p.model_run_id = r.model_run_id
"""

COLUMN_DOCS = """
select table_name, column_name, type, unit, description
from column_docs
order by table_name, position, column_name
"""

TABLE_DOCS = """
select table_name, layer, description, sql_code from table_docs order by table_name
"""

LINEAGE = "select from_table, to_table from table_lineage order by from_table, to_table"

COUNTRIES = """
select distinct country from customer_360 where country is not null order by country
"""

CUSTOMERS = """
select
    customer_id, name, country, recency, frequency, monetary, recency_score, frequency_score,
    monetary_score, rfm_cell, segment, segment_detail, purchase_probability,
    row_number() over (order by customer_id) - 1
from customer_360
order by monetary desc nulls last, customer_id
"""

PROFILES = """
select
    customer_id, signup_date, first_order_date, last_order_date, order_count, return_count,
    gross_revenue, returned_amount, net_revenue, average_order_value, mean_gap_days,
    overall_rfm_score, previous_segment, recency_lowest, recency_highest, frequency_lowest,
    frequency_highest, monetary_lowest, monetary_highest, predicted_label, confidence,
    prediction_date, reasons, recommended_action
from customer_360
order by customer_id
"""

ORDERS = """
select
    customer_id, order_id, order_date, gross_amount, return_amount, net_amount, line_count, quantity
from orders
order by customer_id, order_date desc, order_id desc
"""

# Ranking the products of each order here would sort all lines once more.
ORDER_PRODUCTS = """
select t.customer_id, t.invoice_id, p.product_name, sum(t.amount) as amount
from transactions as t
inner join products as p on t.product_id = p.product_id
where t.is_return = 0
group by t.customer_id, t.invoice_id, t.product_id
order by t.customer_id, t.invoice_id, amount desc, t.product_id
"""

# An id that is an e-mail is shown as a number. Who is new comes later, so the others keep theirs.
EMAIL_NUMBERS = """
select customer_id, row_number() over (order by created_at, customer_id)
from customers
where instr(customer_id, '@') > 0
"""

EXPORT_ROWS = """
select
    c.customer_id, c.name, c.email, v.segment, cast(v.rfm_cell as integer), v.purchase_probability
from customers as c
inner join customer_360 as v on c.customer_id = v.customer_id
where
    (:segment is null or v.segment = :segment)
    and ((:start is null and :end is null) or exists (
        select 1 from orders as o
        where
            o.customer_id = c.customer_id
            and (:start is null or o.order_date >= :start)
            and (:end is null or o.order_date <= :end)
    ))
order by c.customer_id
"""
