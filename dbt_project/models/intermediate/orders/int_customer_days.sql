{{ config(post_hook="{{ create_index('int_customer_days_key', ['customer_id', 'day'], unique=true) }}") }}

with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

lines_and_orders as (

    select
        customer_id,
        counted_day as day,
        amount_minor as net_minor,
        gross_minor,
        returned_minor,
        1 - is_return as sold_lines,
        is_return as returned_lines,
        0 as order_count

    from transactions

    union all

    select
        customer_id,
        order_day as day,
        0 as net_minor,
        0 as gross_minor,
        0 as returned_minor,
        0 as sold_lines,
        0 as returned_lines,
        1 as order_count

    from orders

),

summed_to_days as (

    select
        customer_id,
        day,
        sum(net_minor) as net_minor,
        sum(gross_minor) as gross_minor,
        sum(returned_minor) as returned_minor,
        sum(sold_lines) as sold_lines,
        sum(returned_lines) as returned_lines,
        sum(order_count) as order_count

    from lines_and_orders

    group by customer_id, day

),

with_running_totals as (

    select
        customer_id,
        day,
        coalesce(lead(day) over (partition by customer_id order by day), {{ day_after_all() }}) as next_day,
        net_minor,
        gross_minor,
        order_count,
        sum(net_minor) over so_far as net_minor_so_far,
        sum(gross_minor) over so_far as gross_minor_so_far,
        sum(returned_minor) over so_far as returned_minor_so_far,
        sum(sold_lines) over so_far as sold_lines_so_far,
        sum(returned_lines) over so_far as returned_lines_so_far

    from summed_to_days

    window so_far as (partition by customer_id order by day rows unbounded preceding)

)

select * from with_running_totals
