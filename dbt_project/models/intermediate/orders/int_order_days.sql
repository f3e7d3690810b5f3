{{ config(post_hook="{{ create_index('int_order_days_key', ['customer_id', 'day'], unique=true) }}") }}

with

orders as (

    select * from {{ ref('int_orders') }}

),

snapshots as (

    select * from {{ ref('int_snapshots') }}

),

latest as (

    select as_of_day from snapshots

    where snapshot_number = 0

),

summed_to_days as (

    select
        customer_id,
        order_day as day,
        count(*) as order_count,
        sum(gross_minor) as gross_minor

    from orders

    group by customer_id, order_day

),

spaced as (

    select
        customer_id,
        day,
        order_count,
        gross_minor,
        day - lag(day) over (partition by customer_id order by day) as gap_days,
        lead(day) over (partition by customer_id order by day) as next_order_day

    from summed_to_days

),

-- Decayed counts are as of the latest snapshot; customer_features scales them to the date of each snapshot.
with_running_totals as (

    select
        spaced.customer_id,
        spaced.day,
        spaced.next_order_day,
        spaced.gap_days as last_gap_days,
        spaced.gross_minor as day_gross_minor,
        count(*) over so_far as order_days,
        sum(spaced.order_count) over so_far as orders_so_far,
        min(spaced.day) over so_far as first_order_day,
        avg(spaced.gap_days) over so_far as mean_gap_days,
        avg(spaced.gap_days * spaced.gap_days) over so_far as mean_squared_gap_days,
        max(spaced.gap_days) over so_far as longest_gap_days,
        sum(spaced.order_count * {{ decay('latest.as_of_day - spaced.day', 30) }}) over so_far as decayed_orders_30,
        sum(spaced.order_count * {{ decay('latest.as_of_day - spaced.day', 90) }}) over so_far as decayed_orders_90

    from spaced

    cross join latest

    window so_far as (partition by spaced.customer_id order by spaced.day rows unbounded preceding)

),

measured as (

    select
        customer_id,
        day,
        next_order_day,
        last_gap_days,
        mean_gap_days,
        sqrt({{ greatest('mean_squared_gap_days - mean_gap_days * mean_gap_days', '0.0') }}) as stddev_gap_days,
        longest_gap_days,
        day_gross_minor,
        order_days,
        orders_so_far,
        first_order_day,
        decayed_orders_30,
        decayed_orders_90

    from with_running_totals

)

select * from measured
