-- Fills the published tables from customers, products and transactions, as plainly as SQL allows.
-- :as_of is the last observed day; predictions follow a made-up rule of recency and frequency.
insert into orders
select
    customer_id, invoice_id, min(invoice_date), sum(max(amount, 0)), sum(min(amount, 0)),
    sum(amount), count(*), count(distinct product_id), sum(quantity)
from transactions
group by customer_id, invoice_id
having max(amount) > 0;

create temp table as_of as
with recursive steps (k) as (select 0 union all select k + 1 from steps where k < 5)
select k, date(:as_of, '-' || (30 * k) || ' days') as day, date(:as_of, '-' || (30 * (k + 1)) || ' days') as before
from steps
where date(:as_of, '-' || (30 * k) || ' days') >= (select min(order_date) from orders);

create temp table scored as
with known as (
    select
        a.k, a.day, o.customer_id,
        cast(julianday(a.day) - julianday(max(o.order_date)) as integer) as recency,
        count(*) as frequency,
        round(sum(o.net_amount), 2) as monetary
    from as_of as a
    inner join orders as o on o.order_date <= a.day
    group by a.k, a.day, o.customer_id
),
quartered as (
    select
        *,
        ntile(4) over (partition by k order by recency desc, frequency, customer_id) as r,
        ntile(4) over (partition by k order by frequency, recency desc, customer_id) as f,
        ntile(4) over (partition by k order by monetary, recency desc, customer_id) as m
    from known
)
select
    *,
    case
        when r + f + m >= 10 then 'Champions' when r + f + m >= 8 then 'Loyal'
        when r + f + m >= 5 then 'At-Risk' else 'Lost'
    end as segment,
    case
        when r = 4 and f + m >= 7 then 'Top regulars' when r = 4 then 'Light buyers' when r = 3 then 'Regulars'
        when f + m >= 5 then 'Slipping away' when r = 2 then 'Dormant' else 'Long gone'
    end as segment_detail
from quartered;

insert into rfm_scores
select
    customer_id, recency, frequency, monetary, r, f, m, r + f + m, segment, day,
    r || '' || f || m, segment_detail
from scored
where k = 0;

insert into predictions
select
    customer_id, p, p >= 0.4, abs(p - 0.5) * 2, :as_of, 'run-1',
    json_array('Last order ' || recency || ' days ago.', 'Has ordered ' || frequency || ' times.')
from (select *, round(0.02 + 0.09 * frequency / (1 + recency / 40.0), 4) as p from rfm_scores);

insert into score_thresholds
with measured as (
    select 'recency' as measure, recency_score as score, recency as value from rfm_scores
    union all select 'frequency', frequency_score, frequency from rfm_scores
    union all select 'monetary', monetary_score, monetary from rfm_scores
)
select
    a.measure, a.score, min(a.value), max(a.value), count(*),
    sum(exists (
        select 1 from measured as b
        where b.measure = a.measure and b.value = a.value and b.score <> a.score
    ))
from measured as a
group by a.measure, a.score;

create temp table tiers (segment text, segment_order integer, colour text, action text);
insert into tiers values
('Champions', 1, '#0f766e', 'Reward them'), ('Loyal', 2, '#2563eb', 'Offer the next step up'),
('At-Risk', 3, '#b45309', 'Win back'), ('Lost', 4, '#64748b', 'One try, then leave in peace');

create temp table detail_tiers (segment_detail text, segment_order integer, colour text, action text);
insert into detail_tiers values
('Top regulars', 1, '#0f766e', 'Reward'), ('Regulars', 2, '#2563eb', 'Upsell'), ('Light buyers', 4, '#7c3aed', 'Welcome'),
('Slipping away', 8, '#b45309', 'Win back'), ('Dormant', 10, '#94a3b8', 'Reactivate'), ('Long gone', 11, '#64748b', 'Suppress');

