{{ config(materialized='ephemeral') }}

with

transactions_judged as (

    select * from {{ ref('int_transactions_classified') }}

),

customers_judged as (

    select * from {{ ref('int_customers_classified') }}

),

products_judged as (

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

    from transactions_judged

    union all

    select
        load_id,
        line_number,
        'customers' as entity,
        reason,
        landed_text,
        null as amount_minor

    from customers_judged

    union all

    select
        load_id,
        line_number,
        'products' as entity,
        reason,
        landed_text,
        null as amount_minor

    from products_judged

)

select * from unioned
