{{ config(materialized="ephemeral") }}

with

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

order_days as (

    select * from {{ ref('int_order_days') }}

),

-- Gaps that ended in the 365 days up to the as-of date, each with the current recency.
compared as (

    select
        customer_snapshots.customer_id,
        customer_snapshots.snapshot_number,
        customer_snapshots.recency,
        order_days.last_gap_days as gap_days

    from customer_snapshots

    inner join order_days
        on
            customer_snapshots.customer_id = order_days.customer_id
            and customer_snapshots.as_of_day >= order_days.day
            and customer_snapshots.as_of_day - 365 < order_days.day

    where order_days.last_gap_days is not null

),

counted as (

    select
        customer_id,
        snapshot_number,
        count(*) as gaps,
        sum(case when gap_days > recency then 1 else 0 end) as longer_gaps,
        sum(case when gap_days > recency and gap_days <= recency + {{ setting('horizon_days') }} then 1 else 0 end)
            as longer_gaps_ended_soon

    from compared

    group by customer_id, snapshot_number

)

select * from counted