insert into customer_360
select
    c.customer_id, c.name, c.country, c.signup_date, min(o.order_date), max(o.order_date),
    count(o.order_id),
    (select count(*) from transactions as t where t.customer_id = c.customer_id and t.is_return = 1),
    round(coalesce(sum(o.gross_amount), 0), 2), round(coalesce(sum(o.return_amount), 0), 2),
    round(coalesce(sum(o.net_amount), 0), 2), round(avg(o.gross_amount), 2),
    case when count(o.order_id) > 1
        then (julianday(max(o.order_date)) - julianday(min(o.order_date))) / (count(o.order_id) - 1) end,
    s.recency, s.frequency, s.monetary, s.recency_score, s.frequency_score, s.monetary_score,
    s.overall_rfm_score, s.rfm_cell, s.segment, s.segment_detail,
    (select b.segment from scored as b where b.k = 1 and b.customer_id = c.customer_id),
    tr.lowest_value, tr.highest_value, tf.lowest_value, tf.highest_value, tm.lowest_value, tm.highest_value,
    p.purchase_probability, p.predicted_label, p.confidence, p.prediction_date, p.reasons, d.action
from customers as c
left join orders as o on o.customer_id = c.customer_id
left join rfm_scores as s on s.customer_id = c.customer_id
left join predictions as p on p.customer_id = c.customer_id
left join score_thresholds as tr on tr.measure = 'recency' and tr.score = s.recency_score
left join score_thresholds as tf on tf.measure = 'frequency' and tf.score = s.frequency_score
left join score_thresholds as tm on tm.measure = 'monetary' and tm.score = s.monetary_score
left join detail_tiers as d on d.segment_detail = s.segment_detail
group by c.customer_id;

insert into segments
select
    t.segment, t.segment_order, t.colour, count(v.customer_id),
    1.0 * count(v.customer_id) / sum(count(v.customer_id)) over (),
    round(coalesce(sum(v.monetary), 0), 2), sum(v.monetary) / sum(sum(v.monetary)) over (),
    round(sum(v.gross_revenue) / sum(v.order_count), 2), avg(v.recency), sum(v.purchase_probability),
    round(sum((1 - v.purchase_probability) * v.average_order_value), 2), t.action
from tiers as t
left join customer_360 as v on v.segment = t.segment
group by t.segment;

insert into segment_details
select
    t.segment_detail, t.segment_order, t.colour, count(*), 1.0 * count(*) / sum(count(*)) over (),
    round(sum(v.monetary), 2), sum(v.monetary) / sum(sum(v.monetary)) over (),
    round(sum(v.gross_revenue) / sum(v.order_count), 2), avg(v.recency), sum(v.purchase_probability),
    round(sum((1 - v.purchase_probability) * v.average_order_value), 2), t.action
from detail_tiers as t
inner join customer_360 as v on v.segment_detail = t.segment_detail
group by t.segment_detail;

insert into segment_history
select day, segment, count(*), 1.0 * count(*) / sum(count(*)) over (partition by day), round(sum(monetary), 2)
from scored group by day, segment;

insert into segment_moves
select b.day, a.day, coalesce(e.segment, 'New customers'), a.segment, count(*), round(sum(a.monetary), 2)
from scored as a
cross join (select day from as_of where k = 1) as b
left join scored as e on e.k = 1 and e.customer_id = a.customer_id
where a.k = 0
group by 3, a.segment;

insert into snapshot_kpis
select
    a.day, a.k, round(coalesce(sum(o.net_amount), 0), 2), count(o.order_id), count(distinct o.customer_id),
    count(distinct case when v.first_order_date > a.before then o.customer_id end),
    round(avg(o.gross_amount), 2),
    (select count(*) from scored as s where s.k = a.k),
    case when a.k = 0 then (select sum(purchase_probability) from predictions) end,
    case when a.k = 0 then (select 0.8 * sum(purchase_probability) from predictions) end,
    case when a.k = 0 then (select 1.2 * sum(purchase_probability) from predictions) end,
    case when a.k = 0 then (select round(sum(revenue_at_risk), 2) from segments) end
