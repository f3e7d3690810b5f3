-- The peer: what somebody would write by hand for the sqlite3 shell, scores and segments in one script.
.mode csv
.import transactions.csv lines
create table rfm as
with orders as (
    select
        customer_id,
        count(distinct case when amount > 0 then invoice_id end) as frequency,
        max(case when amount > 0 then invoice_date end) as last_order,
        sum(amount) as monetary
    from lines
    where customer_id <> '' and amount <> 0
    group by customer_id
),
measured as (
    select
        customer_id,
        frequency,
        monetary,
        julianday((select max(last_order) from orders)) - julianday(last_order) as recency
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
