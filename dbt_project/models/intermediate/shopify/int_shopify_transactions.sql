{{ config(materialized='ephemeral') }}

with

shopify_lines as (

    select * from {{ ref('int_shopify_lines_priced') }}

),

sold as (

    select
        load_id,
        line_number,
        'transactions' as entity,
        order_id || '-' || line_of_order as transaction_id,
        order_id,
        customer_id,
        product_id,
        product_name,
        customer_name,
        email as customer_email,
        country,
        invoice_at,
        quantity,
        amount_minor,
        unit_price_minor,
        currency,
        is_cancelled,
        landed_text

    from shopify_lines

),

-- A refund stands in the first line of its order. It has an amount and no date: it counts on the day of the order.
refunded as (

    select
        load_id,
        line_number,
        'refunds' as entity,
        order_id || '-refund' as transaction_id,
        order_id,
        customer_id,
        'refund' as product_id,
        'Refund' as product_name,
        customer_name,
        email as customer_email,
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