from as_of as a
left join orders as o on o.order_date > a.before and o.order_date <= a.day
left join customer_360 as v on v.customer_id = o.customer_id
group by a.k, a.day;

insert into monthly_sales
select
    date(o.order_date, 'start of month') as month, count(*), count(distinct o.customer_id),
    count(distinct case when date(v.first_order_date, 'start of month') = date(o.order_date, 'start of month')
        then o.customer_id end),
    round(sum(o.net_amount), 2), round(sum(o.return_amount), 2),
    date(o.order_date, 'start of month', '+1 month', '-1 day') <= :as_of
from orders as o
inner join customer_360 as v on v.customer_id = o.customer_id
group by month;

insert into cohort_retention
with born as (
    select customer_id, date(first_order_date, 'start of month') as cohort from customer_360
    where first_order_date is not null
),
cells as (select distinct b.cohort, m.month from born as b inner join monthly_sales as m on m.month >= b.cohort)
select
    c.cohort,
    12 * (strftime('%Y', c.month) - strftime('%Y', c.cohort)) + strftime('%m', c.month) - strftime('%m', c.cohort),
    (select count(*) from born where born.cohort = c.cohort),
    count(distinct o.customer_id),
    1.0 * count(distinct o.customer_id) / (select count(*) from born where born.cohort = c.cohort),
    round(coalesce(sum(o.net_amount), 0), 2)
from cells as c
inner join born as b on b.cohort = c.cohort
left join orders as o on o.customer_id = b.customer_id and date(o.order_date, 'start of month') = c.month
group by c.cohort, c.month;

insert into row_ledger
select 1, 'shop.csv', 'transactions', 'kept', 1, count(*), round(sum(amount), 2) from transactions
union all select 1, 'shop.csv', 'transactions', 'no_customer', 0, 12, 340.5
union all select 1, 'shop.csv', 'transactions', 'unreadable_invoice_date', 0, 2, 0
union all select 1, 'shop.csv', 'customers', 'kept', 1, count(*), 0 from customers;

insert into build_info
select
    1, 'Corner & Co <shop>', :as_of, (select min(order_date) from orders), 30, 'ntile', 'return',
    'GBP', 'f00dfeed', '0.1.0', (select sum(row_count) from row_ledger),
    (select count(*) from transactions), (select count(*) from customers),
    (select count(*) from rfm_scores), (select count(*) from orders),
    (select count(*) from products), 3, 3, '0123456789abcdef';

insert into data_tests values
('not_null_orders_order_id', 'data', 'orders', 'Every order has an id.', 'pass'),
('scores_are_complete', 'unit', 'rfm_scores', 'Four unlike customers fill the quarters.', 'pass'),
('unique_customers_customer_id', 'data', 'customers', null, 'pass');

insert into column_docs values
('rfm_scores', 'recency', 1, 'INTEGER', 'days', 'Days from the last order to the as-of date.'),
('rfm_scores', 'frequency', 2, 'INTEGER', 'orders', 'Number of orders.');


insert into segment_move_causes
with changed as (
    select
        e.day as earlier_day, a.day, e.segment as from_segment, a.segment, a.monetary,
        case row_number() over (order by a.customer_id) % 4
            when 0 then 'ordered' when 1 then 'returned' when 2 then 'silent' else 'cut_points'
        end as cause
    from scored as a
    inner join scored as e on e.k = 1 and e.customer_id = a.customer_id
    where a.k = 0 and a.segment <> e.segment
)
select earlier_day, day, from_segment, segment, cause, count(*), round(sum(monetary), 2)
from changed group by from_segment, segment, cause;

insert into table_docs
select
    name, case name when 'orders' then 'intermediate' else 'marts' end,
    'One row per <line> & "thing" of ' || name, 'select ''<b>'' as x from {{ ref(''orders'') }} -- </script>'
from sqlite_master where type = 'table'
union all
select 'raw_loads', 'landed', 'One row per load.', '';

insert into table_lineage values
('orders', 'rfm_scores'), ('orders', 'segments'), ('raw_loads', 'orders'), ('rfm_scores', 'segments');
