{{ config(materialized='ephemeral') }}

with

standard_transactions as (

    select * from {{ ref('stg_standard__transactions') }}

),

uci_order_lines as (

    select * from {{ ref('stg_uci__order_lines') }}

),

shopify_transactions as (

    select * from {{ ref('int_shopify_transactions') }}

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
        rounded_id,
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
        rounded_id,
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
        entity,
        transaction_id,
        order_id,
        customer_id,
        product_id,
        null as rounded_id,
        product_name,
        customer_name,
        customer_email,
        country,
        invoice_at,
        quantity,
        amount_minor,
        unit_price_minor,
        currency,
        is_cancelled,
        landed_text

    from shopify_transactions

)

select * from unioned
