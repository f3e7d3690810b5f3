with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

days as (

    select
        coalesce({{ day_number(date_literal(var('as_of_date'))) }}, max(transactions.invoice_day)) as as_of_day,
        min(transactions.counted_day) as first_day,
        (select min(orders.order_day) from orders) as first_order_day

    from transactions

),

dated as (

    select
        {{ date_from_day_number('as_of_day') }} as as_of_date,
        as_of_day,
        first_day,
        first_order_day

    from days

)

select * from dated
