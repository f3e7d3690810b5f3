with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

days as (

    select
        coalesce(
            {{ day_number(date_literal(var('as_of_date'))) }}, (select max(invoice_day) from transactions)
        ) as as_of_day,
        (select min(counted_day) from transactions) as first_day,
        (select min(order_day) from orders) as first_order_day

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
