with

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

-- An invoice of returns alone is not an order.
summed_to_orders as (

    select
        customer_id,
        order_id,
        min(invoice_date) as order_date,
        min(invoice_day) as order_day,
        sum(gross_minor) as gross_minor,
        sum(returned_minor) as returned_minor,
        count(*) as line_count,
        count(distinct product_id) as product_count,
        sum(quantity) as quantity

    from transactions

    group by customer_id, order_id

    having min(is_return) = 0

)

select * from summed_to_orders
