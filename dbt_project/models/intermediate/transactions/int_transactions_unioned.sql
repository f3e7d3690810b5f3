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
        'standard_transactions' as format,
        'transactions' as entity,
        {{ transaction_columns(
            absent=['product_name', 'customer_name', 'customer_email', 'country', 'unit_price_minor', 'currency']
        ) }},
        rounded_id,
        0 as is_cancelled,
        landed_text

    from standard_transactions

    union all

    select
        'uci_order_lines' as format,
        'transactions' as entity,
        {{ transaction_columns(absent=['customer_name', 'customer_email', 'currency']) }},
        rounded_id,
        0 as is_cancelled,
        landed_text

    from uci_order_lines

    union all

    select
        'shopify_order_lines' as format,
        entity,
        {{ transaction_columns() }},
        null as rounded_id,
        is_cancelled,
        landed_text

    from shopify_transactions

)

select * from unioned
