-- A customer stands in a snapshot from the first order on, and nothing that is counted lies after its date.
with

orders as (

    select
        customer_features.customer_id,
        customer_features.snapshot_number,
        count(*) as order_count,
        max(orders.order_date) as last_order_date,
        customer_features.frequency,
        customer_features.recency,
        customer_features.as_of_date

    from {{ ref('customer_features') }} as customer_features

    inner join {{ ref('int_orders') }} as orders
        on
            customer_features.customer_id = orders.customer_id
            and customer_features.as_of_date >= orders.order_date

    group by
        customer_features.customer_id,
        customer_features.snapshot_number,
        customer_features.frequency,
        customer_features.recency,
        customer_features.as_of_date

)

select *

from orders

where
    frequency <> order_count
    or recency <> {{ day_number('as_of_date') }} - {{ day_number('last_order_date') }}
