with

snapshots as (

    select * from {{ ref('int_snapshots') }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }}

),

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

forecast as (

    select * from {{ ref('int_expected_buyers') }}

),

-- One horizon up to and including each as-of date.
active as (

    select
        snapshots.snapshot_number,
        sum(customer_days.net_minor) as revenue_minor,
        sum(customer_days.order_count) as orders,
        count(distinct case when customer_days.order_count > 0 then customer_days.customer_id end) as active_customers,
        sum(customer_days.gross_minor) as gross_minor

    from snapshots

    inner join customer_days
        on
            snapshots.as_of_day >= customer_days.day
            and snapshots.as_of_day - {{ setting('horizon_days') }} < customer_days.day

    group by snapshots.snapshot_number

),

known as (

    select
        snapshot_number,
        count(*) as customers_with_orders,
        sum(case when first_order_day > as_of_day - {{ setting('horizon_days') }} then 1 else 0 end) as new_customers

    from customer_snapshots

    group by snapshot_number

),

joined as (

    select
        snapshots.as_of_date,
        snapshots.snapshot_number,
        {{ money('coalesce(active.revenue_minor, 0)') }} as revenue_last_30_days,
        coalesce(active.orders, 0) as orders_last_30_days,
        coalesce(active.active_customers, 0) as active_customers,
        known.new_customers,
        {{ money_per('active.gross_minor', 'active.orders') }} as average_order_value,
        known.customers_with_orders,
        forecast.buyers as expected_buyers,
        {{ greatest('forecast.buyers - forecast.margin', '0.0') }} as expected_buyers_low,
        {{ least('forecast.buyers + forecast.margin', '1.0 * known.customers_with_orders') }}
            as expected_buyers_high,
        {{ money(round_half_away('forecast.revenue_at_risk_minor')) }} as revenue_at_risk

    from snapshots

    inner join known
        on snapshots.snapshot_number = known.snapshot_number

    left join active
        on snapshots.snapshot_number = active.snapshot_number

    left join forecast
        on snapshots.snapshot_number = forecast.snapshot_number

)

select * from joined
