-- For each customer frequency is the number of rows in orders, and recency is counted from the last of these orders.
with

orders as (

    select
        customer_id,
        count(*) as order_count,
        max(order_date) as last_order_date

    from {{ ref('orders') }}

    group by customer_id

)

select
    orders.customer_id,
    orders.order_count,
    rfm_scores.frequency

from orders

left join {{ ref('rfm_scores') }} as rfm_scores
    on orders.customer_id = rfm_scores.customer_id

where
    rfm_scores.customer_id is null
    or rfm_scores.frequency <> orders.order_count
    or rfm_scores.recency <> {{ day_number('rfm_scores.calculated_date') }} - {{ day_number('orders.last_order_date') }}
