-- Second method: the label is 1 if the order after the ones that frequency counts is within the horizon.
with

orders as (

    select
        customer_id,
        order_day,
        row_number() over (partition by customer_id order by order_day) as order_number

    from {{ ref('int_orders') }}

),

labelled as (

    select
        customer_features.customer_id,
        customer_features.snapshot_number,
        customer_features.bought_within_horizon,
        case
            when
                next_orders.order_day
                <= {{ day_number('customer_features.as_of_date') }} + {{ setting('horizon_days') }}
                then 1
            else 0
        end as bought

    from {{ ref('customer_features') }} as customer_features

    left join orders as next_orders
        on
            customer_features.customer_id = next_orders.customer_id
            and customer_features.frequency + 1 = next_orders.order_number

    where customer_features.snapshot_number > 0

)

select *

from labelled

where
    bought_within_horizon is null
    or bought_within_horizon <> bought
