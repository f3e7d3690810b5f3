{{ config(materialized='ephemeral') }}

with

transactions as (

    select * from {{ ref('int_transactions_classified') }}

),

customers as (

    select * from {{ ref('int_customers_classified') }}

),

products as (

    select * from {{ ref('int_products_classified') }}

),

unioned as (

    select
        load_id,
        line_number,
        entity,
        reason,
        landed_text,
        amount_minor

    from transactions

    union all

    select
        load_id,
        line_number,
        'customers' as entity,
        reason,
        landed_text,
        null as amount_minor

    from customers

    union all

    select
        load_id,
        line_number,
        'products' as entity,
        reason,
        landed_text,
        null as amount_minor

    from products

)

select * from unioned
