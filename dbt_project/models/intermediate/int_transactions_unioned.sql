{{ config(materialized='ephemeral') }}

with

standard_transactions as (

    select * from {{ ref('stg_standard__transactions') }}

),

uci_order_lines as (

    select * from {{ ref('stg_uci__order_lines') }}

),

shopify_lines as (

    select * from {{ ref('int_shopify_lines_priced') }}

),

unioned as (

    select
        load_id,
        line_number,
        'standard' as form,
        'transactions' as entity,
        transaction_id,
        order_id,
        customer_id,
        product_id,
        null as product_name,
        null as customer_name,
        null as customer_email,
        null as country,
        invoice_at,
        quantity,
        amount_minor,
        null as unit_price_minor,
        null as currency,
        0 as is_cancelled,
        landed_text

    from standard_transactions

    union all

    select
        load_id,
        line_number,
        'uci' as form,
        'transactions' as entity,
        transaction_id,
        order_id,
        customer_id,
        product_id,
        product_name,
        null as customer_name,
        null as customer_email,
        country,
        invoice_at,
        quantity,
        amount_minor,
        unit_price_minor,
        null as currency,
        0 as is_cancelled,
        landed_text

    from uci_order_lines

    union all

    select
        load_id,
        line_number,
        'shopify' as form,
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

    union all

    -- A refund has an amount and no date: it counts on the day of its order.
    select
        load_id,
        line_number,
        'shopify' as form,
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
        null as unit_price_minor,
        currency,
        is_cancelled,
        landed_text

    from shopify_lines

    where line_of_order = 1 and refunded_minor > 0

)

select * from unioned
