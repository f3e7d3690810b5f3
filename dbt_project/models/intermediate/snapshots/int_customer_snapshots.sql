{{ config(
    post_hook="{{ create_index('int_customer_snapshots_key', ['customer_id', 'snapshot_number'], unique=true) }}"
) }}

with

snapshots as (

    select * from {{ ref('int_snapshots') }}

),

order_days as (

    select * from {{ ref('int_order_days') }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }}

),

-- A snapshot observes the last order day on or before its date and the running totals of that date. next_order_day is
-- the only later value; it is for the label. SQLite executes a cross join in the written order, which is faster here.
observed as (

    select
        order_days.customer_id,
        snapshots.snapshot_number,
        snapshots.as_of_date,
        snapshots.as_of_day,
        snapshots.as_of_day - order_days.day as recency,
        order_days.orders_so_far as frequency,
        customer_days.net_minor_so_far as monetary_minor,
        order_days.first_order_day,
        order_days.day as last_order_day,
        order_days.order_days,
        order_days.day_gross_minor as last_order_minor,
        order_days.last_gap_days,
        order_days.longest_gap_days,
        order_days.mean_gap_days,
        order_days.stddev_gap_days,
        order_days.decayed_orders_30,
        order_days.decayed_orders_90,
        customer_days.gross_minor_so_far as gross_minor,
        customer_days.returned_minor_so_far as returned_minor,
        customer_days.sold_lines_so_far as sold_lines,
        order_days.next_order_day

    from order_days

    cross join snapshots

    inner join customer_days
        on
            order_days.customer_id = customer_days.customer_id
            and snapshots.as_of_day >= customer_days.day
            and snapshots.as_of_day < customer_days.next_day

    where
        order_days.day <= snapshots.as_of_day
        and (order_days.next_order_day is null or order_days.next_order_day > snapshots.as_of_day)

)

select * from observed
