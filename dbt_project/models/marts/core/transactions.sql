{{ config(post_hook=[
    "{{ create_index('idx_transactions_customer', ['customer_id']) }}",
    "{{ create_index('idx_transactions_date', ['invoice_date']) }}",
]) }}

with

transactions_kept as (

    select * from {{ ref('int_transactions_kept') }}

),

published as (

    select
        transaction_id,
        customer_id,
        product_id,
        invoice_date,
        quantity,
        {{ money('amount_minor') }} as amount,
        invoice_at as created_at,
        order_id as invoice_id,
        is_return

    from transactions_kept

)

select * from published
