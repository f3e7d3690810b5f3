with

lines as (

    select * from {{ ref('int_transactions_unioned') }}

),

-- Rule 1. What cannot be read can be neither counted nor corrected by.
read as (

    select
        load_id,
        line_number,
        form,
        entity,
        transaction_id,
        order_id,
        customer_id,
        product_id,
        product_name,
        customer_name,
        customer_email,
        country,
        invoice_at,
        {{ date_of('invoice_at') }} as invoice_date,
        quantity,
        amount_minor,
        unit_price_minor,
        currency,
        is_cancelled,
        landed_text,
        case
            when transaction_id is null then 'unreadable_transaction_id'
            when product_id is null then 'unreadable_product_id'
            when invoice_at is null then 'unreadable_invoice_date'
            when quantity is null then 'unreadable_quantity'
            when amount_minor is null then 'unreadable_amount'
            when rounded_id is not null then 'unreadable_' || rounded_id
        end as unreadable_reason

    from lines

)

select * from read
