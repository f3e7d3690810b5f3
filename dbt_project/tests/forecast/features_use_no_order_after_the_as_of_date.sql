-- Second method: the last order that frequency counts is the customer's last order on or before the as-of date.
with

orders as (

    select
        customer_id,
        order_day,
        row_number() over (partition by customer_id order by order_day) as order_number,
        lead(order_day) over (partition by customer_id order by order_day) as next_order_day

    from {{ ref('int_orders') }}

),

last_counted as (

    select
        customer_features.customer_id,
        customer_features.snapshot_number,
        {{ day_number('customer_features.as_of_date') }} as as_of_day,
        customer_features.recency,
        orders.order_day,
        orders.next_order_day

    from {{ ref('customer_features') }} as customer_features

    left join orders
        on
            customer_features.customer_id = orders.customer_id
            and customer_features.frequency = orders.order_number

)

select *

from last_counted

where
    order_day is null
    or order_day > as_of_day
    or next_order_day <= as_of_day
    or recency <> as_of_day - order_day
