with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

-- An invoice that only takes back has no positive line, and is no order.
summed_to_orders as (

    select
        customer_id,
        order_id,
        min(invoice_date) as order_date,
        min(invoice_day) as order_day,
        sum(case when amount_minor > 0 then amount_minor else 0 end) as gross_minor,
        sum(case when amount_minor < 0 then amount_minor else 0 end) as returned_minor,
        count(*) as line_count,
        count(distinct product_id) as product_count,
        sum(quantity) as quantity

    from transactions

    group by customer_id, order_id

    having max(amount_minor) > 0

)

select * from summed_to_orders
