with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

days as (

    select
        coalesce({{ day_number(date_literal(setting('as_of_date'))) }}, max(transactions.invoice_day)) as as_of_day,
        min(transactions.counted_day) as first_day,
        max(transactions.invoice_day) as last_day,
        (select min(orders.order_day) from orders) as first_order_day

    from transactions

),

dated as (

    select
        {{ date_from_day_number('as_of_day') }} as as_of_date,
        as_of_day,
        first_day,
        first_order_day,
        {{ date_from_day_number('last_day') }} as last_sale_date,
        -- a shop may be closed for a month; a longer silence is a mistyped year, or sales that were not loaded
        {{ date_from_day_number('last_day + 31') }} as latest_as_of_date

    from days

)

select * from dated
