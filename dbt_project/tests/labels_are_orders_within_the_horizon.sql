-- The label, counted a second way: an order after the as-of date and up to a horizon later.
with

labelled as (

    select
        customer_features.customer_id,
        customer_features.snapshot_number,
        customer_features.bought_within_horizon,
        max(
            case
                when
                    orders.order_day > {{ day_number('customer_features.as_of_date') }}
                    and orders.order_day <= {{ day_number('customer_features.as_of_date') }} + {{ var('horizon_days') }}
                    then 1
                else 0
            end
        ) as bought

    from {{ ref('customer_features') }} as customer_features

    inner join {{ ref('int_orders') }} as orders
        on customer_features.customer_id = orders.customer_id

    where customer_features.snapshot_number > 0

    group by
        customer_features.customer_id,
        customer_features.snapshot_number,
        customer_features.bought_within_horizon

)

select *

from labelled

where
    bought_within_horizon is null
    or bought_within_horizon <> bought
