-- Second method: ordered is 1 if there are orders after the prediction date and up to the end of the horizon.
with

compared as (

    select
        outcomes.prediction_date,
        outcomes.customer_id,
        outcomes.ordered,
        count(orders.order_id) as orders

    from {{ ref('prediction_outcomes') }} as outcomes

    left join {{ ref('orders') }} as orders
        on
            outcomes.customer_id = orders.customer_id
            and outcomes.prediction_date < orders.order_date
            and outcomes.horizon_end_date >= orders.order_date

    group by
        outcomes.prediction_date,
        outcomes.customer_id,
        outcomes.ordered

)

select *

from compared

where
    (ordered = 1 and orders = 0)
    or (ordered = 0 and orders > 0)
