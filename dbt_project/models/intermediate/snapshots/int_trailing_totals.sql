{{ config(materialized="ephemeral") }}

with

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }}

),

-- The 365 days up to and including the as-of date.
aged as (

    select
        customer_snapshots.customer_id,
        customer_snapshots.snapshot_number,
        customer_snapshots.as_of_day - customer_days.day as age_days,
        customer_days.order_count,
        customer_days.net_minor

    from customer_snapshots

    inner join customer_days
        on
            customer_snapshots.customer_id = customer_days.customer_id
            and customer_snapshots.as_of_day >= customer_days.day
            and customer_snapshots.as_of_day - 365 < customer_days.day

),

recent as (

    select
        customer_id,
        snapshot_number,
        sum(case when age_days < 30 then order_count else 0 end) as orders_last_30_days,
        sum(case when age_days < 60 then order_count else 0 end) as orders_last_60_days,
        sum(case when age_days < 90 then order_count else 0 end) as orders_last_90_days,
        sum(case when age_days < 180 then order_count else 0 end) as orders_last_180_days,
        sum(order_count) as orders_last_365_days,
        sum(case when age_days < 90 then net_minor else 0 end) as spend_last_90_days_minor,
        sum(net_minor) as spend_last_365_days_minor

    from aged

    group by customer_id, snapshot_number

)

select * from recent
