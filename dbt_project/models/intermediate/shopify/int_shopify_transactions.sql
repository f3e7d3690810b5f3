{{ config(materialized='ephemeral') }}

with

shopify_lines as (

    select * from {{ ref('int_shopify_lines_priced') }}

),

sold as (

    select
        'transactions' as entity,
        {{ transaction_columns() }},
        is_cancelled,
        landed_text

    from shopify_lines

),

-- The first line of an order has its refunded amount, without a date: the refund counts on the day of the order.
refunded as (

    select
        'refunds' as entity,
        load_id,
        line_number,
        order_id || '-refund' as transaction_id,
        order_id,
        customer_id,
        'refund' as product_id,
        'Refund' as product_name,
        customer_name,
        customer_email,
        country,
        invoice_at,
        0 as quantity,
        -refunded_minor as amount_minor,
        cast(null as {{ dbt.type_int() }}) as unit_price_minor,
        currency,
        is_cancelled,
        landed_text

    from shopify_lines

    where line_of_order = 1 and (refunded_minor > 0 or is_refund_unreadable = 1)

),

unioned as (

    select * from sold

    union all

    select * from refunded

)

select * from unioned
