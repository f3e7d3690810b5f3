-- The peer: what somebody would write by hand for the sqlite3 shell, scores and segments in one script.
.mode csv
.import transactions.csv lines
create table rfm as
with orders as (
    select
        customer_id,
        count(distinct case when cast(amount as real) > 0 then invoice_id end) as frequency,
        max(case when cast(amount as real) > 0 then invoice_date end) as last_order,
        max(invoice_date) as last_line,
        sum(cast(round(amount * 100) as integer)) as monetary
    from lines
    where
        customer_id <> '' and product_id <> '' and cast(amount as real) <> 0
        and invoice_date like '2___-__-__' and quantity glob '[-0-9]*'
    group by customer_id
),
measured as (
    select
        customer_id,
        cast(julianday((select max(last_line) from orders)) - julianday(last_order) as integer) as recency,
        frequency,
        monetary
    from orders
    where frequency > 0
),
scored as (
    select
        *,
        ntile(4) over (order by recency desc, frequency, customer_id) as r,
        ntile(4) over (order by frequency, recency desc, customer_id) as f,
        ntile(4) over (order by monetary, recency desc, customer_id) as m
    from measured
)
select
    *,
    case when r + f + m >= 10 then 'Champions' when r + f + m >= 8 then 'Loyal' when r + f + m >= 5 then 'At-Risk'
        else 'Lost' end as segment
from scored;
